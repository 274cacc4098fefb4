"""Labels: made and changed with their task or project, listed and changed on their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cvat_lite.domain import clock, colors, skeletons
from cvat_lite.domain.enums import LabelType
from cvat_lite.domain.labels import AttributeSpec
from cvat_lite.errors import NotFoundError, RuleError, ValidationError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services import events, label_attributes, targets
from cvat_lite.services.context import Context
from cvat_lite.store import labels as store
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.labels import LabelRow

Owner = dict[str, int]
"""What labels belong to: ``{"task_id": 5}`` or ``{"project_id": 5}``."""


async def apply(
    context: Context, db: Connection, owner: Owner, wanted: Sequence[dict[str, Any]]
) -> None:
    """Make, change and remove the labels of a task or project as a request lists them.

    An item with ``id`` changes that label, with ``deleted`` removes it, one without makes a new
    one; each is recorded. NotFoundError for an id that is not the owner's, RuleError for a name
    used twice, ValidationError for one that is deleted without an id.
    """
    if not wanted:
        return
    column, number = next(iter(owner.items()))
    where = await place_in(context, db, owner)
    for place, item in enumerate(wanted):
        if "id" in item:
            label = await store.get(db, item["id"])
            if label is None or getattr(label, column) != number or label.parent_id is not None:
                raise NotFoundError(f"Not found label with id #{item['id']} to change")
            if item.get("deleted"):
                await remove(context, db, label, where)
            else:
                await change_one(context, db, label, item, where)
        elif item.get("deleted"):
            errors: list[Any] = [{} for _ in wanted]
            errors[place] = {"non_field_errors": ["Deleted label must have an ID"]}
            raise ValidationError({"labels": errors})
        else:
            made = await create(db, owner, item)
            name = item["name"]
            await events.record(db, context, "create:label", made, place=where, obj_name=name)
    await check_names(db, column, number)


async def give(
    context: Context, db: Connection, owner: Owner, wanted: Sequence[dict[str, Any]]
) -> None:
    """Make the labels of a new task or project; ids that a client copied with them mean nothing."""
    copied = [{key: value for key, value in item.items() if key != "id"} for item in wanted]
    await apply(context, db, owner, copied)


async def change_one(
    context: Context, db: Connection, label: LabelRow, item: dict[str, Any], where: events.Place
) -> dict[str, Any]:
    """Change a label with what belongs to it, and record that; answers it on the wire."""
    before = (await views(db, [label]))[0]
    await change(db, label, item)
    changed = await store.get(db, label.id)
    after = (await views(db, [changed or label]))[0]
    await events.record_changes(db, context, "update:label", label.id, before, after, place=where)
    return after


async def remove(context: Context, db: Connection, label: LabelRow, where: events.Place) -> None:
    """Remove a label with everything annotated by it, and record that."""
    await store.delete(db, label.id)
    await events.record(db, context, "delete:label", label.id, place=where, obj_name=label.name)


async def check_names(db: Connection, column: str, number: int) -> None:
    """RuleError if two top-level labels of the owner have one name."""
    if await store.has_duplicates(db, column, number):
        raise RuleError("All label names must be unique")


async def create(db: Connection, owner: Owner, item: dict[str, Any]) -> int:
    """Add a label with its attributes and, for a skeleton, its sublabels; answers its id."""
    if "name" not in item:
        raise ValidationError({"labels": [{"name": ["This field is required."]}]})
    kind = item.get("type", LabelType.ANY)
    label_id = await store.insert(
        db,
        {
            **owner,
            "name": item["name"],
            "color": chosen_color(item),
            "type": kind,
        },
    )
    await label_attributes.add(db, label_id, item.get("attributes", ()))
    if kind == LabelType.SKELETON:
        await add_sublabels(db, owner, label_id, item)
    return label_id


def chosen_color(item: dict[str, Any]) -> str:
    """The color asked for, or the one that belongs to the name."""
    color = item.get("color") or ""
    return str(color) if colors.is_color(color) else colors.label_color(item["name"])


async def add_sublabels(db: Connection, owner: Owner, label_id: int, item: dict[str, Any]) -> None:
    """Add the sublabels of a skeleton and its drawing, which then names them by id."""
    ids: dict[str, int] = {}
    for below in item.get("sublabels", ()):
        if below["name"] in ids:
            raise RuleError("All label names must be unique")
        ids[below["name"]] = await store.insert(
            db,
            {
                **owner,
                "parent_id": label_id,
                "name": below["name"],
                "color": chosen_color(below),
                "type": below.get("type", LabelType.POINTS),
            },
        )
        await label_attributes.add(db, ids[below["name"]], below.get("attributes", ()))
    svg = item.get("svg", "")
    if not skeletons.is_safe(svg):
        raise ValidationError({"labels": [{"svg": ["The drawing may hold only plain shapes."]}]})
    await store.update(db, label_id, {"svg": skeletons.names_to_ids(svg, ids)})


async def change(db: Connection, label: LabelRow, item: dict[str, Any]) -> None:
    """Change a label's name, color, type and attributes; a new name brings its own color."""
    values: dict[str, Any] = {key: item[key] for key in ("name", "type") if key in item}
    kind = values.get("type", label.type)
    if kind != label.type and LabelType.SKELETON in (kind, label.type):
        raise RuleError("A label cannot become a skeleton or stop being one")
    if item.get("color") and colors.is_color(item["color"]):
        values["color"] = item["color"]
    elif "color" in item or item.get("name", label.name) != label.name:
        values["color"] = colors.label_color(item.get("name", label.name))
    await store.update(db, label.id, values)
    await label_attributes.change(db, label, item.get("attributes", ()))
    if item.get("sublabels"):
        await change_sublabels(db, label, item["sublabels"])


