"""Chunks: what browsers and clients find in them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from cvat_lite.domain.enums import ChunkType, Quality
from cvat_lite.errors import MediaError
from cvat_lite.media import frames as media_frames
from cvat_lite.media.chunks import write_chunk
from cvat_lite.media.source import MediaSource, SourceKind
from cvat_lite.media.video_index import index_video

MAX_PIXELS = 10_000_000


@pytest.fixture
def film(make_video, tmp_path):
    """A source of all pictures of a drawn video of this size."""

    def make(size=(96, 64), count=40, step=1) -> MediaSource:
        path = make_video("film.mkv", "mpeg4", count, size, g="10", qscale="1")
        index_video(path, MAX_PIXELS).save(tmp_path / "film.index")
        return MediaSource(
            SourceKind.VIDEO, tmp_path, file="film.mkv", index=tmp_path / "film.index", step=step
        )

    return make


@pytest.fixture
def photographs(make_image, tmp_path) -> MediaSource:
    """Twelve pictures, the second on its side."""
    exif = Image.Exif()
    exif[274] = 8
    names = {}
    for number in range(12):
        extra = {"exif": exif.tobytes()} if number == 1 else {}
        name = f"p/{number}.{'JPG' if number % 2 else 'png'}"
        names[number] = make_image(name, 60 + number, 50, number, **extra).relative_to(tmp_path)
    return MediaSource(SourceKind.IMAGES, tmp_path, {n: str(name) for n, name in names.items()})


def written(source, numbers, quality=Quality.COMPRESSED, kind=ChunkType.IMAGESET, level=80) -> Path:
    out = source.root / "out" / "chunk"
    out.parent.mkdir(exist_ok=True)
    write_chunk(
        source,
        numbers,
        quality=quality,
        chunk_type=kind,
        image_quality=level,
        out_path=out,
    )
    assert [p.name for p in out.parent.iterdir()] == ["chunk"]
    return out


def entries(path: Path) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        assert archive.testzip() is None
        return [(info.filename, archive.read(info)) for info in archive.infolist()]


def test_a_compressed_chunk_is_upright_jpegs_in_frame_order(photographs) -> None:
    found = entries(written(photographs, range(10)))
    assert [name for name, _ in found] == [f"{n:06d}.jpeg" for n in range(10)]
    pictures = [Image.open(io.BytesIO(data)) for _, data in found]
    assert {picture.format for picture in pictures} == {"JPEG"}
    assert [picture.size for picture in pictures] == [
        (50, 61) if n == 1 else (60 + n, 50) for n in range(10)
    ]
    for number, picture in enumerate(pictures):
        expected = np.asarray(media_frames.image(photographs, number), np.int16)
        assert np.abs(np.asarray(picture) - expected).mean() < 6


def test_the_quality_of_the_task_decides_the_size(photographs) -> None:
    low, high = (written(photographs, [0, 2], level=q).stat().st_size for q in (10, 95))
    assert low < high / 2


def test_an_original_chunk_holds_the_files_as_they_came(photographs) -> None:
    found = entries(written(photographs, [4, 5], Quality.ORIGINAL))
    assert found == [
        ("000000.png", (photographs.root / "p/4.png").read_bytes()),
        ("000001.jpg", (photographs.root / "p/5.JPG").read_bytes()),
    ]


def test_equal_frames_make_equal_chunks(photographs) -> None:
    first = written(photographs, range(5)).read_bytes()
    assert written(photographs, range(5)).read_bytes() == first


def test_the_original_pictures_of_a_video_are_the_decoders(film, reference) -> None:
    source = film(step=3)
    found = entries(written(source, range(4, 9), Quality.ORIGINAL))
    assert [name for name, _ in found] == [f"{n:06d}.png" for n in range(5)]
    expected = reference(source.root / "film.mkv")
    for (_, data), number in zip(found, range(12, 27, 3), strict=True):
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), expected[number])


def test_a_video_may_come_as_jpegs(film) -> None:
    found = entries(written(film(), range(36)))
    assert len(found) == 36
    assert {Image.open(io.BytesIO(data)).format for _, data in found} == {"JPEG"}


@pytest.mark.parametrize("quality", Quality)
@pytest.mark.parametrize(
    ("size", "even"), [((96, 64), (96, 64)), ((98, 66), (98, 66)), ((33, 17), (34, 18))]
)
def test_a_video_chunk_is_what_browsers_decode_in_script(
    size, even, quality, film, reference
) -> None:
    source = film(size)
    path = written(source, range(5, 35), quality, ChunkType.VIDEO)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert b"avc1" in data
    with av.open(str(path)) as container:
        stream = container.streams[0]
        context = stream.codec_context
        assert (context.name, context.profile) in {
            ("h264", "Baseline"),
            ("h264", "Constrained Baseline"),
        }
        assert (context.width, context.height, context.pix_fmt) == (*even, "yuv420p")
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert len(packets) == 30
        assert all(packet.pts == packet.dts for packet in packets)
        assert len({packet.pts for packet in packets}) == 30
        assert packets[0].is_keyframe
    expected = reference(source.root / "film.mkv")[5:35]
    shown = reference(path)
    assert len(shown) == 30
    width, height = size
    for picture, original in zip(shown, expected, strict=True):
        difference = np.abs(picture[:height, :width].astype(np.int16) - original)
        assert difference.mean() < 12


def test_large_pictures_are_halved_in_compressed_video_only(film) -> None:
    source = film((2200, 64), count=2)
    sizes = []
    for quality in (Quality.COMPRESSED, Quality.ORIGINAL):
        with av.open(str(written(source, [0, 1], quality, ChunkType.VIDEO))) as container:
            context = container.streams[0].codec_context
            sizes.append((context.width, context.height))
    assert sizes == [(1100, 32), (2200, 64)]


@pytest.mark.parametrize("level", [1, 50, 100])
def test_every_quality_stays_within_the_profile(level, film) -> None:
    path = written(film(count=5), range(5), Quality.COMPRESSED, ChunkType.VIDEO, level)
    with av.open(str(path)) as container:
        assert "Baseline" in str(container.streams[0].codec_context.profile)


@pytest.mark.parametrize("kind", [ChunkType.IMAGESET, ChunkType.VIDEO])
def test_the_smallest_pictures_make_chunks(kind, make_image, tmp_path) -> None:
    make_image("a.png", 1, 1)
    make_image("b.png", 3, 2)
    source = MediaSource(SourceKind.IMAGES, tmp_path, {0: "a.png", 1: "b.png"})
    path = written(source, [0, 1], kind=kind)
    if kind is ChunkType.IMAGESET:
        assert len(entries(path)) == 2
    else:
        with av.open(str(path)) as container:
            assert len(list(container.decode(video=0))) == 2


@pytest.mark.parametrize("kind", [ChunkType.IMAGESET, ChunkType.VIDEO])
@pytest.mark.parametrize("quality", Quality)
def test_a_frame_that_cannot_be_made_leaves_nothing_behind(kind, quality, photographs) -> None:
    (photographs.root / "p/7.JPG").unlink()
    out = photographs.root / "out" / "chunk"
    with pytest.raises(MediaError, match=r"p/7\.JPG"):
        written(photographs, range(12), quality, kind)
    assert list(out.parent.iterdir()) == []
