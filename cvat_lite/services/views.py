"""What several objects show of others: people and summaries."""

from __future__ import annotations

from typing import Any

from cvat_lite.services.context import Context


def basic_user(
    context: Context,
    user_id: int | None,
    username: str | None,
    first_name: str | None,
    last_name: str | None,
) -> dict[str, Any] | None:
    """A person as an owner or assignee is shown; None where there is nobody."""
    if user_id is None:
        return None
    return {
        "url": context.link(f"/api/users/{user_id}"),
        "id": user_id,
        "username": username,
        "first_name": first_name,
        "last_name": last_name,
    }
