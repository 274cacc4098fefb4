"""A small store to write annotations into: tasks, segments, jobs and labels as plain rows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import msgspec

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.enums import InputType, LabelType
from cvat_lite.domain.label_rules import LabelRules
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.domain.segments import JobSpan
from cvat_lite.store.annotations import read_json
from cvat_lite.store.database import Connection, connect

MODEL = AttributeSpec(21, "model", False, InputType.SELECT, "mazda", ("mazda", "bmw", "audi"))
PARKED = AttributeSpec(22, "parked", True, InputType.CHECKBOX, "false", ("false",))
AGE = AttributeSpec(23, "age", True, InputType.NUMBER, "1", ("1", "20", "1"))
NOTE = AttributeSpec(24, "note", False, InputType.TEXT, "", ("",))
CAR = Label(94, "car", type=LabelType.RECTANGLE, attributes=(MODEL, PARKED, AGE, NOTE))
PERSON = Label(95, "person")
HEAD = Label(97, "1", type=LabelType.POINTS, parent_id=96)
FOOT = Label(98, "2", type=LabelType.POINTS, parent_id=96)
BODY = Label(96, "body", type=LabelType.SKELETON, sublabels=(HEAD, FOOT))
LABELS = (CAR, PERSON, BODY)
RULES = LabelRules(LABELS)
DATE = "2026-01-01T00:00:00.000000Z"


async def add_task(
    db: Connection,
    task_id: int,
    spans: Iterable[JobSpan],
    *,
    kind: str = "annotation",
    with_task: bool = True,
) -> None:
    """A task with a segment and a job for each span, the segment's id being the job's."""
    if with_task:
        await db.execute(
            "INSERT INTO tasks (id, name, created_date, updated_date) VALUES (?, 'task', ?, ?)",
            (task_id, DATE, DATE),
        )
    for span in spans:
        await db.execute(
            "INSERT INTO segments"
            " (id, task_id, start_frame, stop_frame, type, frames, chunks_updated_date)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                span.job_id,
                task_id,
                span.start,
                span.stop,
                "range" if span.frames is None else "specific_frames",
                json.dumps(sorted(span.frames or ())),
                DATE,
            ),
        )
        await db.execute(
            "INSERT INTO jobs (id, segment_id, type, created_date, updated_date)"
            " VALUES (?, ?, ?, ?, ?)",
            (span.job_id, span.job_id, kind, DATE, DATE),
        )


async def add_labels(db: Connection, task_id: int, labels: Iterable[Label] = LABELS) -> None:
    """These labels and their attributes, as the task's."""
    for label in labels:
        await db.execute(
            "INSERT INTO labels (id, task_id, parent_id, name, type) VALUES (?, ?, ?, ?, ?)",
            (label.id, task_id, label.parent_id, label.name, label.type.value),
        )
        for spec in label.attributes:
            await db.execute(
                "INSERT INTO attribute_specs"
                " (id, label_id, name, mutable, input_type, default_value)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    spec.id,
                    label.id,
                    spec.name,
                    int(spec.mutable),
                    spec.input_type.value,
                    spec.default_value,
                ),
            )
        await add_labels(db, task_id, label.sublabels)


def stored(path: Path, spans: Iterable[JobSpan]) -> LabeledData:
    """What the store answers for these jobs, decoded."""
    with connect(path, read_only=True) as connection:
        return msgspec.json.decode(read_json(connection, list(spans)), type=LabeledData)
