"""Who may do what to annotation guides, and to the assets in them.

Ownerships: ``target:owner``, ``target:assignee`` of the guide's project or task, and
``job:assignee`` for who has a job in it. An asset is seen with the guide and changed with it.
"""

from __future__ import annotations

from cvat_lite.permissions.rules import Privilege, own, policy, staffed

TARGET = own("target:owner target:assignee")

POLICY = policy(
    "guides",
    staffed("view", Privilege.WORKER, TARGET | own("job:assignee")),
    staffed("create update delete", Privilege.USER, TARGET),
)
