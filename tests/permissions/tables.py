"""The permission tables as CVAT writes them, and a plain reading of them to hold ours against."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

from cvat_lite.permissions.facts import OrganizationContext, Resource, Subject
from cvat_lite.permissions.rules import Privilege, Role

FOLDER = Path(__file__).parents[1] / "data" / "permissions"
SHARED = Path(__file__).parents[3] / "shared" / "contract" / "permissions"
NAMESPACES = {"annotationguides": "guides"}
LIMITS = {
    "": lambda target: True,
    'resource["role"] != "owner"': lambda target: target is not Role.OWNER,
    'resource["role"] not in ["maintainer", "owner"]': lambda target: (
        target not in (Role.MAINTAINER, Role.OWNER)
    ),
    'resource["membership"]["role"] != None': lambda target: target is not None,
}
NO_OWNERSHIP = "none"


@dataclass(frozen=True)
class Row:
    """One row of a table, for one scope; ownerships None stands for ``N/A``."""

    namespace: str
    line: int
    scope: str
    context: str
    ownerships: tuple[str, ...] | None
    privilege: Privilege
    membership: Role | None
    limit: str
    strict: bool
    needs_analytics: bool

    def __str__(self):
        return f"{self.namespace}-{self.line}-{self.scope}"


@dataclass(frozen=True)
class Case:
    """A situation in which somebody asks for a scope; ``place`` is sandbox or organization."""

    place: str
    ownership: str
    privilege: Privilege
    role: Role | None
    target: Role | None
    analytics: bool

    def question(self, namespace):
        """The same for the engine: a subject and a resource."""
        organization_id = 1 if self.place == "organization" else None
        held = () if self.ownership == NO_OWNERSHIP else (self.ownership,)
        context = OrganizationContext(1, 9, self.role) if organization_id else None
        return (
            Subject(5, self.privilege, context, analytics=self.analytics),
            Resource(namespace, organization_id, frozenset(held), self.role, self.target),
        )


@cache
def rows() -> tuple[Row, ...]:
    return tuple(row for path in sorted(FOLDER.glob("*.csv")) for row in read(path))


def read(path):
    with path.open(newline="") as file:
        for line, entry in enumerate(csv.DictReader(file, skipinitialspace=True), 2):
            names = tuple(name.strip().lower() for name in entry["Ownership"].split(","))
            member = entry["Membership"].strip()
            yield Row(
                NAMESPACES.get(path.stem, path.stem),
                line,
                entry["Scope"],
                entry["Context"].lower(),
                None if names == ("n/a",) else names,
                Privilege[entry["Privilege"].upper()],
                None if member == "N/A" else Role[member.upper()],
                entry.get("Limit") or "",
                entry.get("Strict_Privilege") == "True",
                entry.get("HasAnalyticsAccess") == "true",
            )


def grants(row: Row, case: Case) -> bool:
    """Whether the row by itself lets it happen."""
    if not limit_holds(row, case):
        return False
    if case.privilege is Privilege.ADMIN:
        return True
    if row.context not in ("n/a", case.place):
        return False
    if row.ownerships is not None and known(row, case.ownership) not in row.ownerships:
        return False
    if row.membership is not None and (case.role is None or case.role < row.membership):
        return False
    return case.privilege == row.privilege if row.strict else case.privilege >= row.privilege


@cache
def known(row: Row, ownership: str) -> str:
    """The ownership, or none where no row of the scope speaks of it: then it means nothing."""
    same = [
        other for other in rows() if (other.namespace, other.scope) == (row.namespace, row.scope)
    ]
    return (
        ownership if any(ownership in (other.ownerships or ()) for other in same) else NO_OWNERSHIP
    )


def limit_holds(row: Row, case: Case) -> bool:
    return LIMITS[row.limit](case.target) and (case.analytics or not row.needs_analytics)


def cases(namespace, scope):
    """Every situation that the table of a namespace can tell apart for a scope."""
    table = [row for row in rows() if row.namespace == namespace]
    names = {name for row in table for name in row.ownerships or ()} | {NO_OWNERSHIP}
    yield from (
        Case(place, ownership, privilege, role, target, analytics)
        for place, ownership, privilege, role, target, analytics in product(
            ("sandbox", "organization"),
            sorted(names),
            Privilege,
            (None, *Role),
            targets(table, scope),
            (False, True) if any(row.needs_analytics for row in table) else (False,),
        )
        if place == "organization" or role is None
    )


def targets(table, scope):
    """Roles a limit may look at; a table that speaks of a role always has one."""
    limits = [row.limit for row in table if row.scope == scope and row.limit]
    if not limits:
        return (None,)
    return tuple(Role) if 'resource["role"]' in limits[0] else (None, *Role)
