"""Who may do what to webhooks and their deliveries.

Ownerships: ``owner`` of the webhook, ``project:owner`` of its project. A maintainer of the group
worker manages an organization's webhooks, unlike its other things.
"""

from __future__ import annotations

from cvat_lite.permissions.rules import (
    Privilege,
    Role,
    listed,
    organization,
    own,
    policy,
    sandbox,
)

PROJECT_OWNER = own("project:owner")
OWNERS = own("owner project:owner")

POLICY = policy(
    "webhooks",
    listed(),
    sandbox("create@project", Privilege.WORKER, PROJECT_OWNER),
    organization("create@project", Privilege.WORKER, Role.WORKER, PROJECT_OWNER),
    organization("create@project create@organization", Privilege.WORKER, Role.MAINTAINER),
    sandbox("view", Privilege.NONE, OWNERS),
    organization("view", Privilege.NONE, Role.WORKER, OWNERS),
    sandbox("update delete", Privilege.WORKER, OWNERS),
    organization("update delete", Privilege.WORKER, Role.WORKER, OWNERS),
    organization("view update delete", Privilege.WORKER, Role.MAINTAINER),
)
