"""Which rows of which table are somebody's: the ownerships of each namespace as SQL.

Every condition speaks of one table under the alias below, and reaches others by itself:

| namespace | table and alias | columns |
|---|---|---|
| tasks | tasks t | owner_id, assignee_id, organization_id, project_id |
| projects | projects p | owner_id, assignee_id, organization_id |
| jobs | jobs j | task_id, assignee_id, organization_id |
| labels | labels l | task_id, project_id |
| guides | guides g | task_id, project_id |
| issues | issues i | job_id, task_id, owner_id, assignee_id, organization_id |
| comments | comments c | issue_id, job_id, task_id, owner_id, organization_id |
| reviews | reviews v | job_id, task_id, owner_id, organization_id |
| organizations | organizations o | owner_id |
| memberships | memberships m | user_id, organization_id, role, is_active |
| invitations | invitations n | key, membership_id, owner_id |
| cloudstorages | cloud_storages cs | owner_id, organization_id |
| webhooks | webhooks w | owner_id, organization_id, project_id |
| users | users u | id |
| events | events e | user_id, organization_id |
| requests | background_requests r | owner_id |
| access_tokens | access_tokens a | owner_id |
| quality_settings | quality_settings qs | task_id, project_id |
| quality_requirements | quality_requirements qq | settings_id |
| quality_reports | quality_reports qr | task_id, job_id, project_id |
| quality_conflicts | quality_conflicts qc | report_id |
| consensus_settings | consensus_settings ks | task_id |

An ownership is a SELECT of keys by an index, from the user's id; a row's organization is an
expression over primary keys.
"""
# ruff: noqa: S608 - the text is made of this module's constants only; values are parameters

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MEMBER_OF = "SELECT organization_id FROM memberships WHERE user_id = ? AND is_active = 1"
"""The organizations that the user, the one parameter, is an active member of."""


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows of a namespace are found.

    ``owned`` maps an ownership to a SELECT of keys, every ``?`` in it being the user's id.
    ``organization`` is an expression for the row's organization_id, None where a row has none.
    ``inside`` is the condition for all rows of an organization, every ``?`` in it being the
    organization's id or NULL; None where lists do not depend on the request's context.
    ``own_only`` leaves administrators too with nothing but their own rows in lists.
    """

    key: str
    owned: Mapping[str, str]
    organization: str | None = None
    inside: str | None = None
    own_only: bool = False


def _through(table: str, column: str, owned: Mapping[str, str], prefix: str = "") -> dict[str, str]:
    """Ownerships of what a column refers to, as ownerships of the table's own rows."""
    return {
        f"{prefix}{name}": f"SELECT id FROM {table} WHERE {column} IN ({select})"
        for name, select in owned.items()
    }


def _held(table: str, **columns: str) -> dict[str, str]:
    """Ownerships that are a column of the table itself."""
    return {name: f"SELECT id FROM {table} WHERE {column} = ?" for name, column in columns.items()}


