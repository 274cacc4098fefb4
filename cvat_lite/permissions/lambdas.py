"""Who may call functions. What a call reads and writes is asked of its task or job besides."""

from __future__ import annotations

from cvat_lite.permissions.rules import Privilege, anywhere, policy

POLICY = policy(
    "lambda",
    anywhere("list view list:offline", Privilege.NONE),
    anywhere("call:online call:offline", Privilege.WORKER),
)
