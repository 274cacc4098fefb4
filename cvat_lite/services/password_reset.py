"""A way back for who forgot the password: a message with a token that is good once."""

from __future__ import annotations

import asyncio
import logging
import smtplib
from typing import Any
from urllib.parse import urlencode, urlsplit

from cvat_lite.clients import mail
from cvat_lite.domain import clock, passwords
from cvat_lite.errors import StoreError, ValidationError
from cvat_lite.services import auth
from cvat_lite.services.context import Context
from cvat_lite.store import sessions
from cvat_lite.store import users as store
from cvat_lite.store.users import User

LOG = logging.getLogger("cvat_lite")
LIFETIME = 24 * 3600.0
#: Where the web client asks for the new password.
PAGE = "/auth/password/reset/confirm"
LOCAL = ("localhost", "127.0.0.1", "::1")
SUBJECT = "A new password for CVAT Lite"
WRONG = ["Invalid value"]

_under_way: set[asyncio.Task[None]] = set()


def ask(context: Context, email: str) -> dict[str, str]:
    """Send a message to the user of that address, if there is one.

    The answer is the same, and as quick, whether there is one or not.
    """
    task = asyncio.create_task(send(context, email))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return {"detail": "Password reset e-mail has been sent."}


async def send(context: Context, email: str) -> None:
    """Make a token for the user of that address, and mail or log it."""
    try:
        async with context.database.reading() as db:
            user = await store.by_email(db, email)
        if user is None or not user.is_active:
            return
        token = passwords.new_key()
        async with context.database.writing() as db:
            ends = clock.later(LIFETIME)
            await sessions.insert_reset(db, passwords.digest_key(token), user.id, ends)
        await deliver(context, user, message(context, user, token))
    except (OSError, smtplib.SMTPException, StoreError, ValueError):
        LOG.exception("the message for a new password could not be sent")


async def deliver(context: Context, user: User, text: str) -> None:
    """Mail the message where a mail server is set; else print it to the log.

    Whoever reads the log of a server owns its store, too.
    """
    config = context.config
    if config.smtp_url is None:
        LOG.warning("message to %s <%s>:\n%s", user.username, user.email, text)
        return
    await asyncio.to_thread(
        mail.send, config.smtp_url, config.email_from, user.email, SUBJECT, text
    )


def message(context: Context, user: User, token: str) -> str:
    """The words of the message, with a link or, where that could mislead, its path only."""
    path = f"{PAGE}?{urlencode({'uid': user.id, 'token': token})}"
    if is_our_address(context):
        where = f"Open {context.link(path)}"
    else:
        where = f"Open the server's address, followed by {path}"
    return (
        f"Somebody, probably you, asked for a new password for {user.username}.\n\n"
        f"{where}\n\n"
        f"or send uid {user.id} and token {token} with the new password.\n"
        "Both are good once, within a day. If you did not ask, nothing needs to be done.\n"
    )


def is_our_address(context: Context) -> bool:
    """Whether a link may be made of the host that the request named.

    Requests may name any number as their host; a link to a stranger's machine would give the
    token away.
    """
    host = urlsplit(context.base_url).hostname or ""
    config = context.config
    if host in LOCAL or host == config.host.lower():
        return True
    return any(
        host == allowed.lower() or (allowed.startswith(".") and host.endswith(allowed.lower()))
        for allowed in config.allowed_hosts
    )


async def confirm(context: Context, given: dict[str, Any]) -> dict[str, str]:
    """Set the new password; ValidationError for a token that is not, or no longer, good."""
    uid, token = given["uid"], passwords.digest_key(given["token"])
    if not (uid.isascii() and uid.isdigit() and len(uid) < 19):
        raise ValidationError({"uid": WRONG})
    async with context.database.snapshot() as db:
        user = await store.get(db, int(uid))
        is_open = await sessions.reset_is_open(db, token, int(uid))
    if user is None or not user.is_active or not is_open:
        raise ValidationError({"token": WRONG})
    password = auth.check_pair(given["new_password1"], given["new_password2"], "new_password2")
    auth.check_strength("new_password2", password, auth.known_of_user(user))
    stored = await context.server.identities.hash(password)
    async with context.database.writing() as db:
        if not await sessions.reset_is_open(db, token, user.id):
            raise ValidationError({"token": WRONG})
        await auth.set_password(db, user.id, stored)
        # Who has read the message has shown that the address is theirs.
        await store.update(db, user.id, {"email_verified": 1})
    context.server.identities.forget()
    return {"detail": "Password has been reset with the new password."}