def _either(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """Ownerships that may come in two ways."""
    names = [*first, *(name for name in second if name not in first)]
    return {
        name: " UNION ALL ".join(way[name] for way in (first, second) if name in way)
        for name in names
    }


def _placed(
    key: str, owned: Mapping[str, str], organization: str, inside: str | None = None
) -> Rows:
    # Without the hint SQLite takes every index for one that leaves ten rows, and an organization
    # may be most of what there is.
    return Rows(key, owned, organization, inside or f"likelihood({organization} IS ?, 0.02)")


_PROJECTS = _held("projects", owner="owner_id", assignee="assignee_id")
_PROJECT = {f"project:{name}": select for name, select in _PROJECTS.items()}
_TASKS = _held("tasks", owner="owner_id", assignee="assignee_id") | _through(
    "tasks", "project_id", _PROJECT
)
_TASK = {
    name if name.startswith("project:") else f"task:{name}": select
    for name, select in _TASKS.items()
}
_JOBS = _held("jobs", assignee="assignee_id") | _through("jobs", "task_id", _TASK)
_ASSIGNED = {"job:assignee": _held("jobs", assignee="assignee_id")["assignee"]}


def _said(table: str) -> dict[str, str]:
    """Ownerships of what is said about jobs: those of the job and of its task."""
    return _through(table, "job_id", _ASSIGNED) | _through(table, "task_id", _TASK)


_ISSUES = _held("issues", owner="owner_id", assignee="assignee_id")
_ISSUE = {f"issue:{name}": select for name, select in _ISSUES.items()}

_JOB_ORGANIZATION = "(SELECT j.organization_id FROM jobs j WHERE j.id = {})"


def _target_organization(alias: str) -> str:
    return (
        f"COALESCE((SELECT t.organization_id FROM tasks t WHERE t.id = {alias}.task_id), "
        f"(SELECT p.organization_id FROM projects p WHERE p.id = {alias}.project_id))"
    )


def _targeted(table: str) -> dict[str, str]:
    """Ownerships of what belongs to a task or to a project."""
    return _either(
        _through(table, "task_id", _TASKS),
        _through(table, "project_id", _PROJECTS),
    )


def _assigned_guides() -> str:
    """The guides of the tasks and projects that the user has a job in."""
    tasks = "SELECT task_id FROM jobs WHERE assignee_id = ?"
    return (
        f"SELECT id FROM guides WHERE task_id IN ({tasks}) UNION ALL SELECT id FROM guides "
        f"WHERE project_id IN (SELECT project_id FROM tasks WHERE id IN ({tasks}))"
    )


_GUIDES = {
    f"target:{name}": select
    for name, select in _either(
        _through("guides", "task_id", _held("tasks", owner="owner_id", assignee="assignee_id")),
        _through("guides", "project_id", _PROJECTS),
    ).items()
} | {"job:assignee": _assigned_guides()}

_REPORTS = _either(
    _targeted("quality_reports"),
    _through(
        "quality_reports",
        "job_id",
        _through("jobs", "task_id", _TASKS),
    ),
)
_REPORT_ORGANIZATION = (
    "COALESCE((SELECT t.organization_id FROM tasks t WHERE t.id = {0}.task_id), "
    + _JOB_ORGANIZATION.format("{0}.job_id")
    + ", (SELECT p.organization_id FROM projects p WHERE p.id = {0}.project_id))"
)

ROWS: Mapping[str, Rows] = {
    "tasks": _placed("t.id", _TASKS, "t.organization_id"),
    "projects": _placed("p.id", _PROJECTS, "p.organization_id"),
    "jobs": _placed("j.id", _JOBS, "j.organization_id"),
    "labels": _placed(
        "l.id",
        _targeted("labels"),
        _target_organization("l"),
        "(l.task_id IN (SELECT t.id FROM tasks t WHERE t.organization_id IS ?) OR "
        "l.project_id IN (SELECT p.id FROM projects p WHERE p.organization_id IS ?))",
    ),
    "guides": _placed("g.id", _GUIDES, _target_organization("g")),
    "issues": _placed("i.id", _ISSUES | _said("issues"), "i.organization_id"),
    "comments": _placed(
        "c.id",
        _held("comments", owner="owner_id")
        | _through("comments", "issue_id", _ISSUE)
        | _said("comments"),
        "c.organization_id",
    ),
    "reviews": _placed(
        "v.id",
        _held("reviews", owner="owner_id") | _said("reviews"),
        "v.organization_id",
    ),
    "organizations": Rows(
        "o.id",
        _held("organizations", owner="owner_id")
        | {
            role: f"{MEMBER_OF} AND role = '{role}'"
            for role in ("worker", "supervisor", "maintainer")
        },
    ),
    "memberships": _placed("m.id", _held("memberships", self="user_id"), "m.organization_id"),
    "invitations": _placed(
        "n.key",
        {
            "owner": "SELECT key FROM invitations WHERE owner_id = ?",
            "invitee": "SELECT key FROM invitations WHERE membership_id IN "
            "(SELECT id FROM memberships WHERE user_id = ?)",
        },
        "(SELECT m.organization_id FROM memberships m WHERE m.id = n.membership_id)",
        "n.membership_id IN (SELECT m.id FROM memberships m WHERE m.organization_id IS ?)",
    ),
    "cloudstorages": _placed(
        "cs.id", _held("cloud_storages", owner="owner_id"), "cs.organization_id"
    ),
    "webhooks": _placed(
        "w.id",
        _held("webhooks", owner="owner_id")
        | _through("webhooks", "project_id", {"project:owner": _PROJECTS["owner"]}),
        "w.organization_id",
    ),
    "users": Rows(
        "u.id",
        {"self": "SELECT ?"},
        inside="u.id IN (SELECT m.user_id FROM memberships m "
        "WHERE m.organization_id = ? AND m.is_active = 1)",
    ),
    "events": _placed("e.id", _held("events", self="user_id"), "e.organization_id"),
    "requests": Rows("r.id", _held("background_requests", owner="owner_id"), own_only=True),
    "access_tokens": Rows("a.id", _held("access_tokens", owner="owner_id"), own_only=True),
    "quality_settings": _placed("qs.id", _targeted("quality_settings"), _target_organization("qs")),
    "quality_requirements": _placed(
        "qq.id",
        _through("quality_requirements", "settings_id", _targeted("quality_settings")),
        f"(SELECT {_target_organization('qs')} FROM quality_settings qs "
        "WHERE qs.id = qq.settings_id)",
    ),
    "quality_reports": _placed("qr.id", _REPORTS, _REPORT_ORGANIZATION.format("qr")),
    "quality_conflicts": _placed(
        "qc.id",
        _through("quality_conflicts", "report_id", _REPORTS),
        f"(SELECT {_REPORT_ORGANIZATION.format('qr')} FROM quality_reports qr "
        "WHERE qr.id = qc.report_id)",
    ),
    "consensus_settings": _placed(
        "ks.id",
        _through("consensus_settings", "task_id", _TASKS),
        "(SELECT t.organization_id FROM tasks t WHERE t.id = ks.task_id)",
    ),
}
