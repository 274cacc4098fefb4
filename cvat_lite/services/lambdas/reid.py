"""Boxes of neighbouring frames that a function takes for the same thing, made into tracks."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cvat_lite.domain import payload
from cvat_lite.domain.annotations import LabeledData, Shape, Track, TrackedShape
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.finding_labels import SOURCE
from cvat_lite.domain.label_rules import LabelRules, LabelSpecs
from cvat_lite.domain.segments import JobSpan
from cvat_lite.errors import ConflictError, FunctionError
from cvat_lite.services import annotations as annotation_service
from cvat_lite.services.context import Server
from cvat_lite.services.lambdas.pictures import pictures
from cvat_lite.services.requests import Report
from cvat_lite.store import annotations as store
from cvat_lite.store import jobs as job_store

if TYPE_CHECKING:
    from cvat_lite.services.lambdas.batch import Work
    from cvat_lite.services.lambdas.connected import Connection

THRESHOLD = 0.5
DISTANCE = 50


@dataclass(slots=True)
class JobBoxes:
    """The boxes of a job by frame, and the chains of those that belong together so far."""

    span: JobSpan
    changed: str
    frames: list[int]
    boxes: dict[int, list[Shape]] = field(default_factory=dict)
    chains: list[list[Shape]] = field(default_factory=list)


async def connect_boxes(server: Server, work: Work, connection: Connection, report: Report) -> None:
    """Ask about each pair of neighbouring frames, then put tracks in place of the boxes.

    ConflictError where somebody has changed a job in the meantime; then nothing is written.
    """
    jobs = [await boxes_of(server, span, work.frames) for span in work.spans]
    total = sum(len(job.frames) for job in jobs) or 1
    done = 0
    for job in jobs:
        open_chains: dict[int, list[Shape]] = {}
        for frame, following in pairwise(job.frames):
            matches = await matched(work, connection, job, (frame, following))
            open_chains = grow(job, (frame, following), matches, open_chains)
            done += 1
            report(done / total)
    await write(server, work, jobs)


async def boxes_of(server: Server, span: JobSpan, frames: list[int]) -> JobBoxes:
    """The boxes of a job, and when the job was last changed."""
    async with server.database.snapshot() as db:
        job = await job_store.get(db, span.job_id)
    changed = job.updated_date if job is not None else ""
    body = await store.answer(server.database.path, [span])
    data = await asyncio.to_thread(payload.decode, body)
    found = JobBoxes(span, changed, [frame for frame in frames if span.holds(frame)])
    for shape in data.shapes:
        if shape.type == ShapeType.RECTANGLE:
            found.boxes.setdefault(shape.frame, []).append(shape)
    return found


async def matched(
    work: Work, connection: Connection, job: JobBoxes, pair: tuple[int, int]
) -> list[int]:
    """For each box of the first frame the place of its box on the second, -1 for none."""
    first, second = (job.boxes.get(frame, []) for frame in pair)
    if not first or not second:
        return [-1] * len(first)
    images = await asyncio.to_thread(list, pictures(work.source, pair))
    threshold, distance = work.options.get("threshold"), work.options.get("max_distance")
    answer = await connection.call(
        {
            "boxes0": [asked(box) for box in first],
            "boxes1": [asked(box) for box in second],
            "threshold": THRESHOLD if threshold is None else threshold,
            "max_distance": DISTANCE if distance is None else distance,
        },
        images,
    )
    if (
        not isinstance(answer, list)
        or len(answer) != len(first)
        or any(type(one) is not int or not -1 <= one < len(second) for one in answer)
    ):
        raise FunctionError(
            f"Frames {pair[0]} and {pair[1]}: the function has to answer a list of {len(first)} "
            f"places from -1 to {len(second) - 1}."
        )
    return answer


def asked(box: Shape) -> dict[str, Any]:
    """A box as the function is told of it."""
    return {"type": box.type, "points": box.points, "label_id": box.label_id, "frame": box.frame}


def grow(
    job: JobBoxes,
    pair: tuple[int, int],
    matches: list[int],
    open_chains: dict[int, list[Shape]],
) -> dict[int, list[Shape]]:
    """Lengthen the chains by what belongs together on two frames; those that may grow on.

    Chains are known by the place of their last box on its frame. A box is in one chain only, and
    only boxes of one label can be one thing.
    """
    following: dict[int, list[Shape]] = {}
    first, second = (job.boxes.get(frame, []) for frame in pair)
    for place, match in enumerate(matches):
        if match < 0 or match in following or first[place].label_id != second[match].label_id:
            continue
        chain = open_chains.get(place)
        if chain is None:
            chain = [first[place]]
            job.chains.append(chain)
        chain.append(second[match])
        following[match] = chain
    return following


def track_of(chain: list[Shape], job: JobBoxes, specs: LabelSpecs) -> Track:
    """A chain as a track, which ends after its last box unless the job does."""
    boxes = [
        TrackedShape(
            type=box.type,
            frame=box.frame,
            occluded=box.occluded,
            z_order=box.z_order,
            rotation=box.rotation,
            points=box.points,
            attributes=[one for one in box.attributes if one.spec_id in specs.mutable.defaults],
        )
        for box in chain
    ]
    last = chain[-1]
    after = bisect_right(job.frames, last.frame)
    if after < len(job.frames):
        end = TrackedShape(
            type=last.type,
            frame=job.frames[after],
            outside=True,
            points=last.points,
            attributes=[],
        )
        boxes.append(end)
    return Track(
        label_id=last.label_id,
        frame=chain[0].frame,
        group=chain[0].group,
        source=SOURCE,
        shapes=boxes,
        attributes=[one for one in chain[0].attributes if one.spec_id in specs.immutable.defaults],
    )


def changes_of(job: JobBoxes, rules: LabelRules) -> tuple[LabeledData, LabeledData]:
    """The boxes of a job that go, and the tracks that come in their place."""
    tracks = [track_of(one, job, rules.by_id[one[0].label_id]) for one in job.chains]
    gone = LabeledData(shapes=[box for chain in job.chains for box in chain])
    return gone, LabeledData(tracks=tracks)


async def write(server: Server, work: Work, jobs: list[JobBoxes]) -> None:
    """Put the tracks in place of their boxes, all or nothing."""
    rules = LabelRules(work.labels)
    changed = [job for job in jobs if job.chains]
    changes = [await asyncio.to_thread(changes_of, job, rules) for job in changed]
    async with server.database.writing() as db:
        for job, (gone, made) in zip(changed, changes, strict=True):
            now = await job_store.get(db, job.span.job_id)
            if now is None or now.updated_date != job.changed:
                raise ConflictError(
                    f"Job {job.span.job_id} was changed in the meantime; nothing was written."
                )
            await annotation_service.check_tracks(db, work.data_id, made)
            await store.delete(db, job.span.job_id, gone)
            await store.create(db, job.span.job_id, made, rules)
        await job_store.touch(db, [job.span.job_id for job in changed])
