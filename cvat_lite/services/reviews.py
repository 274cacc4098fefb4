"""Reviews: a verdict on a job, with the issues it is about, that moves the job on.

Whether a task as a whole is annotated, validated or completed follows from its jobs, as it does
when a job is moved by hand. Taking a review back does not move the job again: others may have
worked on it since. The issues raised with it stay as well, because they are about the annotations.
"""

from __future__ import annotations

from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.domain.enums import JobStage, JobState, ReviewStatus
from cvat_lite.errors import NotFoundError, RuleError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource, ownerships
from cvat_lite.services import events, issues, jobs
from cvat_lite.services.context import Context
from cvat_lite.services.views import basic_user
from cvat_lite.store import jobs as job_store
from cvat_lite.store import reviews as store
from cvat_lite.store import targets
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.reviews import Review
from cvat_lite.store.targets import Facts

#: Where each verdict takes the job.
OUTCOMES = {
    ReviewStatus.ACCEPTED: (JobStage.ACCEPTANCE, JobState.COMPLETED),
    ReviewStatus.REJECTED: (JobStage.ANNOTATION, JobState.REJECTED),
    ReviewStatus.REVIEW_FURTHER: (JobStage.VALIDATION, JobState.NEW),
}


def view(context: Context, review: Review) -> dict[str, Any]:
    """A review on the wire."""
    return {
        "id": review.id,
        "job": review.job_id,
        "reviewer": basic_user(
            context,
            review.owner_id,
            review.owner_username,
            review.owner_first_name,
            review.owner_last_name,
        ),
        "assignee": basic_user(
            context,
            review.assignee_id,
            review.assignee_username,
            review.assignee_first_name,
            review.assignee_last_name,
        ),
        "status": review.status,
        "estimated_quality": review.estimated_quality,
        "created_date": review.created_date,
        "updated_date": review.updated_date,
        "issue_set": orjson.loads(review.issues),
    }


async def list_page(
    context: Context, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the reviews that the asker may see."""
    engine.authorize(context.subject, "list", Resource.here(context.subject, "reviews"))
    selection = select(store.COLLECTION, query, engine.visible(context.subject, "reviews"))
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    return count, [view(context, one) for one in found], selection


async def require(
    db: Connection, context: Context, scope: str, review_id: int
) -> tuple[Review, Facts]:
    """The review and what is around its job, if the asker may do that to it.

    NotFoundError or ForbiddenError otherwise.
    """
    review = await store.get(db, review_id)
    facts = None
    if review is not None:
        facts = await targets.get(db, "jobs", review.job_id, context.subject.user_id)
    if review is None or facts is None:
        raise NotFoundError.of("Review")
    asked = issues.resource(context, "reviews", facts, {"owner": review.owner_id})
    engine.authorize(context.subject, scope, asked)
    return review, facts


async def retrieve(context: Context, review_id: int) -> dict[str, Any]:
    """A review as the API shows it."""
    async with context.database.snapshot() as db:
        review, _ = await require(db, context, "view", review_id)
    return view(context, review)


async def create(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Give a verdict on a job: its issues are raised and the job is moved, or nothing is done."""
    job_id = body["job"]
    async with context.database.writing() as db:
        facts = await targets.get(db, "jobs", job_id, context.subject.user_id)
        if facts is None:
            raise RuleError("Job matching query does not exist.")
        await may_judge(db, context, facts, job_id)
        await issues.check_assignee(context, db, body.get("assignee"), facts)
        raised = [
            await issues.raise_in(db, context, facts, {**issue, "job": job_id})
            for issue in body.get("issue_set", ())
        ]
        review_id = await store.insert(
            db,
            {
                "job_id": job_id,
                "owner_id": context.user.id,
                "assignee_id": body.get("assignee"),
                "status": body["status"],
                "estimated_quality": body["estimated_quality"],
            },
            raised,
        )
        await move(db, context, facts, body)
        made, _ = await require(db, context, "view", review_id)
        payload = {"status": made.status, "estimated_quality": made.estimated_quality}
        place = issues.place_of(facts, job_id)
        await events.record(db, context, "create:review", review_id, place=place, payload=payload)
    return view(context, made)


async def may_judge(db: Connection, context: Context, facts: Facts, job_id: int) -> None:
    """ForbiddenError unless the asker may give a verdict on the job.

    To whom a job has been given for its annotation, that is to its annotator, their own work is
    not theirs to accept: in that stage a verdict takes somebody who may move jobs to other stages.
    """
    asked = issues.resource(context, "reviews", facts, {})
    engine.authorize(context.subject, "create@job", asked)
    job = await jobs.get(db, job_id)
    if job.stage == JobStage.ANNOTATION:
        mine = ownerships(context.subject.user_id, {"assignee": facts.job_assignee})
        work = Resource("jobs", asked.organization_id, asked.ownerships | mine, asked.role)
        engine.authorize(context.subject, "update:stage", work)


async def move(db: Connection, context: Context, facts: Facts, body: dict[str, Any]) -> None:
    """Take the job where the verdict says, and its task with it."""
    job_id = body["job"]
    job = await jobs.get(db, job_id)
    before = await jobs.shown(db, context, job_id)
    stage, state = OUTCOMES[body["status"]]
    now = clock.now()
    values = {
        "stage": stage,
        "state": state,
        "status": jobs.status_of(stage, state),
        "updated_date": now,
    }
    if body.get("assignee") is not None:
        values |= {"assignee_id": body["assignee"], "assignee_updated_date": now}
    await job_store.update(db, job_id, values)
    await jobs.follow(db, job.task_id)
    after = await jobs.shown(db, context, job_id)
    place = issues.place_of(facts, job_id)
    await events.record_changes(db, context, "update:job", job_id, before, after, place=place)


async def destroy(context: Context, review_id: int) -> None:
    """Take a verdict back; the job stays where it is, and so do the issues."""
    async with context.database.writing() as db:
        review, facts = await require(db, context, "delete", review_id)
        await store.delete(db, review_id)
        place = issues.place_of(facts, review.job_id)
        await events.record(db, context, "delete:review", review_id, place=place)
