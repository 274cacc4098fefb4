"""Who may do what to comments.

Ownerships: ``owner`` of the comment, ``issue:owner``, ``issue:assignee``, ``job:assignee``,
``task:owner``, ``task:assignee``, ``project:owner``, ``project:assignee``. ``create@issue`` asks
about the issue.
"""

from __future__ import annotations

from cvat_lite.permissions.rules import Privilege, listed, own, policy, staffed

CREW = own(
    "project:owner project:assignee task:owner task:assignee job:assignee "
    "issue:owner issue:assignee"
)
STAFF = CREW | own("owner")

POLICY = policy(
    "comments",
    listed(),
    staffed("create@issue", Privilege.WORKER, CREW),
    staffed("view", Privilege.NONE, STAFF),
    staffed("update delete", Privilege.WORKER, STAFF),
)
