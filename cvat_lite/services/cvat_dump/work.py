"""Projects, tasks, segments, jobs and labels."""

from __future__ import annotations

from typing import Any

from cvat_lite.domain.enums import InputType
from cvat_lite.domain.labels import AttributeSpec
from cvat_lite.services.cvat_dump.records import KEY, Column, Record, made, model, table, user
from cvat_lite.services.cvat_dump.values import (
    date,
    flag,
    integer,
    integers,
    json_text,
    lines,
    optional,
    text,
)


def note_task(record: Record) -> None:
    """Remember which data is whose."""
    task_id = record.number()
    data_id = record.read("data", optional(integer))
    record.known.data[task_id] = data_id
    if data_id is not None:
        record.known.tasks[data_id] = task_id
        record.known.media_types[data_id] = record.read("media_type", text)


def note_segment(record: Record) -> None:
    """Remember when a task's chunks have changed last."""
    task_id = record.read("task", integer)
    changed = record.read("chunks_updated_date", date)
    record.known.changed[task_id] = max(changed, record.known.changed.get(task_id, ""))


def note_drawing(record: Record) -> None:
    """Remember the drawing of a skeleton's label."""
    record.known.drawings[record.read("root", integer)] = record.read("svg", text)


def note_attribute(record: Record) -> None:
    """Remember an attribute of a label."""
    record.known.specs[record.read("label", integer)].append(
        AttributeSpec(
            id=record.number(),
            name=record.read("name", text),
            mutable=bool(record.read("mutable", flag)),
            input_type=record.read("input_type", input_type),
            default_value=record.read("default_value", text),
            values=tuple(record.read("values", text).split("\n")),
        )
    )


def input_type(value: Any) -> InputType:
    """How an attribute is entered."""
    try:
        return InputType(value)
    except ValueError:
        raise ValueError(f"is no type of an input: {value!r}") from None


def segment_frames(record: Record) -> str:
    """The specific frames of a segment: the dump counts the media's pictures, the store frames."""
    data_id = record.known.data.get(record.read("task", integer))
    frames = record.known.frames.get(data_id) if data_id is not None else None
    if frames is None:
        raise record.flaw("its task is not in the dump or has no data")
    return str(
        record.read(
            "frames",
            lambda value: json_text([frames.frame(number) for number in integers(value)]),
        )
    )


PROJECT_COLUMNS: dict[str, Column] = {
    "id": KEY,
    "name": text,
    "owner_id": user("owner"),
    "assignee_id": user("assignee"),
    "assignee_updated_date": optional(date),
    "bug_tracker": text,
    "status": text,
    "organization_id": ("organization", optional(integer)),
    "source_storage_id": ("source_storage", optional(integer)),
    "target_storage_id": ("target_storage", optional(integer)),
    "created_date": date,
    "updated_date": date,
}

MODELS = (
    model(
        "engine.storage",
        table(
            "storages",
            id=KEY,
            location=text,
            cloud_storage_id=("cloud_storage", optional(integer)),
        ),
    ),
    model("engine.project", table("projects", **PROJECT_COLUMNS)),
    model(
        "engine.task",
        table(
            "tasks",
            **PROJECT_COLUMNS,
            project_id=("project", optional(integer)),
            data_id=("data", optional(integer)),
            mode=text,
            dimension=text,
            media_type=text,
            overlap=optional(integer),
            segment_size=integer,
            subset=text,
            consensus_replicas=integer,
        ),
    ),
    model(
        "engine.segment",
        table(
            "segments",
            id=KEY,
            task_id=("task", integer),
            start_frame=integer,
            stop_frame=integer,
            type=text,
            frames=made(segment_frames, "frames"),
            chunks_updated_date=date,
        ),
    ),
    model(
        "engine.job",
        table(
            "jobs",
            id=KEY,
            segment_id=("segment", integer),
            assignee_id=user("assignee"),
            assignee_updated_date=optional(date),
            status=text,
            stage=text,
            state=text,
            type=text,
            parent_job_id=("parent_job", optional(integer)),
            created_date=date,
            updated_date=date,
        ),
    ),
    model(
        "engine.label",
        table(
            "labels",
            id=KEY,
            task_id=("task", optional(integer)),
            project_id=("project", optional(integer)),
            parent_id=("parent", optional(integer)),
            name=text,
            color=text,
            type=text,
            svg=made(lambda record: record.known.drawings.get(record.number())),
        ),
    ),
    # The drawing stands with its label.
    model("engine.skeleton", redundant=("root", "svg")),
    model(
        "engine.attributespec",
        table(
            "attribute_specs",
            id=KEY,
            label_id=("label", integer),
            name=text,
            mutable=flag,
            input_type=text,
            default_value=text,
            values=lines,
        ),
    ),
)

NOTES = {
    "engine.task": note_task,
    "engine.segment": note_segment,
    "engine.skeleton": note_drawing,
    "engine.attributespec": note_attribute,
}
