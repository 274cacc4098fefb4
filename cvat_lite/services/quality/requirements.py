"""What annotations of a kind have to reach: requirements, and what they inherit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cvat_lite.domain.quality.parameters import AttributeRule, Metric, Parameters, Requirement
from cvat_lite.errors import NotFoundError, ValidationError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services import targets
from cvat_lite.services.context import Context
from cvat_lite.services.quality import settling
from cvat_lite.store import labels as label_store
from cvat_lite.store import quality as settings_store
from cvat_lite.store import quality_requirements as store
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select

Found = dict[str, Any]
BASE_STAYS = "The base requirement stands for the settings as a whole and cannot be removed."
#: More in one set of settings are no requirements but data.
MOST = 500


async def list_page(context: Context, query: ListQuery) -> tuple[int, list[Found], Selection]:
    """A page of the requirements that the asker may see."""
    subject = context.subject
    engine.authorize(subject, "list", Resource.here(subject, "quality_requirements"))
    await settling.settle(context.database)
    selection = select(store.COLLECTION, query, engine.visible(subject, "quality_requirements"))
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    return count, found, selection


async def retrieve(context: Context, number: int) -> Found:
    """A requirement with what it comes to."""
    async with context.database.snapshot() as db:
        return await _view(db, await _require(db, context, "view", number))


async def create(context: Context, body: Found) -> Found:
    """Add a requirement to settings."""
    missing = [name for name in ("settings_id", "name") if body.get(name) is None]
    if missing:
        raise ValidationError({name: ["This field is required."] for name in missing})
    await settling.settle(context.database)
    async with context.database.writing() as db:
        settings = await settings_of(db, context, "create", body["settings_id"])
        number = await add(db, settings, body)
        return await _view(db, await _existing(db, number))


async def create_bulk(context: Context, body: Found) -> list[Found]:
    """Add whole trees of requirements, all of them or none; parents come before their children."""
    await settling.settle(context.database)
    async with context.database.writing() as db:
        settings = await settings_of(db, context, "create", body["settings_id"])
        waiting: list[tuple[Found, int | None]] = [
            (node, None) for node in reversed(body["requirements"])
        ]
        numbers: list[int] = []
        while waiting:
            node, parent = waiting.pop()
            children = node.get("children", [])
            values = {name: value for name, value in node.items() if name != "children"}
            if parent is not None:
                values["parent_requirement"] = parent
            numbers.append(await add(db, settings, values))
            waiting.extend((child, numbers[-1]) for child in reversed(children))
        by_id = await _by_id(db, settings["id"])
        return [_shown(by_id[number], by_id) for number in numbers]


async def update(context: Context, number: int, body: Found) -> Found:
    """Change a requirement; what is left out stays as it is."""
    async with context.database.writing() as db:
        found = await _require(db, context, "update", number)
        settings = await settings_store.get(db, found["settings_id"]) or {}
        if body.get("settings_id", found["settings_id"]) != found["settings_id"]:
            raise ValidationError({"settings_id": ["A requirement cannot change its settings."]})
        await _check(db, settings, body, found)
        await store.update(db, found, body)
        return await _view(db, await _existing(db, number))


async def delete(context: Context, number: int) -> None:
    """Remove a requirement and those that inherit from it."""
    async with context.database.writing() as db:
        found = await _require(db, context, "delete", number)
        if found["is_base"]:
            raise ValidationError([BASE_STAYS])
        await store.delete(db, found)


async def put_all(db: Connection, settings: Found, wanted: Sequence[Found]) -> None:
    """Give settings these requirements in place of all they had but the base."""
    await store.clear(db, settings["id"])
    for values in wanted:
        if values.get("name") is None:
            raise ValidationError({"requirements": [{"name": ["This field is required."]}]})
        await add(db, settings, values)


async def add(db: Connection, settings: Found, values: Found) -> int:
    """Check and record one requirement; answers its id."""
    if len(await store.of_settings(db, [settings["id"]])) >= MOST:
        raise ValidationError([f"Settings can have at most {MOST} requirements."])
    await _check(db, settings, values, None)
    return await store.add(db, settings["id"], values)


async def settings_of(db: Connection, context: Context, scope: str, number: int) -> Found:
    """Settings whose requirements the asker may see or change, as ``scope`` says."""
    found = await settings_store.get(db, number)
    if found is None:
        raise NotFoundError.of("QualitySettings")
    kind = "tasks" if found["task_id"] is not None else "projects"
    target = await targets.find(db, context, kind, found["task_id"] or found["project_id"])
    engine.authorize(
        context.subject, scope, targets.as_part(target.resource, "quality_requirements")
    )
    return found


async def of_settings(db: Connection, settings: Iterable[int]) -> dict[int, list[Found]]:
    """The requirements of several settings by the settings' ids."""
    chosen: dict[int, list[Found]] = {number: [] for number in settings}
    for one in await store.of_settings(db, chosen):
        chosen[one["settings_id"]].append(one)
    return chosen


async def to_compare(
    db: Connection, settings_id: int, rules: Parameters
) -> tuple[Parameters, tuple[Requirement, ...]]:
    """What a report is made by: the rules of the base, and all requirements with their own.

    ``rules`` is what the settings say beside attributes.
    """
    by_id = await _by_id(db, settings_id)
    found = [_requirement(one, effective(one, by_id), rules) for one in by_id.values()]
    bases = [one.parameters for one in found if one.is_base]
    return (bases[0] if bases else rules), tuple(found)


