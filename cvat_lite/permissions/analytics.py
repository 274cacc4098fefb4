"""Who may see analytics: whoever was given access to it, whatever their group."""

from __future__ import annotations

from cvat_lite.permissions.rules import ANYONE, Limit, Privilege, anywhere, policy

POLICY = policy(
    "analytics",
    anywhere("view", Privilege.NONE, ANYONE, Limit.ASKER_HAS_ANALYTICS),
)
