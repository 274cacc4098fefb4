"""What a backup is made of, read by a plain connection in one transaction of a worker process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cvat_lite.domain.enums import LabelType
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.store import rows
from cvat_lite.store.data import COLUMNS as DATA_COLUMNS
from cvat_lite.store.data import FROM as DATA_FROM
from cvat_lite.store.data import Data
from cvat_lite.store.database import PlainConnection
from cvat_lite.store.labels import COLUMNS as LABEL_COLUMNS
from cvat_lite.store.labels import FROM as LABEL_FROM
from cvat_lite.store.labels import LabelRow, label_of, spec_of

TASK = """SELECT id, name, bug_tracker, status, subset, consensus_replicas, segment_size,
data_id, project_id FROM tasks WHERE id = ?"""
PROJECT = "SELECT id, name, bug_tracker, status FROM projects WHERE id = ?"
JOBS = """SELECT j.id, j.status, j.type, j.stage, j.state, s.start_frame, s.stop_frame,
s.type, s.frames FROM jobs j JOIN segments s ON s.id = j.segment_id WHERE s.task_id = ?
ORDER BY j.id"""
IMAGES = """SELECT i.frame, i.path, i.width, i.height, i.is_placeholder,
(SELECT json_group_array(path) FROM (SELECT f.path FROM related_file_frames r
 JOIN related_files f ON f.id = r.related_file_id
 WHERE r.data_id = i.data_id AND r.frame = i.frame ORDER BY f.path))
FROM images i WHERE i.data_id = ? ORDER BY i.frame"""


class TaskFacts(rows.Struct, frozen=True):
    """A task, as far as a backup tells of it."""

    id: int
    name: str
    bug_tracker: str
    status: str
    subset: str
    consensus_replicas: int
    segment_size: int
    data_id: int | None
    project_id: int | None


class ProjectFacts(rows.Struct, frozen=True):
    """A project, as far as a backup tells of it."""

    id: int
    name: str
    bug_tracker: str
    status: str


class JobFacts(rows.Struct, frozen=True):
    """A job with its segment; ``frames`` is JSON."""

    id: int
    status: str
    type: str
    stage: str
    state: str
    start_frame: int
    stop_frame: int
    segment_type: str
    frames: str


class ImageFacts(NamedTuple):
    """A frame of images; ``related`` is a JSON list of names."""

    frame: int
    path: str
    width: int
    height: int
    is_placeholder: int
    related: str


class LayoutFacts(NamedTuple):
    """The frames by which the work is checked; lists are JSON."""

    mode: str
    frames: str
    disabled_frames: str
    frames_per_job_count: int | None


class GuideFacts(NamedTuple):
    """A guide, and uuid and name of each of its assets."""

    markdown: str
    assets: tuple[tuple[str, str], ...]


def task(db: PlainConnection, task_id: int) -> TaskFacts | None:
    """The task, or None where there is none."""
    row = db.execute(TASK, (task_id,)).fetchone()
    return TaskFacts(*row) if row else None


def project(db: PlainConnection, project_id: int) -> ProjectFacts | None:
    """The project, or None where there is none."""
    row = db.execute(PROJECT, (project_id,)).fetchone()
    return ProjectFacts(*row) if row else None


def members(db: PlainConnection, project_id: int) -> list[int]:
    """The tasks of a project that have media, by id."""
    found = db.execute(
        """SELECT t.id FROM tasks t JOIN data d ON d.id = t.data_id
           WHERE t.project_id = ? AND d.size > 0 ORDER BY t.id""",
        (project_id,),
    )
    return [row[0] for row in found]


def data(db: PlainConnection, data_id: int) -> Data | None:
    """The media of a task."""
    sql = f"SELECT {DATA_COLUMNS} FROM {DATA_FROM} WHERE d.id = ?"
    row = db.execute(sql, (data_id,)).fetchone()
    return Data(*row) if row else None


def jobs(db: PlainConnection, task_id: int) -> list[JobFacts]:
    """The jobs of a task by id, of every type."""
    return [JobFacts(*row) for row in db.execute(JOBS, (task_id,))]


def images(db: PlainConnection, data_id: int) -> Iterator[ImageFacts]:
    """The frames of images in order, read as they are asked for."""
    return (ImageFacts(*row) for row in db.execute(IMAGES, (data_id,)))


def validation(db: PlainConnection, data_id: int) -> LayoutFacts | None:
    """The validation layout, where there is one."""
    sql = """SELECT mode, frames, disabled_frames, frames_per_job_count
             FROM validation_layouts WHERE data_id = ?"""
    row = db.execute(sql, (data_id,)).fetchone()
    return LayoutFacts(*row) if row else None


def labels(db: PlainConnection, column: str, number: int) -> list[Label]:
    """The labels of a task (``task_id``) or project (``project_id``), the oldest first."""
    found = [
        LabelRow(*row)
        for row in db.execute(
            f'SELECT {LABEL_COLUMNS} FROM {LABEL_FROM} WHERE l."{column}" = ? ORDER BY l.id',
            (number,),
        )
    ]
    specs: dict[int, list[AttributeSpec]] = {}
    for row in db.execute(
        f"""SELECT s.id, s.label_id, s.name, s.mutable, s.input_type, s.default_value, s."values"
            FROM attribute_specs s JOIN labels l ON l.id = s.label_id
            WHERE l."{column}" = ? ORDER BY s.id""",
        (number,),
    ):
        specs.setdefault(row["label_id"], []).append(spec_of(row))
    return [
        label_of(
            top,
            specs,
            [label_of(sub, specs, ()) for sub in found if sub.parent_id == top.id]
            if top.type == LabelType.SKELETON
            else (),
        )
        for top in found
        if top.parent_id is None
    ]


def guide(db: PlainConnection, column: str, number: int) -> GuideFacts | None:
    """The guide of a task (``task_id``) or project, where there is one."""
    row = db.execute(f'SELECT id, markdown FROM guides WHERE "{column}" = ?', (number,)).fetchone()
    if row is None:
        return None
    sql = "SELECT uuid, filename FROM assets WHERE guide_id = ? ORDER BY created_date, uuid"
    return GuideFacts(row["markdown"], tuple(map(tuple, db.execute(sql, (row["id"],)))))
