"""Having a report made, of a task or of a project, as a request in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson

from cvat_lite.domain.quality.parameters import Parameters
from cvat_lite.domain.quality.summary import summary
from cvat_lite.errors import MediaError, NotFoundError, RuleError, ValidationError
from cvat_lite.permissions import engine
from cvat_lite.services import requests, targets
from cvat_lite.services.context import Context, Server
from cvat_lite.services.quality import settling
from cvat_lite.services.quality.judging import (
    Judged,
    compared,
    judge,
    parameters,
    planned,
    rules_of,
    still_good,
)
from cvat_lite.services.quality.recording import record, record_job, written, written_part
from cvat_lite.services.quality.work import Data, dumped, told_of
from cvat_lite.services.requests import Operation, Order, Outcome, Report
from cvat_lite.store import quality as store
from cvat_lite.store import quality_records as records
from cvat_lite.store import quality_sources as sources
from cvat_lite.store.quality_records import NewReport
from cvat_lite.store.quality_sources import Place
from cvat_lite.store.requests import BackgroundRequest

OPERATION = "calculate:quality"
NO_TRUTH = "Ground truth job must be accepted and completed to calculate quality"
#: How long the request of a finished report is told, in seconds: CVAT's.
TOLD = 120.0


async def create(context: Context, body: dict[str, Any]) -> str:
    """Have a task or project judged; answers the id of the request."""
    if len(body) != 1:
        raise ValidationError({"non_field_errors": ["Exactly one target must be specified."]})
    kind = "task" if "task_id" in body else "project"
    number = body[f"{kind}_id"]
    async with context.database.snapshot() as db:
        try:
            target = await targets.find(db, context, f"{kind}s", number)
        except NotFoundError:
            raise RuleError(f"The specified {kind} does not exist") from None
        asked = targets.as_part(target.resource, "quality_reports")
        engine.authorize(context.subject, "create", asked)
    await settling.settle(context.database)
    return await requests.submit(
        context,
        Order(
            id=id_of(kind, number),
            operation=OPERATION,
            target=kind,
            payload={"kind": kind, "number": number},
            project_id=target.project_id if kind == "task" else number,
            task_id=number if kind == "task" else None,
            organization_id=target.organization_id,
        ),
    )


def id_of(kind: str, number: int) -> str:
    """The id of the request to judge a ``job``, ``task`` or ``project``: CVAT's."""
    return f"action=calculate&target={kind}&target_id={number}&subresource=quality"


async def run(server: Server, request: BackgroundRequest, report: Report) -> Outcome:
    """Judge a job, a task, or all tasks of a project that can be."""
    await settling.settle(server.database)
    kind, number = request.payload["kind"], request.payload["number"]
    if kind == "project":
        return await run_project(server, number, report)
    if kind == "job":
        return await run_job(server, request.payload["task_id"], number)
    async with server.database.snapshot() as db:
        found = await sources.of_task(db, number)
        rules = await rules_of(db, number)
    if found is None:
        raise MediaError(NO_TRUTH)
    judged = await judge(server, number, (found, rules), report)
    made = await asyncio.to_thread(written, number, judged)
    async with server.database.writing() as db:
        report_id = await record(db, made, None)
    return Outcome(result_id=report_id, seconds=TOLD)


async def run_job(server: Server, task_id: int, job_id: int) -> Outcome:
    """Judge one job, which has been completed; its last report is told if that still holds."""
    async with server.database.snapshot() as db:
        found = await sources.of_task(db, task_id)
        rules = await rules_of(db, task_id)
    if found is None:
        raise MediaError(NO_TRUTH)
    plan = await planned(server, task_id, (found, rules))
    job = next((one for one in plan.jobs if one.id == job_id), None)
    if job is None:
        raise MediaError("The job is not among those that are judged")
    part = await still_good(server, plan, job) or await compared(server, plan, job)
    if part.known is not None:
        return Outcome(result_id=part.known, seconds=TOLD)
    made = written_part(part, found, await asyncio.to_thread(told_of, part.body))
    async with server.database.writing() as db:
        return Outcome(result_id=await record_job(db, task_id, made), seconds=TOLD)


async def run_project(server: Server, project_id: int, report: Report) -> Outcome:
    """Judge the tasks of a project that have a ground truth, and put all together.

    Tasks with settings of their own are counted, not judged.
    """
    async with server.database.snapshot() as db:
        place = await sources.place(db, "project", project_id)
        own = await store.of_target(db, "project", project_id)
        numbers = await sources.tasks_of(db, project_id)
        known = {one: await sources.of_task(db, one) for one in numbers}
        rules = {one: await rules_of(db, one) for one in numbers}
    if place is None:
        raise MediaError("The project is gone")
    judged: dict[int, Judged] = {}
    for done, (one, found) in enumerate(known.items()):
        if found is not None and rules[one].parameters.inherited:
            judged[one] = await judge(server, one, (found, rules[one]), lambda _: None)
        report(0.9 * (done + 1) / len(numbers))
    custom = [one for one in numbers if not rules[one].parameters.inherited]
    missing = [one for one, found in known.items() if found is None]
    rule = parameters(own or {}, inherited=False)
    data = await asyncio.to_thread(together, judged, rule, (numbers, custom, missing))
    return await put_down(server, (project_id, place), judged, data)


def together(
    judged: Mapping[int, Judged], rule: Parameters, tasks: tuple[list[int], list[int], list[int]]
) -> Data:
    """The data of a project's report; of the tasks all, those of their own rules, without truth."""
    # NumPy is loaded when it is needed.
    from cvat_lite.domain.quality.reports import TaskCounts, merge_tasks  # noqa: PLC0415

    counts = TaskCounts(*(tuple(one) for one in tasks))
    return merge_tasks({one: each.merged.short for one, each in judged.items()}, rule, counts)


async def put_down(
    server: Server, project: tuple[int, Place], judged: Mapping[int, Judged], data: Data
) -> Outcome:
    """Store the report of a project, and those of its tasks and their jobs below it."""
    number, place = project
    made = [await asyncio.to_thread(written, one, each) for one, each in judged.items()]
    values = {
        "project_id": number,
        "target_last_updated": place.updated_date,
        "data": (await asyncio.to_thread(dumped, data)).decode(),
    }
    report = NewReport(values, orjson.dumps(summary(data, "project")).decode())
    async with server.database.writing() as db:
        now = await sources.place(db, "project", number)
        if now is None:
            raise MediaError("The project is gone")
        report.values["assignee_id"] = now.assignee_id
        (whole,) = await records.add(db, [report], None)
        for one in made:
            await record(db, one, whole)
    return Outcome(result_id=whole, seconds=TOLD)


requests.OPERATIONS[OPERATION] = Operation(run)
