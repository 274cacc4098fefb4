"""Who may do what to invitations.

Ownerships: ``owner`` (who invited), ``invitee``. ``target_role`` of the resource is the role
offered: nobody is invited as an owner, and only the owner invites maintainers.
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

INVITER = own("owner")
INVITEE = own("invitee")

POLICY = policy(
    "invitations",
    listed(),
    organization(
        "create", Privilege.USER, Role.MAINTAINER, ANYONE, Limit.TARGET_IS_BELOW_MAINTAINER
    ),
    organization("create", Privilege.USER, Role.OWNER, ANYONE, Limit.TARGET_IS_NOT_OWNER),
    anywhere("view", Privilege.NONE, INVITER | INVITEE),
    organization("view resend delete", Privilege.USER, Role.MAINTAINER),
    anywhere("resend delete", Privilege.WORKER, INVITER),
    anywhere("accept decline", Privilege.NONE, INVITEE),
)
