"""Who may do what to cloud storages. Ownership: ``owner``."""

from __future__ import annotations

from cvat_lite.permissions.rules import (
    Privilege,
    Role,
    listed,
    organization,
    own,
    policy,
    sandbox,
    staffed,
)

OWNER = own("owner")

POLICY = policy(
    "cloudstorages",
    listed(),
    sandbox("create", Privilege.USER),
    organization("create", Privilege.USER, Role.MAINTAINER),
    sandbox("view list:content", Privilege.NONE, OWNER),
    organization("view list:content", Privilege.NONE, Role.WORKER, OWNER),
    organization("view list:content", Privilege.USER, Role.SUPERVISOR),
    staffed("update delete", Privilege.WORKER, OWNER),
)
