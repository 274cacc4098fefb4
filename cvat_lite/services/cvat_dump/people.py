"""Users, organizations, and the keys and invitations that let people in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cvat_lite.services.cvat_dump.known import Profile
from cvat_lite.services.cvat_dump.records import (
    KEY,
    Record,
    Row,
    made,
    many,
    model,
    person,
    reference,
    table,
    user,
)
from cvat_lite.services.cvat_dump.values import date, flag, integer, json_text, optional, text

NOBODY = Profile(0, None)
#: How passwords may be hashed to be of use here; "!" stands for one that nobody knows.
HASHES = ("pbkdf2_sha256$", "pbkdf2_sha1$", "md5$", "scrypt$", "!")


def note_user(record: Record) -> None:
    """Remember the id behind a name, and whose password will not be understood."""
    name = record.read("username", text)
    record.known.users[name] = record.number()
    record.known.user_ids.add(record.number())
    if not record.read("password", text).startswith(HASHES):
        record.known.strangers.append(name)


def note_group(record: Record) -> None:
    """Remember the name of a group."""
    record.known.groups[record.number()] = record.read("name", text)


def note_profile(record: Record) -> None:
    """Remember what stands beside a user."""
    record.known.profiles[person(record, "user")] = Profile(
        record.read("has_analytics_access", flag, 0),
        record.read("last_activity_date", optional(date), None),
    )


def note_address(record: Record) -> None:
    """Remember whether a user's address is verified; the primary one counts."""
    name = person(record, "user")
    if record.read("primary", flag) or name not in record.known.verified:
        record.known.verified[name] = record.read("verified", flag)


def profile(record: Record) -> Profile:
    """What stands beside this user."""
    profiles = record.known.profiles
    return profiles.get(record.fields["username"]) or profiles.get(record.number(), NOBODY)


def verified(record: Record) -> int:
    """Whether this user's address is verified; whoever has none on record never had to."""
    known = record.known.verified
    return known.get(record.fields["username"], known.get(record.number(), 1))


def groups(record: Record) -> Iterable[Row]:
    """The groups of a user, by their names."""
    names = set()
    for group in record.read("groups", references):
        name = group if isinstance(group, str) else record.known.groups.get(group)
        if name is None:
            raise record.flaw(f"its group {group} is not in the dump")
        names.add(name)
    return [(record.number(), name) for name in sorted(names)]


def references(value: Any) -> list[str | int]:
    """A list of natural keys or ids."""
    found = [reference(one) for one in value] if isinstance(value, list) else [None]
    if None in found:
        raise ValueError("is no list of references")
    return [one for one in found if one is not None]


def key(record: Record) -> str:
    """A key that is a text."""
    if not isinstance(record.pk, str) or not record.pk:
        raise record.flaw("its key is no text")
    return text(record.pk)


MODELS = (
    model(
        "auth.user",
        table(
            "users",
            id=KEY,
            username=text,
            password=text,
            email=text,
            first_name=text,
            last_name=text,
            is_active=flag,
            is_staff=flag,
            is_superuser=flag,
            has_analytics_access=made(lambda record: profile(record).has_analytics_access),
            last_activity_date=made(lambda record: profile(record).last_activity_date),
            email_verified=made(verified),
            last_login=optional(date),
            date_joined=date,
        ),
        many("user_groups", "user_id name", groups, "groups"),
        homeless=("user_permissions",),
    ),
    # Groups are known by their names alone.
    model("auth.group", redundant=("name",), homeless=("permissions",)),
    model(
        "engine.profile",
        redundant=("user", "has_analytics_access", "last_activity_date"),
        homeless=("rating",),
    ),
    model("account.emailaddress", redundant=("user", "email", "verified", "primary")),
    model(
        "authtoken.token",
        table("tokens", key=made(key), user_id=user("user"), created_date=("created", date)),
    ),
    model(
        "access_tokens.accesstoken",
        table(
            "access_tokens",
            id=KEY,
            name=text,
            prefix=text,
            hashed_key=text,
            owner_id=user("owner"),
            read_only=flag,
            revoked=flag,
            expiry_date=optional(date),
            last_used_date=optional(date),
            created_date=("created", date),
            updated_date=date,
        ),
    ),
    model(
        "organizations.organization",
        table(
            "organizations",
            id=KEY,
            slug=text,
            name=text,
            description=text,
            contact=json_text,
            owner_id=user("owner"),
            created_date=date,
            updated_date=date,
        ),
    ),
    model(
        "organizations.membership",
        table(
            "memberships",
            id=KEY,
            user_id=user("user"),
            organization_id=("organization", integer),
            is_active=flag,
            joined_date=optional(date),
            role=text,
        ),
    ),
    model(
        "organizations.invitation",
        table(
            "invitations",
            key=made(key),
            membership_id=("membership", integer),
            owner_id=user("owner"),
            created_date=date,
            sent_date=optional(date),
        ),
    ),
)

NOTES = {
    "auth.user": note_user,
    "auth.group": note_group,
    "engine.profile": note_profile,
    "account.emailaddress": note_address,
}
