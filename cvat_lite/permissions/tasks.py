"""Who may do what to tasks.

Ownerships: ``owner``, ``assignee`` of the task, ``project:owner``, ``project:assignee`` of its
project. Creating a task in a project is ``create@project``, with the project's ownerships.
"""

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

PROJECT = own("project:owner project:assignee")
OWNERS = own("owner project:owner")
CHIEFS = own("owner project:owner project:assignee")
STAFF = own("owner assignee project:owner project:assignee")

POLICY = policy(
    "tasks",
    listed(),
    sandbox("create import:backup", Privilege.USER),
    organization("create import:backup", Privilege.USER, Role.SUPERVISOR),
    sandbox("create@project", Privilege.USER, PROJECT),
    organization("create@project", Privilege.USER, Role.SUPERVISOR),
    organization("create@project", Privilege.USER, Role.WORKER, PROJECT),
    staffed("view view:annotations view:data view:metadata", Privilege.NONE, STAFF),
    staffed("update:desc update:annotations update:metadata", Privilege.WORKER, STAFF),
    staffed("delete:annotations import:annotations upload:data", Privilege.WORKER, STAFF),
    staffed("update:owner update:assignee update:project delete", Privilege.WORKER, CHIEFS),
    staffed("update:associated_storage", Privilege.WORKER, OWNERS),
    exported("export:annotations export:dataset export:backup", STAFF, OWNERS),
)
