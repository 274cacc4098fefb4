"""The neutral dataset that every format is written from, and the target that one is read into.

A dataset has parts: one task or one job, or the several tasks of a project, each with its subset.
Nothing of it holds all shapes: a part is given callables that stream tags and shapes in the order
of their frames, and ``by_frame`` puts them together with what its tracks come to on each frame.
Frames are indices within the task; ``PartInfo.absolute`` gives the number that the media's own
frame has, which is what CVAT writes into its files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from pathlib import Path, PurePosixPath
from typing import Generic, TypeVar

from cvat_lite.domain.annotations import Interval, LabeledData, Shape, Tag, Track
from cvat_lite.domain.enums import TaskMode
from cvat_lite.domain.frames import frame_step
from cvat_lite.domain.interpolation import FrameShape, shapes_of_track
from cvat_lite.domain.labels import AttributeSpec, Label

DEFAULT_SUBSET = "default"
VIDEO_FRAME_SUFFIX = ".PNG"

T = TypeVar("T", Tag, Shape)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame: its index in the task, its name, and its size in pixels.

    A frame of a video has no file; its ``name`` is ``frame_000012`` and its number the absolute
    one, as CVAT writes it.
    """

    number: int
    name: str
    width: int
    height: int

    @property
    def item(self) -> str:
        """The name without its extension: what formats call the image's id."""
        path = PurePosixPath(self.name)
        return str(path.with_suffix("")) if path.suffix and path.stem else self.name

    @property
    def file_name(self) -> str:
        """The name of the frame's image in a dataset; frames of a video are PNG files."""
        return self.name if PurePosixPath(self.name).suffix else self.name + VIDEO_FRAME_SUFFIX


@dataclass(frozen=True, slots=True)
class Image:
    """A frame's image, as a file or as bytes, in the form that ``Frame.file_name`` names."""

    path: Path | None = None
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """An owner or an assignee."""

    username: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of a task: absolute frames, both included, and the address of its job."""

    id: int
    start: int
    stop: int
    url: str


@dataclass(frozen=True, slots=True)
class PartInfo:
    """What a task (or a job) is; dates are ISO 8601, ``start_frame`` and ``stop_frame`` absolute.

    ``kind`` is ``task`` or ``job``. ``source`` is the file name of a video.
    """

    id: int
    name: str
    kind: str = "task"
    mode: TaskMode = TaskMode.ANNOTATION
    subset: str = ""
    size: int = 0
    overlap: int = 0
    bug_tracker: str = ""
    created_date: str = ""
    updated_date: str = ""
    start_frame: int = 0
    stop_frame: int = 0
    frame_filter: str = ""
    segments: tuple[Segment, ...] = ()
    owner: Person | None = None
    assignee: Person | None = None
    source: str = ""
    data_start_frame: int = 0

    @property
    def frame_step(self) -> int:
        """The distance of absolute frames, from a filter such as ``step=3``."""
        return frame_step(self.frame_filter)

    def absolute(self, frame: int) -> int:
        """The number of a task's frame within the media."""
        return self.data_start_frame + frame * self.frame_step

    @property
    def subset_name(self) -> str:
        """The subset, ``default`` where none is given."""
        return self.subset or DEFAULT_SUBSET


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """What a project is, whose tasks are the parts of a dataset; dates are ISO 8601."""

    id: int
    name: str
    bug_tracker: str = ""
    created_date: str = ""
    updated_date: str = ""
    owner: Person | None = None
    assignee: Person | None = None


def video_frame_name(absolute: int) -> str:
    """What a frame of a video is called in a dataset: ``frame_000012``."""
    return f"frame_{absolute:06d}"


@dataclass(frozen=True, slots=True)
class FrameAnnotations:
    """What stands on one frame; shapes are in drawing order (z-order, then as they came)."""

    frame: Frame
    tags: Sequence[Tag]
    shapes: Sequence[Shape]


@dataclass(frozen=True)
class Part:
    """One task or job of a dataset.

    ``tags`` and ``shapes`` stream in the order of frames each time they are called; ``tracks``
    gives all tracks. What lies on a frame that is not among ``frames`` (a deleted one) is left
    out. ``image`` gives a frame's image (or point cloud), ``related`` the names and files of its
    related images; both are None where none are wanted. ``intervals`` stream in the order of
    their starts.
    """

    info: PartInfo
    frames: Sequence[Frame]
    tags: Callable[[], Iterable[Tag]]
    shapes: Callable[[], Iterable[Shape]]
    tracks: Callable[[], Iterable[Track]]
    image: Callable[[Frame], Image] | None = None
    related: Callable[[Frame], Sequence[tuple[str, Image]]] | None = None
    intervals: Callable[[], Iterable[Interval]] = tuple

    @cached_property
    def last_frame(self) -> int:
        """The index of the last frame, up to which tracks go; -1 without frames."""
        return max((frame.number for frame in self.frames), default=-1)

    def by_frame(self, first_track: int = 0) -> Iterator[FrameAnnotations]:
        """Every frame with its annotations, tracks interpolated, one frame in memory at a time.

        Shapes of tracks are ``FrameShape``, their ``track_id`` counting from ``first_track``.
        """
        tags = _Runs(self.tags())
        shapes = _Runs(self.shapes())
        tracks = _TrackRuns(self.tracks(), self.last_frame, first_track)
        for frame in sorted(self.frames, key=attrgetter("number")):
            here = shapes.at(frame.number)
            here.extend(tracks.at(frame.number))
            here.sort(key=attrgetter("z_order"))
            yield FrameAnnotations(frame, tags.at(frame.number), here)


