"""What stands in ``task.json`` and ``project.json`` of a backup, and how the archive is laid out.

A task's archive holds ``task.json``, ``annotations.json`` and, below ``data/``, the media with
``manifest.jsonl``; where there is a guide ``annotation_guide.md`` and ``assets/UUID/NAME``. A
project's holds ``project.json``, its guide, and each task below ``task_N/``. Names, keys, their
order and their types are those of backups that a CVAT 2.73 has made.

``stage``, ``state`` and ``validation_layout`` are ours: without them some of a task would be lost.
They are written only where the other keys do not tell the same, and other readers pass over them.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from cvat_lite.domain.enums import (
    ChunkType,
    InputType,
    JobStage,
    JobState,
    JobType,
    LabelType,
    SortingMethod,
    StatusChoice,
    Storage,
    StorageMethod,
    ValidationMode,
)
from cvat_lite.errors import DatasetError

TASK = "task.json"
PROJECT = "project.json"
ANNOTATIONS = "annotations.json"
DATA = "data"
MANIFEST = "manifest.jsonl"
#: Where CVAT keeps the offsets of a manifest's lines; made anew by whoever needs them.
MANIFEST_INDEX = "index.json"
GUIDE = "annotation_guide.md"
ASSETS = "assets"
VERSION = "1.0"

LARGEST = 2**31 - 1
Whole = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Short = Annotated[str, msgspec.Meta(max_length=64)]
Text = Annotated[str, msgspec.Meta(max_length=4096)]
Path = Annotated[str, msgspec.Meta(max_length=1024)]
Quality = Annotated[int, msgspec.Meta(ge=0, le=100)]

T = TypeVar("T")


class Attribute(msgspec.Struct, kw_only=True):
    """An attribute of a label."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    mutable: bool
    input_type: InputType
    default_value: Text = ""
    values: list[Text] = []


class Sublabel(msgspec.Struct, kw_only=True):
    """A label of a point of a skeleton."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    color: Short = ""
    attributes: list[Attribute] = []
    type: LabelType = LabelType.POINTS


class Label(msgspec.Struct, kw_only=True):
    """A label; only a skeleton's has a drawing, whose nodes name sublabels by name."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    color: Short = ""
    attributes: list[Attribute] = []
    type: LabelType = LabelType.ANY
    sublabels: list[Sublabel] = []
    svg: str | UnsetType = UNSET


class ValidationParams(msgspec.Struct, kw_only=True):
    """Which frames the work is checked by, in the form in which a task's data is asked for."""

    mode: ValidationMode
    frame_selection_method: str = "manual"
    frames: list[Path] = []
    frames_per_job_count: Whole | None = None


class ValidationLayout(msgspec.Struct, kw_only=True):
    """The same by numbers of frames, with those that do not count any more."""

    mode: ValidationMode
    frames: list[Whole] = []
    disabled_frames: list[Whole] = []
    frames_per_job_count: Whole | None = None


class Data(msgspec.Struct, kw_only=True):
    """How the media become frames; ``start_frame`` and ``stop_frame`` count the media's pictures."""

    chunk_size: Whole | None = None
    image_quality: Quality = 70
    start_frame: Whole = 0
    stop_frame: Whole | None = None
    frame_filter: Annotated[str, msgspec.Meta(max_length=256)] | UnsetType = UNSET
    storage_method: StorageMethod = StorageMethod.CACHE
    sorting_method: SortingMethod = SortingMethod.LEXICOGRAPHICAL
    chunk_type: ChunkType = ChunkType.IMAGESET
    deleted_frames: list[Whole] = []
    storage: Storage = Storage.LOCAL
    validation_params: ValidationParams | UnsetType | None = UNSET
    validation_layout: ValidationLayout | UnsetType | None = UNSET


class Job(msgspec.Struct, kw_only=True):
    """A job and its segment; ``files`` are the names of its frames where jobs are lists of files.

    ``frames`` are the numbers of the frames of a job that is not about a whole range.
    """

    status: StatusChoice = StatusChoice.ANNOTATION
    type: JobType = JobType.ANNOTATION
    start_frame: Whole
    stop_frame: Whole
    frames: list[Whole] | UnsetType = UNSET
    files: list[Path] | UnsetType = UNSET
    stage: JobStage | UnsetType = UNSET
    state: JobState | UnsetType = UNSET


class Task(msgspec.Struct, kw_only=True):
    """The whole of ``task.json``."""

    name: Name
    bug_tracker: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    status: StatusChoice = StatusChoice.ANNOTATION
    subset: Short = ""
    consensus_replicas: Whole | UnsetType = UNSET
    labels: list[Label] = []
    version: str = VERSION
    data: Data
    jobs: Annotated[list[Job], msgspec.Meta(min_length=1)]


class Project(msgspec.Struct, kw_only=True):
    """The whole of ``project.json``."""

    name: Name
    bug_tracker: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    status: StatusChoice = StatusChoice.ANNOTATION
    labels: list[Label] = []
    version: str = VERSION


def task_folder(number: int) -> str:
    """The directory of the task of that number, from 0, in a project's archive; ends in ``/``."""
    return f"task_{number}/"


def decoded(content: bytes, kind: type[T], file: str) -> T:
    """The JSON of a member as such a struct; DatasetError names the file and the key at fault."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        why, _, where = str(error).partition(" - at `")
        raise DatasetError(file, where.rstrip("`"), why) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DatasetError(file, "", f"this is no JSON: {error}") from error


def checked_version(version: str, file: str) -> None:
    """DatasetError for a layout of a later day."""
    if version.partition(".")[0] != VERSION.partition(".")[0]:
        raise DatasetError(file, "$.version", f"backups of version {version} are not known")


def wire_labels(labels: list[Label]) -> list[dict[str, Any]]:
    """The labels as a request that makes a task would have them."""
    found: list[dict[str, Any]] = msgspec.to_builtins(labels)
    return found
