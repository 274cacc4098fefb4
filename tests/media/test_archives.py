"""Archives from strangers: what is unpacked, what is refused, and that nothing stays behind."""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from cvat_lite.errors import MediaError
from cvat_lite.media.archives import BLOCK, Limits, extract

FILES = {"in/two.png": b"2" * 3000, "in/one.png": b"1", "notes.txt": b""}


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, members: list[tarfile.TarInfo | tuple[str, bytes]], mode="w") -> Path:
    with tarfile.open(path, mode) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return path


def tar_link(name: str, kind: bytes, to: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def refused(archive: Path, target: Path, limits: Limits | None = None) -> str:
    """Unpack what must be refused; nothing of it may stay, inside or outside."""
    before = sorted(p for p in target.parent.rglob("*"))
    with pytest.raises(MediaError) as error:
        extract(archive, target, limits)
    assert sorted(p for p in target.parent.rglob("*")) == before
    assert archive.name in str(error.value)
    return str(error.value)


def read_all(target: Path) -> dict[str, bytes]:
    return {
        p.relative_to(target).as_posix(): p.read_bytes() for p in target.rglob("*") if p.is_file()
    }


def test_a_zip_is_unpacked_in_its_order(tmp_path, target) -> None:
    assert extract(make_zip(tmp_path / "a.zip", FILES), target) == list(FILES)
    assert read_all(target) == FILES


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_is_unpacked_however_it_is_compressed(mode, tmp_path, target) -> None:
    folder = tarfile.TarInfo("./")
    folder.type = tarfile.DIRTYPE
    archive = make_tar(tmp_path / "a.archive", [folder, *FILES.items()], mode)
    assert extract(archive, target) == list(FILES)
    assert read_all(target) == FILES


def test_only_what_is_wanted_is_unpacked(tmp_path, target) -> None:
    for archive in (
        make_zip(tmp_path / "a.zip", FILES),
        make_tar(tmp_path / "a.tar", list(FILES.items())),
    ):
        assert extract(archive, target, wanted=lambda name: name.endswith("one.png")) == [
            "in/one.png"
        ]
        (target / "in/one.png").unlink()


def test_the_droppings_of_systems_are_left_out(tmp_path, target) -> None:
    junk = ["__MACOSX/in/._one.png", "in/.DS_Store", "Thumbs.db", "in/._one.png", "x/desktop.ini"]
    archive = make_zip(tmp_path / "a.zip", {**dict.fromkeys(junk, b"?"), "in/one.png": b"1"})
    assert extract(archive, target) == ["in/one.png"]


def test_names_written_by_windows_and_in_utf8_without_its_flag_are_understood(
    tmp_path, target
) -> None:
    make_zip(tmp_path / "a.zip", {"dir/caf__.png": b"1"})
    data = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(data.replace(b"dir/caf__.png", "dir\\café.png".encode()))
    assert extract(tmp_path / "a.zip", target) == ["dir/café.png"]


@pytest.mark.parametrize(
    "name",
    ["../a.png", "a/../../b.png", "/etc/a.png", "..\\a.png", "C:\\a.png", "a/..", "a\nb.png"],
)
def test_names_that_lead_out_are_refused(name, tmp_path, target) -> None:
    refused(make_zip(tmp_path / "a.zip", {"good.png": b"1", name: b"2"}), target)
    refused(make_tar(tmp_path / "a.tar", [("good.png", b"1"), (name, b"2")]), target)


@pytest.mark.parametrize(
    ("kind", "to"),
    [
        (tarfile.SYMTYPE, "/etc"),
        (tarfile.LNKTYPE, "good.png"),
        (tarfile.CHRTYPE, ""),
        (tarfile.FIFOTYPE, ""),
    ],
)
def test_links_and_devices_in_a_tar_are_refused(kind, to, tmp_path, target) -> None:
    members = [("d/good.png", b"1"), tar_link("link", kind, to), ("link/passwd", b"2")]
    assert "link or a device" in refused(make_tar(tmp_path / "a.tar", members), target)


def test_a_symbolic_link_in_a_zip_is_refused(tmp_path, target) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert "link or a device" in refused(tmp_path / "a.zip", target)


def test_a_zip_bomb_is_refused_before_anything_is_written(tmp_path, target) -> None:
    make_zip(tmp_path / "a.zip", {"a.png": b"\0" * (64 * BLOCK)})
    limits = Limits(free_bytes=BLOCK)
    assert "implausible" in refused(tmp_path / "a.zip", target, limits)


def test_a_bomb_in_a_compressed_tar_is_refused(tmp_path, target) -> None:
    make_tar(tmp_path / "a.tgz", [("a.png", b"1"), ("b.png", b"\0" * (64 * BLOCK))], "w:gz")
    assert "implausible" in refused(tmp_path / "a.tgz", target, Limits(free_bytes=BLOCK))


def test_a_tar_header_that_is_itself_a_bomb_is_refused(tmp_path, target) -> None:
    info = tarfile.TarInfo("a.png")
    info.pax_headers = {"comment": "x" * (80 * BLOCK)}
    with tarfile.open(tmp_path / "a.tgz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    assert "headers" in refused(tmp_path / "a.tgz", target)


def test_a_member_that_is_larger_than_it_declares_is_refused(tmp_path, target) -> None:
    content = b"\0" * 100_000
    make_zip(tmp_path / "a.zip", {"good.png": b"1", "a.png": content})
    data = (tmp_path / "a.zip").read_bytes()
    small = content[:10]
    for old, new in (
        (len(content).to_bytes(4, "little"), len(small).to_bytes(4, "little")),
        (zlib.crc32(content).to_bytes(4, "little"), zlib.crc32(small).to_bytes(4, "little")),
    ):
        assert data.count(old) == 2
        data = data.replace(old, new)
    (tmp_path / "a.zip").write_bytes(data)
    # zipfile stops at the declared size, so that the rest is never unpacked.
    assert extract(tmp_path / "a.zip", target) == ["good.png", "a.png"]
    assert (target / "a.png").stat().st_size == 10


@pytest.mark.parametrize(
    "limits",
    [Limits(max_members=2), Limits(max_member_bytes=2999), Limits(max_total_bytes=3000)],
)
def test_each_limit_holds(limits, tmp_path, target) -> None:
    refused(make_zip(tmp_path / "a.zip", FILES), target, limits)
    refused(make_tar(tmp_path / "a.tar", list(FILES.items())), target, limits)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice_is_refused(tmp_path, target) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.png", b"1")
        archive.writestr("a.png", b"2")
    assert "twice" in refused(tmp_path / "a.zip", target)
    refused(make_tar(tmp_path / "a.tar", [("a", b"1"), ("a/b.png", b"2")]), target)


def test_files_that_were_there_before_are_neither_overwritten_nor_removed(tmp_path, target) -> None:
    (target / "in").mkdir()
    (target / "in/one.png").write_bytes(b"mine")
    refused(make_zip(tmp_path / "a.zip", FILES), target)
    assert (target / "in/one.png").read_bytes() == b"mine"


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken", b"\x1f\x8b\x08 x"])
def test_what_is_no_archive_is_refused(content, tmp_path, target) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    refused(tmp_path / "a.zip", target)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_truncated_tar_is_refused(mode, tmp_path, target) -> None:
    noise = zlib.compress(bytes(range(256)) * 50) * 200
    path = make_tar(tmp_path / "a.tar", [("a.png", b"1"), ("b.png", noise)], mode)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(path, target)


def test_a_zip_with_a_wrong_checksum_is_refused(tmp_path, target) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("good.png", b"good")
        archive.writestr("a.png", b"content")
    data = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(data.replace(b"content", b"CONTENT"))
    refused(tmp_path / "a.zip", target)


def test_an_encrypted_member_is_refused(tmp_path, target) -> None:
    make_zip(tmp_path / "a.zip", {"a.png": b"1"})
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    assert "encrypted" in refused(tmp_path / "a.zip", target)
