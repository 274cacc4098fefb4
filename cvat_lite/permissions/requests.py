"""Who may do what to background requests. Ownership: ``owner``, who asked for the work."""

from __future__ import annotations

from cvat_lite.permissions.rules import Privilege, anywhere, own, policy

POLICY = policy(
    "requests",
    anywhere("list", Privilege.NONE),
    anywhere("view cancel delete", Privilege.NONE, own("owner")),
)