async def change_sublabels(
    db: Connection, label: LabelRow, wanted: Sequence[dict[str, Any]]
) -> None:
    """Change sublabels of a skeleton, found by id or else by name.

    RuleError for one that is not there: the skeletons that are annotated would lack it.
    """
    below = await store.children(db, [label.id])
    known: dict[object, LabelRow] = {one.id: one for one in below}
    known.update((one.name, one) for one in below)
    for item in wanted:
        sublabel = known.get(item["id"] if "id" in item else item["name"])
        if sublabel is None:
            raise RuleError(f"The skeleton '{label.name}' has no sublabel '{item['name']}'")
        await change(db, sublabel, item)
    names = [one.name for one in await store.children(db, [label.id])]
    if len(set(names)) != len(names):
        raise RuleError("All label names must be unique")


def view(
    label: LabelRow, specs: dict[int, list[AttributeSpec]], below: Sequence[LabelRow]
) -> dict[str, Any]:
    """A label on the wire; sublabels are shown shorter, and only a skeleton has a drawing."""
    shown = {
        "id": label.id,
        "name": label.name,
        "color": label.color,
        "attributes": [spec_view(spec) for spec in specs.get(label.id, ())],
        "type": label.type,
        "sublabels": [
            {
                "id": sub.id,
                "name": sub.name,
                "color": sub.color,
                "attributes": [spec_view(spec) for spec in specs.get(sub.id, ())],
                "type": sub.type,
                "has_parent": True,
            }
            for sub in below
            if sub.parent_id == label.id
        ],
        "parent_id": label.parent_id,
        "has_parent": label.parent_id is not None,
    }
    if label.project_id is not None:
        shown["project_id"] = label.project_id
    else:
        shown["task_id"] = label.task_id
    if label.type == LabelType.SKELETON:
        shown["svg"] = label.svg or ""
    return shown


def spec_view(spec: AttributeSpec) -> dict[str, Any]:
    """An attribute on the wire."""
    return {
        "id": spec.id,
        "name": spec.name,
        "mutable": spec.mutable,
        "input_type": spec.input_type,
        "default_value": spec.default_value,
        "values": list(spec.values),
    }


async def views(db: Connection, found: Sequence[LabelRow]) -> list[dict[str, Any]]:
    """Labels on the wire with what belongs to them."""
    below = await store.children(db, [label.id for label in found])
    specs = await store.attributes(db, [label.id for label in (*found, *below)])
    return [view(label, specs, below) for label in found]


