"""Who may do what to labels: a label is a part of its task or project.

Ownerships are those of the task (``owner``, ``assignee``, ``project:owner``,
``project:assignee``) or of the project (``owner``, ``assignee``) that the label is of.
"""

from __future__ import annotations

from cvat_lite.permissions import tasks
from cvat_lite.permissions.rules import listed, policy, renamed

POLICY = policy(
    "labels",
    listed(),
    renamed(tasks.POLICY, {"view": "view", "update delete": "update:desc"}),
)
