"""Annotations: tags, shapes, tracks and intervals, from payloads to rows and back."""

from __future__ import annotations

from cvat_lite.store.annotations.attributes import add_default, remove_spec
from cvat_lite.store.annotations.reading import (
    answer,
    count,
    intervals,
    read,
    read_json,
    shapes,
    tags,
    tracks,
)
from cvat_lite.store.annotations.spans import of_job, of_job_plainly, of_task, of_task_plainly
from cvat_lite.store.annotations.writing import (
    create,
    delete,
    delete_all,
    delete_task,
    replace,
    update,
    update_task,
)

__all__ = [
    "add_default",
    "answer",
    "count",
    "create",
    "delete",
    "delete_all",
    "delete_task",
    "intervals",
    "of_job",
    "of_job_plainly",
    "of_task",
    "of_task_plainly",
    "read",
    "read_json",
    "remove_spec",
    "replace",
    "shapes",
    "tags",
    "tracks",
    "update",
    "update_task",
]
