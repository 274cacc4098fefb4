"""Who may do what to organizations; here the role in the organization is the ownership."""

from __future__ import annotations

from cvat_lite.permissions.facts import Resource
from cvat_lite.permissions.rules import Privilege, Role, anywhere, own, policy

POLICY = policy(
    "organizations",
    anywhere("list", Privilege.NONE),
    anywhere("create", Privilege.USER),
    anywhere("view", Privilege.NONE, own("worker supervisor maintainer owner")),
    anywhere("update", Privilege.WORKER, own("maintainer owner")),
    anywhere("delete", Privilege.WORKER, own("owner")),
)


def resource(organization_id: int | None, role: Role | None) -> Resource:
    """The organization as a resource, from the asking user's active role in it."""
    ownerships = frozenset({role.wire}) if role is not None else frozenset[str]()
    return Resource("organizations", organization_id, ownerships, role)
