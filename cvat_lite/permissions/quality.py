"""Who may do what to quality settings, requirements, reports and conflicts.

All follow the task or project they are about, with its ownerships: who sees it sees them, who
may change its description may change settings and have reports made.
"""

from __future__ import annotations

from cvat_lite.permissions import tasks
from cvat_lite.permissions.rules import listed, policy, renamed

SETTINGS = policy(
    "quality_settings",
    listed(),
    renamed(tasks.POLICY, {"view": "view", "update": "update:desc"}),
)
REQUIREMENTS = policy(
    "quality_requirements",
    listed(),
    renamed(tasks.POLICY, {"view": "view", "create update delete": "update:desc"}),
)
REPORTS = policy(
    "quality_reports",
    listed(),
    renamed(tasks.POLICY, {"view": "view", "create": "update:desc"}),
)
CONFLICTS = policy("quality_conflicts", listed(), renamed(tasks.POLICY, {"view": "view"}))
