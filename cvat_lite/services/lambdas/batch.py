"""Functions run over whole tasks and jobs: a background request that writes all at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.finding_labels import Targets, targets_of, written
from cvat_lite.domain.findings import TAG
from cvat_lite.domain.functions import Function, FunctionKind
from cvat_lite.domain.label_rules import LabelRules
from cvat_lite.domain.labels import Label
from cvat_lite.domain.segments import JobSpan
from cvat_lite.errors import (
    ApiError,
    FunctionError,
    FunctionTimeoutError,
    MediaError,
    NotFoundError,
    in_words,
)
from cvat_lite.media.source import MediaSource
from cvat_lite.services import annotations as annotation_service
from cvat_lite.services import data as data_service
from cvat_lite.services import requests
from cvat_lite.services.context import Server
from cvat_lite.services.lambdas.calls import check_pictures, found_by, region_of
from cvat_lite.services.lambdas.connected import Connection
from cvat_lite.services.lambdas.pictures import pictures
from cvat_lite.services.lambdas.reid import connect_boxes
from cvat_lite.services.requests import Operation, Outcome, Report
from cvat_lite.store import annotations as annotation_store
from cvat_lite.store import data as data_store
from cvat_lite.store import labels as label_store
from cvat_lite.store import targets as target_store
from cvat_lite.store.requests import BackgroundRequest

OPERATIONS = ("autoannotate:task", "autoannotate:job")
SECONDS = 24 * 3600.0
#: What is left of the progress for writing.
WORKING = 0.95


@dataclass(frozen=True, slots=True)
class Work:
    """What a batch is about: the frames of some jobs, in order, and their labels."""

    kind: str
    number: int
    data_id: int
    spans: list[JobSpan]
    frames: list[int]
    names: dict[int, str]
    source: MediaSource
    labels: list[Label]
    options: dict[str, Any]

    def pictures(self, frames: Sequence[int]) -> Iterator[bytes]:
        """The images of some frames, in order."""
        return pictures(self.source, frames, region_of(self.options))


async def run(server: Server, request: BackgroundRequest, report: Report) -> Outcome:
    """Run a batch so that whoever asked for it can stop it."""
    work = asyncio.ensure_future(annotate(server, request, report))
    server.functions.running[request.id] = work
    try:
        return await work
    except asyncio.CancelledError:
        if request.id in server.functions.stopped:
            raise FunctionError("Cancelled.") from None
        raise
    finally:
        server.functions.running.pop(request.id, None)
        server.functions.stopped.discard(request.id)


async def annotate(server: Server, request: BackgroundRequest, report: Report) -> Outcome:
    """Ask the function about each frame, then write everything at once."""
    function, connection = await server.functions.find(request.payload["function"]["id"])
    work = await work_of(server, request)
    if function.kind is FunctionKind.REID:
        await connect_boxes(server, work, connection, report)
        return Outcome(seconds=SECONDS)
    targets = targets_of(function, work.labels, work.options.get("mapping"))
    found = await detect(work, function, connection, (targets, report))
    append = not work.options.get("cleanup", False)
    await annotation_service.write_imported(server, work.kind, work.number, found, append=append)
    return Outcome(seconds=SECONDS)


async def work_of(server: Server, request: BackgroundRequest) -> Work:
    """What a request is about, as it is now; NotFoundError where that has gone."""
    kind = f"{request.target}s"
    number = (request.job_id if kind == "jobs" else request.task_id) or 0
    async with server.database.snapshot() as db:
        facts = await target_store.get(db, kind, number, 0)
        data = await data_store.get(db, facts.data_id) if facts and facts.data_id else None
        if facts is None or data is None:
            raise NotFoundError("What was to be annotated is no longer there.")
        check_pictures(data.kind)
        of_kind = annotation_store.of_job if kind == "jobs" else annotation_store.of_task
        spans = await of_kind(db, number)
        held = set[int]().union(*map(frames_of, spans))
        frames = sorted(held.difference(data.deleted_frames))
        return Work(
            kind=kind,
            number=number,
            data_id=data.id,
            spans=spans,
            frames=frames,
            names=await data_store.names(db, data.id, frames),
            source=await data_service.source_of(db, server, data, frames),
            labels=await label_store.of_task(db, facts.task_id or 0),
            options=request.payload["options"],
        )


def frames_of(span: JobSpan) -> Iterable[int]:
    """The frames of a job."""
    return range(span.start, span.stop + 1) if span.frames is None else span.frames


async def detect(
    work: Work, function: Function, connection: Connection, more: tuple[Targets, Report]
) -> LabeledData:
    """All that a detector finds on the frames, checked frame by frame.

    FunctionError (or what the file of a frame is at fault for) names the frame.
    """
    targets, report = more
    rules = LabelRules(work.labels)
    images = work.pictures(work.frames)
    found = LabeledData()
    groups = 0
    for done, frame in enumerate(work.frames):
        asked = {
            "frame_name": work.names.get(frame, ""),
            "conv_mask_to_poly": work.options.get("conv_mask_to_poly", False),
        }
        if work.options.get("threshold") is not None:
            asked["threshold"] = work.options["threshold"]
        try:
            image = await asyncio.to_thread(next, images)
            answer = await connection.call(asked, [image])
            part = await asyncio.to_thread(read, work, frame, answer, (targets, rules, groups))
        except (ApiError, MediaError) as error:
            raise of_frame(error, frame, function) from error
        found.tags += part.tags
        found.shapes += part.shapes
        taken = [item.group or 0 for item in part.tags] + [one.group or 0 for one in part.shapes]
        groups = max(groups, *taken, 0)
        report(WORKING * (done + 1) / len(work.frames))
    return found


def of_frame(error: Exception, frame: int, function: Function) -> FunctionError:
    """The error with the frame at which it came up."""
    kind = FunctionTimeoutError if isinstance(error, FunctionTimeoutError) else FunctionError
    words = in_words(error.body) if isinstance(error, ApiError) else str(error)
    return kind(f"Function {function.id}, frame {frame}: {words}")


def read(
    work: Work, frame: int, answer: Any, place: tuple[Targets, LabelRules, int]
) -> LabeledData:
    """A function's answer as annotations, checked as those of a request are."""
    targets, rules, groups = place
    taken = found_by(answer, work.options, targets)
    body = {
        "tags": [written(*one, frame, groups) for one in taken if one[0].type == TAG],
        "shapes": [written(*one, frame, groups) for one in taken if one[0].type != TAG],
    }
    return annotation_service.decode(orjson.dumps(body), rules)


for _operation in OPERATIONS:
    requests.OPERATIONS[_operation] = Operation(run)
