"""Who may do what to memberships.

Ownership: ``self``. ``target_role`` of the resource is the membership's role: nobody changes or
removes the owner, and only the owner changes or removes maintainers.
"""

from __future__ import annotations

from cvat_lite.permissions.rules import (
    ANYONE,
    Limit,
    Privilege,
    Role,
    listed,
    organization,
    own,
    policy,
    sandbox,
)

SELF = own("self")
NOT_OWNER = Limit.TARGET_IS_NOT_OWNER
BELOW_MAINTAINER = Limit.TARGET_IS_BELOW_MAINTAINER
MANAGING = "change:role delete"

POLICY = policy(
    "memberships",
    listed(),
    sandbox("view", Privilege.NONE, SELF),
    organization("view", Privilege.NONE, Role.WORKER),
    organization(MANAGING, Privilege.USER, Role.OWNER, ANYONE, NOT_OWNER),
    organization(MANAGING, Privilege.USER, Role.MAINTAINER, ANYONE, BELOW_MAINTAINER),
    organization("delete", Privilege.WORKER, Role.WORKER, SELF, NOT_OWNER),
)
