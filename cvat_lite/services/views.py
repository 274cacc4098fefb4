"""What several objects show of others: people and summaries."""

from __future__ import annotations

from typing import Any

from cvat_lite.services.context import Context
from cvat_lite.store.users import User


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


def full_user(context: Context, user: User) -> dict[str, Any]:
    """A person as an administrator and the person itself are shown."""
    return {
        "url": context.link(f"/api/users/{user.id}"),
        "id": user.id,
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "groups": list(user.groups),
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "is_active": user.is_active,
        "last_login": user.last_login,
        "date_joined": user.date_joined,
        "has_analytics_access": user.has_analytics_access,
    }
