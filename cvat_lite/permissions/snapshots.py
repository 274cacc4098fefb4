"""Who may save and put back the whole store: administrators. CVAT has nothing like it."""

from __future__ import annotations

from cvat_lite.permissions.rules import Privilege, anywhere, policy

POLICY = policy(
    "snapshots",
    anywhere("list create restore delete", Privilege.ADMIN),
)
