"""How a task's frames are cut into segments, and which frames a job holds.

Frames are indices within the task; starts and stops are both included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cvat_lite.domain.enums import TaskMode

#: Frames that two segments of a video share if nothing is said.
VIDEO_OVERLAP = 5


@dataclass(frozen=True, slots=True)
class Segmentation:
    """The segments of a task, and the size and overlap that it has from now on."""

    segment_size: int
    overlap: int
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class JobSpan:
    """A job and its frames: all from ``start`` to ``stop``, or of these only ``frames``."""

    job_id: int
    start: int
    stop: int
    frames: frozenset[int] | None = None

    def holds(self, frame: int) -> bool:
        """Whether the frame is one of the job's."""
        if self.frames is not None:
            return frame in self.frames
        return self.start <= frame <= self.stop


def split(size: int, segment_size: int, overlap: int | None, mode: TaskMode) -> Segmentation:
    """Cut ``size`` frames into segments of ``segment_size``, neighbours sharing ``overlap``.

    A segment size of 0, or one larger than the task, makes one segment. An overlap that was not
    given is 5 frames in a video and none among images; it is never more than half a segment, so
    that no frame lies in three segments.
    """
    if segment_size <= 0 or segment_size >= size:
        shared = _overlap(overlap, size, mode)
        return Segmentation(size, shared, ((0, size - 1),) if size else ())
    shared = _overlap(overlap, segment_size, mode)
    starts = range(0, size - shared, segment_size - shared)
    spans = tuple((start, min(start + segment_size, size) - 1) for start in starts)
    return Segmentation(segment_size, shared, spans)


def _overlap(overlap: int | None, segment_size: int, mode: TaskMode) -> int:
    if overlap is None:
        overlap = VIDEO_OVERLAP if mode == TaskMode.INTERPOLATION else 0
    return min(overlap, segment_size // 2)


def mapped(lengths: Sequence[int]) -> Segmentation:
    """The segments of jobs that were given as lists of files: one after the other."""
    spans, start = [], 0
    for length in lengths:
        spans.append((start, start + length - 1))
        start += length
    return Segmentation(0, 0, tuple(spans))


def in_order(spans: Sequence[JobSpan]) -> list[JobSpan]:
    """The jobs by their first frames."""
    return sorted(spans, key=lambda span: (span.start, span.stop, span.job_id))


def overlapping(spans: Sequence[JobSpan]) -> bool:
    """Whether a frame lies within two of these jobs."""
    return any(after.start <= before.stop for before, after in pairwise(in_order(spans)))


def closing_frames(spans: Sequence[JobSpan]) -> list[int | None]:
    """For each of the jobs, in order, the frame on which its tracks end in the whole task.

    That is the frame after its last one; the last job's tracks just go on.
    """
    ordered = in_order(spans)
    return [span.stop + 1 for span in ordered[:-1]] + [None] * bool(ordered)
