"""The index of videos, and frames that are those of a decode from the beginning."""

from __future__ import annotations

import random
import struct
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from cvat_lite.errors import MediaError
from cvat_lite.media import video
from cvat_lite.media.video_index import VideoIndex, index_video

MAX_PIXELS = 10_000_000

CODECS = {
    "h264 with B-frames": ("a.mp4", "libx264", {"bf": "3", "g": "12"}),
    "h264 with open groups": ("a.mkv", "libx264", {"bf": "3", "g": "10", "flags": "-cgop"}),
    "h264 with very short groups": ("a.mp4", "libx264", {"bf": "2", "g": "3"}),
    "h264 with periodic intra refresh": ("b.mp4", "libx264", {"intra-refresh": "1", "g": "10"}),
    "h264 in a transport stream": ("a.ts", "libx264", {"bf": "3", "g": "12"}),
    "h264 in AVI, whose packets tell no times": ("a.avi", "libx264", {"bf": "3", "g": "12"}),
    "raw h264 without any times": ("a.h264", "libx264", {"bf": "2", "g": "12"}),
    "hevc": ("a.mp4", "libx265", {"x265-params": "log-level=none:keyint=12"}),
    "mpeg4 with B-frames in AVI": ("a.avi", "mpeg4", {"bf": "2", "g": "12"}),
    "mpeg2 in a program stream": ("a.mpg", "mpeg2video", {"bf": "2", "g": "12"}),
    "vp8 with hidden frames": ("a.webm", "libvpx", {"lag-in-frames": "16", "auto-alt-ref": "1"}),
    "vp9": ("a.webm", "libvpx-vp9", {"g": "12", "lag-in-frames": "8"}),
    "mjpeg in AVI": ("a.avi", "mjpeg", {}),
}


@pytest.mark.parametrize("case", CODECS.values(), ids=CODECS.keys())
def test_frames_are_those_of_a_sequential_decode(case, make_video, reference) -> None:
    name, codec, options = case
    path = make_video(name, codec, **options)
    expected = reference(path)
    index = index_video(path, MAX_PIXELS)
    assert len(index) == len(expected)
    for numbers in (range(len(index)), [len(index) - 1], [0, 13, 14, 39], [25, 30, 31]):
        found = list(video.pictures(path, index, numbers))
        for number, picture in zip(numbers, found, strict=True):
            assert np.array_equal(np.asarray(picture), expected[number]), number


@pytest.mark.parametrize("name", ["a.mp4", "a.ts"])
def test_each_single_frame_is_found_wherever_the_seek_lands(name, make_video, reference) -> None:
    path = make_video(name, bf="2", g="4")
    expected = reference(path)
    index = index_video(path, MAX_PIXELS)
    assert len(index.keys) > 5
    for number in random.Random(1).sample(range(len(index)), 15):
        (picture,) = video.pictures(path, index, [number])
        assert np.array_equal(np.asarray(picture), expected[number])


def test_frames_at_irregular_times_are_counted_not_computed(make_video, reference) -> None:
    path = make_video("a.mkv", count=20, times=lambda n: n * n, bf="0")
    index = index_video(path, MAX_PIXELS)
    assert len(index) == 20
    (picture,) = video.pictures(path, index, [17])
    assert np.array_equal(np.asarray(picture), reference(path)[17])


