"""Reports and conflicts as they are shown."""

from __future__ import annotations

from typing import Any

import orjson

from cvat_lite.domain.enums import RequestStatus
from cvat_lite.domain.quality.summary import summary
from cvat_lite.errors import NotFoundError, RuleError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services import requests, targets
from cvat_lite.services.context import Context
from cvat_lite.services.views import basic_user
from cvat_lite.store import quality as store
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select

Condition = tuple[str, tuple[object, ...]]
SHOWN = ["id", "job_id", "task_id", "project_id", "parent_id", "target"]
DATES = ["created_date", "target_last_updated", "gt_last_updated"]


def view(context: Context, row: dict[str, Any]) -> dict[str, Any]:
    """A report on the wire."""
    if row["summary"] is not None:
        told = orjson.loads(row["summary"])
    else:
        told = summary(orjson.loads(row["legacy"]), row["target"])
    return {
        **{name: row[name] for name in SHOWN},
        "summary": told,
        **{name: row[name] for name in DATES},
        "assignee": assignee(context, row),
    }


def assignee(context: Context, row: dict[str, Any]) -> dict[str, Any] | None:
    """Whoever the target was assigned to when the report was made."""
    if row["assignee_id"] is None:
        return None
    names = (row["username"], row["first_name"], row["last_name"])
    return basic_user(context, row["assignee_id"], *names)


async def list_reports(
    context: Context, query: ListQuery, *, legacy: bool = True
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the reports that the asker may see.

    ``legacy`` are those that a CVAT made which had no requirements.
    """
    subject = context.subject
    engine.authorize(subject, "list", Resource.here(subject, "quality_reports"))
    seen = engine.visible(subject, "quality_reports")
    if not legacy:
        seen = both(seen, (store.NOT_LEGACY, ()))
    selection = select(store.REPORTS, query, seen)
    async with context.database.reading() as db:
        count, found = await store.reports(db, selection)
    return count, [view(context, one) for one in found], selection


async def require(db: Connection, context: Context, number: int) -> dict[str, Any]:
    """The report, if the asker may see it; NotFoundError or ForbiddenError otherwise."""
    found = await store.report(db, number)
    if found is None:
        raise NotFoundError.of("QualityReport")
    kind = found["target"]
    target = await targets.find(db, context, f"{kind}s", found[f"{kind}_id"])
    asked = targets.as_part(target.resource, "quality_reports")
    engine.authorize(context.subject, "view", asked)
    return found


async def made_by(context: Context, rq_id: str) -> dict[str, Any] | None:
    """The report that a request has made, None while it is at work; RuleError if it failed."""
    request = await requests.find(context, "view", rq_id)
    if not request.operation.startswith("calculate:quality"):
        raise RuleError("The request does not make a report")
    if request.status == RequestStatus.FAILED:
        raise RuleError(request.message)
    if request.status != RequestStatus.FINISHED or request.result_id is None:
        return None
    return await retrieve(context, request.result_id)


async def retrieve(context: Context, number: int) -> dict[str, Any]:
    """A report as the API shows it."""
    async with context.database.snapshot() as db:
        return view(context, await require(db, context, number))


async def stored(context: Context, number: int) -> tuple[dict[str, Any], str]:
    """A report that the asker may see, and its whole data as JSON."""
    async with context.database.snapshot() as db:
        found = await require(db, context, number)
        return found, await store.report_data(db, number)


async def list_conflicts(
    context: Context, query: ListQuery, report_id: int | None
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the conflicts that the asker may see, of a report and those below it."""
    subject = context.subject
    engine.authorize(subject, "list", Resource.here(subject, "quality_conflicts"))
    seen = engine.visible(subject, "quality_conflicts")
    if report_id is not None:
        seen = both(seen, (store.UNDER, (report_id,)))
        async with context.database.snapshot() as db:
            await require(db, context, report_id)
    selection = select(store.CONFLICTS, query, seen)
    async with context.database.reading() as db:
        count, found = await store.conflicts(db, selection)
    for one in found:
        for name in ("annotation_ids", "attribute_names"):
            one[name] = orjson.loads(one[name])
    return count, found, selection


def both(first: Condition, second: Condition) -> Condition:
    """The condition that both hold."""
    return f"({first[0]}) AND {second[0]}", (*first[1], *second[1])
