"""What datasets are made of, gathered from one state of the store: a task, a job, or a project."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cvat_lite.domain.dataset import (
    Frame,
    PartInfo,
    Person,
    ProjectInfo,
    Segment,
    video_frame_name,
)
from cvat_lite.domain.enums import TaskMode
from cvat_lite.domain.frame_names import UniqueNames
from cvat_lite.domain.frames import frame_step
from cvat_lite.domain.labels import Label
from cvat_lite.errors import NotFoundError
from cvat_lite.services import data
from cvat_lite.services.context import Server
from cvat_lite.services.dataset_work import PartWork
from cvat_lite.store import annotations as spans
from cvat_lite.store import data as data_store
from cvat_lite.store import dataset_facts
from cvat_lite.store import jobs as job_store
from cvat_lite.store import labels as label_store
from cvat_lite.store import projects as project_store
from cvat_lite.store import tasks as task_store
from cvat_lite.store import validation as validation_store
from cvat_lite.store.data import Data
from cvat_lite.store.database import Connection
from cvat_lite.store.jobs import Job


@dataclass(frozen=True, slots=True)
class Gathered:
    """What an export or import needs to know, annotations aside; one part unless of a project."""

    labels: tuple[Label, ...]
    parts: tuple[PartWork, ...]
    project: ProjectInfo | None = None


async def gather(server: Server, kind: str, number: int, base_url: str) -> Gathered:
    """The facts of a project, task or job; NotFoundError if it has gone, or its media has."""
    async with server.database.snapshot() as db:
        if kind == "projects":
            return await gather_project(db, server, number, base_url)
        job = await job_store.get(db, number) if kind == "jobs" else None
        if kind == "jobs" and job is None:
            raise NotFoundError.of("Job")
        task_id = job.task_id if job else number
        part = await gather_part(db, server, task_id, job, base_url)
        return Gathered(tuple(await label_store.of_task(db, task_id)), (part,))


async def gather_project(
    db: Connection, server: Server, project_id: int, base_url: str
) -> Gathered:
    """The facts of a project and of those of its tasks that have media."""
    project = await project_store.get(db, project_id)
    if project is None:
        raise NotFoundError.of("Project")
    found = [
        await gather_part(db, server, member.id, None, base_url)
        for member in await project_store.members(db, project_id)
    ]
    owner, assignee = await project_store.people(db, project_id)
    names = UniqueNames()
    return Gathered(
        labels=tuple(await label_store.of_project(db, project_id)),
        parts=tuple(part.renamed(names) for part in found),
        project=ProjectInfo(
            id=project.id,
            name=project.name,
            bug_tracker=project.bug_tracker,
            created_date=project.created_date,
            updated_date=project.updated_date,
            owner=Person(*owner) if owner else None,
            assignee=Person(*assignee) if assignee else None,
        ),
    )


async def gather_part(
    db: Connection, server: Server, task_id: int, job: Job | None, base_url: str
) -> PartWork:
    """The facts of a task, or of one job of it; NotFoundError if it has gone, or its media has."""
    task = await task_store.get(db, task_id)
    media = await data_store.get(db, task.data_id) if task and task.data_id else None
    if task is None or media is None:
        raise NotFoundError.of("Task")
    numbers = job.frames if job else range(media.size)
    held = await spans.of_job(db, job.id) if job else await spans.of_task(db, task_id)
    people = await dataset_facts.people(db, task_id, job.id if job else None)
    step = frame_step(media.frame_filter)
    info = PartInfo(
        id=job.id if job else task_id,
        name=task.name,
        kind="job" if job else "task",
        mode=TaskMode(task.mode),
        subset=task.subset,
        size=len(numbers),
        overlap=task.overlap or 0,
        bug_tracker=task.bug_tracker,
        created_date=job.created_date if job else task.created_date,
        updated_date=job.updated_date if job else task.updated_date,
        start_frame=media.start_frame + numbers[0] * step,
        stop_frame=media.start_frame + numbers[-1] * step,
        frame_filter=media.frame_filter,
        segments=tuple(
            Segment(id_, start, stop, f"{base_url}/api/jobs/{job_id}")
            for id_, start, stop, job_id in await dataset_facts.segments(db, task_id)
            if job is None or job_id == job.id
        ),
        owner=Person(*people.owner) if people.owner else None,
        assignee=Person(*people.assignee) if people.assignee else None,
        source=media.file or "",
        data_start_frame=media.start_frame,
    )
    return PartWork(
        info=info,
        frames=tuple(await frames_of(db, media, numbers, whole=job is None)),
        spans=tuple(held),
        source=await data.source_of(db, server, media, numbers),
        related=await dataset_facts.related(db, media.id, numbers[0], numbers[-1]),
    )


async def frames_of(
    db: Connection, media: Data, numbers: Sequence[int], *, whole: bool = False
) -> Iterable[Frame]:
    """The frames of a task or job, deleted ones left out.

    Of a ``whole`` task honeypots are left out too: what they show is there already, under the
    same name, as a frame of the validation pool. A sound has no frames: it is told by its span.
    """
    if media.kind == "audio":
        return ()
    deleted = set(media.deleted_frames)
    if whole:
        deleted.update(await validation_store.honeypots(db, media.id))
    kept = [number for number in numbers if number not in deleted]
    if media.kind == "video":
        step = frame_step(media.frame_filter)
        return [
            Frame(
                number,
                video_frame_name(media.start_frame + number * step),
                media.width or 0,
                media.height or 0,
            )
            for number in kept
        ]
    wanted = set(kept)
    return [
        Frame(*row)
        for row in await dataset_facts.images(db, media.id, numbers[0], numbers[-1])
        if row[0] in wanted
    ]
