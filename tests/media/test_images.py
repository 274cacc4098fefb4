"""Reading pictures: sizes from headers, upright, 8 bits, and within limits."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from cvat_lite.errors import MediaError
from cvat_lite.media.headers import quick_size
from cvat_lite.media.images import read_image
from cvat_lite.media.probe import probe_images

MAX_PIXELS = 1_000_000
TURNED = range(1, 9)


def exif(orientation: int) -> bytes:
    """An EXIF block that tells nothing but the orientation."""
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    return tags.tobytes()


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "tif", "avif"])
@pytest.mark.parametrize("orientation", TURNED)
def test_every_format_is_shown_upright_and_its_size_is_known_from_the_header(
    extension, orientation, make_image, tmp_path
) -> None:
    path = make_image(f"a.{extension}", 40, 30, exif=exif(orientation))
    expected = (30, 40) if orientation >= 5 else (40, 30)
    assert probe_images(tmp_path, [path.name], MAX_PIXELS) == [expected]
    picture = read_image(path, MAX_PIXELS)
    assert picture.size == expected
    with Image.open(path) as plain:
        turned = ImageOps.exif_transpose(plain).convert("RGB")
    assert np.array_equal(np.asarray(picture), np.asarray(turned))


def test_sizes_come_in_the_order_of_the_names(make_image, tmp_path) -> None:
    names = [make_image(f"{n}.png", 10 + n, 5).name for n in range(1100)]
    told: list[int] = []
    sizes = probe_images(tmp_path, names[::-1], MAX_PIXELS, told.append)
    assert sizes == [(10 + n, 5) for n in range(1100)][::-1]
    assert told[-1] == 1100
    assert told == sorted(told)


@pytest.mark.parametrize("progressive", [False, True])
def test_most_jpegs_and_pngs_are_measured_without_pillow(progressive, make_image) -> None:
    photo = make_image("a.jpg", 41, 31, progressive=progressive, exif=exif(6))
    assert quick_size(photo.read_bytes()[:4096]) == (31, 41)
    assert quick_size(make_image("a.png", 41, 31).read_bytes()[:4096]) == (41, 31)


def test_an_orientation_told_by_xmp_is_left_to_pillow(make_image, tmp_path) -> None:
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description tiff:Orientation="6"/>'
        b"</rdf:RDF></x:xmpmeta>"
    )
    path = make_image("a.jpg", 40, 30, xmp=xmp)
    assert probe_images(tmp_path, ["a.jpg"], MAX_PIXELS) == [(30, 40)]
    assert read_image(path, MAX_PIXELS).size == (30, 40)


def test_sixteen_bit_grey_is_scaled_to_its_brightest_value(tmp_path) -> None:
    values = np.array([[0, 1000, 2000], [3000, 4000, 4095]], np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    picture = read_image(tmp_path / "a.png", MAX_PIXELS)
    assert picture.mode == "L"
    assert np.array_equal(np.asarray(picture), np.round(values * (255 / 4095)).astype(np.uint8))


def test_a_black_sixteen_bit_picture_stays_black(tmp_path) -> None:
    Image.fromarray(np.zeros((4, 5), np.uint16)).save(tmp_path / "a.tif")
    assert read_image(tmp_path / "a.tif", MAX_PIXELS).getextrema() == (0, 0)


def test_float_pictures_with_holes_are_scaled(tmp_path) -> None:
    values = np.array([[-1.0, 0.0, 1.0, np.nan]], np.float32)
    Image.fromarray(values).save(tmp_path / "a.tif")
    assert np.asarray(read_image(tmp_path / "a.tif", MAX_PIXELS)).tolist() == [[0, 128, 255, 128]]


def test_transparent_parts_show_white(tmp_path) -> None:
    picture = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    picture.putpixel((1, 0), (0, 0, 0, 0))
    picture.save(tmp_path / "a.png")
    picture.convert("LA").save(tmp_path / "b.png")
    assert np.asarray(read_image(tmp_path / "a.png", MAX_PIXELS)).tolist() == [
        [[255, 0, 0], [255, 255, 255]]
    ]
    assert np.asarray(read_image(tmp_path / "b.png", MAX_PIXELS))[0, 1].tolist() == [255] * 3


@pytest.mark.parametrize("transparent", [False, True])
def test_palettes_become_colours(transparent, tmp_path) -> None:
    picture = Image.new("P", (2, 1), 0)
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "a.png", **({"transparency": 1} if transparent else {}))
    second = [255, 255, 255] if transparent else [40, 50, 60]
    assert np.asarray(read_image(tmp_path / "a.png", MAX_PIXELS)).tolist() == [
        [[10, 20, 30], second]
    ]


@pytest.mark.parametrize(
    ("mode", "extension"), [("1", "tif"), ("CMYK", "jpg"), ("LAB", "tif"), ("I", "tif")]
)
def test_every_mode_becomes_grey_or_rgb(mode, extension, tmp_path) -> None:
    Image.new(mode, (8, 6)).save(tmp_path / f"a.{extension}")
    assert read_image(tmp_path / f"a.{extension}", MAX_PIXELS).mode in {"L", "RGB"}


def test_of_an_animation_the_first_picture_counts(tmp_path) -> None:
    pages = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    pages[0].save(tmp_path / "a.gif", save_all=True, append_images=pages[1:])
    assert read_image(tmp_path / "a.gif", MAX_PIXELS).getpixel((0, 0)) == (255, 0, 0)


def giant_png(width: int, height: int) -> bytes:
    """A PNG that declares this size and has next to no pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path) -> None:
    (tmp_path / "a.png").write_bytes(giant_png(60_000, 60_000))
    with pytest.raises(MediaError, match=r"'a\.png' is too large: 60000x60000"):
        probe_images(tmp_path, ["a.png"], MAX_PIXELS)
    with pytest.raises(MediaError, match=r"'a\.png' is too large: 60000x60000"):
        read_image(tmp_path / "a.png", MAX_PIXELS)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a png", b"\xff\xd8\xff", b"\xff\xd8\xff\xe1\xff\xffExif\0\0", giant_png(0, 5)],
)
def test_what_is_no_picture_is_refused_by_name(content, make_image, tmp_path) -> None:
    names = ["x/good.png", "x/bad.png"]
    make_image(names[0])
    (tmp_path / names[1]).write_bytes(content)
    with pytest.raises(MediaError, match=r"x/bad\.png"):
        probe_images(tmp_path, names, MAX_PIXELS)
    with pytest.raises(MediaError, match=r"bad\.png"):
        read_image(tmp_path / names[1], MAX_PIXELS)


def test_an_absent_file_is_refused_by_name(tmp_path) -> None:
    with pytest.raises(MediaError, match=r"'no\.png'"):
        probe_images(tmp_path, ["no.png"], MAX_PIXELS)
    with pytest.raises(MediaError, match=r"'no\.png' does not exist"):
        read_image(tmp_path / "no.png", MAX_PIXELS)


def test_a_postscript_file_starts_no_interpreter(tmp_path) -> None:
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EOF")
    with pytest.raises(MediaError, match="cannot identify"):
        probe_images(tmp_path, ["a.png"], MAX_PIXELS)


@pytest.mark.parametrize("extension", ["jpg", "png"])
def test_a_truncated_picture_shows_what_is_there(extension, make_image, tmp_path) -> None:
    path = make_image(f"a.{extension}", 400, 300)
    whole = np.asarray(read_image(path, MAX_PIXELS))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert probe_images(tmp_path, [path.name], MAX_PIXELS) == [(400, 300)]
    shown = np.asarray(read_image(path, MAX_PIXELS))
    assert np.array_equal(shown[:16], whole[:16])
    assert not np.array_equal(shown[-16:], whole[-16:])