class _Runs(Generic[T]):
    """A stream in the order of frames, taken frame by frame."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items: Iterator[T] = iter(items)
        self._next: T | None = next(self._items, None)

    def at(self, frame: int) -> list[T]:
        """The items on this frame; what lies before it is dropped."""
        found: list[T] = []
        item = self._next
        while item is not None and item.frame <= frame:
            if item.frame == frame:
                found.append(item)
            item = next(self._items, None)
        self._next = item
        return found


class _TrackRuns:
    """Tracks interpolated in step: each waits under the frame of its next shape."""

    def __init__(self, tracks: Iterable[Track], last_frame: int, first: int) -> None:
        self._due: dict[int, list[tuple[int, FrameShape, Iterator[FrameShape]]]] = {}
        self._position = -1
        for index, track in enumerate(tracks, first):
            self._wait(index, shapes_of_track(track, last_frame, index))

    def _wait(self, index: int, stream: Iterator[FrameShape]) -> None:
        shape = next(stream, None)
        if shape is not None:
            self._due.setdefault(shape.frame, []).append((index, shape, stream))

    def at(self, frame: int) -> list[Shape]:
        """The shapes of all tracks on this frame, in the order of the tracks."""
        found: list[tuple[int, FrameShape]] = []
        for position in range(self._position + 1, frame + 1):
            found = []
            for index, shape, stream in self._due.pop(position, ()):
                found.append((index, shape))
                self._wait(index, stream)
        self._position = frame
        return [shape for _, shape in sorted(found, key=lambda pair: pair[0])]


@dataclass(frozen=True)
class Dataset:
    """What a format writes: parts that share labels; those of a ``project`` if there is one."""

    labels: tuple[Label, ...]
    parts: tuple[Part, ...]
    project: ProjectInfo | None = None

    @cached_property
    def flat_labels(self) -> tuple[Label, ...]:
        """All labels, each skeleton followed by its sublabels."""
        return tuple(flat for label in self.labels for flat in (label, *label.sublabels))

    @cached_property
    def label_index(self) -> Mapping[int, int]:
        """The place of each label id among the flat labels."""
        return {label.id: place for place, label in enumerate(self.flat_labels)}

    @cached_property
    def labels_by_id(self) -> Mapping[int, Label]:
        """Labels and sublabels by id."""
        return {label.id: label for label in self.flat_labels}

    @cached_property
    def attributes_by_id(self) -> Mapping[int, AttributeSpec]:
        """Attribute specs of all labels by id."""
        return {spec.id: spec for label in self.flat_labels for spec in label.attributes}

    def subsets(self) -> dict[str, list[Part]]:
        """The parts by subset, in the order in which subsets first come up."""
        found: dict[str, list[Part]] = {}
        for part in self.parts:
            found.setdefault(part.info.subset_name, []).append(part)
        return found

    def by_frame(self, parts: Iterable[Part] | None = None) -> Iterator[FrameAnnotations]:
        """The annotations of these parts (all of them if not given), frame by frame."""
        first_track = 0
        for part in self.parts if parts is None else parts:
            yield from part.by_frame(first_track)
            first_track += sum(1 for _ in part.tracks())


def part_in_memory(
    info: PartInfo,
    frames: Sequence[Frame],
    data: LabeledData,
    image: Callable[[Frame], Image] | None = None,
    related: Callable[[Frame], Sequence[tuple[str, Image]]] | None = None,
) -> Part:
    """A part whose annotations are already in memory, in any order."""
    tags = sorted(data.tags, key=attrgetter("frame"))
    shapes = sorted(data.shapes, key=attrgetter("frame"))
    intervals = sorted(data.intervals, key=attrgetter("start"))
    return Part(
        info,
        frames,
        lambda: tags,
        lambda: shapes,
        lambda: data.tracks,
        image,
        related,
        lambda: intervals,
    )


@dataclass(frozen=True)
class Target:
    """What a dataset is read into: a task's or job's labels and frames.

    Of a sound there are no frames: ``span`` are its milliseconds, ``source`` its file's name.
    """

    labels: tuple[Label, ...]
    frames: Sequence[Frame]
    start_frame: int = 0
    frame_step: int = 1
    source: str = ""
    span: range = range(0)

    def relative(self, absolute: int) -> int | None:
        """The index in the task of a frame of the media, or None if it is not in the task."""
        offset = absolute - self.start_frame
        number, rest = divmod(offset, self.frame_step)
        return None if rest or number not in self.numbers else number

    @cached_property
    def numbers(self) -> frozenset[int]:
        """The indices of the frames that may be annotated."""
        return frozenset(frame.number for frame in self.frames)

    @cached_property
    def last_frame(self) -> int:
        """The last index, -1 without frames."""
        return max(self.numbers, default=-1)
