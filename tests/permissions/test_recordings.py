"""What a real CVAT answered to people of different standing, about lists and single things."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from cvat_lite.permissions.engine import allowed, visible
from cvat_lite.permissions.facts import OrganizationContext, Resource, Subject
from cvat_lite.permissions.rows import ROWS
from cvat_lite.permissions.rules import Privilege

from .answers import LISTED, named, resource
from .population import TABLES, Population

SHARED = Path(__file__).parents[3] / "shared"
DUMP = SHARED / "cvat_dump" / "data.json"
READS = SHARED / "golden" / "conversations" / "reads.json"
MODELS = {
    "auth.user": "users",
    "organizations.organization": "organizations",
    "organizations.membership": "memberships",
    "organizations.invitation": "invitations",
    "engine.project": "projects",
    "engine.task": "tasks",
    "engine.segment": "segments",
    "engine.job": "jobs",
    "engine.label": "labels",
    "engine.issue": "issues",
    "engine.comment": "comments",
    "engine.cloudstorage": "cloud_storages",
    "webhooks.webhook": "webhooks",
    "access_tokens.accesstoken": "access_tokens",
    "quality_control.qualitysettings": "quality_settings",
    "quality_control.qualityreport": "quality_reports",
    "quality_control.annotationconflict": "quality_conflicts",
    "consensus.consensussettings": "consensus_settings",
}
PATHS = {
    "auth/access_tokens": "access_tokens",
    "quality/settings": "quality_settings",
    "quality/reports": "quality_reports",
    "quality/conflicts": "quality_conflicts",
    "consensus/settings": "consensus_settings",
}
# What the lists leave out for other reasons than permission.
SHOWN = {
    "labels": "l.parent_id IS NULL",
    "access_tokens": "a.id IN (3, 4, 5, 6, 7)",
}
pytestmark = pytest.mark.skipif(
    not (DUMP.is_file() and READS.is_file()), reason="the recordings are not beside this checkout"
)


@cache
def dump():
    """The population that the recordings were made with, and its users by name."""
    people, users, slugs = Population(), {}, {}
    entries = json.loads(DUMP.read_text())
    for entry in entries:
        if entry["model"] == "auth.user":
            users[entry["fields"]["username"]] = (entry["pk"], entry["fields"])
        elif entry["model"] == "organizations.organization":
            slugs[entry["fields"]["slug"]] = entry["pk"]
    for entry in entries:
        table = MODELS.get(entry["model"])
        if table is None:
            continue
        key, *columns = TABLES[table].split(", ")
        people.add(
            table, **{key: entry["pk"]}, **{name: value(entry, name, users) for name in columns}
        )
    people.settle()
    return people, users, slugs


def value(entry, column, users):
    found = entry["fields"].get(column.removesuffix("_id"), entry["fields"].get(column))
    return users[found[0]][0] if isinstance(found, list) else found


def subject_of(name, query):
    people, users, slugs = dump()
    user_id, fields = users[name]
    groups = [group for (group,) in fields["groups"]]
    privilege = Privilege.of(groups, is_superuser=fields["is_superuser"])
    slug = query.get("org")
    if not slug:
        return Subject(user_id, privilege, everywhere=slug is None)
    organization_id = slugs[slug]
    role = named(people.role(user_id, organization_id))
    return Subject(user_id, privilege, OrganizationContext(organization_id, None, role))


def steps(conversation):
    if not READS.is_file():
        return []
    recorded = json.loads(READS.read_text())["conversations"]
    (found,) = (entry for entry in recorded if entry["name"] == conversation)
    return list(enumerate(found["steps"], 1))


def label(step):
    if not isinstance(step, dict):
        return None
    return f"{step['path'].removeprefix('/api/')}-{step['as']}-{step.get('query')}"


@pytest.mark.parametrize(("number", "step"), steps("lists"), ids=label)
def test_a_list_holds_what_was_recorded(number, step):
    namespace = step["path"].removeprefix("/api/")
    namespace = PATHS.get(namespace, namespace)
    subject = subject_of(step["as"], step["query"])
    may = allowed(subject, "list", Resource.here(subject, namespace))
    assert may is (step["expect"]["status"] == 200)
    if not may:
        return
    answer = step["expect"]["json"]
    found = listed(namespace, subject)
    assert len(found) == answer["count"]
    shown = {entry.get("id", entry.get("key")) for entry in answer["results"]}
    assert shown <= found


def listed(namespace, subject):
    table, alias = LISTED[namespace]
    condition, parameters = visible(subject, namespace)
    shown = SHOWN.get(namespace, "1")
    key = ROWS[namespace].key
    query = f"SELECT {key} FROM {table} {alias} WHERE {shown} AND {condition}"
    return {found for (found,) in dump()[0].database.execute(query, parameters)}


@pytest.mark.parametrize(
    ("number", "step"),
    [(number, step) for number, step in steps("objects_denied") if step["as"] != "admin1"],
    ids=label,
)
def test_a_single_thing_is_shown_or_refused_as_was_recorded(number, step):
    namespace, key = step["path"].removeprefix("/api/").split("/")
    subject = subject_of(step["as"], step.get("query") or {})
    thing = resource(dump()[0], namespace, int(key), subject)
    assert allowed(subject, "view", thing) is (step["expect"]["status"] == 200)
