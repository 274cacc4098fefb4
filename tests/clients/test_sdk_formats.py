"""Export and import by the SDK: what ``docs/formats.md`` promises of each format holds."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from cvat_sdk import Client, models
from cvat_sdk.core.exceptions import BackgroundRequestException
from cvat_sdk.core.proxies.jobs import Job
from cvat_sdk.core.proxies.tasks import Task

from tests.clients.annotated import FRAMES, OUTLINES, Names, content, create, expected
from tests.images import png

DOCUMENT = Path(__file__).parents[2] / "docs" / "formats.md"
FORMATS = (
    "CVAT for images 1.1",
    "CVAT for video 1.1",
    "COCO 1.0",
    "YOLO 1.1",
    "Ultralytics YOLO Detection 1.0",
    "PASCAL VOC 1.1",
    "Datumaro 1.0",
)
IMPORTERS = {"CVAT for images 1.1": "CVAT 1.1", "CVAT for video 1.1": "CVAT 1.1"}
#: Where the figures of ``Names.everything`` are: frame, label, type.
FIGURES = {
    "rectangle": (0, "car", "rectangle"),
    "rotated rectangle": (1, "cat", "rectangle"),
    **{kind: (n, "cat", kind) for n, kind in enumerate(OUTLINES, 2) if kind != "rectangle"},
    "skeleton": (10, "person", "skeleton"),
}
#: The frames on which the track is seen, and those of the second job.
SEEN = range(7, 11)
SECOND = range(6, 12)

Content = dict[str, list[dict[str, Any]]]


def promises(name: str) -> dict[str, str]:
    """What the document says of a format, a row a kind of annotation."""
    first = DOCUMENT.read_text().partition("<!-- end of table -->")[0]
    lines = [line for line in first.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    column = rows[0].index(name)
    return {row[0]: row[column] for row in rows[2:]}


def at(found: Content, kind: str, frame: int, label: str) -> list[dict[str, Any]]:
    """The tags, shapes or tracks with this label that begin on this frame."""
    return [one for one in found[kind] if (one["frame"], one["label"]) == (frame, label)]


def assert_figure(promise: str, what: str, before: Content, found: Content) -> None:
    """One figure has come back as promised."""
    frame, label, kind = FIGURES[what]
    (original,) = [one for one in at(before, "shapes", frame, label) if one["type"] == kind]
    shapes, tracks = at(found, "shapes", frame, label), at(found, "tracks", frame, label)
    if promise == "yes":
        (back,) = shapes
        fields = ("type", "points", "rotation", "elements")
        assert [back.get(key) for key in fields] == [original.get(key) for key in fields]
    elif promise == "as a track":
        (back,) = [one for one in tracks if one.get("elements") or one["shapes"][0]["type"] == kind]
        assert shapes == []
        if kind == "skeleton":
            parts = sorted((x["label"], x["shapes"][0]["points"]) for x in back["elements"])
            assert parts == sorted((x["label"], x["points"]) for x in original["elements"])
        else:
            assert back["shapes"][0]["points"] == original["points"]
    elif promise == "as mask":
        assert [one["type"] for one in shapes] == ["mask"]
    else:
        assert promise == "no"
        assert (shapes, tracks) == ([], [])


def assert_track(promise: str, before: Content, found: Content) -> None:
    """The track has come back as promised: with its keyframes, or a shape a frame."""
    (original,) = before["tracks"]
    places = [[2.0 + n, 3.0, 22.0 + n, 15.0] for n in range(len(SEEN))]
    tracks = [one for one in found["tracks"] if one["frame"] == SEEN[0] and one["label"] == "car"]
    if promise == "yes":
        (back,) = tracks
        keys = {one["frame"]: one for one in back["shapes"]}
        # Formats without a place for its end have a keyframe more, on the last frame it is seen.
        assert {one["frame"] for one in original["shapes"]} <= set(keys)
        assert [frame for frame, one in keys.items() if one.get("outside")] == [SEEN.stop]
        found = {frame: keys[frame]["points"] for frame in SEEN if frame in keys}
        assert found == {frame: places[frame - SEEN[0]] for frame in found}
    else:
        assert promise == "as shapes"
        assert tracks == []
        shapes = [at(found, "shapes", frame, "car") for frame in SEEN]
        assert [[one["points"] for one in shape] for shape in shapes] == [[x] for x in places]


def assert_tags(promise: str, before: Content, found: Content) -> None:
    kept = [(one["frame"], one["label"]) for one in found["tags"]]
    wanted = [(one["frame"], one["label"]) for one in before["tags"]]
    assert sorted(kept) == (sorted(wanted) if promise == "yes" else [])


def assert_properties(promised: dict[str, str], before: Content, found: Content) -> None:
    """The attributes, occlusion and depth of the first rectangle are as promised."""
    (original,) = at(before, "shapes", 0, "car")
    back = (at(found, "shapes", 0, "car") or at(found, "tracks", 0, "car"))[0]
    first = back["shapes"][0] if "shapes" in back else back
    back = {**first, "attributes": {**back.get("attributes", {}), **first.get("attributes", {})}}
    for row, field in (
        ("attributes", "attributes"),
        ("occluded", "occluded"),
        ("z-order", "z_order"),
    ):
        if promised[row] == "yes":
            assert back[field] == original[field]
        else:
            assert not back.get(field)


def images_in(archive: Path) -> list[int]:
    """The numbers of the frames whose very files are in an archive."""
    contents = {png(64, 48, number): number for number in range(FRAMES)}
    with zipfile.ZipFile(archive) as opened:
        found = [contents.get(opened.read(name)) for name in opened.namelist()]
    return sorted(number for number in found if number is not None)


@pytest.fixture(scope="module")
def task(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Task:
    """A task of two jobs."""
    return create(client, tmp_path_factory.mktemp("formats"), segment_size=6)


@pytest.fixture(scope="module")
def names(task: Task) -> Names:
    return Names(task)


@pytest.fixture
def before(task: Task, names: Names) -> Content:
    """What the task holds before each export."""
    data = names.everything()
    task.set_annotations(data)
    return expected(data, names)


@pytest.fixture
def second(task: Task) -> Job:
    """The job of frames 6 to 11."""
    return next(job for job in task.get_jobs() if job.start_frame == SECOND[0])


def test_the_server_offers_each_format_of_this_test(client: Client) -> None:
    found, _ = client.api_client.server_api.retrieve_annotation_formats()
    assert set(FORMATS) <= {one.name for one in found.exporters if one.enabled}
    wanted = {IMPORTERS.get(name, name) for name in FORMATS}
    assert wanted <= {one.name for one in found.importers if one.enabled}


@pytest.mark.parametrize("images", [True, False], ids=["with images", "without images"])
@pytest.mark.parametrize("name", FORMATS)
def test_what_a_task_exports_comes_back_when_it_is_imported(
    task: Task, names: Names, before: Content, tmp_path: Path, name: str, images: bool
) -> None:
    archive = task.export_dataset(name, tmp_path / "dataset.zip", include_images=images)
    assert archive is not None
    assert images_in(archive) == (list(range(FRAMES)) if images else [])
    task.remove_annotations()
    task.import_annotations(IMPORTERS.get(name, name), archive, conv_mask_to_poly=False)
    found, promised = content(task, names), promises(name)
    for what in FIGURES:
        assert_figure(promised[what], what, before, found)
    assert_track(promised["track"], before, found)
    assert_tags(promised["tag"], before, found)
    assert_properties(promised, before, found)


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_job_exports_comes_back_into_that_job_alone(
    task: Task, second: Job, names: Names, before: Content, tmp_path: Path, name: str
) -> None:
    archive = second.export_dataset(name, tmp_path / "dataset.zip", include_images=True)
    assert archive is not None
    assert images_in(archive) == list(SECOND)
    task.remove_annotations()
    second.import_annotations(IMPORTERS.get(name, name), archive, conv_mask_to_poly=False)
    found, promised = content(task, names), promises(name)
    assert content(second, names) == found
    assert {one["frame"] for kind in found for one in found[kind]} <= set(SECOND)
    for what, (frame, *_) in FIGURES.items():
        if frame in SECOND:
            assert_figure(promised[what], what, before, found)
    assert_track(promised["track"], before, found)


@pytest.mark.parametrize(
    ("polygons", "kind"), [(True, "polygon"), (False, "mask"), (None, "polygon")]
)
def test_masks_of_pictures_become_polygons_unless_told_otherwise(
    task: Task, names: Names, tmp_path: Path, polygons: bool | None, kind: str
) -> None:
    task.set_annotations(models.LabeledDataRequest(shapes=[names.shape("mask", 3)]))
    archive = task.export_dataset("PASCAL VOC 1.1", tmp_path / "a.zip", include_images=False)
    assert archive is not None
    task.import_annotations("PASCAL VOC 1.1", archive, conv_mask_to_poly=polygons)
    assert [str(shape.type) for shape in task.get_annotations().shapes] == [kind]


def test_a_dataset_can_be_downloaded_into_a_directory(
    task: Task, before: Content, tmp_path: Path
) -> None:
    archive = task.export_dataset("COCO 1.0", tmp_path, include_images=False)
    assert archive is not None
    assert (archive.parent, archive.suffix) == (tmp_path, ".zip")
    assert str(task.id) in archive.name


def test_importing_replaces_what_was_there(
    task: Task, names: Names, before: Content, tmp_path: Path
) -> None:
    archive = task.export_dataset("CVAT for images 1.1", tmp_path / "a.zip", include_images=False)
    assert archive is not None
    extra = models.PatchedLabeledDataRequest(shapes=[names.shape("rectangle", 11)])
    task.set_annotations(models.LabeledDataRequest(**extra.to_dict()))
    task.import_annotations("CVAT 1.1", archive)
    assert at(content(task, names), "shapes", 11, "cat") == []


def test_a_broken_archive_changes_nothing(
    task: Task, names: Names, before: Content, tmp_path: Path
) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(BackgroundRequestException):
        task.import_annotations("COCO 1.0", tmp_path / "broken.zip")
    assert content(task, names) == before