def turned(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Write a display matrix into the track header of an MP4."""
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 44
    a, b, c, d = (value * 0x10000 for value in matrix)
    data[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x40000000)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("matrix", "turns"), [((0, 1, -1, 0), -1), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 1)]
)
def test_a_video_is_turned_as_its_display_matrix_says(matrix, turns, make_video, reference) -> None:
    path = turned(make_video("a.mov", count=5), matrix)
    index = index_video(path, MAX_PIXELS)
    assert (index.width, index.height) == ((96, 64) if turns == 2 else (64, 96))
    pictures = list(video.pictures(path, index, range(5)))
    for picture, plain in zip(pictures, reference(path), strict=True):
        assert np.array_equal(np.asarray(picture), np.rot90(plain, turns))


def test_an_index_survives_its_file(make_video, tmp_path) -> None:
    index = index_video(make_video("a.mp4", bf="2", g="10"), MAX_PIXELS)
    index.save(tmp_path / "a.index")
    again = VideoIndex.load(tmp_path / "a.index")
    for name in ("pts", "keys", "key_times"):
        assert np.array_equal(getattr(again, name), getattr(index, name))
    assert (again.width, again.height, again.rotation) == (96, 64, 0)
    assert again.seekable
    assert again.time_base == index.time_base
    assert again.duration == pytest.approx(40 / 25)
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no index", b"\x93NUMPY"])
def test_a_broken_index_is_a_media_error(content, tmp_path) -> None:
    (tmp_path / "a.index").write_bytes(content)
    with pytest.raises(MediaError, match="index"):
        VideoIndex.load(tmp_path / "a.index")


def test_a_truncated_video_keeps_the_frames_that_are_there(make_video, reference) -> None:
    path = make_video("a.mkv", count=60, bf="0", g="10")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    index = index_video(path, MAX_PIXELS)
    assert 10 < len(index) < 60
    found = [np.asarray(p) for p in video.pictures(path, index, range(len(index)))]
    assert np.array_equal(found[10], reference(path)[10])
    assert len(found) == len(index)


def test_damage_inside_a_video_leaves_a_picture_for_every_frame(make_video) -> None:
    path = make_video("a.mp4", count=50, bf="0", g="10")
    index = index_video(path, MAX_PIXELS)
    with av.open(str(path)) as container:
        spoiled = [packet.pos for packet in container.demux(video=0) if packet.size][20:25]
    data = bytearray(path.read_bytes())
    for place in spoiled:
        data[place : place + 12] = b"\xff" * 12
    path.write_bytes(data)
    assert len(list(video.pictures(path, index, range(50)))) == 50
    assert len(list(video.pictures(path, index, [22]))) == 1


def test_frames_out_of_order_or_beyond_the_end_are_the_callers_fault(make_video) -> None:
    path = make_video("a.mp4", count=5)
    index = index_video(path, MAX_PIXELS)
    for numbers in ([3, 2], [5], [-1], [1, 1]):
        with pytest.raises(ValueError, match="Frame"):
            list(video.frames(path, index, numbers))


def silent(path: Path) -> None:
    """Two seconds of silence."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\0\0" * 16000)


def test_sound_without_pictures_is_refused(tmp_path) -> None:
    silent(tmp_path / "a.wav")
    with pytest.raises(MediaError, match=r"'a\.wav' has no video stream"):
        index_video(tmp_path / "a.wav", MAX_PIXELS)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a video", b"\0\0\0\x18ftypmp42" + b"\0" * 500, b"\x1aE\xdf\xa3" + b"\0" * 99],
)
def test_what_is_no_video_is_refused_by_name(content, tmp_path) -> None:
    (tmp_path / "b.mp4").write_bytes(content)
    with pytest.raises(MediaError, match=r"b\.mp4"):
        index_video(tmp_path / "b.mp4", MAX_PIXELS)


@pytest.mark.parametrize("name", ["a.ts", "a.mkv", "a.mp4", "a.mpg", "a.webm"])
def test_whatever_is_wrong_with_a_video_is_a_media_error(name, make_video) -> None:
    codec = {"a.mpg": "mpeg2video", "a.webm": "libvpx-vp9"}.get(name, "libx264")
    path = make_video(name, codec, count=12)
    whole, chance = path.read_bytes(), random.Random(name)
    outcomes = set()
    for _ in range(40):
        data = bytearray(whole[: chance.choice((len(whole), chance.randrange(len(whole))))])
        for _ in range(chance.choice((1, 5, 40))):
            place = chance.randrange(len(data) + 1)
            data[place : place + 4] = chance.randbytes(4)
        path.write_bytes(data)
        try:
            index = index_video(path, MAX_PIXELS)
            pictures = list(video.pictures(path, index, range(len(index))))
        except MediaError:
            outcomes.add("refused")
        else:
            assert len(pictures) == len(index) > 0
            outcomes.add("shown")
    assert outcomes == {"refused", "shown"}


def test_a_video_cut_off_before_its_table_is_refused(make_video) -> None:
    path = make_video("a.mp4")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(MediaError, match=r"'a\.mp4' cannot be read"):
        index_video(path, MAX_PIXELS)


def test_a_playlist_that_calls_itself_a_video_opens_nothing(make_video, tmp_path) -> None:
    inner = make_video("inner.ts")
    for name in ("a.mp4", "a.m3u8"):
        (tmp_path / name).write_text(
            f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{inner}\n#EXT-X-ENDLIST\n"
        )
        with pytest.raises(MediaError, match="cannot be read"):
            index_video(tmp_path / name, MAX_PIXELS)


def test_a_video_of_too_many_pixels_is_refused(make_video) -> None:
    with pytest.raises(MediaError, match="too large: 96x64"):
        index_video(make_video("a.mp4", count=2), 96 * 64 - 1)


def test_a_video_whose_title_is_in_an_old_encoding_is_read(make_video) -> None:
    path = make_video("a.avi", "mpeg4")
    title = b"a title of twenty by"
    with av.open(str(path)) as given, av.open(str(path.with_name("b.avi")), "w") as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        made.metadata["title"] = title.decode()
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    content = path.with_name("b.avi").read_bytes()
    assert title in content
    path.write_bytes(content.replace(title, "Übersicht, zweiter T".encode("latin-1")))
    assert len(index_video(path, MAX_PIXELS)) == 40
