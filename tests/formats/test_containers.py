"""Archives that are written and read."""

from __future__ import annotations

import errno
import zipfile
from pathlib import Path

import pytest

from cvat_lite.errors import DatasetError
from cvat_lite.formats import containers
from cvat_lite.formats.containers import DirectorySource, FileSink, ZipSink, ZipSource, open_source


def make(path: Path, *names: str, content: bytes = b"x") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def test_images_are_stored_and_text_is_deflated(tmp_path: Path) -> None:
    image = tmp_path / "picture.jpg"
    image.write_bytes(b"\0" * 5000)
    with ZipSink(tmp_path / "a.zip") as sink:
        sink.add_file("images/a.jpg", image)
        sink.add("b.txt", b"\0" * 5000)
        with sink.open("c.json") as file:
            file.write(b"[1,")
            file.write(b"2]")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["images/a.jpg", "b.txt", "c.json"]
        assert archive.read("c.json") == b"[1,2]"
        sizes = {info.filename: info.compress_size for info in archive.infolist()}
    assert sizes["images/a.jpg"] == 5000
    assert sizes["b.txt"] < 100


def test_equal_files_make_equal_archives(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        with ZipSink(tmp_path / name) as sink:
            sink.add("x.txt", b"the same")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_source_is_an_archive_a_directory_or_a_file(tmp_path: Path) -> None:
    make(tmp_path / "a.zip", "d/x.json", "b.json")
    with open_source(tmp_path / "a.zip") as source:
        assert source.names() == ["b.json", "d/x.json"]
        assert source.read("d/x.json") == b"x"
    (tmp_path / "upload.tmp").write_bytes(b"{}")
    with open_source(tmp_path / "upload.tmp", "coco.json") as source:
        assert source.names() == ["coco.json"]
        assert source.read("coco.json") == b"{}"
    (tmp_path / "dir" / "sub").mkdir(parents=True)
    (tmp_path / "dir" / "sub" / "y.txt").write_bytes(b"y")
    with open_source(tmp_path / "dir") as source:
        assert source.names() == ["sub/y.txt"]
        assert source.read("sub/y.txt") == b"y"


def test_a_directory_does_not_follow_links(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "link.txt").symlink_to(tmp_path / "secret")
    assert DirectorySource(tmp_path / "data").names() == []


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/passwd", "a/../../b", "..\\evil"])
def test_names_that_lead_out_of_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    make(tmp_path / "a.zip", name)
    with pytest.raises(DatasetError, match="leads out of the archive"):
        ZipSource(tmp_path / "a.zip", "a.zip")


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_RATIO", 100)
    make(tmp_path / "a.zip", "bomb.json", content=b"\0" * 4_000_000)
    with (
        ZipSource(tmp_path / "a.zip", "a.zip") as source,
        pytest.raises(DatasetError, match=r"^bomb\.json: the file is too large when unpacked"),
    ):
        source.read("bomb.json")


def test_an_archive_of_too_many_bytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "MAX_UNPACKED_BYTES", 3)
    make(tmp_path / "a.zip", "a", "b", "c", "d")
    with pytest.raises(DatasetError, match="too large when unpacked"):
        ZipSource(tmp_path / "a.zip", "a.zip")


def test_a_broken_archive_is_a_dataset_error(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", "a.json", content=bytes(range(256)) * 40)
    data = bytearray(path.read_bytes())
    data[60:70] = b"\xff" * 10
    path.write_bytes(data)
    with ZipSource(path, "a.zip") as source, pytest.raises(DatasetError, match="unpacked"):
        source.read("a.json")
    path.write_bytes(b"PK no zip")
    with pytest.raises(DatasetError, match="not a zip archive"):
        ZipSource(path, "a.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("place", range(60, 400, 30))
def test_bytes_that_have_changed_are_a_dataset_error_however_they_are_packed(
    tmp_path: Path, method: int, place: int
) -> None:
    path = tmp_path / "a.zip"
    lines = "".join(f"line {number * number}\n" for number in range(400))
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.txt", lines)
    data = bytearray(path.read_bytes())
    data[place] ^= 0xFF
    path.write_bytes(data)
    with ZipSource(path, "a.zip") as source, pytest.raises(DatasetError, match=r"^a\.txt: "):
        source.read("a.txt")


def test_a_disk_that_fails_is_no_fault_of_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(errno.EIO, "the disk is broken")

    path = make(tmp_path / "a.zip", "a.json")
    with ZipSource(path, "a.zip") as source, source.open("a.json") as member:
        monkeypatch.setattr(zipfile.ZipExtFile, "read", fail)
        with pytest.raises(OSError, match="the disk is broken"):
            member.read()


def test_an_archive_of_a_later_version_of_zip_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", "a.json")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 6] = 99
    path.write_bytes(data)
    with pytest.raises(DatasetError, match="not a zip archive"):
        ZipSource(path, "a.zip")


def test_a_single_file_is_written_once(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"copied")
    with FileSink(tmp_path / "a") as sink, FileSink(tmp_path / "b") as other:
        sink.add("any.tsv", b"given")
        other.add_file("any.tsv", tmp_path / "source")
        with pytest.raises(FileExistsError):
            sink.add("second.tsv", b"more")
    assert (tmp_path / "a").read_bytes() + (tmp_path / "b").read_bytes() == b"givencopied"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a/b.txt", "a/b.txt"),
        ("images/../../x.txt", "images/__/__/x.txt"),
        ("/etc/passwd", "etc/passwd"),
        ("a/./b//c.txt", "a/b/c.txt"),
        ("..a/b..", "..a/b.."),
    ],
)
def test_no_member_leads_out_of_where_an_archive_is_unpacked(
    name: str, kept: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.zip"
    with ZipSink(path) as sink:
        sink.add(name, b"x")
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [kept]
