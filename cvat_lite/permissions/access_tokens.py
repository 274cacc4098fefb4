"""Who may do what to access tokens: everybody their own, administrators no one else's.

Ownership: ``owner``. Without a group there are no tokens.
"""

from __future__ import annotations

from cvat_lite.permissions.rules import Privilege, anywhere, own, policy

POLICY = policy(
    "access_tokens",
    anywhere("list create", Privilege.WORKER),
    anywhere("view update delete", Privilege.WORKER, own("owner")),
    private=True,
)
