"""The first start: a store without people gets an administrator."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cvat_lite.config import Config
from cvat_lite.domain import passwords
from cvat_lite.store import users
from cvat_lite.store.database import Database

ADMIN = "admin"
ADMIN_EMAIL = "admin@localhost.localdomain"


@dataclass(frozen=True, slots=True)
class FirstUser:
    """The administrator that was made; ``generated`` if nobody knows the password yet."""

    username: str
    password: str
    generated: bool


async def ensure_administrator(database: Database, config: Config) -> FirstUser | None:
    """Make the administrator where there is no user at all; None where there is one."""
    async with database.reading() as db:
        if await users.everyone(db):
            return None
    password = config.admin_password or passwords.new_password()
    stored = await asyncio.to_thread(passwords.hash_password, password)
    async with database.writing() as db:
        await users.insert(
            db,
            {
                "username": ADMIN,
                "password": stored,
                "email": ADMIN_EMAIL,
                "is_staff": 1,
                "is_superuser": 1,
                "has_analytics_access": 1,
            },
            ("admin",),
        )
    return FirstUser(ADMIN, password, generated=config.admin_password is None)


async def administrator_token(database: Database) -> tuple[str, str] | None:
    """The name of the first active administrator and the API token, made if there was none."""
    async with database.writing() as db:
        user = await users.first_administrator(db)
        if user is None:
            return None
        return user.username, await users.token_of(db, user.id, passwords.new_key())
