"""Sounds: their lengths, their covers, and spans cut out of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cvat_lite.domain.enums import Quality
from cvat_lite.errors import MediaError
from cvat_lite.media.audio import cover, probe_audio, write_span
from cvat_lite.media.ingest import plan
from cvat_lite.media.material import Material
from tests.images import png
from tests.media.sounds import RATE, samples, tone, write_coded, write_wav

CODECS = {"mp3": "libmp3lame", "flac": "flac", "ogg": "libopus", "m4a": "aac"}


@pytest.mark.parametrize("seconds", [0.5, 1.2345, 3.0])
def test_a_sound_has_a_frame_for_each_begun_millisecond(seconds: float, tmp_path: Path) -> None:
    found = probe_audio(write_wav(tmp_path / "a.wav", seconds))
    assert (found.milliseconds, found.sampling_rate, found.has_cover) == (
        -int(-round(seconds * RATE) * 1000 // RATE),
        RATE,
        False,
    )


@pytest.mark.parametrize("kind", CODECS)
def test_the_usual_kinds_of_sound_are_read(kind: str, tmp_path: Path) -> None:
    path = write_coded(tmp_path / f"a.{kind}", CODECS[kind], 2.0)
    # AAC begins with a block of its own and fills up the last one, 64 ms each.
    assert 2000 <= probe_audio(path).milliseconds < 2128


def test_a_picture_that_comes_with_a_sound_is_found(tmp_path: Path) -> None:
    path = write_coded(tmp_path / "a.mp3", "libmp3lame", 1.0, cover=png(60, 40))
    assert probe_audio(path).has_cover
    assert cover(path, 10_000).size == (60, 40)
    with pytest.raises(MediaError, match="too large"):
        cover(path, 100)
    with pytest.raises(MediaError, match="no cover picture"):
        cover(write_wav(tmp_path / "b.wav", 0.1), 10_000)


@pytest.mark.parametrize("quality", [*Quality])
@pytest.mark.parametrize("kind", ["wav", "mp3"])
def test_a_span_is_what_the_sound_has_there(kind: str, quality: Quality, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "wav":
        write_wav(path, 5.0)
    else:
        write_coded(path, CODECS[kind], 5.0)
    out = tmp_path / "out.mp3"
    write_span(path, range(3000, 4500), quality, out)
    heard, rate = samples(out)
    expected = tone(5.0)[3 * RATE : 9 * RATE // 2] / 32768
    assert (rate, len(heard)) == (RATE, len(expected))
    assert np.corrcoef(heard, expected)[0, 1] > 0.98


def test_the_whole_of_an_mp3_is_its_own_original(tmp_path: Path) -> None:
    path = write_coded(tmp_path / "a.mp3", "libmp3lame", 1.0)
    out = tmp_path / "out.mp3"
    write_span(path, range(1000), Quality.ORIGINAL, out)
    assert out.read_bytes() == path.read_bytes()
    write_span(path, range(900), Quality.ORIGINAL, out)
    assert len(samples(out)[0]) == 9 * RATE // 10


def test_a_sound_at_a_rate_that_mp3_has_not_is_resampled(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", 1.0, rate=96_000)
    write_span(path, range(1000), Quality.COMPRESSED, tmp_path / "out.mp3")
    heard, rate = samples(tmp_path / "out.mp3")
    assert rate == 48_000
    assert abs(len(heard) - 48_000) < 100


def test_a_span_beyond_the_end_and_a_file_without_sound_are_errors(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", 0.5)
    with pytest.raises(MediaError, match="ends before"):
        write_span(path, range(2000, 3000), Quality.COMPRESSED, tmp_path / "out.mp3")
    (tmp_path / "b.mp3").write_bytes(b"nothing to hear")
    with pytest.raises(MediaError, match=r"b\.mp3"):
        probe_audio(tmp_path / "b.mp3")
    with pytest.raises(MediaError, match=r"c\.wav"):
        probe_audio(write_wav(tmp_path / "c.wav", 0))


def test_a_sound_that_is_cut_off_is_as_long_as_what_is_there(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", 2.0)
    path.write_bytes(path.read_bytes()[: 44 + RATE * 2])
    assert probe_audio(path).milliseconds == 1000


@pytest.mark.parametrize(
    ("more", "why"),
    [({"step": 2}, "milliseconds"), ({"mapping": (("a.wav",),)}, "job file mapping")],
)
def test_milliseconds_cannot_be_left_out_or_mapped(
    more: dict[str, object], why: str, tmp_path: Path
) -> None:
    staging = tmp_path / "staging"
    staging.mkdir()
    write_wav(staging / "a.wav", 0.5)
    material = Material(tmp_path / "home", staging, uploaded=("a.wav",), **more)  # type: ignore[arg-type]
    with pytest.raises(MediaError, match=why):
        plan(material)