def effective(found: Found, by_id: Mapping[int, Found]) -> Found:
    """The values of a requirement where what it does not say is its parent's, and so on."""
    line = list(_line(found, by_id))
    told = {
        name: next((one[name] for one in line if one[name] is not None), None)
        for name in store.INHERITED
    }
    default: Found = {}
    rules: dict[int, Found] = {}
    for one in reversed(line):
        given = one["attribute_comparison"]
        default |= {
            name: value for name, value in (given.get("default") or {}).items() if value is not None
        }
        rules |= {rule["spec_id"]: rule for rule in given.get("rules", [])}
    told["attribute_comparison"] = {"default": default, "rules": list(rules.values())}
    return told


def _line(found: Found, by_id: Mapping[int, Found]) -> Iterable[Found]:
    """A requirement, its parent, and so on to the base."""
    seen: set[int] = set()
    at: Found | None = found
    while at is not None and at["id"] not in seen:
        seen.add(at["id"])
        yield at
        if at["is_base"]:
            return
        at = by_id.get(at["parent_requirement"] or 0)
    yield from (one for one in by_id.values() if one["is_base"])


def _requirement(found: Found, told: Found, rules: Parameters) -> Requirement:
    """A requirement as the arithmetic takes it."""
    default = told["attribute_comparison"]["default"]
    named = {rule["spec_id"]: _rule(rule) for rule in told["attribute_comparison"]["rules"]}
    compared = default.get("enabled", True)
    by_name = any(rule.enabled for rule in named.values())
    parameters = replace(
        rules,
        iou_threshold=told["iou_threshold"],
        oks_sigma=told["point_size"],
        point_size_base=told["point_size_base"],
        line_thickness=told["line_thickness"],
        compare_line_orientation=told["match_orientation"],
        line_orientation_threshold=told["line_orientation_threshold"],
        compare_groups=told["match_groups"],
        group_match_threshold=told["group_match_threshold"],
        check_covered_annotations=told["check_covered_annotations"],
        object_visibility_threshold=told["object_visibility_threshold"],
        panoptic_comparison=told["panoptic_comparison"],
        compare_attributes=compared or by_name,
        attribute_rules=named,
        attribute_default=_rule({**default, "enabled": compared or not by_name}),
    )
    return Requirement(
        id=found["id"],
        name=found["name"],
        metric=Metric(told["metric"]),
        required_score=told["required_score"],
        parameters=parameters,
        annotation_type=found["annotation_type"],
        filter=found["filter"],
        is_base=found["is_base"],
        enabled=found["enabled"],
    )


def _rule(told: Found) -> AttributeRule:
    """How one attribute is compared; only some comparators have a threshold."""
    return AttributeRule(
        bool(told.get("enabled", True)), told.get("comparator") or "exact", told.get("threshold")
    )


async def _require(db: Connection, context: Context, scope: str, number: int) -> Found:
    """The requirement, if the asker may do that to it."""
    found = await _existing(db, number)
    await settings_of(db, context, scope, found["settings_id"])
    return found


async def _existing(db: Connection, number: int) -> Found:
    found = await store.get(db, number)
    if found is None:
        raise NotFoundError.of("QualityRequirement")
    return found


async def _by_id(db: Connection, settings_id: int) -> dict[int, Found]:
    return {one["id"]: one for one in await store.of_settings(db, [settings_id])}


async def _view(db: Connection, found: Found) -> Found:
    return _shown(found, await _by_id(db, found["settings_id"]))


def _shown(found: Found, by_id: Mapping[int, Found]) -> Found:
    return {**found, "effective": effective(found, by_id)}


async def _check(db: Connection, settings: Found, body: Found, found: Found | None) -> None:
    """Refuse what cannot be compared by; ``found`` is the requirement as it is now."""
    # What rules are made of loads NumPy.
    from cvat_lite.domain.quality import selection  # noqa: PLC0415

    wrong: dict[str, list[str]] = {}
    try:
        selection.predicate(body.get("filter", ""))
    except ValueError as error:
        wrong["filter"] = [f"Not a valid filter: {error}"]
    if found is not None and found["is_base"]:
        fixed = ("filter", "annotation_type", "parent_requirement")
        wrong |= {name: ["The base requirement has none."] for name in fixed if body.get(name)}
        empty = [name for name in store.INHERITED if name in body and body[name] is None]
        wrong |= {name: ["This field may not be null."] for name in empty}
    parent = body.get("parent_requirement")
    if parent is not None:
        by_id = await _by_id(db, settings["id"])
        if parent not in by_id:
            wrong["parent_requirement"] = [f'Invalid pk "{parent}" - object does not exist.']
        elif found and found["id"] in [one["id"] for one in _line(by_id[parent], by_id)]:
            wrong["parent_requirement"] = ["A requirement cannot inherit from itself."]
    given = {rule["spec_id"] for rule in (body.get("attribute_comparison") or {}).get("rules", [])}
    unknown = given - await _attributes(db, settings) if given else set()
    if unknown:
        wrong["attribute_comparison"] = [f"There is no attribute {min(unknown)} of these labels."]
    if wrong:
        raise ValidationError(wrong)


async def _attributes(db: Connection, settings: Found) -> set[int]:
    """The ids of the attributes of the labels that the settings are about."""
    if settings["task_id"] is not None:
        labels = await label_store.of_task(db, settings["task_id"])
    else:
        labels = await label_store.of_project(db, settings["project_id"])
    return {attribute.id for label in labels for attribute in label.attributes}
