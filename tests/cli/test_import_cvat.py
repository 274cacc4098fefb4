"""``cvat-lite import-cvat``: from the command line to a server that answers with the old state."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from cvat_lite.cli import main
from cvat_lite.cli.importing import line
from cvat_lite.config import Config
from cvat_lite.domain.frames import frame_step
from cvat_lite.media.video import pictures
from cvat_lite.media.video_index import VideoIndex
from tests.client import Api
from tests.dumps import SHARED, one, write_archive, write_dump, write_files
from tests.process import PATIENCE, environment

REAL = SHARED / "cvat_dump"
REAL_PASSWORD = "!Q@W#E$R"
needs_real_dump = pytest.mark.skipif(not REAL.is_dir(), reason="the real dump is not here")


def import_cvat(dump: Path, files: Path, data_dir: Path) -> int:
    """Run the command."""
    words = ("--dump", dump, "--files", files, "--data-dir", data_dir)
    return main(["import-cvat", *map(str, words)])


def test_it_says_what_it_has_imported(tmp_path, capsys):
    status = import_cvat(write_dump(tmp_path), write_archive(tmp_path), tmp_path / "store")
    said = capsys.readouterr()
    assert status == 0
    assert "Imported 2 users, 1 organization, 0 projects, 1 task, 2 jobs, 1 tag" in said.out
    assert "left out: sites.site (1 object)" in said.out
    assert said.err == ""


def test_it_names_what_is_missing_and_ends_with_1(tmp_path, capsys):
    files = write_files(tmp_path, without="data/9/raw/cats/b.png")
    status = import_cvat(write_dump(tmp_path), files, tmp_path / "store")
    assert status == 1
    said = capsys.readouterr()
    assert said.err == "cvat-lite: engine.image 32: no file data/9/raw/cats/b.png\n"
    assert said.out == ""
    assert not (tmp_path / "store").exists()


def test_it_names_what_is_wrong_in_the_dump_and_ends_with_1(tmp_path, capsys):
    def change(found):
        one(found, "engine.job", 21)["segment"] = 77

    status = import_cvat(write_dump(tmp_path, change), write_files(tmp_path), tmp_path / "store")
    assert status == 1
    wanted = "engine.job 21: its segment_id, engine.segment 77, is not in the dump"
    assert wanted in capsys.readouterr().err


@pytest.mark.parametrize("absent", ["dump.json", "cvat_data"])
def test_a_path_that_leads_nowhere_is_named(tmp_path, capsys, absent):
    write_dump(tmp_path)
    write_files(tmp_path)
    places = {name: tmp_path / name for name in ("dump.json", "cvat_data")}
    places[absent] = tmp_path / "nowhere"
    assert import_cvat(places["dump.json"], places["cvat_data"], tmp_path / "store") == 1
    assert "nowhere" in capsys.readouterr().err


def test_a_full_store_is_refused(tmp_path, capsys):
    arguments = write_dump(tmp_path), write_files(tmp_path), tmp_path / "store"
    assert import_cvat(*arguments) == 0
    assert import_cvat(*arguments) == 1
    assert "is not empty: it holds task 7" in capsys.readouterr().err


def test_both_files_have_to_be_given(tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        main(["import-cvat", "--dump", str(tmp_path / "x.json")])
    assert end.value.code == 2
    assert "--files" in capsys.readouterr().err


def test_the_bar_shows_a_share_or_a_number():
    assert line("Reading", 1, 2) == "Reading  [###############...............]  50%"
    assert line("Unpacking", 7, 0) == "Unpacking  7"
    assert line("Checking", 0, 0) == "Checking"


@pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo terminals")
def test_a_terminal_shows_how_far_it_is_and_nothing_of_it_at_the_end(tmp_path):
    import pty

    ours, theirs = pty.openpty()
    words = ("--dump", write_dump(tmp_path), "--files", write_archive(tmp_path))
    status = subprocess.run(
        [sys.executable, "-m", "cvat_lite", "import-cvat", *words, "--data-dir", tmp_path / "s"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert status.returncode == 0
    assert "\rReading the dump  [##############################] 100%" in shown
    assert shown.endswith(" \r")
    assert b"Imported 2 users" in status.stdout


@pytest.fixture(scope="module")
def real_store(tmp_path_factory) -> Path:
    """The store that the real dump becomes; tests only read what the dump says of it."""
    home = tmp_path_factory.mktemp("real") / "store"
    assert import_cvat(REAL / "data.json", REAL / "cvat_data.tar.bz2", home) == 0
    return home


@pytest.fixture(scope="module")
def dumped() -> dict[str, dict[Any, dict[str, Any]]]:
    """The fields of the real dump's objects, by model and key."""
    found: dict[str, dict[Any, dict[str, Any]]] = defaultdict(dict)
    for item in json.loads((REAL / "data.json").read_text(encoding="utf-8")):
        found[item["model"]][item["pk"]] = item["fields"]
    return found


@pytest.fixture(scope="module")
def media() -> dict[str, bytes]:
    """The files of the real archive that lie below ``data``, by their names there."""
    prefix = "home/django/data/data/"
    with tarfile.open(REAL / "cvat_data.tar.bz2") as archive:
        return {
            info.name.removeprefix(prefix): archive.extractfile(info).read()
            for info in archive
            if info.isfile() and info.name.startswith(prefix)
        }


