"""From facts of the store to what ``task.json`` and ``project.json`` say of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import orjson
from msgspec import UNSET, UnsetType

from cvat_lite.domain.enums import (
    ChunkType,
    JobStage,
    JobState,
    JobType,
    LabelType,
    SegmentType,
    SortingMethod,
    StatusChoice,
    Storage,
    StorageMethod,
    ValidationMode,
)
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.services.backups import layout
from cvat_lite.store.backups import JobFacts, LayoutFacts, TaskFacts
from cvat_lite.store.data import Data

#: What a job's status tells of its stage and state where nothing more is said.
PLACES = {
    StatusChoice.ANNOTATION: (JobStage.ANNOTATION, JobState.NEW),
    StatusChoice.VALIDATION: (JobStage.VALIDATION, JobState.NEW),
    StatusChoice.COMPLETED: (JobStage.ACCEPTANCE, JobState.COMPLETED),
}


def status(text: str) -> StatusChoice:
    """A status of the store."""
    return StatusChoice(text)


def attributes(specs: Iterable[AttributeSpec]) -> list[layout.Attribute]:
    """The attributes of a label."""
    return [
        layout.Attribute(
            name=spec.name,
            mutable=spec.mutable,
            input_type=spec.input_type,
            default_value=spec.default_value,
            values=list(spec.values),
        )
        for spec in specs
    ]


def labels(found: Iterable[Label]) -> list[layout.Label]:
    """The labels of a task or project."""
    return [
        layout.Label(
            name=label.name,
            color=label.color,
            attributes=attributes(label.attributes),
            type=label.type,
            sublabels=[
                layout.Sublabel(
                    name=one.name,
                    color=one.color,
                    attributes=attributes(one.attributes),
                    type=one.type,
                )
                for one in label.sublabels
            ],
            svg=label.svg if label.type == LabelType.SKELETON else UNSET,
        )
        for label in found
    ]


def data(found: Data, storage: Storage) -> layout.Data:
    """The data of a task, as it will lie in the archive."""
    return layout.Data(
        chunk_size=found.chunk_size,
        image_quality=found.image_quality,
        start_frame=found.start_frame,
        stop_frame=found.stop_frame,
        frame_filter=found.frame_filter or UNSET,
        storage_method=StorageMethod(found.storage_method),
        sorting_method=SortingMethod(found.sorting_method),
        chunk_type=ChunkType(found.compressed_chunk_type),
        deleted_frames=found.deleted_frames,
        storage=storage,
    )


def task(
    found: TaskFacts,
    of_data: layout.Data,
    of_labels: Sequence[Label],
    jobs: Iterable[JobFacts],
    names: Mapping[int, str] | None,
) -> layout.Task:
    """The whole of a task; with ``names`` of frames, jobs are told as lists of files."""
    return layout.Task(
        name=found.name,
        bug_tracker=found.bug_tracker,
        status=status(found.status),
        subset=found.subset,
        consensus_replicas=found.consensus_replicas or UNSET,
        labels=labels(of_labels),
        data=of_data,
        jobs=[job(one, names) for one in jobs],
    )


def job(found: JobFacts, names: Mapping[int, str] | None) -> layout.Job:
    """A job with its segment."""
    single = found.segment_type == SegmentType.SPECIFIC_FRAMES
    frames: Sequence[int] = (
        orjson.loads(found.frames) if single else range(found.start_frame, found.stop_frame + 1)
    )
    stage, state = PLACES[status(found.status)]
    listed = names is not None and found.type != JobType.CONSENSUS_REPLICA
    return layout.Job(
        status=status(found.status),
        type=JobType(found.type),
        start_frame=found.start_frame,
        stop_frame=found.stop_frame,
        frames=list(frames) if single else UNSET,
        files=[names[frame] for frame in frames] if listed and names is not None else UNSET,
        stage=UNSET if found.stage == stage else JobStage(found.stage),
        state=UNSET if found.state == state else JobState(found.state),
    )


def validation(
    found: LayoutFacts | None, names: Mapping[int, str]
) -> tuple[layout.ValidationParams | UnsetType, layout.ValidationLayout | UnsetType]:
    """The frames by which the work is checked, twice: as a request names them, and by number."""
    if found is None:
        return UNSET, UNSET
    mode = ValidationMode(found.mode)
    frames = msgspec.json.decode(found.frames, type=list[int])
    params = layout.ValidationParams(
        mode=mode,
        frames=[names[frame] for frame in frames if frame in names],
        frames_per_job_count=found.frames_per_job_count,
    )
    by_number = layout.ValidationLayout(
        mode=mode,
        frames=frames,
        disabled_frames=msgspec.json.decode(found.disabled_frames, type=list[int]),
        frames_per_job_count=found.frames_per_job_count,
    )
    return params, by_number
