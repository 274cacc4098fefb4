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
import re
import secrets
import string
from collections.abc import Iterable

COST, BLOCK, PARALLEL = 2**14, 8, 1
MEMORY = 64 * 1024 * 1024
UNUSABLE = "!"
LETTERS = string.ascii_letters + string.digits
SHORTEST = 8
WORDS = re.compile(r"[^\W_]+")
LOOKALIKES = str.maketrans("013457$@", "oieastsa")
COMMON = re.compile(
    "password|passwort|letmein|welcome|iloveyou|football|baseball|sunshine|princess|superman|"
    "starwars|computer|whatever|trustno|master|dragon|monkey|shadow|michael|jennifer|changeme|"
    "default|secret|admin|administrator|login|access|hello|freedom|qwerty|qwertz|azerty"
)
RUNS = (
    "0123456789012345678901234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "q1w2e3r4t5y6u7i8o9p0",
)


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
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def hash_key(key: str) -> str:
    """The text to store for an access token."""
    return f"sha256$${digest_key(key)}"


def verify_key(key: str, stored: str) -> bool:
    """Whether an access token is the stored one: our digest, or a hash that Django made."""
    kind, _, digest = stored.partition("$$")
    if kind == "sha256":
        return hmac.compare_digest(digest, digest_key(key))
    if kind == "sha512":
        made = hashlib.sha512(key.encode(errors="surrogatepass")).hexdigest()
        return hmac.compare_digest(digest, made)
    return verify_password(key, stored)


def weaknesses(password: str, known: Iterable[str] = ()) -> list[str]:
    """What is wrong with a new password, in the words that clients show; nothing if it is good.

    ``known`` is what others know of its owner: names and address.
    """
    plain = password.lower()
    found = []
    parts = {part for text in known for part in WORDS.findall(text.lower()) if len(part) > 3}
    if any(part in plain or plain in part for part in parts):
        found.append("The password is too similar to your other personal information.")
    if len(password) < SHORTEST:
        found.append(f"This password is too short. It must contain at least {SHORTEST} characters.")
    if is_common(plain):
        found.append("This password is too common.")
    if password.isdigit():
        found.append("This password is entirely numeric.")
    return found


def is_common(plain: str) -> bool:
    """Whether a password, in small letters, is one of those that are tried first.

    That is a known word, with digits and signs around or within it, a few characters again and
    again, or a run along the keyboard or the alphabet.
    """
    core = plain.strip("0123456789!?.*#$@_-")
    if any(COMMON.fullmatch(text.translate(LOOKALIKES)) for text in (core, plain)):
        return True
    return len(set(plain)) < 4 or any(plain in run or plain in run[::-1] for run in RUNS)
