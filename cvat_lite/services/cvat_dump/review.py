"""What people say about work: issues, comments, guides and their assets."""

from __future__ import annotations

from cvat_lite.domain import clock
from cvat_lite.services.cvat_dump.records import KEY, Record, defaulted, made, model, table, user
from cvat_lite.services.cvat_dump.values import (
    date,
    file_name,
    flag,
    identifier,
    integer,
    optional,
    points,
    text,
)


def asset_key(record: Record) -> str:
    """The UUID of an asset; a file will bear it as its name."""
    try:
        return identifier(record.pk)
    except ValueError as error:
        raise record.flaw(f"its key {error}") from None


MODELS = (
    model(
        "engine.issue",
        table(
            "issues",
            id=KEY,
            job_id=("job", integer),
            frame=integer,
            position=points,
            owner_id=user("owner"),
            assignee_id=user("assignee"),
            assignee_updated_date=optional(date),
            resolved=flag,
            created_date=date,
            updated_date=date,
        ),
    ),
    model(
        "engine.comment",
        table(
            "comments",
            id=KEY,
            issue_id=("issue", integer),
            owner_id=user("owner"),
            message=text,
            created_date=date,
            updated_date=date,
        ),
    ),
    model(
        "engine.annotationguide",
        table(
            "guides",
            id=KEY,
            task_id=("task", optional(integer)),
            project_id=("project", optional(integer)),
            markdown=text,
            is_public=defaulted("is_public", flag, 0),
            created_date=made(lambda record: dated(record, "created_date"), "created_date"),
            updated_date=made(lambda record: dated(record, "updated_date"), "updated_date"),
        ),
    ),
    model(
        "engine.asset",
        table(
            "assets",
            uuid=made(asset_key),
            guide_id=("guide", integer),
            owner_id=user("owner"),
            filename=file_name,
            created_date=date,
        ),
    ),
)


def dated(record: Record, name: str) -> str:
    """A date that not every version of CVAT writes: now, where it does not."""
    return str(record.read(name, date, clock.now()))
