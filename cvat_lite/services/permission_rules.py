"""The permission tables as an archive, for whoever wants to decide elsewhere as this server does."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from cvat_lite.permissions.registry import POLICIES
from cvat_lite.permissions.rules import Policy, Rule


@dataclass(frozen=True, slots=True)
class Archive:
    """A tar of one JSON file a namespace, and the tag that changes when a rule does."""

    body: bytes
    etag: str


@cache
def archive() -> Archive:
    """All tables. They are part of the program: the archive is made once."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for policy in sorted(POLICIES.values(), key=lambda policy: policy.namespace):
            text = orjson.dumps(table(policy), option=orjson.OPT_INDENT_2)
            member = tarfile.TarInfo(f"rules/{policy.namespace}.json")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    body = out.getvalue()
    return Archive(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def table(policy: Policy) -> dict[str, Any]:
    """The rules of a namespace; ``private`` things are not administrators' either."""
    return {
        "namespace": policy.namespace,
        "private": policy.private,
        "rules": [row(rule) for rules in policy.rules.values() for rule in rules],
    }


def row(rule: Rule) -> dict[str, Any]:
    """One rule in the words of the tables."""
    return {
        "scope": rule.scope,
        "context": rule.context.value,
        "ownership": sorted(rule.ownership),
        "privilege": rule.privilege.name.lower(),
        "membership": rule.membership.wire if rule.membership else None,
        "limit": rule.limit.value if rule.limit else None,
        "exactly": rule.strict,
    }
