"""A dump of a full CVAT, its data directory, and the store they become."""

from __future__ import annotations

import asyncio
import io
import sqlite3
import zipfile
from pathlib import Path

import pytest

from cvat_lite.config import Config
from cvat_lite.errors import StoreError
from cvat_lite.services import bootstrap
from cvat_lite.services.cvat_dump.errors import DumpError
from cvat_lite.store.database import Database
from cvat_lite.store.lock import DirectoryLock
from tests.client import Api
from tests.dumps import (
    ASSET,
    FILES,
    PASSWORD,
    bring_in,
    objects,
    one,
    write_archive,
    write_dump,
    write_files,
)


@pytest.fixture
def empty(tmp_path) -> Config:
    """Settings of a store that is not there yet."""
    return Config(data_dir=tmp_path / "store", port=0)


def everything_in(folder: Path) -> set[str]:
    """The names of all files below a directory."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


class TestServed:
    """What the server answers that starts on the new store."""

    @pytest.fixture
    def config(self, tmp_path, empty) -> Config:
        bring_in(empty, write_dump(tmp_path), write_archive(tmp_path))
        return empty

    @pytest.fixture
    async def ada(self, url):
        async with Api(url, ("ada", PASSWORD)) as api:
            yield api

    async def test_users_log_in_with_their_old_passwords(self, url):
        async with Api(url, None) as nobody:
            for name, number in (("ada", 4), ("bob", 6)):
                login = {"username": name, "password": PASSWORD}
                key = (await nobody.post("/auth/login", login, expect=200))["key"]
                headers = {"Authorization": f"Token {key}"}
                assert (await nobody.get("/users/self", headers=headers))["id"] == number
            wrong = {"username": "ada", "password": "four blind mice"}
            await nobody.post("/auth/login", wrong, expect=400)

    async def test_access_tokens_go_on_working(self, url):
        async with Api(url, None) as nobody:
            headers = {"Authorization": "Bearer robot123.secret-of-the-token"}
            assert (await nobody.get("/users/self", headers=headers))["username"] == "ada"

    async def test_frames_are_the_files_of_the_data_directory(self, ada):
        for number, name in enumerate(("a.png", "b.png")):
            options = f"type=frame&number={number}&quality=original"
            content = await ada.get(f"/tasks/7/data?{options}")
            assert content == FILES[f"data/9/raw/cats/{name}"]

    async def test_related_images_belong_to_their_frame(self, ada):
        archive = await ada.get("/tasks/7/data?type=context_image&number=1")
        with zipfile.ZipFile(io.BytesIO(archive)) as found:
            assert len(found.namelist()) == 1
        frames = (await ada.get("/tasks/7/data/meta"))["frames"]
        assert [frame["related_files"] for frame in frames] == [0, 1]

    async def test_frames_of_segments_are_counted_in_the_task_and_deleted_ones_stay(self, ada):
        meta = await ada.get("/jobs/22/data/meta")
        assert meta["included_frames"] == [1]
        assert (await ada.get("/tasks/7/data/meta"))["deleted_frames"] == [1]

    async def test_annotations_have_their_ids_their_elements_and_all_attributes(self, ada):
        found = await ada.get("/jobs/21/annotations")
        [tag] = found["tags"]
        assert (tag["id"], tag["group"]) == (40, 3)
        assert tag["attributes"] == [
            {"spec_id": 4, "value": "siamese"},
            {"spec_id": 5, "value": "false"},
        ]
        box, pose = found["shapes"]
        assert (box["id"], box["points"], box["rotation"]) == (50, [0.0, 0.5, 3.0, 2.25], 12.5)
        assert [value["value"] for value in box["attributes"]] == ["mixed", "false"]
        assert (pose["id"], [part["id"] for part in pose["elements"]]) == (51, [52])
        skeleton, cat = found["tracks"]
        assert [part["id"] for part in skeleton["elements"]] == [61]
        assert cat["attributes"] == [{"spec_id": 4, "value": "tabby"}]
        assert [shape["attributes"][0]["value"] for shape in cat["shapes"]] == ["false", "true"]

    async def test_skeletons_keep_their_drawing(self, ada):
        labels = (await ada.get("/labels?task_id=7"))["results"]
        [pose] = [label for label in labels if label["type"] == "skeleton"]
        assert "circle" in pose["svg"]
        assert [label["id"] for label in pose["sublabels"]] == [13]

    async def test_guides_show_their_assets(self, ada):
        assert ASSET in (await ada.get("/guides/2"))["markdown"]
        assert await ada.get(f"/assets/{ASSET}") == FILES[f"assets/{ASSET}/sketch.png"]

    async def test_issues_and_comments_are_there(self, ada):
        [issue] = (await ada.get("/issues?job_id=21"))["results"]
        assert issue["position"] == [1.5, 2.0, 3.0, 2.5]
        [comment] = (await ada.get("/comments?issue_id=6"))["results"]
        assert (comment["message"], comment["owner"]["id"]) == ("Größer? 猫", 6)

    async def test_new_objects_get_ids_after_the_old_ones(self, ada):
        task = await ada.post("/tasks", {"name": "more", "labels": [{"name": "dog"}]})
        assert task["id"] == 8
        labels = (await ada.get("/labels?task_id=8"))["results"]
        assert [label["id"] for label in labels] == [14]


def rows(config: Config, sql: str) -> list[tuple]:
    with sqlite3.connect(config.database) as db:
        return db.execute(sql).fetchall()


def test_what_no_operation_shows_yet_is_kept_as_well(tmp_path, empty):
    bring_in(empty, write_dump(tmp_path), write_files(tmp_path))
    assert rows(empty, "SELECT id, events FROM webhooks") == [(1, '["create:task","delete:task"]')]
    assert rows(empty, "SELECT request, response FROM webhook_deliveries") == [
        ('{"event":"create:task"}', "ok")
    ]
    assert rows(empty, "SELECT report_id, parent_id FROM quality_report_parents") == [(3, 4)]
    assert rows(empty, "SELECT data FROM quality_reports WHERE id = 3") == [('{"parameters":{}}',)]
    assert rows(empty, "SELECT conflict_id, obj_id FROM quality_annotation_ids") == [(2, 50)]
    assert rows(empty, "SELECT email_verified FROM users ORDER BY id") == [(0,), (1,)]


@pytest.mark.parametrize("inside", ["", "data"])
def test_the_data_directory_may_be_given_as_it_is_and_stays(tmp_path, empty, inside):
    files = write_files(tmp_path)
    before = everything_in(files)
    report = bring_in(empty, write_dump(tmp_path), files / inside)
    assert report.files == 4
    assert everything_in(files) == before
    assert everything_in(empty.media) == {
        "9/raw/cats/a.png",
        "9/raw/cats/b.png",
        "9/raw/cats/related_images/b_png/side.png",
    }


def test_images_inside_an_archive_among_the_media_are_unpacked(tmp_path, empty):
    files = write_files(tmp_path)
    raw = files / "data" / "9" / "raw"
    with zipfile.ZipFile(raw / "photos.zip", "w") as archive:
        for name in ("a.png", "b.png"):
            archive.write(raw / "cats" / name, f"cats/{name}")
            (raw / "cats" / name).unlink()
    bring_in(empty, write_dump(tmp_path), files)
    kept = empty.media / "9" / "raw" / "cats" / "a.png"
    assert kept.read_bytes() == FILES["data/9/raw/cats/a.png"]


def test_nothing_but_the_store_is_left_behind(tmp_path, empty):
    bring_in(empty, write_dump(tmp_path), write_archive(tmp_path))
    names = {path.name for path in empty.data_dir.iterdir()}
    assert names == {"cvat_lite.sqlite3", "lock", "media", "assets"}


def test_users_and_groups_may_be_referred_to_by_their_ids(tmp_path, empty):
    """As ``dumpdata`` writes them where it is not asked for natural keys."""
    numbers = {"ada": 4, "bob": 6}

    def change(found):
        for item in found:
            for name in ("owner", "assignee", "user"):
                value = item["fields"].get(name)
                if isinstance(value, list):
                    item["fields"][name] = numbers[value[0]]
            if item["model"] == "auth.user":
                item["fields"]["groups"] = [1]

    by_name, by_id = tmp_path / "by_name", tmp_path / "by_id"
    by_name.mkdir()
    by_id.mkdir()
    bring_in(Config(data_dir=by_name / "store"), write_dump(by_name), write_files(by_name))
    bring_in(empty, write_dump(by_id, change), write_files(by_id))

    def content(config: Config) -> list[str]:
        with sqlite3.connect(config.database) as db:
            return list(db.iterdump())

    assert content(empty) == content(Config(data_dir=by_name / "store"))


def test_a_password_that_is_hashed_otherwise_is_reported(tmp_path, empty):
    def change(found):
        one(found, "auth.user", 6)["password"] = "argon2$argon2id$v=19$m=102400$abc$def"

    report = bring_in(empty, write_dump(tmp_path, change), write_files(tmp_path))
    assert any("the passwords of bob;" in note for note in report.notes)


def test_what_a_killed_import_left_is_removed(tmp_path, empty):
    left = empty.data_dir / ".cvat-import-1" / "media"
    left.mkdir(parents=True)
    bring_in(empty, write_dump(tmp_path), write_files(tmp_path))
    assert not left.parent.exists()


def test_what_is_not_understood_is_reported(tmp_path, empty):
    def change(found):
        found.append({"model": "engine.hologram", "pk": 1, "fields": {"depth": 3}})
        found.append({"model": "engine.hologram", "pk": 2, "fields": {"depth": 4}})
        one(found, "engine.task", 7)["mood"] = "good"
        one(found, "auth.user", 4)["user_permissions"] = [["add_user", "auth", "user"]]

    report = bring_in(empty, write_dump(tmp_path, change), write_archive(tmp_path))
    assert not report.is_complete
    lines = list(report.lines())
    assert "not understood: model engine.hologram (2 objects)" in lines
    assert "not understood: field engine.task.mood (1 object)" in lines
    assert (
        "left out: field auth.user.user_permissions (1 object): there is no place for it" in lines
    )
    assert any(line.startswith("left out: sites.site (1 object): ") for line in lines)
    assert any("2 files of the archive that no object names" in line for line in lines)


def test_a_value_of_an_attribute_that_the_label_has_not_is_reported(tmp_path, empty):
    def change(found):
        one(found, "engine.labeledtrackattributeval", 1)["spec"] = 5

    report = bring_in(empty, write_dump(tmp_path, change), write_files(tmp_path))
    assert any("1 object of engine.labeledtrackattributeval" in note for note in report.notes)


@pytest.mark.parametrize("storage", ["share", "cloud_storage"])
def test_data_whose_files_are_elsewhere_is_kept_and_reported(tmp_path, empty, storage):
    def change(found):
        one(found, "engine.data", 9)["storage"] = storage

    files = write_files(tmp_path)
    (files / "data" / "9" / "raw" / "cats" / "a.png").unlink()
    report = bring_in(empty, write_dump(tmp_path, change), files)
    assert any(note.startswith("engine.data 9 (task 7): its files are") for note in report.notes)
    assert rows(empty, "SELECT storage FROM data") == [(storage,)]


def test_a_store_with_nobody_but_its_first_administrator_is_empty(tmp_path, empty):
    empty.data_dir.mkdir()

    async def start() -> None:
        database = await Database.open(empty.database)
        await bootstrap.ensure_administrator(database, empty)
        await database.close()

    asyncio.run(start())
    bring_in(empty, write_dump(tmp_path), write_files(tmp_path))
    assert rows(empty, "SELECT username FROM users ORDER BY id") == [("ada",), ("bob",)]


def test_a_store_that_is_not_empty_is_refused_and_stays(tmp_path, empty):
    bring_in(empty, write_dump(tmp_path), write_files(tmp_path))
    before = empty.database.read_bytes()
    with pytest.raises(DumpError, match="is not empty: it holds task 7"):
        bring_in(empty, write_dump(tmp_path), write_files(tmp_path))
    assert empty.database.read_bytes() == before


def test_media_that_is_there_already_is_not_replaced(tmp_path, empty):
    (empty.media / "9").mkdir(parents=True)
    (empty.media / "9" / "mine.txt").write_text("keep me")
    with pytest.raises(DumpError, match=r"is not empty: there is .*media.9"):
        bring_in(empty, write_dump(tmp_path), write_files(tmp_path))
    assert everything_in(empty.data_dir) == {str(Path("media", "9", "mine.txt")), "lock"}


def test_a_data_directory_that_a_server_uses_is_refused(tmp_path, empty):
    empty.data_dir.mkdir()
    lock = DirectoryLock(empty.data_dir / "lock")
    with pytest.raises(StoreError, match="in use by another server"):
        bring_in(empty, write_dump(tmp_path), write_files(tmp_path))
    lock.release()


def test_the_small_dump_has_its_references_ahead_of_what_they_refer_to():
    order = [item["model"] for item in objects()]
    assert order.index("engine.task") < order.index("auth.user")
    assert order.index("engine.labeledshape") < order.index("engine.task")
