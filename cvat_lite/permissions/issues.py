"""Who may do what to issues.

Ownerships: ``owner``, ``assignee`` of the issue, ``job:assignee``, ``task:owner``,
``task:assignee``, ``project:owner``, ``project:assignee``. ``create@job`` asks about the job.
"""

from __future__ import annotations

from cvat_lite.permissions.rules import Privilege, listed, own, policy, staffed

CHIEFS = own("project:owner project:assignee task:owner task:assignee")
CREW = CHIEFS | own("job:assignee")
STAFF = CREW | own("owner assignee")

POLICY = policy(
    "issues",
    listed(),
    staffed("create@job", Privilege.WORKER, CREW),
    staffed("view", Privilege.NONE, STAFF),
    staffed("update", Privilege.WORKER, STAFF),
    staffed("delete", Privilege.WORKER, CHIEFS | own("owner")),
)
