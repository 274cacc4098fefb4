"""Immediate feedback: a job that is completed is judged at once, where the settings ask for it."""

from __future__ import annotations

from cvat_lite.domain.enums import JobType
from cvat_lite.services import requests
from cvat_lite.services.context import Context
from cvat_lite.services.quality import making
from cvat_lite.services.quality.judging import rules_of
from cvat_lite.services.requests import InProgressError, Order
from cvat_lite.services.targets import Target
from cvat_lite.store import quality as store
from cvat_lite.store import quality_records as records
from cvat_lite.store import quality_sources as sources


async def after_completion(context: Context, job_type: str, target: Target) -> str | None:
    """Have a completed job judged; answers the id of the request, None where it is not to be.

    ``max_validations_per_job`` of the settings that the task goes by says how often a job is told
    how good it is: none by default.
    """
    if job_type != JobType.ANNOTATION or target.task_id is None:
        return None
    async with context.database.snapshot() as db:
        most = await store.most_validations(db, target.task_id)
        if not most or await records.immediate_reports(db, target.id) >= most:
            return None
        rules = await rules_of(db, target.task_id)
        found = await sources.of_task(db, target.task_id)
        chosen = await sources.chosen(db, target.task_id, rules.parameters.job_filter)
    if found is None or target.id not in chosen:
        return None
    order = Order(
        id=making.id_of("job", target.id),
        operation=making.OPERATION,
        target="job",
        payload={"kind": "job", "number": target.id, "task_id": target.task_id},
        project_id=target.project_id,
        task_id=target.task_id,
        job_id=target.id,
        organization_id=target.organization_id,
    )
    try:
        return await requests.submit(context, order)
    except InProgressError:
        # The report that is being made is about the work that was completed before.
        return order.id
