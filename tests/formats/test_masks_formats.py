"""Formats of pictures of masks, of tracks in numbers, and of texts: where their recordings end."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from cvat_lite.domain import masks
from cvat_lite.domain.annotations import AttributeValue, LabeledData, Shape, Tag
from cvat_lite.domain.dataset import Dataset, Frame, PartInfo, Target, part_in_memory
from cvat_lite.domain.enums import InputType, ShapeType
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats import registry
from cvat_lite.formats.bmp import decode_bmp, encode_bmp
from cvat_lite.formats.containers import ZipSink, open_source
from cvat_lite.formats.format import ReadOptions, WriteOptions
from cvat_lite.formats.label_colors import colors_of
from tests.formats.recordings import ROOT, dataset_of, frames_of, recorded_task
from tests.formats.test_recordings import written

FRAMES = [Frame(0, "a.jpg", 20, 10), Frame(1, "b.jpg", 20, 10)]
CAT, DOG = Label(1, "cat", "#ff0000"), Label(2, "tree house", "#ff0000")
TEXTS = tuple(
    AttributeSpec(i, name, False, InputType.TEXT, "", ("",))
    for i, name in enumerate(("text", "index", "color", "center"), 1)
)
ICDAR = Label(3, "icdar", attributes=TEXTS)
TARGET = Target((CAT, DOG, ICDAR), FRAMES)


def box(label: Label, points: list[float], **rest) -> Shape:
    return Shape(label_id=label.id, type=ShapeType.RECTANGLE, frame=0, points=points, **rest)


def write(name: str, path: Path, *parts: tuple[str, LabeledData]) -> None:
    """Export parts, each with its subset."""
    found = tuple(
        part_in_memory(PartInfo(i, "t", subset=subset), FRAMES, data)
        for i, (subset, data) in enumerate(parts)
    )
    export = registry.exporter(name).write
    assert export is not None
    with ZipSink(path) as sink:
        export(Dataset(TARGET.labels, found), sink, WriteOptions())


def read(name: str, path: Path, target: Target = TARGET, *, polygons: bool = False) -> LabeledData:
    importing = registry.importer(name).read
    assert importing is not None
    with open_source(path) as source:
        return importing(source, target, ReadOptions(masks_to_polygons=polygons))


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    return path


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Segmentation mask 1.1", "JPEGImages/b0.jpg"),
        ("CamVid 1.0", "train/b0.jpg"),
        ("Cityscapes 1.0", "imgsFine/leftImg8bit/train/b0_leftImg8bit.jpg"),
        ("KITTI 1.0", "train/image_2/b0.jpg"),
        ("LabelMe 3.0", "train/b0.jpg"),
        ("MOT 1.1", "img1/000001.jpg"),
        ("MOTS PNG 1.0", "train/images/b0.jpg"),
        ("ICDAR Recognition 1.0", "train/images/b0.jpg"),
        ("ICDAR Localization 1.0", "train/images/b0.jpg"),
        ("ICDAR Segmentation 1.0", "train/images/b0.jpg"),
    ],
)
def test_images_lie_where_the_format_has_them(name: str, first: str, tmp_path: Path) -> None:
    without = written(name, "boxes", tmp_path / "a.zip")
    files = written(name, "boxes", tmp_path / "b.zip", save_images=True)
    added = files.keys() - without.keys()
    assert len(added) == 3
    with zipfile.ZipFile(ROOT / "boxes" / "media.zip") as media:
        assert files[first] == media.read("b0.jpg")


@pytest.mark.parametrize("name", ["Cityscapes 1.0", "KITTI 1.0"])
def test_archives_that_cvat_itself_cannot_read_are_read(name: str) -> None:
    path = ROOT / "images" / "exports" / f"{name.replace(' ', '_')}.zip"
    task = dataset_of("images")
    target = Target(task.labels, frames_of(recorded_task("images")))
    found = read(name, path, target).shapes
    assert {task.labels_by_id[one.label_id].name for one in found} == {"cat", "dog", "tree house"}
    assert {one.type for one in found} >= {"mask"}
    segmented = read(
        "Segmentation mask 1.1", ROOT / "images" / "exports" / "Segmentation_mask_1.1.zip", target
    )
    if name == "Cityscapes 1.0":
        assert sorted(one.points for one in found) == sorted(x.points for x in segmented.shapes)


@pytest.mark.parametrize("name", ["Segmentation mask 1.1", "CamVid 1.0", "Cityscapes 1.0"])
def test_labels_of_one_colour_are_told_apart(name: str, tmp_path: Path) -> None:
    shapes = [box(CAT, [0, 0, 5, 5]), box(DOG, [10, 0, 15, 5])]
    write(name, tmp_path / "a.zip", ("", LabeledData(shapes=shapes)))
    assert {one.label_id for one in read(name, tmp_path / "a.zip").shapes} == {1, 2}


def test_no_two_labels_have_one_colour_and_none_is_black() -> None:
    labels = [Label(i, f"l{i}", "#000000" if i % 2 else "#800000") for i in range(9)]
    colors = colors_of(labels)
    assert len(set(colors.values())) == len(labels) + 1
    assert colors["background"] == (0, 0, 0)


def test_pieces_of_an_instance_are_a_group_of_polygons(tmp_path: Path) -> None:
    shapes = [box(CAT, [0, 0, 5, 5], group=4), box(CAT, [10, 0, 15, 5], group=4)]
    write("Cityscapes 1.0", tmp_path / "a.zip", ("", LabeledData(shapes=shapes)))
    (mask,) = read("Cityscapes 1.0", tmp_path / "a.zip").shapes
    assert mask.type == "mask"
    polygons = read("Cityscapes 1.0", tmp_path / "a.zip", polygons=True).shapes
    assert [(one.type, one.group) for one in polygons] == [("polygon", 1), ("polygon", 1)]


def test_a_mask_beyond_the_image_is_cut(tmp_path: Path) -> None:
    shapes = [box(CAT, [15, 5, 30, 30]), box(DOG, [-9, -9, 2, 2]), box(CAT, [50, 50, 60, 60])]
    write("Segmentation mask 1.1", tmp_path / "a.zip", ("", LabeledData(shapes=shapes)))
    found = read("Segmentation mask 1.1", tmp_path / "a.zip").shapes
    assert [one.points[-4:] for one in found] == [[15, 5, 19, 9], [0, 0, 1, 1]]


@pytest.mark.parametrize("name", ["KITTI 1.0", "LabelMe 3.0", "ICDAR Localization 1.0"])
def test_the_tasks_of_a_project_lie_in_the_directories_of_their_subsets(
    name: str, tmp_path: Path
) -> None:
    one = LabeledData(shapes=[box(CAT, [0, 0, 5, 5])])
    write(name, tmp_path / "a.zip", ("train", one), ("val", one))
    with zipfile.ZipFile(tmp_path / "a.zip") as made:
        folders = {file.partition("/")[0] for file in made.namelist() if "/" in file}
    assert folders == {"train", "val"}


def test_kitti_finds_a_label_of_two_words_with_and_without_a_score(tmp_path: Path) -> None:
    line = b"tree house 0.5 1 -1 1 2 3 4 -1 -1 -1 -1 -1 -1 -1"
    files = {"label_2/a.txt": line + b" 1.0\n" + line + b"\nDontCare" + line[10:] + b"\n"}
    found = read("KITTI 1.0", archive(tmp_path / "a.zip", files)).shapes
    assert [(one.label_id, one.occluded, one.points) for one in found] == 2 * [
        (2, True, [1.0, 2.0, 3.0, 4.0])
    ]


def test_mot_finds_the_challenge_s_classes_where_none_are_listed(tmp_path: Path) -> None:
    target = Target((Label(9, "pedestrian"),), FRAMES)
    files = {"MOT16-02/gt/gt.txt": b"1,1,2,3,4,5,1,1,0.8\n2,1,3,3,4,5,1,1,0\n"}
    (track,) = read("MOT 1.1", archive(tmp_path / "a.zip", files), target).tracks
    assert [(one.frame, one.occluded, one.points) for one in track.shapes] == [
        (0, False, [2, 3, 6, 8]),
        (1, True, [3, 3, 7, 8]),
    ]


def test_tracks_of_masks_become_tracks_of_polygons_where_polygons_are_asked_for(
    tmp_path: Path,
) -> None:
    files = written("MOTS PNG 1.0", "video", tmp_path / "a.zip")
    assert "default/instances/frame_000005.png" in files
    task = dataset_of("video")
    target = Target(task.labels, frames_of(recorded_task("video")))
    tracks = read("MOTS PNG 1.0", tmp_path / "a.zip", target, polygons=True).tracks
    first = {task.labels_by_id[one.label_id].name: one.frame for one in tracks}
    assert first == {"car": 0, "person": 5}
    shapes = read("MOTS PNG 1.0", tmp_path / "a.zip", target).shapes
    assert {one.type for one in shapes} == {"mask"}


def test_labelme_keeps_groups_and_attributes_with_commas_and_quotes(tmp_path: Path) -> None:
    spec = AttributeSpec(1, "note", False, InputType.TEXT, "", ("",))
    label = Label(1, "cat", attributes=(spec,))
    note = 'a, "b"=\\c'
    shapes = [
        box(label, [0, 0, 5, 5], group=7, attributes=[AttributeValue(1, note)]),
        box(label, [1, 1, 5, 5], group=7),
        box(label, [2, 1, 5, 5], group=8),
    ]
    target = Target((label,), FRAMES)
    part = part_in_memory(PartInfo(1, "t"), FRAMES, LabeledData(shapes=shapes))
    export = registry.exporter("LabelMe 3.0").write
    assert export is not None
    with ZipSink(tmp_path / "a.zip") as sink:
        export(Dataset((label,), (part,)), sink, WriteOptions())
    found = read("LabelMe 3.0", tmp_path / "a.zip", target).shapes
    assert [one.group for one in found] == [1, 1, 0]
    assert found[0].attributes == [AttributeValue(1, note)]


@pytest.mark.parametrize(
    ("line", "points", "text"),
    [
        ('38, 43, 920, 215, "Tired, \\"so\\""', [38, 43, 920, 215], 'Tired, "so"'),
        ('158 128 411 181 "Foot path"', [158, 128, 411, 181], "Foot path"),
        ("1,2,3,2,3,4,1,4,Genaxis, Theatre", [1, 2, 3, 2, 3, 4, 1, 4], "Genaxis,Theatre"),
        ("1,2,3,2,3,4,1,4,2012", [1, 2, 3, 2, 3, 4, 1, 4], "2012"),
        ("1.5 2 3 4", [1.5, 2, 3, 4], None),
        ("1,2,3,2,3,4", [1, 2, 3, 2, 3, 4], None),
    ],
)
def test_localization_reads_the_lines_of_every_year(line, points, text, tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"gt_a.txt": b"\xef\xbb\xbf" + line.encode() + b"\r\n"})
    (shape,) = read("ICDAR Localization 1.0", path).shapes
    assert shape.points == points
    assert [one.value for one in shape.attributes] == ([] if text is None else [text])


def test_words_come_back_as_tags(tmp_path: Path) -> None:
    words = ["Tired", 'a "b" \\ c, d']
    tags = [Tag(label_id=3, frame=0, attributes=[AttributeValue(1, one)]) for one in words]
    write("ICDAR Recognition 1.0", tmp_path / "a.zip", ("", LabeledData(tags=tags)))
    found = read("ICDAR Recognition 1.0", tmp_path / "a.zip").tags
    assert [(one.frame, one.attributes[0].value) for one in found] == [(0, one) for one in words]


def test_characters_come_back_word_by_word_as_masks_with_their_attributes(tmp_path: Path) -> None:
    shapes = [
        box(
            ICDAR,
            [0, 0, 3, 3],
            group=5,
            attributes=[AttributeValue(1, "a"), AttributeValue(3, "9 8 7")],
        ),
        box(ICDAR, [5, 0, 8, 3], group=5, attributes=[AttributeValue(1, '"')]),
        box(ICDAR, [9, 0, 12, 3], attributes=[AttributeValue(1, "c")]),
        box(CAT, [13, 0, 15, 3]),
    ]
    write("ICDAR Segmentation 1.0", tmp_path / "a.zip", ("", LabeledData(shapes=shapes)))
    found = read("ICDAR Segmentation 1.0", tmp_path / "a.zip").shapes
    assert [one.group for one in found] == [1, 1, 0, 0]
    values = [{one.spec_id: one.value for one in shape.attributes} for shape in found]
    assert [one[1] for one in values] == ["a", '"', "c", ""]
    assert [one[2] for one in values] == ["0", "1", "2", "3"]
    assert values[0][3] == "9 8 7"
    covered = masks.bitmap_of_mask(found[0].points, 20, 10)
    assert covered.sum() == 9
    assert covered[:3, :3].all()


def test_characters_without_a_picture_come_back_as_boxes(tmp_path: Path) -> None:
    files = {"a_GT.txt": b'0 0 255 55 44 1 2 10 9 "L"\n'}
    (shape,) = read("ICDAR Segmentation 1.0", archive(tmp_path / "a.zip", files)).shapes
    assert (shape.type, shape.points) == ("rectangle", [1, 2, 10, 9])


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5])
def test_a_bmp_comes_back_whatever_its_width(width: int) -> None:
    pixels = np.arange(3 * width * 3, dtype=np.uint8).reshape(3, width, 3)
    assert (decode_bmp(encode_bmp(pixels), "a.bmp") == pixels).all()
    with pytest.raises(DatasetError, match=r"a\.bmp: the image ends too early"):
        decode_bmp(encode_bmp(pixels)[:-1], "a.bmp")


def test_more_instances_than_the_numbers_have_room_for_are_refused(tmp_path: Path) -> None:
    shapes = [box(CAT, [0, 0, 1, 1]) for _ in range(1000)]
    with pytest.raises(DatasetError, match="no room for so many labels or instances"):
        write("Cityscapes 1.0", tmp_path / "a.zip", ("", LabeledData(shapes=shapes)))
