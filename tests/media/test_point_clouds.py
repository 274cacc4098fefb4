"""Headers of point clouds, KITTI files, and clouds seen from above."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cvat_lite.errors import MediaError
from cvat_lite.media.cloud_drawing import GROUND, drawn, unpacked
from cvat_lite.media.context import split_related
from cvat_lite.media.ingest import plan
from cvat_lite.media.material import Material
from cvat_lite.media.point_clouds import Coding, as_pcd, probe_clouds, read_header
from tests.media.clouds import (
    POINTS,
    ascii_pcd,
    binary_pcd,
    compressed_pcd,
    header,
    kitti_bin,
)

CODED = {
    Coding.ASCII: ascii_pcd(),
    Coding.BINARY: binary_pcd(),
    Coding.COMPRESSED: compressed_pcd(),
}


def write(root: Path, name: str, content: bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("coding", [*Coding])
def test_the_header_of_a_cloud_tells_its_size_and_where_its_points_begin(
    coding: Coding, tmp_path: Path
) -> None:
    content = CODED[coding]
    found = read_header(write(tmp_path, "a.pcd", content))
    assert (found.width, found.height, found.coding) == (len(POINTS), 1, coding)
    assert content[: found.offset].endswith(f"DATA {coding}\n".encode())


def test_an_ordered_cloud_has_rows(tmp_path: Path) -> None:
    body = binary_pcd()
    records = body[len(header(len(POINTS), "binary")) :]
    write(tmp_path, "a.pcd", header(12, "binary", width=4, height=3) + records)
    assert probe_clouds(tmp_path, ["a.pcd"]) == [(4, 3)]


def test_lines_may_end_as_on_windows_and_a_cloud_may_be_empty(tmp_path: Path) -> None:
    write(tmp_path, "a.pcd", ascii_pcd().replace(b"\n", b"\r\n"))
    write(tmp_path, "b.pcd", header(0, "binary"))
    assert probe_clouds(tmp_path, ["a.pcd", "b.pcd"]) == [(12, 1), (0, 1)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (header(10**12, "binary"), "claims to have 1000000000000 points"),
        (header(10**9, "binary") + b"\0" * 100, "too short for its 1000000000 points"),
        (header(10**9, "ascii") + b"1 2 3\n", "too short"),
        (header(10**9, "binary_compressed") + b"\0" * 8, "unpack to 0 bytes"),
        (header(12, "binary_compressed") + b"\xff\xff\xff\x7f\0\0\0\0", "not all there"),
        (header(12, "binary", width=5), "12 points are not 5 x 1"),
        (header(12, "runes"), "written as 'runes'"),
        (header(12, "ascii").replace(b"SIZE 4 4 4", b"SIZE 4 4"), "do not agree"),
        (header(12, "ascii").replace(b"COUNT 1", b"COUNT 99999999"), "no sensible count"),
        (header(12, "ascii").replace(b"WIDTH 12", b"WIDTH -12"), "WIDTH is no number"),
        (b"\xff\xd8\xff\xe0 a photograph\n", "none of PCD's"),
        (b"#" * 100_000, "no line DATA"),
        (b"", "no line DATA"),
    ],
)
def test_a_cloud_that_is_none_or_claims_what_is_not_there_is_refused(
    content: bytes, why: str, tmp_path: Path
) -> None:
    write(tmp_path, "a.pcd", content)
    with pytest.raises(MediaError, match=why):
        probe_clouds(tmp_path, ["a.pcd"])


def test_a_kitti_file_becomes_a_pcd_with_the_very_same_points(tmp_path: Path) -> None:
    write(tmp_path, "d/1.bin", kitti_bin())
    assert as_pcd(tmp_path, "d/1.bin") == "d/1.pcd"
    found = read_header(tmp_path / "d/1.pcd")
    assert [field.name for field in found.fields] == ["x", "y", "z", "intensity"]
    assert (tmp_path / "d/1.pcd").read_bytes()[found.offset :] == kitti_bin()
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["1.pcd"]


def test_converting_can_be_done_again_wherever_it_was_interrupted(tmp_path: Path) -> None:
    write(tmp_path, "1.bin", kitti_bin())
    as_pcd(tmp_path, "1.bin")
    assert as_pcd(tmp_path, "1.bin") == "1.pcd"
    write(tmp_path, "1.bin", kitti_bin())
    assert as_pcd(tmp_path, "1.bin") == "1.pcd"
    assert [path.name for path in tmp_path.iterdir()] == ["1.pcd"]


def test_a_kitti_file_never_takes_the_place_of_another_cloud(tmp_path: Path) -> None:
    write(tmp_path, "1.bin", kitti_bin())
    write(tmp_path, "1.pcd", ascii_pcd())
    with pytest.raises(MediaError, match="only one of them can be a frame"):
        as_pcd(tmp_path, "1.bin")
    assert (tmp_path / "1.pcd").read_bytes() == ascii_pcd()
    assert (tmp_path / "1.bin").read_bytes() == kitti_bin()


def test_a_file_of_another_size_is_no_kitti_cloud(tmp_path: Path) -> None:
    write(tmp_path, "1.bin", b"x" * 17)
    with pytest.raises(MediaError, match="no KITTI point cloud"):
        as_pcd(tmp_path, "1.bin")


def test_making_frames_of_kitti_files_can_begin_anew(tmp_path: Path) -> None:
    staging = tmp_path / "staging"
    write(staging, "b.bin", kitti_bin())
    write(staging, "a.bin", kitti_bin(POINTS[:5]))
    material = Material(tmp_path / "home", staging, uploaded=("b.bin", "a.bin"))
    first = plan(material)
    assert first.images == [("a.pcd", 5, 1), ("b.pcd", 12, 1)]
    assert plan(material) == first


def test_kitti_files_of_the_share_are_copied_and_stay_as_they_are(tmp_path: Path) -> None:
    share = tmp_path / "share"
    write(share, "kitti/velodyne_points/data/0.bin", kitti_bin())
    write(share, "kitti/image_02/data/0.png", b"")
    made = plan(Material(tmp_path / "home", tmp_path / "none", share, server_files=("kitti",)))
    assert made.root is None
    assert made.images == [("kitti/velodyne_points/data/0.pcd", 12, 1)]
    assert made.related == {0: ["kitti/image_02/data/0.png"]}
    assert (share / "kitti/velodyne_points/data/0.bin").read_bytes() == kitti_bin()


def test_clouds_of_the_share_are_used_in_place(tmp_path: Path) -> None:
    share = tmp_path / "share"
    write(share, "0.pcd", ascii_pcd())
    made = plan(Material(tmp_path / "home", tmp_path / "none", share, server_files=("0.pcd",)))
    assert (made.root, made.kind) == (str(share), "point_cloud")


@pytest.mark.parametrize(
    ("cloud", "images"),
    [
        ("c/pointcloud/1.pcd", ["c/related_images/1_pcd/a.png", "c/related_images/1_pcd/b.jpg"]),
        ("pointcloud/1.pcd", ["related_images/1_bin/a.png"]),
        ("1.pcd", ["related_images/1_pcd/a.png"]),
        ("r/velodyne_points/data/07.pcd", ["r/IMAGE_00/data/07.png", "r/image_1/data/07.jpg"]),
        ("velodyne_points/data/07.pcd", ["image_00/data/07.png"]),
        ("d/1.pcd", ["d/1.png"]),
        ("d/1/1.pcd", ["d/1/front.png", "d/1/rear.png"]),
    ],
)
def test_each_documented_layout_gives_clouds_their_images(cloud: str, images: list[str]) -> None:
    others = ["image_00/data/99.png", "elsewhere/1.png", "related_images/9_pcd/a.png", "notes.png"]
    frames, related = split_related([*others, *images, cloud])
    assert frames == [cloud]
    assert related == {cloud: sorted(images)}


@pytest.mark.parametrize("coding", [*Coding])
def test_a_cloud_is_drawn_from_above_whatever_its_coding(coding: Coding, tmp_path: Path) -> None:
    corners = [(0.0, 0.0, 0.0)] * 40 + [(10.0, 0.0, 4.0)] * 40
    make = {
        Coding.ASCII: ascii_pcd,
        Coding.BINARY: binary_pcd,
        Coding.COMPRESSED: compressed_pcd,
    }[coding]
    pixels = np.asarray(drawn(write(tmp_path, "a.pcd", make(corners)), 64))
    rows, columns = np.nonzero(pixels > GROUND)
    assert sorted(set(columns.tolist())) == [0, 63]
    assert pixels[rows[0], 63] > pixels[rows[0], 0], "what is higher is brighter"


def test_an_empty_cloud_and_one_of_no_places_are_drawn_empty(tmp_path: Path) -> None:
    empty = write(tmp_path, "a.pcd", header(0, "ascii"))
    odd = write(tmp_path, "b.pcd", ascii_pcd().replace(b"FIELDS x y z", b"FIELDS r g b"))
    nowhere = write(tmp_path, "c.pcd", ascii_pcd([(float("nan"), 1, 1)] * 3))
    for path in (empty, odd, nowhere):
        assert np.asarray(drawn(path, 16)).max() == GROUND


def test_a_cloud_of_broken_points_gives_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, "a.pcd", header(3, "ascii") + b"one two three\n" * 3)
    with pytest.raises(MediaError, match=r"a\.pcd"):
        drawn(path, 16)


def test_references_of_lzf_are_followed() -> None:
    assert unpacked(b"\x01ab" + b"\x20\x01" + b"\xe0\x00\x00", 14) == b"ababa" + b"a" * 9
    with pytest.raises(ValueError, match="refer to nothing"):
        unpacked(b"\x00a\x20\x05", 9)
    with pytest.raises(IndexError):
        unpacked(b"\x00a", 9)