async def list_page(
    context: Context, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of labels: of a task, of a job, of a project, or all that the asker may see."""
    async with context.database.snapshot() as db:
        condition = await scope_of(context, db, query)
        selection = select(store.COLLECTION, query, condition)
        count, found = await store.page(db, selection)
        return count, await views(db, found), selection


async def scope_of(
    context: Context, db: Connection, query: ListQuery
) -> tuple[str, tuple[object, ...]]:
    """The labels that are asked for: who may see a job, task or project may see its labels."""
    parts: list[str] = ["l.parent_id IS NULL"]
    values: list[object] = []
    named = {
        name: query.simple[name]
        for name in ("task_id", "job_id", "project_id")
        if query.simple.get(name)
    }
    if len(named) > 1:
        raise RuleError("job_id, task_id and project_id parameters cannot be used together")
    for name, text in named.items():
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise ValidationError({name: ["Enter a number."]})
        target = await targets.find(db, context, name.removesuffix("_id") + "s", int(text))
        engine.authorize(context.subject, "view", target.resource)
        if target.project_id is not None:
            parts.append("l.project_id = ?")
            values.append(target.project_id)
        else:
            parts.append("l.task_id = ?")
            values.append(target.task_id)
    if not named:
        engine.authorize(context.subject, "list", Resource.here(context.subject, "labels"))
        condition, more = engine.visible(context.subject, "labels")
        parts.append(condition)
        values.extend(more)
    return " AND ".join(parts), tuple(values)


async def find(context: Context, db: Connection, scope: str, label_id: int) -> LabelRow:
    """The label, if the asker may do that to it."""
    label = await store.get(db, label_id)
    if label is None:
        raise NotFoundError.of("Label")
    kind, number = (
        ("projects", label.project_id) if label.project_id is not None else ("tasks", label.task_id)
    )
    target = await targets.find(db, context, kind, number or 0)
    engine.authorize(context.subject, scope, targets.as_part(target.resource, "labels"))
    return label


async def retrieve(context: Context, label_id: int) -> dict[str, Any]:
    """A label as the API shows it."""
    async with context.database.snapshot() as db:
        label = await find(context, db, "view", label_id)
        return (await views(db, [label]))[0]


async def update(context: Context, label_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Change one label; the sublabels of a skeleton are changed with it."""
    async with context.database.writing() as db:
        label = await find(context, db, "update", label_id)
        if label.parent_id is not None:
            raise ValidationError(["Sublabels cannot be modified this way. Change the skeleton."])
        if body.get("deleted"):
            raise RuleError("To delete a label, use DELETE")
        after = await change_one(context, db, label, body, await place_of(context, db, label))
        column = "project_id" if label.project_id is not None else "task_id"
        await check_names(db, column, label.project_id or label.task_id or 0)
        await touch_owner(db, label)
        return after


async def destroy(context: Context, label_id: int) -> None:
    """Remove a label with everything annotated by it."""
    async with context.database.writing() as db:
        label = await find(context, db, "delete", label_id)
        if label.parent_id is not None:
            raise ValidationError(["Sublabels cannot be deleted this way. Change the skeleton."])
        await remove(context, db, label, await place_of(context, db, label))
        await touch_owner(db, label)


async def place_of(context: Context, db: Connection, label: LabelRow) -> events.Place:
    """The project or task that a label belongs to."""
    if label.project_id is not None:
        return await place_in(context, db, {"project_id": label.project_id})
    return await place_in(context, db, {"task_id": label.task_id or 0})


async def place_in(context: Context, db: Connection, owner: Owner) -> events.Place:
    """The project or task that labels belong to."""
    column, number = next(iter(owner.items()))
    target = await targets.find(db, context, f"{column.removesuffix('_id')}s", number)
    return events.Place(target.organization_id, target.project_id, target.task_id)


async def touch_owner(db: Connection, label: LabelRow) -> None:
    """Note that the task or project of a label has changed now."""
    table, number = (
        ("projects", label.project_id) if label.project_id is not None else ("tasks", label.task_id)
    )
    await rows.update(db, table, number, {"updated_date": clock.now()})
