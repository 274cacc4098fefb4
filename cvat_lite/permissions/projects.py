"""Who may do what to projects. Ownerships: ``owner``, ``assignee``."""

from __future__ import annotations

from cvat_lite.permissions.rules import (
    Privilege,
    Role,
    exported,
    listed,
    organization,
    own,
    policy,
    sandbox,
    staffed,
)

OWNER = own("owner")
STAFF = own("owner assignee")

POLICY = policy(
    "projects",
    listed(),
    sandbox("create import:backup", Privilege.USER),
    organization("create import:backup", Privilege.USER, Role.SUPERVISOR),
    staffed("view", Privilege.NONE, STAFF),
    staffed("update:desc import:dataset", Privilege.WORKER, STAFF),
    staffed("update:assignee update:associated_storage delete", Privilege.WORKER, OWNER),
    sandbox("update:owner", Privilege.ADMIN),
    organization("update:owner", Privilege.USER, Role.MAINTAINER),
    organization("update:owner", Privilege.WORKER, Role.MAINTAINER, OWNER),
    exported("export:annotations export:dataset export:backup", STAFF, OWNER),
)
