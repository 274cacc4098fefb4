"""Dumps and data directories that are broken, hostile or not whole: refused, nothing written."""

from __future__ import annotations

import tarfile

import pytest

from cvat_lite.config import Config
from cvat_lite.services.cvat_dump.errors import DumpError
from tests.dumps import ASSET, FILES, bring_in, one, write_archive, write_dump, write_files


@pytest.fixture
def empty(tmp_path) -> Config:
    """Settings of a store that is not there yet."""
    return Config(data_dir=tmp_path / "store", port=0)


def without(model, pk):
    def change(found):
        found[:] = [item for item in found if (item["model"], item["pk"]) != (model, pk)]

    return change


def setting(model, pk, **fields):
    return lambda found: one(found, model, pk).update(fields)


def twice(found):
    found.append(next(item for item in found if item["model"] == "engine.job"))


WRONG = {
    "a field that is not there": (
        lambda found: one(found, "engine.task", 7).pop("subset"),
        "engine.task 7: has no field 'subset'",
    ),
    "no date": (
        setting("engine.task", 7, created_date="yesterday"),
        "engine.task 7: the field 'created_date' is no date: 'yesterday'",
    ),
    "no number": (
        setting("engine.labeledshape", 50, frame="0"),
        "engine.labeledshape 50: the field 'frame' is no whole number",
    ),
    "no points": (
        setting("engine.labeledshape", 50, points="1.0, nan"),
        "engine.labeledshape 50: the field 'points' holds something that is no number",
    ),
    "half a letter": (
        setting("engine.comment", 8, message="\ud83d"),
        "engine.comment 8: the field 'message' is no valid text",
    ),
    "an unknown user": (
        setting("engine.task", 7, owner=["eve"]),
        "engine.task 7: the field 'owner' names the user 'eve', who is not in the dump",
    ),
    "an unknown user by id": (
        setting("engine.task", 7, owner=99),
        "engine.task 7: the field 'owner' names the user 99, who is not in the dump",
    ),
    "an unknown group": (
        setting("auth.user", 6, groups=[9]),
        "auth.user 6: its group 9 is not in the dump",
    ),
    "an unknown task": (
        setting("engine.label", 11, task=70),
        "engine.label 11: its task_id, engine.task 70, is not in the dump",
    ),
    "a removed job": (
        without("engine.job", 21),
        "its job_id, engine.job 21, is not in the dump",
    ),
    "a removed image": (
        without("engine.image", 32),
        "engine.relatedfile 1: its image 32 is not in the dump",
    ),
    "too few images": (
        setting("engine.data", 9, size=3),
        "engine.data 9: it has 3 frames, but 2 images",
    ),
    "a segment beyond the end": (
        setting("engine.segment", 20, stop_frame=2),
        "engine.segment 20: it ends with frame 2, its task has 2",
    ),
    "a picture that is no frame": (
        setting("engine.segment", 25, frames="2"),
        "engine.segment 25: the field 'frames' names the picture 2 of the media, which is no frame",
    ),
    "a value without its shape": (
        setting("engine.trackedshapeattributeval", 1, shape=999),
        "engine.trackedshapeattributeval 1: its object 999 is not there",
    ),
    "an unknown cloud storage": (
        setting("engine.data", 9, cloud_storage=4),
        "engine.data 9: its cloud storage 4 is not in the dump",
    ),
    "a rule of the store": (
        setting("organizations.membership", 5, role="king"),
        "organizations.membership 5: it breaks a rule of the store",
    ),
    "one id twice": (twice, "engine.job 21: there are two of it (jobs.id)"),
    "a name that leads out": (
        setting("engine.image", 31, path="../../../secret.png"),
        "engine.image 31: the field 'path' is no name of a file",
    ),
    "an asset that is no uuid": (
        lambda found: next(o for o in found if o["model"] == "engine.asset").update(pk="../x"),
        "engine.asset ../x: its key is no UUID",
    ),
    "no object of a dump": (
        lambda found: found.append({"hello": "world"}),
        "This is no object of a dump: {'hello': 'world'}",
    ),
}


