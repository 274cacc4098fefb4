"""The vocabulary of the permission tables, and the short words they are written in.

A policy is a list of rules for one namespace. A rule lets somebody do something (``scope``) in a
sandbox or in an organization (``context``), if the thing is in one of the named ways theirs
(``ownership``), from a group upwards (``privilege``) and from an organization role upwards
(``membership``). Rules only ever add: more ownership, a higher group or a higher role never
takes anything away.

An administrator may do whatever the policy names, wherever it is; rules that would only say so
are left out. A limit (``only the owner appoints maintainers``) binds administrators too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from types import MappingProxyType


class Privilege(IntEnum):
    """What a user's groups make of them, least first."""

    NONE = 0
    WORKER = 1
    USER = 2
    ADMIN = 3

    @classmethod
    def of(cls, groups: Iterable[str], *, is_superuser: bool = False) -> Privilege:
        """The highest privilege among group names; a superuser counts as an administrator."""
        if is_superuser:
            return cls.ADMIN
        known = (cls[name.upper()] for name in groups if name in {"admin", "user", "worker"})
        return max(known, default=cls.NONE)


class Role(IntEnum):
    """A member's role in an organization, least first."""

    WORKER = 1
    SUPERVISOR = 2
    MAINTAINER = 3
    OWNER = 4

    @classmethod
    def named(cls, name: str) -> Role:
        """The role of a wire name such as ``maintainer``; ValueError where there is none."""
        for role in cls:
            if role.wire == name:
                return role
        raise ValueError(f"{name!r} is no role in an organization")

    @property
    def wire(self) -> str:
        """The name that the API and the store use."""
        return self.name.lower()


class Context(Enum):
    """Where a rule holds."""

    ANYWHERE = "n/a"
    SANDBOX = "sandbox"
    ORGANIZATION = "organization"


class Limit(Enum):
    """A further condition, beside ownership, that some rules make."""

    TARGET_IS_NOT_OWNER = "the role given, changed or removed is not the owner's"
    TARGET_IS_BELOW_MAINTAINER = "the role given, changed or removed is worker or supervisor"
    TARGET_IS_MEMBER = "the user looked at is a member of the organization"
    ASKER_HAS_ANALYTICS = "the user who asks has access to analytics"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a permission table.

    An empty ``ownership`` asks for none; ``membership`` None asks for no role, so that the rule
    also holds for those outside the organization; ``strict`` means exactly this privilege.
    """

    scope: str
    context: Context
    ownership: frozenset[str]
    privilege: Privilege
    membership: Role | None = None
    limit: Limit | None = None
    strict: bool = False

    def fits(self, privilege: Privilege, context: Context, role: Role | None) -> bool:
        """Whether the rule speaks of such a user in such a place, whatever they own there."""
        if self.context is not Context.ANYWHERE and self.context is not context:
            return False
        if self.strict and privilege is not self.privilege:
            return False
        if self.membership is not None and (role is None or role < self.membership):
            return False
        return privilege >= self.privilege


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules of a namespace, by scope; ``private`` things are their owner's even to admins."""

    namespace: str
    rules: Mapping[str, tuple[Rule, ...]]
    private: bool = False

    def of(self, scope: str) -> tuple[Rule, ...]:
        """The rules of a scope; LookupError where the namespace knows no such scope."""
        try:
            return self.rules[scope]
        except KeyError:
            raise LookupError(f"{self.namespace} knows no scope {scope!r}") from None


def policy(namespace: str, *tables: tuple[Rule, ...], private: bool = False) -> Policy:
    """Gather rules into the policy of a namespace."""
    rules: dict[str, tuple[Rule, ...]] = {}
    for table in tables:
        for rule in table:
            rules[rule.scope] = (*rules.get(rule.scope, ()), rule)
    return Policy(namespace, MappingProxyType(rules), private)


def own(names: str) -> frozenset[str]:
    """A set of ownerships from their names, separated by spaces."""
    return frozenset(names.split())


ANYONE: frozenset[str] = frozenset()


def anywhere(
    scopes: str,
    privilege: Privilege,
    ownership: frozenset[str] = ANYONE,
    limit: Limit | None = None,
) -> tuple[Rule, ...]:
    """Rules that ask for no place, one for each of the scopes (separated by spaces)."""
    return tuple(
        Rule(scope, Context.ANYWHERE, ownership, privilege, limit=limit) for scope in scopes.split()
    )


def sandbox(
    scopes: str, privilege: Privilege, ownership: frozenset[str] = ANYONE
) -> tuple[Rule, ...]:
    """Rules for what belongs to no organization."""
    return tuple(Rule(scope, Context.SANDBOX, ownership, privilege) for scope in scopes.split())


def organization(
    scopes: str,
    privilege: Privilege,
    membership: Role | None,
    ownership: frozenset[str] = ANYONE,
    limit: Limit | None = None,
) -> tuple[Rule, ...]:
    """Rules for what belongs to an organization."""
    return tuple(
        Rule(scope, Context.ORGANIZATION, ownership, privilege, membership, limit)
        for scope in scopes.split()
    )


def listed() -> tuple[Rule, ...]:
    """Everybody lists their own things; an organization's lists are for its members."""
    return sandbox("list", Privilege.NONE) + organization("list", Privilege.NONE, Role.WORKER)


def staffed(scopes: str, privilege: Privilege, staff: frozenset[str]) -> tuple[Rule, ...]:
    """The usual rule: those whose work it is may, and so may an organization's maintainers."""
    return (
        sandbox(scopes, privilege, staff)
        + organization(scopes, Privilege.USER, Role.MAINTAINER)
        + organization(scopes, privilege, Role.WORKER, staff)
    )


def exported(scopes: str, staff: frozenset[str], owners: frozenset[str]) -> tuple[Rule, ...]:
    """Taking data out: in an organization its owners may, other staff from supervisor up."""
    return (
        sandbox(scopes, Privilege.NONE, staff)
        + organization(scopes, Privilege.USER, Role.MAINTAINER)
        + organization(scopes, Privilege.NONE, Role.SUPERVISOR, staff)
        + organization(scopes, Privilege.NONE, Role.WORKER, owners)
    )


def renamed(source: Policy, scopes: Mapping[str, str]) -> tuple[Rule, ...]:
    """The source's rules under other scopes, for what is only a part of a task or project.

    ``scopes`` maps each scope of ours, or several separated by spaces, to the source's scope.
    """
    return tuple(
        replace(rule, scope=scope)
        for ours, theirs in scopes.items()
        for scope in ours.split()
        for rule in source.of(theirs)
    )
