"""Who may ask the server about itself and look into its share."""

from __future__ import annotations

from cvat_lite.permissions.rules import Privilege, anywhere, policy

POLICY = policy(
    "server",
    anywhere("view", Privilege.NONE),
    anywhere("list:content", Privilege.USER),
)
