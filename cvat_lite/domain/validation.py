"""The choice of frames for checking the work: ground truth, and honeypots mixed into jobs.

Frames are indices within the task. What is drawn with a seed is drawn by numpy's generator over
MT19937, so that a seed gives the frames that it gives in CVAT: recordings of CVAT show that a
seed of 42 takes 4, 6 and 8 of ten frames.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cvat_lite.domain.enums import FrameSelectionMethod
from cvat_lite.errors import RuleError


class Generator:
    """Where random choices come from; the same ``seed`` makes the same choices, None always others.

    numpy is loaded when something is drawn: most servers never draw anything.
    """

    def __init__(self, seed: int | None = None) -> None:
        from numpy import random as numpy_random  # noqa: PLC0415

        self._numpy: Any = numpy_random.Generator(numpy_random.MT19937(seed=seed))

    def some(self, frames: Sequence[int], count: int) -> list[int]:
        """So many of the frames, none twice; ValueError where there are not so many."""
        drawn = self._numpy.choice(list(frames), size=count, shuffle=False, replace=False)
        return [int(frame) for frame in drawn]

    def shuffled(self, frames: Iterable[int]) -> list[int]:
        """The frames in any order."""
        found = list(frames)
        order: Sequence[int] = self._numpy.permutation(len(found))
        return [found[place] for place in order]

    def fresh(self) -> int:
        """A seed for other generators."""
        return int(self._numpy.integers(2**31))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which frames are wanted: by a method, and as many as its count or else its share says.

    A share is above 0 and at most 1; at least one frame is meant by it. ``frames`` are for the
    manual method.
    """

    method: FrameSelectionMethod
    seed: int | None = None
    count: int | None = None
    share: float | None = None
    per_job_count: int | None = None
    per_job_share: float | None = None
    frames: tuple[int, ...] = ()


def share_of(share: float, size: int) -> int:
    """How many frames a share of ``size`` frames is: rounded down, and at least one."""
    return max(1, int(share * size))


def choose(
    wanted: Wanted,
    size: int,
    segments: Sequence[Sequence[int]],
    deleted: Collection[int] = (),
    segment_size: int = 0,
) -> list[int]:
    """The frames of a task of ``size`` frames that are wanted, ascending, none twice.

    ``segments`` are the frames of its jobs; ``segment_size`` is what a share per job is a share
    of, by default the longest segment. No deleted frame is drawn. RuleError where the frames that
    are wanted are not there.
    """
    gone = set(deleted)
    if wanted.method is FrameSelectionMethod.MANUAL:
        return _named(wanted.frames, size)
    generator = Generator(wanted.seed)
    if wanted.method is FrameSelectionMethod.RANDOM_PER_JOB:
        longest = segment_size or max(map(len, segments), default=0)
        count = wanted.per_job_count or share_of(wanted.per_job_share or 0, longest)
        return _per_job(generator, segments, gone, count)
    frames = [frame for frame in range(size) if frame not in gone]
    count = wanted.count or share_of(wanted.share or 0, len(frames))
    if count > len(frames):
        raise RuleError(
            f"The number of validation frames requested ({count}) is greater than "
            f"the number of the task's frames ({len(frames)})"
        )
    return sorted(generator.some(frames, count))


def _named(frames: Sequence[int], size: int) -> list[int]:
    """The frames that were named, if they all are frames of the task."""
    unknown = sorted({frame for frame in frames if not 0 <= frame < size})
    if unknown:
        listed = ", ".join(map(str, unknown))
        raise RuleError(f"Unknown frames requested for validation: {listed}")
    if not frames:
        raise RuleError("No frames are requested for validation")
    if len(set(frames)) != len(frames):
        raise RuleError("Frames requested for validation must not be repeated")
    return sorted(frames)


def _per_job(
    generator: Generator, segments: Sequence[Sequence[int]], gone: set[int], count: int
) -> list[int]:
    """So many frames in each segment, or all of a shorter one; shared frames count in both."""
    found: set[int] = set()
    for segment in segments:
        there = [frame for frame in segment if frame not in gone]
        free = [frame for frame in there if frame not in found]
        missing = min(len(there), count) - (len(there) - len(free))
        if missing > 0:
            found.update(generator.some(free, missing))
    if not found:
        raise RuleError("The task has no frames that can be validation frames")
    return sorted(found)


@dataclass(slots=True)
class Deal:
    """Honeypots dealt out of a pool, so that its frames are used about equally often."""

    pool: Sequence[int]
    generator: Generator
    used: Counter[int] = field(default_factory=Counter)

    def next(self, count: int) -> list[int]:
        """The real frames of a job's honeypots: none twice, those used least first.

        RuleError where the pool is smaller than that.
        """
        if count > len(self.pool):
            raise RuleError(
                f"The number of validation frames per job ({count}) is greater than "
                f"the number of frames in the validation pool ({len(self.pool)})"
            )
        # The sort is stable: frames that were used equally often stay in their drawn order.
        drawn = sorted(self.generator.shuffled(self.pool), key=lambda frame: self.used[frame])
        self.used.update(drawn[:count])
        return drawn[:count]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The frames of a task with honeypots.

    ``pictures`` are the pictures that its frames show, counted as they were before; ``real`` maps
    each honeypot to the frame of the pool that it shows; ``spans`` are the first and last frames
    of the jobs, ``pool`` the frames of the pool, after all others.
    """

    pictures: tuple[int, ...]
    real: dict[int, int]
    spans: tuple[tuple[int, int], ...]
    pool: range


def arrange(
    size: int, pool: Sequence[int], segment_size: int, per_job: int, seed: int | None = None
) -> Arrangement:
    """Move the ``pool`` of ``size`` pictures to the end and mix honeypots into the jobs.

    Each job has ``segment_size`` of the other pictures (0: all of them) in their order, and
    ``per_job`` honeypots at places of their own. RuleError where nothing is left beside the pool,
    or where it is too small.
    """
    chosen = set(pool)
    others = [picture for picture in range(size) if picture not in chosen]
    if not others:
        raise RuleError("All frames of the task are validation frames: none is left to annotate")
    generator = Generator(seed)
    deal = Deal(pool, generator)
    # Python's own generator for the places: the draw of frames is the one that is reproduced.
    places = random.Random(generator.fresh())
    pictures: list[int] = []
    shown: dict[int, int] = {}
    spans = []
    step = segment_size or len(others)
    for start in range(0, len(others), step):
        job = others[start : start + step]
        total = len(job) + per_job
        honeypots = sorted(places.sample(range(total), per_job))
        first, usual = len(pictures), iter(job)
        shown.update(zip((first + place for place in honeypots), deal.next(per_job), strict=True))
        pictures.extend(
            shown[frame] if frame in shown else next(usual) for frame in range(first, first + total)
        )
        spans.append((first, first + total - 1))
    moved = {picture: len(pictures) + place for place, picture in enumerate(pool)}
    return Arrangement(
        (*pictures, *pool),
        {frame: moved[picture] for frame, picture in shown.items()},
        tuple(spans),
        range(len(pictures), len(pictures) + len(pool)),
    )
