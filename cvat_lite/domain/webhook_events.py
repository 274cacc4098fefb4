"""The events that webhooks of each type can ask for, in the order in which CVAT lists them."""

from __future__ import annotations

from cvat_lite.domain.enums import WebhookType

GROUPS = {
    "project": "Project",
    "task": "Task",
    "job": "Job",
    "issue": "Issue",
    "comment": "Comment",
    "organization": "Organization",
    "invitation": "Invitation",
    "membership": "Membership",
    "user": "User",
}
#: What background requests are told of when they have ended.
REQUESTS = {
    "export:annotations": "Dataset export",
    "export:dataset": "Dataset export",
    "export:backup": "Backup export",
    "create:task": "Task data creation",
    "merge:task": "Consensus merge",
    "merge:job": "Consensus merge",
    "calculate:quality": "Quality report creation",
}
ALL = "all"


def _all_of(*things: str) -> tuple[str, ...]:
    return tuple(f"{what}:{thing}" for thing in things for what in ("create", "update", "delete"))


def completed(operation: str) -> str:
    """The event of a background request that has ended: ``completed:request[export:backup]``."""
    return f"completed:request[{operation}]"


_WORK = _all_of("task", "job", "issue", "comment")
_COMPLETED = tuple(completed(operation) for operation in REQUESTS)
_ORGANIZATION = (
    *_all_of("project"),
    *_WORK,
    "update:organization",
    "create:invitation",
    "delete:invitation",
    *_all_of("membership"),
    *_COMPLETED,
)
EVENTS: dict[str, tuple[str, ...]] = {
    WebhookType.PROJECT: (*_WORK, *_COMPLETED, "update:project", "delete:project"),
    WebhookType.ORGANIZATION: _ORGANIZATION,
    WebhookType.SERVER: (
        *_ORGANIZATION,
        "create:organization",
        "delete:organization",
        *_all_of("user"),
    ),
    # What the list of all events leaves out is for administrators only.
    ALL: _ORGANIZATION,
}
#: Every event that can be named at all.
KNOWN = frozenset(EVENTS[WebhookType.SERVER])


def group(event: str) -> str:
    """What an event is shown under, such as ``Task`` or ``Backup export``."""
    kind, _, thing = event.partition(":")
    if kind == "completed":
        return REQUESTS[thing.removeprefix("request[").removesuffix("]")]
    return GROUPS[thing]
