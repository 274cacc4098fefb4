"""Passwords: hashing, the hashes of other servers, and what a good one is."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from cvat_lite.domain import passwords

DUMP = Path(__file__).parents[3] / "shared" / "cvat_dump" / "data.json"
#: As Django writes it, salt and all; the password is ``!Q@W#E$R``.
MD5 = "md5$Ba6a4O5ImOYiZ04wBFMtMQ$d1b00970c835fcf12c17240f05f8257e"


def pbkdf2(kind: str, password: str, salt: str = "seasalt", rounds: int = 1000) -> str:
    """A hash as Django's hasher of that kind writes it."""
    digest = hashlib.pbkdf2_hmac(kind, password.encode(), salt.encode(), rounds)
    return f"pbkdf2_{kind}${rounds}${salt}${base64.b64encode(digest).decode()}"


def test_a_password_is_verified_against_its_own_hash_only() -> None:
    stored = passwords.hash_password("grüße aus köln")
    assert stored.startswith("scrypt$16384$8$1$")
    assert passwords.verify_password("grüße aus köln", stored)
    assert not passwords.verify_password("grüsse aus köln", stored)
    assert not passwords.verify_password("", stored)


def test_two_hashes_of_one_password_differ() -> None:
    assert passwords.hash_password("same") != passwords.hash_password("same")


@pytest.mark.parametrize("kind", ["sha256", "sha1"])
def test_pbkdf2_hashes_of_django_are_verified_and_outdated(kind: str) -> None:
    stored = pbkdf2(kind, "secret word")
    assert passwords.verify_password("secret word", stored)
    assert not passwords.verify_password("secret ward", stored)
    assert passwords.outdated(stored)


def test_md5_hashes_of_django_are_verified_and_outdated() -> None:
    assert passwords.verify_password("!Q@W#E$R", MD5)
    assert not passwords.verify_password("!Q@W#E$r", MD5)
    assert passwords.outdated(MD5)
    assert not passwords.outdated(passwords.hash_password("new"))


@pytest.mark.skipif(not DUMP.is_file(), reason="the dump of a real server is not at hand")
def test_everybody_in_a_dump_of_a_real_server_keeps_the_password() -> None:
    stored = [
        item["fields"]["password"]
        for item in json.loads(DUMP.read_text(encoding="utf-8"))
        if item["model"] == "auth.user"
    ]
    assert len(stored) == 21
    assert all(passwords.verify_password("!Q@W#E$R", text) for text in stored)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "!",
        "!unusable",
        "plain",
        "md5$only-salt",
        "scrypt$16384$8$1$salt",
        "scrypt$x$8$1$salt$00",
        "scrypt$3$8$1$salt$00",
        "pbkdf2_sha256$0$salt$AAAA",
        "pbkdf2_sha256$many$salt$AAAA",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA",
    ],
)
def test_what_is_no_known_hash_lets_nobody_in(stored: str) -> None:
    assert not passwords.verify_password("", stored)
    assert not passwords.verify_password(stored, stored)


def test_access_tokens_are_verified_in_all_their_hashes() -> None:
    key = "I8CqbOvl.z2GeHHHFCehwswbFLmVwyJqVIomvwhwp"
    sha512 = f"sha512$${hashlib.sha512(key.encode()).hexdigest()}"
    md5 = f"md5$salt${hashlib.md5(f'salt{key}'.encode()).hexdigest()}"
    for stored in (passwords.hash_key(key), sha512, md5, pbkdf2("sha256", key)):
        assert passwords.verify_key(key, stored)
        assert not passwords.verify_key(f"{key}x", stored)
    assert key not in passwords.hash_key(key)


def test_keys_are_made_of_letters_and_digits_and_never_twice() -> None:
    keys = {passwords.new_key() for _ in range(200)}
    assert len(keys) == 200
    assert all(len(key) == 40 and key.isascii() and key.isalnum() for key in keys)


def test_a_generated_password_is_a_good_one() -> None:
    assert passwords.weaknesses(passwords.new_password(), ["admin"]) == []


@pytest.mark.parametrize("password", ["Str0ng_enough!", "correct horse battery", "An0ther_one!"])
def test_good_passwords_have_no_weakness(password: str) -> None:
    assert passwords.weaknesses(password, ["fresh", "fresh.user", "F", "R"]) == []


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("seven77", "too short"),
        ("8273645190", "entirely numeric"),
        ("password1", "too common"),
        ("P@ssw0rd!", "too common"),
        ("12345678", "too common"),
        ("87654321", "too common"),
        ("qwertyuiop", "too common"),
        ("aaaaaaaa", "too common"),
        ("abababab", "too common"),
        ("Christine99", "too similar"),
        ("christin", "too similar"),
    ],
)
def test_a_weak_password_is_told_why(password: str, words: str) -> None:
    found = passwords.weaknesses(password, ["Christine", "chris@example.org"])
    assert any(words in sentence for sentence in found), found