@pytest.mark.parametrize(("change", "why"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_dump_is_refused_by_name_and_nothing_is_written(tmp_path, empty, change, why):
    with pytest.raises(DumpError) as error:
        bring_in(empty, write_dump(tmp_path, change), write_files(tmp_path))
    assert why in str(error.value)
    assert not empty.data_dir.exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("data/9/raw/cats/a.png", "engine.image 31: no file data/9/raw/cats/a.png"),
        (
            "data/9/raw/cats/related_images/b_png/side.png",
            "engine.relatedfile 1: no file data/9/raw/cats/related_images/b_png/side.png",
        ),
        (f"assets/{ASSET}/sketch.png", f"engine.asset {ASSET}: no file assets/{ASSET}/sketch.png"),
    ],
)
def test_a_missing_file_is_refused_by_name_and_nothing_is_written(tmp_path, empty, name, why):
    with pytest.raises(DumpError) as error:
        bring_in(empty, write_dump(tmp_path), write_files(tmp_path, without=name))
    assert str(error.value) == why
    assert not empty.data_dir.exists()


def test_a_video_that_is_none_is_refused_by_name(tmp_path, empty):
    def change(found):
        found[:] = [o for o in found if o["model"] not in ("engine.image", "engine.relatedfile")]
        fields = {"data": 9, "path": "clip.mp4", "width": 4, "height": 3}
        found.append({"model": "engine.video", "pk": 5, "fields": fields})

    files = write_files(tmp_path, **{"data/9/raw/clip.mp4": b"no video at all"})
    with pytest.raises(DumpError, match=r"^engine.video 5: .*clip.mp4"):
        bring_in(empty, write_dump(tmp_path, change), files)
    assert not empty.data_dir.exists()


def test_a_link_out_of_the_data_directory_is_not_followed(tmp_path, empty):
    secret = tmp_path / "secret.png"
    secret.write_bytes(FILES["data/9/raw/cats/a.png"])
    files = write_files(tmp_path, without="data/9/raw/cats/a.png")
    (files / "data" / "9" / "raw" / "cats" / "a.png").symlink_to(secret)
    with pytest.raises(DumpError, match=r"engine.image 31: .* is a link out of "):
        bring_in(empty, write_dump(tmp_path), files)


def hostile(name: str, **more) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in more.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize(
    "info",
    [
        hostile("home/django/data/data/9/raw/../../../../../../escaped.png"),
        hostile("/etc/escaped.png"),
        hostile("home/django/data/data/9/raw/x", type=tarfile.SYMTYPE, linkname="/etc"),
        hostile("home/django/data/data/9/raw/x", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
        hostile("home/django/data/data/9/raw/x", type=tarfile.CHRTYPE),
    ],
    ids=lambda info: f"{info.name} {info.type}",
)
def test_a_hostile_archive_is_refused_and_nothing_is_written(tmp_path, empty, info):
    archive = tmp_path / "files.tar"
    with tarfile.open(archive, "w") as file:
        file.add(write_files(tmp_path), "home/django/data")
        file.addfile(info)
    with pytest.raises(DumpError, match="was refused"):
        bring_in(empty, write_dump(tmp_path), archive)
    assert not empty.data_dir.exists()


def test_an_archive_that_breaks_off_is_refused(tmp_path, empty):
    archive = write_archive(tmp_path)
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(DumpError, match=r"cvat_data\.tar\.bz2"):
        bring_in(empty, write_dump(tmp_path), archive)
    assert not empty.data_dir.exists()


def test_a_directory_without_media_is_refused(tmp_path, empty):
    (tmp_path / "nothing").mkdir()
    with pytest.raises(DumpError, match="is no data directory of CVAT"):
        bring_in(empty, write_dump(tmp_path), tmp_path / "nothing")
