"""``cvat-lite user``: the users of a store, from the terminal of its machine."""

from __future__ import annotations

import asyncio
import getpass
import os
import re
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from cvat_lite.cli import settings
from cvat_lite.cli.settings import SettingError
from cvat_lite.domain import passwords
from cvat_lite.errors import StoreError
from cvat_lite.store import sessions, users
from cvat_lite.store.database import Database, is_current
from cvat_lite.store.lock import DirectoryLock
from cvat_lite.store.users import User

#: The letters that CVAT allows in the name of a user.
USERNAME = re.compile(r"[\w.@+-]{1,150}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
PERSONAL = ("email", "first_name", "last_name")
HEADINGS = ("ID", "NAME", "EMAIL", "GROUPS", "ADMIN", "ACTIVE", "LAST LOGIN")


def run(options: Namespace) -> None:
    """Do one of the actions; SettingError or StoreError says why it cannot be done."""
    config = settings.read(options, os.environ)
    if not config.database.is_file():
        raise StoreError(
            f"There is no store in {config.data_dir} yet; start the server once, or name the "
            "directory with --data-dir."
        )
    values: dict[str, Any] = {}
    if options.action == "add":
        values = new_user(options)
    if options.action in ("add", "passwd"):
        # Asked for before the store is opened: nothing waits while a person types.
        values["password"] = passwords.hash_password(ask_password(options, values))
    asyncio.run(act(options, config.database, values))


async def act(options: Namespace, path: Path, values: dict[str, Any]) -> None:
    """Open the store and do the action."""
    lock = claim(path)
    try:
        database = await Database.open(path, readers=1)
        try:
            if options.action == "add":
                await add(database, values, tuple(groups(options)))
                print(f"Added the user {options.username}.")
            elif options.action == "passwd":
                await set_password(database, options.username, values["password"])
                print(f"Set the password of {options.username}.")
            else:
                async with database.reading() as db:
                    print(table(await users.everyone(db)))
        finally:
            await database.close()
    finally:
        if lock is not None:
            lock.release()


def claim(path: Path) -> DirectoryLock | None:
    """Keep servers from starting meanwhile; None beside one that runs, if it has the same schema.

    A store that has to be brought up to date first must not be changed under a running server.
    """
    try:
        return DirectoryLock(path.parent / "lock")
    except OSError as error:
        raise StoreError(f"The data directory {path.parent} cannot be used: {error}.") from error
    except StoreError as error:
        if is_current(path):
            return None
        raise StoreError(
            f"{error} It is of another version than this command; use that version's, or stop it."
        ) from None


def new_user(options: Namespace) -> dict[str, Any]:
    """The columns of the user to be added; SettingError for what a user cannot be called."""
    if not USERNAME.fullmatch(options.username):
        raise SettingError(
            f"{options.username!r} cannot be a name: letters, digits and @ . + - _ only, "
            "150 at most."
        )
    if options.email and not EMAIL.fullmatch(options.email):
        raise SettingError(f"{options.email!r} is not an e-mail address.")
    return {
        "username": options.username,
        "email": options.email,
        "first_name": options.first_name,
        "last_name": options.last_name,
        "is_staff": int(options.admin),
        "is_superuser": int(options.admin),
        "has_analytics_access": int(options.admin),
    }


def groups(options: Namespace) -> list[str]:
    """The groups of the user to be added."""
    named = set(options.groups or ())
    if options.admin:
        named.add("admin")
    return sorted(named) or ["user"]


def ask_password(options: Namespace, values: dict[str, Any]) -> str:
    """The new password, from the standard input or asked for twice on the terminal.

    Raises SettingError for one that would be refused to users too.
    """
    if options.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif not sys.stdin.isatty():
        raise SettingError("There is no terminal to ask on; give the password by --password-stdin.")
    else:
        password = getpass.getpass(f"New password of {options.username}: ")
        if getpass.getpass("Once more: ") != password:
            raise SettingError("These were two different passwords; nothing was changed.")
    known = (options.username, *(str(values.get(name, "")) for name in PERSONAL))
    for weakness in passwords.weaknesses(password, known):
        raise SettingError(weakness)
    return password


async def add(database: Database, values: dict[str, Any], names: tuple[str, ...]) -> None:
    """Add a user, unless the name or the address is taken."""
    async with database.writing() as db:
        if await users.name_is_taken(db, values["username"]):
            raise SettingError(f"There is a user {values['username']} already.")
        if await users.email_is_taken(db, values["email"]):
            raise SettingError(f"There is a user with the address {values['email']} already.")
        await users.insert(db, values, names)


async def set_password(database: Database, username: str, stored: str) -> None:
    """Give a user a new password, and end what the old one has opened."""
    async with database.writing() as db:
        user = await users.by_name(db, username)
        if user is None:
            raise SettingError(f"There is no user {username}.")
        await users.update(db, user.id, {"password": stored})
        await users.drop_sessions(db, user.id)
        await users.drop_token(db, user.id)
        await sessions.delete_resets(db, user.id)


def table(found: list[User]) -> str:
    """The users in columns."""
    lines = [HEADINGS, *(row(user) for user in found)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def row(user: User) -> tuple[str, ...]:
    """A user as the cells of a line."""
    return (
        str(user.id),
        user.username,
        user.email or "-",
        ",".join(user.groups) or "-",
        "yes" if user.is_superuser else "no",
        "yes" if user.is_active else "no",
        (user.last_login or "never")[:16].replace("T", " "),
    )
