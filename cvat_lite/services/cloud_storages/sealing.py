"""Credentials of cloud storages as the store keeps them: sealed, by a key that is not in the store.

The key is a setting, or a file of the data directory that only its owner can read. What a dump of
CVAT or an older store has in plain text is read as well, and sealed when the server starts.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import secrets
from dataclasses import asdict
from pathlib import Path

import orjson

from cvat_lite.config import Config
from cvat_lite.domain.buckets import Credentials, CredentialsType
from cvat_lite.errors import BucketError, BucketErrorKind, StoreError
from cvat_lite.store import cloud_storages as store
from cvat_lite.store.cloud_storages import SEALED
from cvat_lite.store.database import Database, connect

LOST = (
    "The credentials of the cloud storage cannot be read any more, because the key that sealed "
    "them is not there. Enter them again."
)


def seal(config: Config, credentials: Credentials) -> str:
    """What is stored of credentials; nothing where there are none. StoreError if no key can be."""
    known = {name: value for name, value in asdict(credentials).items() if value}
    if not known:
        return ""
    from cryptography.fernet import Fernet  # noqa: PLC0415  (most servers have no buckets)

    return SEALED + Fernet(key_of(config, make=True)).encrypt(orjson.dumps(known)).decode()


def unseal(config: Config, stored: str, kind: str) -> Credentials:
    """The credentials of a kind that are stored; BucketError if the key is lost or another."""
    if not stored.startswith(SEALED):
        return plain(stored, kind)
    from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415

    try:
        text = Fernet(key_of(config)).decrypt(stored.removeprefix(SEALED).encode())
    except (InvalidToken, FileNotFoundError):
        raise BucketError(BucketErrorKind.INVALID, LOST) from None
    return Credentials(**orjson.loads(text))


def plain(stored: str, kind: str) -> Credentials:
    """Credentials as CVAT's database has them: words with a blank between them."""
    first, _, second = stored.partition(" ")
    match kind:
        case CredentialsType.KEY_SECRET_KEY_PAIR:
            return Credentials(key=first, secret_key=second)
        case CredentialsType.ACCOUNT_NAME_TOKEN_PAIR:
            return Credentials(account_name=first, session_token=second)
        case CredentialsType.ANONYMOUS_ACCESS:
            return Credentials(account_name=stored)
        case CredentialsType.CONNECTION_STRING:
            return Credentials(connection_string=stored)
    # CVAT keeps the path of a key file, whose content no dump has.
    return Credentials()


def key_of(config: Config, *, make: bool = False) -> bytes:
    """The key as Fernet wants it; FileNotFoundError if there is none and none is to be made."""
    if config.credentials_key is not None:
        return base64.urlsafe_b64encode(hashlib.sha256(config.credentials_key.encode()).digest())
    path = config.credentials_file
    try:
        return base64.urlsafe_b64encode(read_key(path))
    except FileNotFoundError:
        if not make:
            raise
    try:
        make_key(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error
    return base64.urlsafe_b64encode(read_key(path))


def read_key(path: Path) -> bytes:
    """The 32 bytes of a key file; BucketError if it is no such file."""
    try:
        key = base64.urlsafe_b64decode(path.read_bytes().strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise BucketError(BucketErrorKind.INVALID, LOST)
    return key


def make_key(path: Path) -> None:
    """Write a new key, whole or not at all; one that somebody else has just written stays."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


async def seal_store(config: Config, database: Database) -> None:
    """Seal what the store has in plain text."""
    async with database.reading() as db:
        if not await store.unsealed(db):
            return
    async with database.writing() as db:
        for storage_id, kind, stored in await store.unsealed(db):
            sealed = await asyncio.to_thread(seal, config, plain(stored, kind))
            await store.set_credentials(db, storage_id, sealed)


def seal_imported(config: Config) -> None:
    """Seal what an import has written, and leave no plain text in the file."""
    with connect(config.database) as db:
        db.execute("PRAGMA secure_delete = ON")
        for storage_id, kind, stored in db.execute(store.UNSEALED).fetchall():
            store.set_credentials_now(db, storage_id, seal(config, plain(stored, kind)))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