@needs_real_dump
class TestRealDump:
    """The real pair, over a real socket."""

    @pytest.fixture
    def config(self, real_store) -> Config:
        return Config(data_dir=real_store, port=0)

    @pytest.fixture
    async def admin(self, url):
        async with Api(url, ("admin1", REAL_PASSWORD)) as api:
            yield api

    async def test_every_active_user_logs_in(self, url, dumped):
        async with Api(url, None) as nobody:
            for number, user in dumped["auth.user"].items():
                login = {"username": user["username"], "password": REAL_PASSWORD}
                if not user["is_active"]:
                    await nobody.post("/auth/login", login, expect=400)
                    continue
                key = (await nobody.post("/auth/login", login, expect=200))["key"]
                me = await nobody.get("/users/self", headers={"Authorization": f"Token {key}"})
                assert (me["id"], me["email"]) == (number, user["email"])
                assert me["groups"] == [name for [name] in user["groups"]]

    async def test_every_frame_of_every_image_task_is_the_file_of_the_archive(
        self, admin, dumped, media
    ):
        compared = 0
        tasks = {task["data"]: number for number, task in dumped["engine.task"].items()}
        for image in dumped["engine.image"].values():
            data_id = image["data"]
            if dumped["engine.task"][tasks[data_id]]["media_type"] != "image":
                continue
            path = f"/tasks/{tasks[data_id]}/data?type=frame&quality=original"
            content = await admin.get(f"{path}&number={image['frame']}")
            assert content == media[f"{data_id}/raw/{image['path']}"], (data_id, image)
            compared += 1
        assert compared == len(dumped["engine.image"]) - 1

    async def test_every_file_that_was_named_lies_where_it_did(self, real_store, dumped, media):
        models = ("engine.image", "engine.video", "engine.audio", "engine.relatedfile")
        for model in models:
            for named in dumped[model].values():
                name = f"{named['data']}/raw/{named['path']}"
                assert (real_store / "media" / name).read_bytes() == media[name]

    async def test_every_frame_of_every_video_can_be_fetched(self, admin, dumped):
        tasks = {task["data"]: number for number, task in dumped["engine.task"].items()}
        assert len(dumped["engine.video"]) == 3
        for video in dumped["engine.video"].values():
            path = f"/tasks/{tasks[video['data']]}/data?type=frame&quality=compressed"
            for frame in range(dumped["engine.data"][video["data"]]["size"]):
                content = await admin.get(f"{path}&number={frame}")
                assert content.startswith(b"\xff\xd8\xff")

    async def test_frames_of_videos_are_the_pictures_that_they_name(
        self, admin, real_store, dumped
    ):
        tasks = {task["data"]: number for number, task in dumped["engine.task"].items()}
        for video in dumped["engine.video"].values():
            data = dumped["engine.data"][video["data"]]
            step = frame_step(data["frame_filter"])
            home = real_store / "media" / str(video["data"])
            index = VideoIndex.load(home / "index.npz")
            frames = [0, 10, data["size"] - 1]
            numbers = [data["start_frame"] + frame * step for frame in frames]
            shown = pictures(home / "raw" / video["path"], index, numbers)
            for frame, wanted in zip(frames, shown, strict=True):
                path = f"/tasks/{tasks[video['data']]}/data?type=frame&quality=original"
                found = await admin.get(f"{path}&number={frame}")
                with Image.open(io.BytesIO(found)) as image:
                    assert ImageChops.difference(image.convert("RGB"), wanted).getbbox() is None

    async def test_every_annotation_is_there_under_its_id(self, admin, dumped):
        kinds = {
            "tags": "engine.labeledimage",
            "shapes": "engine.labeledshape",
            "tracks": "engine.labeledtrack",
            "intervals": "engine.labeledinterval",
        }
        found: dict[str, set[int]] = defaultdict(set)
        for job in dumped["engine.job"]:
            annotations = await admin.get(f"/jobs/{job}/annotations")
            for kind in kinds:
                for annotation in annotations[kind]:
                    parts = (annotation, *annotation.get("elements", ()))
                    found[kind].update(part["id"] for part in parts)
        for kind, model in kinds.items():
            assert found[kind] == set(dumped[model]), kind

    async def test_every_project_task_and_job_is_there_under_its_id(self, admin, dumped):
        for kind in ("project", "task", "job", "issue", "comment"):
            found = await admin.get(f"/{kind}s?page_size=500")
            assert {one["id"] for one in found["results"]} == set(dumped[f"engine.{kind}"])

    async def test_tasks_are_found_by_how_they_are_validated(self, admin, dumped):
        layouts = dumped["engine.validationlayout"].values()
        for mode in ("gt", "gt_pool"):
            data = {layout["task_data"] for layout in layouts if layout["mode"] == mode}
            found = (await admin.get(f"/tasks?validation_mode={mode}"))["results"]
            assert {task["data"] for task in found} == data
            assert {task["validation_mode"] for task in found} == {mode}

    async def test_tokens_that_are_in_force_are_listed_for_their_owners(self, url):
        async with Api(url, ("user1", REAL_PASSWORD)) as api:
            found = await api.get("/auth/access_tokens")
        assert {one["id"] for one in found["results"]} == {4, 5}
