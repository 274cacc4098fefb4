"""Who may do what to jobs.

Ownerships: ``assignee`` of the job, ``task:owner``, ``task:assignee``, ``project:owner``,
``project:assignee``. A user of the group worker keeps the work on jobs that are assigned to
them even from outside the organization.
"""

from __future__ import annotations

from cvat_lite.permissions.rules import (
    Context,
    Privilege,
    Role,
    Rule,
    exported,
    listed,
    organization,
    own,
    policy,
    sandbox,
    staffed,
)

CHIEFS = own("project:owner project:assignee task:owner task:assignee")
STAFF = CHIEFS | own("assignee")
SEEING = "view view:annotations view:data view:metadata"
WORKING = "update:state update:annotations update:metadata delete:annotations import:annotations"

POLICY = policy(
    "jobs",
    listed(),
    sandbox("create delete", Privilege.USER, CHIEFS),
    organization("create delete", Privilege.USER, Role.MAINTAINER),
    organization("create delete", Privilege.USER, Role.SUPERVISOR, CHIEFS),
    staffed(SEEING, Privilege.NONE, STAFF),
    staffed(WORKING, Privilege.WORKER, STAFF),
    staffed("update:stage update:assignee", Privilege.WORKER, CHIEFS),
    exported("export:annotations export:dataset", STAFF, own("project:owner task:owner")),
    tuple(
        Rule(scope, Context.ORGANIZATION, own("assignee"), Privilege.WORKER, strict=True)
        for scope in f"{SEEING} {WORKING}".split()
    ),
)
