"""The policies say what CVAT's permission tables say: every row, allowed and not."""

from __future__ import annotations

import pytest

from cvat_lite.permissions.engine import allowed
from cvat_lite.permissions.registry import POLICIES
from cvat_lite.permissions.rules import Privilege, Role

from .tables import FOLDER, NO_OWNERSHIP, SHARED, Case, cases, grants, limit_holds, rows

SCOPES = sorted({(row.namespace, row.scope) for row in rows()})
OURS_ALONE = {
    ("events", "view"),
    ("invitations", "decline"),
    ("lambda", "call:offline"),
    ("lambda", "list:offline"),
}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the contract is not beside this checkout")
def test_the_tables_kept_here_are_those_of_the_contract():
    assert {path.name: path.read_text() for path in FOLDER.glob("*.csv")} == {
        path.name: path.read_text() for path in SHARED.glob("*.csv")
    }


def test_there_are_as_many_rows_as_the_tables_have():
    assert len(rows()) > 350


def test_each_scope_of_the_tables_has_rules_and_the_rest_are_known_additions():
    tabled = {row.namespace for row in rows()}
    ours = {(name, scope) for name in tabled for scope in POLICIES[name].rules}
    assert ours - set(SCOPES) == OURS_ALONE
    assert set(SCOPES) <= ours


@pytest.mark.parametrize(("namespace", "scope"), SCOPES, ids=lambda value: value)
def test_a_scope_is_allowed_in_exactly_the_situations_of_its_table(namespace, scope):
    table = [row for row in rows() if (row.namespace, row.scope) == (namespace, scope)]
    for case in cases(namespace, scope):
        subject, resource = case.question(namespace)
        expected = any(grants(row, case) for row in table)
        assert allowed(subject, scope, resource) is expected, case


@pytest.mark.parametrize("row", rows(), ids=str)
def test_a_row_holds_at_its_least_and_not_just_below(row):
    others = [
        other
        for other in rows()
        if (other.namespace, other.scope) == (row.namespace, row.scope) and other is not row
    ]
    for case in least(row):
        assert limit_holds(row, case)
        subject, resource = case.question(row.namespace)
        assert allowed(subject, row.scope, resource), case
        for lower in just_below(row, case):
            subject, resource = lower.question(row.namespace)
            expected = any(grants(other, lower) for other in others)
            assert allowed(subject, row.scope, resource) is expected, lower


def least(row):
    """The poorest situations in which the row holds."""
    places = ("sandbox", "organization") if row.context == "n/a" else (row.context,)
    target = Role.WORKER if row.limit else None
    for place in places:
        for ownership in row.ownerships or (NO_OWNERSHIP,):
            yield Case(place, ownership, row.privilege, row.membership, target, row.needs_analytics)


def just_below(row, case):
    """The situations that lack one thing of what the row asks for."""
    rest = (case.target, case.analytics)
    if row.privilege > Privilege.NONE:
        lower = Privilege(row.privilege - 1)
        yield Case(case.place, case.ownership, lower, case.role, *rest)
    if row.membership is not None and row.privilege is not Privilege.ADMIN:
        weaker = Role(row.membership - 1) if row.membership > Role.WORKER else None
        yield Case(case.place, case.ownership, case.privilege, weaker, *rest)
    if row.ownerships and NO_OWNERSHIP not in row.ownerships:
        yield Case(case.place, NO_OWNERSHIP, case.privilege, case.role, *rest)
