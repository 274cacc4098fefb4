"""The engine: may this user do this to this thing, and which rows does this user see.

Both answers come from the same tables. ``allowed`` looks at one thing; ``visible`` turns the
``view`` rules of a namespace into a SQL condition, for lists. Every question is noted while a
``recording`` is on, so that a test can tell a service that never asked.

The context of a thing is the organization it is in, whatever the request names; the context that
a request names chooses what lists show:

* an organization: its rows, those that the role there lets one see;
* the personal sandbox: the rows of no organization that are one's own;
* none at all: everything that is one's own, in the sandbox and in the organizations one is a
  member of. An organization's maintainer sees the rest of its rows in its context only.

A row in a list may always be looked at: a thing in an organization that one has left is in none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from cvat_lite.errors import ForbiddenError
from cvat_lite.permissions.facts import Resource, Subject
from cvat_lite.permissions.registry import policy_of
from cvat_lite.permissions.rows import MEMBER_OF, ROWS, Rows
from cvat_lite.permissions.rules import Context, Limit, Policy, Privilege, Role

Question = tuple[str, str]
"""The namespace and the scope that were asked for."""

Condition = tuple[str, tuple[object, ...]]
"""A SQL boolean expression and its parameters."""

_questions: ContextVar[list[Question] | None] = ContextVar("questions", default=None)


@contextmanager
def recording() -> Iterator[list[Question]]:
    """Note every question that is asked in this block, in the tasks it starts too."""
    questions: list[Question] = []
    token = _questions.set(questions)
    try:
        yield questions
    finally:
        _questions.reset(token)


def allowed(subject: Subject, scope: str, resource: Resource) -> bool:
    """Whether the subject may do ``scope`` to the resource.

    LookupError where the namespace or its scope is unknown: that is a mistake in the asking code.
    """
    policy = policy_of(resource.namespace)
    rules = policy.of(scope)
    _note(resource.namespace, scope)
    master = _is_master(subject, policy)
    return any(
        _holds(rule.limit, subject, resource)
        and (
            master
            or (
                rule.fits(subject.privilege, resource.context, resource.role)
                and (not rule.ownership or not rule.ownership.isdisjoint(resource.ownerships))
            )
        )
        for rule in rules
    )


def authorize(subject: Subject, scope: str, resource: Resource) -> None:
    """Raise ForbiddenError unless the subject may do ``scope`` to the resource."""
    if not allowed(subject, scope, resource):
        raise ForbiddenError


def visible(subject: Subject, namespace: str) -> Condition:
    """The condition that a row of the namespace's table must meet to be in the subject's lists.

    Expects the table under the alias that ``rows`` names for it and needs no other table joined.
    LookupError where the namespace has no lists. Whether there may be a list at all is another
    question (``list``), asked by ``authorize``.
    """
    policy = policy_of(namespace)
    try:
        rows = ROWS[namespace]
    except KeyError:
        raise LookupError(f"{namespace!r} has no lists") from None
    _note(namespace, "view")
    if rows.inside is None:
        return _own(subject, rows, _reach(subject, policy, Context.SANDBOX))
    if subject.organization is not None:
        reach = _reach(subject, policy, Context.ORGANIZATION, subject.organization.role)
        return _inside(subject, rows, reach, subject.organization.id)
    reach = _reach(subject, policy, Context.SANDBOX)
    if rows.organization is None:
        return _own(subject, rows, reach)
    if not subject.everywhere:
        return _inside(subject, rows, reach, None)
    outside = _reach(subject, policy, Context.ORGANIZATION)
    return _everywhere(subject, rows, reach, outside or frozenset())


def _note(namespace: str, scope: str) -> None:
    questions = _questions.get()
    if questions is not None:
        questions.append((namespace, scope))


def _is_master(subject: Subject, policy: Policy) -> bool:
    return subject.privilege is Privilege.ADMIN and not policy.private


def _holds(limit: Limit | None, subject: Subject, resource: Resource) -> bool:
    target = resource.target_role
    match limit:
        case None:
            return True
        case Limit.TARGET_IS_NOT_OWNER:
            return target is not None and target is not Role.OWNER
        case Limit.TARGET_IS_BELOW_MAINTAINER:
            return target is not None and target < Role.MAINTAINER
        case Limit.TARGET_IS_MEMBER:
            return target is not None
        case Limit.ASKER_HAS_ANALYTICS:
            return subject.analytics


def _reach(
    subject: Subject, policy: Policy, context: Context, role: Role | None = None
) -> frozenset[str] | None:
    """The ownerships whose rows the subject sees in a context; None means all rows there.

    Limits are left to the rows: the one namespace whose ``view`` has a limit (users are seen by
    their fellow members) has no other rows inside an organization.
    """
    if _is_master(subject, policy):
        return None
    fitting = [rule for rule in policy.of("view") if rule.fits(subject.privilege, context, role)]
    if any(not rule.ownership for rule in fitting):
        return None
    return frozenset[str]().union(*(rule.ownership for rule in fitting))


def _own(subject: Subject, rows: Rows, reach: frozenset[str] | None) -> Condition:
    """The rows that are in one of these ways the subject's, wherever they are."""
    if reach is None and rows.own_only:
        reach = frozenset(rows.owned)
    if reach is None:
        return "1", ()
    if not reach:
        return "0", ()
    text = " UNION ALL ".join(rows.owned[name] for name in sorted(reach))
    return f"{rows.key} IN ({text})", (subject.user_id,) * text.count("?")


def _inside(
    subject: Subject, rows: Rows, reach: frozenset[str] | None, organization_id: int | None
) -> Condition:
    """The rows of one organization, or of none where its id is None."""
    inside = rows.inside or "1"
    if reach is None:
        return inside, (organization_id,) * inside.count("?")
    text, parameters = _own(subject, rows, reach)
    # Few rows are one's own: asking each where it lies beats gathering all of an organization.
    # The plus keeps SQLite from doing that by an index.
    here = f"+{rows.organization} IS ?" if rows.organization else inside
    return f"({text} AND {here})", (*parameters, *(organization_id,) * here.count("?"))


def _everywhere(
    subject: Subject, rows: Rows, reach: frozenset[str] | None, outside: frozenset[str]
) -> Condition:
    """What is the subject's in the sandbox and in their organizations.

    ``outside`` are the ownerships that need no membership.
    """
    text, parameters = _own(subject, rows, reach)
    if reach is None or not reach:
        return text, parameters
    homes = [f"+{rows.organization} IS NULL", f"+{rows.organization} IN ({MEMBER_OF})"]
    more: tuple[object, ...] = ()
    if outside:
        beyond, more = _own(subject, rows, outside)
        homes.append(beyond)
    home = " OR ".join(homes)
    return f"({text} AND ({home}))", (*parameters, subject.user_id, *more)
