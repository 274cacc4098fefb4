"""Passwords and keys: how they are hashed, verified and made.

New passwords are hashed with scrypt from the standard library, written as
``scrypt$N$r$p$salt$hash``. The hashes that Django makes (``pbkdf2_sha256``, ``pbkdf2_sha1``,
``md5``) are understood, so that people who come from a full CVAT keep their passwords;
``outdated`` says which should be made anew once the password is known.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import string

COST, BLOCK, PARALLEL = 2**14, 8, 1
MEMORY = 64 * 1024 * 1024
UNUSABLE = "!"
LETTERS = string.ascii_letters + string.digits


def hash_password(password: str) -> str:
    """The text to store for a password; takes about 50 ms of processor time by design."""
    salt = secrets.token_hex(16)
    digest = scrypt(password, salt, COST, BLOCK, PARALLEL)
    return f"scrypt${COST}${BLOCK}${PARALLEL}${salt}${digest}"


def verify_password(password: str, stored: str) -> bool:
    """Whether the password is the one that was stored; False for a form that is not known."""
    kind, _, rest = stored.partition("$")
    parts = rest.split("$")
    try:
        expected, made = parts[-1], digest_of(kind, password, parts)
    except (ValueError, IndexError, OverflowError):
        return False
    return made is not None and hmac.compare_digest(made.encode(), expected.encode())


def digest_of(kind: str, password: str, parts: list[str]) -> str | None:
    """The digest of a password in the form of the named kind, or None for an unknown kind."""
    if kind == "scrypt":
        cost, block, parallel, salt, _ = parts
        return scrypt(password, salt, int(cost), int(block), int(parallel))
    if kind in ("pbkdf2_sha256", "pbkdf2_sha1"):
        rounds, salt, _ = parts
        digest = hashlib.pbkdf2_hmac(
            kind.removeprefix("pbkdf2_"), password.encode(), salt.encode(), int(rounds)
        )
        return base64.b64encode(digest).decode()
    if kind == "md5":
        salt, _ = parts
        # Only to verify what an old server stored; it is replaced at the first login.
        return hashlib.md5((salt + password).encode(), usedforsecurity=False).hexdigest()
    return None


def scrypt(password: str, salt: str, cost: int, block: int, parallel: int) -> str:
    """The scrypt digest of a password, 64 bytes in hexadecimal."""
    return hashlib.scrypt(
        password.encode(), salt=salt.encode(), n=cost, r=block, p=parallel, maxmem=MEMORY
    ).hex()


def outdated(stored: str) -> bool:
    """Whether a stored hash should be made anew with today's parameters."""
    return not stored.startswith(f"scrypt${COST}${BLOCK}${PARALLEL}$")


def new_key(length: int = 40) -> str:
    """A random key of letters and digits."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def new_password() -> str:
    """A password that a person can copy from a terminal: four groups of five characters."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def digest_key(key: str) -> str:
    """The digest under which a random key is stored; random keys need no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()
