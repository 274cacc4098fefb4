"""Frames of each kind of source: the file as it came, a picture of it, a preview."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from cvat_lite.errors import MediaError
from cvat_lite.media import frames
from cvat_lite.media.context import context_zip, split_related
from cvat_lite.media.names import below
from cvat_lite.media.previews import preview
from cvat_lite.media.source import MediaSource, SourceKind
from cvat_lite.media.video_index import index_video

MAX_PIXELS = 1_000_000
SIDEWAYS = 6


def opened(encoded: frames.Encoded) -> Image.Image:
    return Image.open(io.BytesIO(encoded.read()))


@pytest.fixture
def photographs(make_image, tmp_path) -> MediaSource:
    """An upright PNG and a JPEG that lies on its side."""
    exif = Image.Exif()
    exif[274] = SIDEWAYS
    make_image("x/a.PNG", 40, 30)
    make_image("b.jpg", 400, 300, exif=exif.tobytes())
    return MediaSource(SourceKind.IMAGES, tmp_path, {0: "x/a.PNG", 1: "b.jpg", 2: "gone.png"})


@pytest.fixture
def film(make_video, tmp_path) -> MediaSource:
    """Every third picture of a video, from the fourth on."""
    path = make_video("film.mp4", bf="2", g="10")
    index_video(path, MAX_PIXELS).save(tmp_path / "film.index")
    return MediaSource(
        SourceKind.VIDEO, tmp_path, file="film.mp4", index=tmp_path / "film.index", start=3, step=3
    )


def test_the_original_of_an_image_is_its_own_file(photographs) -> None:
    first, second = (frames.original(photographs, frame) for frame in (0, 1))
    assert (first.content, first.mime) == (photographs.root / "x/a.PNG", "image/png")
    assert (second.content, second.mime) == (photographs.root / "b.jpg", "image/jpeg")
    assert first.extension == ".png"


def test_the_original_of_a_video_frame_has_the_decoders_pixels(film, reference) -> None:
    expected = reference(film.root / "film.mp4")
    for frame in (0, 5, 11):
        found = frames.original(film, frame)
        assert found.mime == "image/png"
        assert np.array_equal(np.asarray(opened(found)), expected[3 + 3 * frame])


def test_many_frames_come_in_order(film, reference) -> None:
    expected = reference(film.root / "film.mp4")
    for frame, picture in zip([1, 2, 9], frames.images(film, [1, 2, 9]), strict=True):
        assert np.array_equal(np.asarray(picture), expected[3 + 3 * frame])


def test_the_compressed_frame_is_an_upright_jpeg(photographs, film) -> None:
    assert opened(frames.compressed(photographs, 1, 70)).size == (300, 400)
    for source in (photographs, film):
        found = frames.compressed(source, 0, 70)
        assert (found.mime, opened(found).format) == ("image/jpeg", "JPEG")
    assert len(frames.compressed(film, 0, 10).read()) < len(frames.compressed(film, 0, 95).read())


def test_a_page_is_a_frame(tmp_path) -> None:
    pages = [Image.new("RGB", (72, 36), colour) for colour in ("red", "blue", "lime")]
    pages[0].save(tmp_path / "a.pdf", save_all=True, append_images=pages[1:])
    source = MediaSource(SourceKind.PDF, tmp_path, file="a.pdf", start=1)
    assert frames.image(source, 1).getpixel((9, 9)) == pytest.approx((0, 255, 0), abs=3)
    found = frames.original(source, 0)
    assert found.mime == "image/jpeg"
    assert opened(found).size == (200, 100)


@pytest.mark.parametrize("frame", [2, 3])
def test_an_image_that_is_not_there_is_a_media_error(frame, photographs) -> None:
    for call in (frames.original, frames.image, preview):
        with pytest.raises(MediaError):
            call(photographs, frame)


@pytest.mark.parametrize("frame", [13, -2])
def test_a_frame_beyond_the_video_is_a_media_error(frame, film) -> None:
    with pytest.raises(MediaError, match="has only 40 frames"):
        frames.image(film, frame)


@pytest.mark.parametrize("name", ["../a.png", "/etc/passwd", "a/../../b", "", "a\0b"])
def test_no_name_leads_out_of_the_directory(name, tmp_path) -> None:
    with pytest.raises(MediaError):
        below(tmp_path, name)
    with pytest.raises(MediaError):
        frames.original(MediaSource(SourceKind.IMAGES, tmp_path, {0: name}), 0)


def test_a_preview_fits_into_its_square_and_is_upright(photographs, film) -> None:
    sizes = []
    for source, frame in ((photographs, 0), (photographs, 1), (film, 0)):
        with Image.open(io.BytesIO(preview(source, frame))) as picture:
            assert picture.format == "JPEG"
            sizes.append(picture.size)
    assert sizes == [(40, 30), (192, 256), (96, 64)]


def test_related_images_belong_to_the_file_they_are_called_after() -> None:
    names = [
        "a.jpg",
        "related_images/a_jpg/2.png",
        "related_images/a_jpg/1.png",
        "related_images/a_jpg/notes.txt",
        "related_images/nobody_jpg/1.png",
        "related_images/loose.png",
        "sub/b.c.png",
        "sub/related_images/b_c_png/deep/x.jpg",
    ]
    found, related = split_related(names)
    assert found == ["a.jpg", "sub/b.c.png"]
    assert related == {
        "a.jpg": ["related_images/a_jpg/1.png", "related_images/a_jpg/2.png"],
        "sub/b.c.png": ["sub/related_images/b_c_png/deep/x.jpg"],
    }


def test_context_images_come_as_a_zip_of_jpegs(make_image, tmp_path) -> None:
    names = ["related_images/a_jpg/1.png", "related_images/a_jpg/x/1.png"]
    for name in names:
        make_image(name)
    source = MediaSource(SourceKind.IMAGES, tmp_path, max_pixels=MAX_PIXELS)
    with zipfile.ZipFile(io.BytesIO(context_zip(source, names))) as archive:
        entries = archive.namelist()
        assert len(set(entries)) == 2
        assert entries[0] == "1.jpg"
        for entry in entries:
            assert Image.open(io.BytesIO(archive.read(entry))).size == (40, 30)
