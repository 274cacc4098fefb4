"""Where jobs, and what is said about them, are: columns that triggers keep from the rows around.

The triggers (``migrations/0007_places.sql``) look upwards when a row comes, and downwards when a
task moves. Only who adds rows before what they belong to has to ask for it.
"""

from __future__ import annotations

from cvat_lite.store.database import PlainConnection

STATEMENTS = (
    """UPDATE jobs SET (task_id, organization_id) =
       (SELECT t.id, t.organization_id FROM segments s JOIN tasks t ON t.id = s.task_id
        WHERE s.id = jobs.segment_id)""",
    """UPDATE reviews SET (task_id, organization_id) =
       (SELECT j.task_id, j.organization_id FROM jobs j WHERE j.id = reviews.job_id)""",
    """UPDATE issues SET (task_id, organization_id) =
       (SELECT j.task_id, j.organization_id FROM jobs j WHERE j.id = issues.job_id)""",
    """UPDATE comments SET (job_id, task_id, organization_id) =
       (SELECT i.job_id, i.task_id, i.organization_id FROM issues i
        WHERE i.id = comments.issue_id)""",
)


def settle(db: PlainConnection) -> None:
    """Find the task and the organization of every row anew."""
    for sql in STATEMENTS:
        db.execute(sql)
