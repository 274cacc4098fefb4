"""What a question of permission is about: who asks, from where, and about which thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cvat_lite.permissions.rules import Context, Privilege, Role


@dataclass(frozen=True, slots=True)
class OrganizationContext:
    """The organization a request names, and the asking user's active role in it, if any.

    A membership that has been offered and not yet accepted is no role.
    """

    id: int
    owner_id: int | None
    role: Role | None


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks.

    ``organization`` is the one the request names. Without one, ``everywhere`` tells a request
    that named no context at all from one that named the personal sandbox (``org=``). ``analytics``
    is the user's access to analytics.
    """

    user_id: int
    privilege: Privilege
    organization: OrganizationContext | None = None
    everywhere: bool = False
    analytics: bool = False

    def __post_init__(self) -> None:
        if self.everywhere and self.organization is not None:
            raise ValueError("a request either names an organization or asks everywhere")


@dataclass(frozen=True, slots=True)
class Resource:
    """What is asked about.

    ``organization_id`` is the thing's own organization (None: a sandbox) and decides which rules
    hold, whatever context the request names; ``role`` is the asking user's active role there.
    ``ownerships`` are the ways in which it is the asking user's, by the names that its
    namespace's module gives. ``target_role`` is what limits look at: the role offered by an
    invitation, held by a membership, or held by a user in the organization of the request.
    """

    namespace: str
    organization_id: int | None = None
    ownerships: frozenset[str] = frozenset()
    role: Role | None = None
    target_role: Role | None = None

    @property
    def context(self) -> Context:
        """Whether sandbox or organization rules hold for it."""
        return Context.SANDBOX if self.organization_id is None else Context.ORGANIZATION

    @classmethod
    def here(
        cls,
        subject: Subject,
        namespace: str,
        ownerships: frozenset[str] = frozenset(),
        target_role: Role | None = None,
    ) -> Resource:
        """What lies in the request's own context: a list, a thing about to be made, a user."""
        context = subject.organization
        return cls(
            namespace,
            context.id if context else None,
            ownerships,
            context.role if context else None,
            target_role,
        )


def ownerships(user_id: int, holders: Mapping[str, int | None]) -> frozenset[str]:
    """The names whose holder is this user: ``{"owner": 5, "project:owner": None}`` and the like."""
    return frozenset(name for name, holder in holders.items() if holder == user_id)
