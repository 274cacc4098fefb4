"""Who may do what to users.

Ownership: ``self``. ``target_role`` of the resource is the role of the user looked at in the
organization that is the request's context: its members see each other.
"""

from __future__ import annotations

from cvat_lite.permissions.rules import (
    ANYONE,
    Limit,
    Privilege,
    Role,
    anywhere,
    listed,
    organization,
    own,
    policy,
)

SELF = own("self")

POLICY = policy(
    "users",
    listed(),
    anywhere("view update:personal_data delete", Privilege.NONE, SELF),
    organization("view", Privilege.NONE, Role.WORKER, ANYONE, Limit.TARGET_IS_MEMBER),
    anywhere("update:email update:permissions", Privilege.ADMIN),
)
