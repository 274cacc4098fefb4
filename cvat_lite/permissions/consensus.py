"""Who may do what to consensus settings and merges: as with the description of their task."""

from __future__ import annotations

from cvat_lite.permissions import tasks
from cvat_lite.permissions.rules import listed, policy, renamed

SETTINGS = policy(
    "consensus_settings",
    listed(),
    renamed(tasks.POLICY, {"view": "view", "update": "update:desc"}),
)
MERGES = policy("consensus_merges", renamed(tasks.POLICY, {"create": "update:desc"}))
