"""The arithmetic of frames: which pictures of the media become frames, in what order and chunks."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cvat_lite.domain.enums import ChunkType, SortingMethod
from cvat_lite.errors import MediaError, ValidationError

_FILTER = re.compile(r"\s*step\s*=\s*([1-9][0-9]{0,8})\s*")
_DIGITS = re.compile(r"([0-9]+)")

DEFAULT_CHUNK_SIZE = 36
MAX_CHUNK_SIZE = 72
FULL_HD = 1920 * 1080


def frame_step(frame_filter: str) -> int:
    """The step of a frame filter: ``step=N``, or 1 for the empty filter.

    Raises ValidationError for the field ``frame_filter``, in CVAT's words.
    """
    if not frame_filter.strip():
        return 1
    found = _FILTER.fullmatch(frame_filter)
    if found is None:
        raise ValidationError({"frame_filter": ["Invalid frame filter expression"]})
    return int(found[1])


@dataclass(frozen=True, slots=True)
class Selection:
    """The pictures of the media that are frames: ``start``, ``start + step``, ... up to ``stop``.

    A *number* counts the pictures of the media, a *frame* those of the task; both begin at 0.
    ``stop`` is the number of the last picture that may be taken, whether the step meets it or not.
    """

    start: int
    stop: int
    step: int = 1

    @property
    def size(self) -> int:
        """How many frames there are."""
        return len(self.numbers)

    @property
    def numbers(self) -> range:
        """The numbers of the pictures that are frames, ascending."""
        return range(self.start, self.stop + 1, self.step)

    def number(self, frame: int) -> int:
        """The number of the picture that is this frame."""
        return self.numbers[frame]

    def frame(self, number: int) -> int | None:
        """The frame that this picture is, or None where it was left out."""
        return self.numbers.index(number) if number in self.numbers else None


def select(total: int, start: int = 0, stop: int | None = None, step: int = 1) -> Selection:
    """The selection among ``total`` pictures; a stop beyond the end means the end.

    ``stop`` of the result is the last picture that is really taken. Raises MediaError where no
    frame is left.
    """
    last = total - 1 if stop is None else min(stop, total - 1)
    if total <= 0:
        raise MediaError("No media data found")
    if start < 0 or start > last:
        raise MediaError(
            f"No frames are left: the media has {total} frame(s), and frames {start} to "
            f"{last if stop is None else stop} were asked for"
        )
    return Selection(start, range(start, last + 1, step)[-1], step)


def chunk_count(size: int, chunk_size: int) -> int:
    """How many chunks hold ``size`` frames."""
    return -(-size // chunk_size)


def chunk_range(number: int, chunk_size: int, size: int) -> range:
    """The frames of a chunk, empty beyond the last one."""
    return range(size)[number * chunk_size : (number + 1) * chunk_size]


def default_chunk_size(width: int, height: int, chunk_type: ChunkType) -> int:
    """Frames a chunk where the creator named no number, for pictures of this size in pixels.

    CVAT's rule, seen in its answers: 36 for video; for images what comes to about 36 full-HD
    pictures, at least 2 and at most 72.
    """
    if chunk_type is ChunkType.VIDEO:
        return DEFAULT_CHUNK_SIZE
    return max(2, min(MAX_CHUNK_SIZE, DEFAULT_CHUNK_SIZE * FULL_HD // max(1, width * height)))


def natural_key(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A sorting key under which ``b9`` comes before ``b10``; runs of digits count as numbers.

    Numbers sort before letters, and names that differ only in leading zeros by their text.
    """
    parts = []
    for place, part in enumerate(_DIGITS.split(name)):
        digits = part.lstrip("0")
        if place % 2:
            parts.append((0, len(digits), digits))
        elif part:
            parts.append((1, 0, part))
    return parts, name


def sort_names(
    names: Iterable[str], method: SortingMethod, seed: int | str | None = None
) -> list[str]:
    """The names in the order of a sorting method.

    ``predefined`` keeps the order given (of the request, or of a manifest). ``random`` is the
    same for the same seed, so that work taken up again makes the same task.
    """
    found = list(names)
    if method is SortingMethod.LEXICOGRAPHICAL:
        return sorted(found)
    if method is SortingMethod.NATURAL:
        return sorted(found, key=natural_key)
    if method is SortingMethod.RANDOM:
        found.sort()
        random.Random(seed).shuffle(found)
    return found
