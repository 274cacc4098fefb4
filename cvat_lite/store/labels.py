"""Labels and their attribute specs, of a task or of a project."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from cvat_lite.domain.enums import InputType, LabelType
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

COLUMNS = "l.id, l.task_id, l.project_id, l.parent_id, l.name, l.color, l.type, l.svg"
FROM = "labels l"
PARENT = "(SELECT p.name FROM labels p WHERE p.id = l.parent_id)"

COLLECTION = Collection(
    fields={
        "id": Field("l.id", Kind.INTEGER),
        "name": Field("l.name"),
        "color": Field("l.color"),
        "type": Field("l.type", choices=tuple(LabelType)),
        "parent": Field(PARENT),
        "parent_id": Field("l.parent_id", Kind.INTEGER),
        "task_id": Field("l.task_id", Kind.INTEGER),
        "project_id": Field("l.project_id", Kind.INTEGER),
    },
    filter=("color", "id", "name", "parent", "parent_id", "type"),
    search=("name", "parent"),
    ordering=("color", "id", "name", "parent", "parent_id", "type"),
    simple=("color", "name", "parent", "parent_id", "type"),
    default_sort="id",
)


class LabelRow(rows.Struct, frozen=True):
    """A label as stored, with what it belongs to."""

    id: int
    task_id: int | None
    project_id: int | None
    parent_id: int | None
    name: str
    color: str
    type: str
    svg: str | None


async def get(db: Connection, label_id: int) -> LabelRow | None:
    """The label of that id, sublabels too."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE l.id = ?", (label_id,))
    return LabelRow(*row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[LabelRow]]:
    """A page of top-level labels and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [LabelRow(*tuple(row)[:8]) for row in found]


async def children(db: Connection, parents: Iterable[int]) -> list[LabelRow]:
    """The sublabels of these labels by id."""
    ids = orjson.dumps(list(parents)).decode()
    found = await rows.fetch_all(
        db,
        f"""SELECT {COLUMNS} FROM {FROM}
            WHERE l.parent_id IN (SELECT value FROM json_each(?)) ORDER BY l.id""",
        (ids,),
    )
    return [LabelRow(*row) for row in found]


async def attributes(db: Connection, labels: Iterable[int]) -> dict[int, list[AttributeSpec]]:
    """The attribute specs of these labels by label, each list by id."""
    ids = orjson.dumps(list(labels)).decode()
    found = await rows.fetch_all(
        db,
        """SELECT id, label_id, name, mutable, input_type, default_value, "values"
           FROM attribute_specs WHERE label_id IN (SELECT value FROM json_each(?)) ORDER BY id""",
        (ids,),
    )
    specs: dict[int, list[AttributeSpec]] = {}
    for row in found:
        specs.setdefault(row["label_id"], []).append(spec_of(row))
    return specs


def spec_of(row: sqlite3.Row) -> AttributeSpec:
    """An attribute spec from its row."""
    return AttributeSpec(
        id=row["id"],
        name=row["name"],
        mutable=bool(row["mutable"]),
        input_type=InputType(row["input_type"]),
        default_value=row["default_value"],
        values=tuple(orjson.loads(row["values"])),
    )


async def of_task(db: Connection, task_id: int) -> list[Label]:
    """The labels that annotations of a task may have: its project's if it is in one."""
    found = await rows.fetch_all(
        db,
        f"""SELECT {COLUMNS} FROM {FROM} WHERE l.task_id = ?1 OR l.project_id =
            (SELECT t.project_id FROM tasks t WHERE t.id = ?1) ORDER BY l.id""",
        (task_id,),
    )
    return await assemble(db, [LabelRow(*row) for row in found])


async def of_project(db: Connection, project_id: int) -> list[Label]:
    """The labels of a project."""
    found = await rows.fetch_all(
        db, f"SELECT {COLUMNS} FROM {FROM} WHERE l.project_id = ? ORDER BY l.id", (project_id,)
    )
    return await assemble(db, [LabelRow(*row) for row in found])


async def has_duplicates(db: Connection, column: str, number: int) -> bool:
    """Whether two top-level labels of a task (``task_id``) or project have one name."""
    twice = await rows.fetch_one(
        db,
        f"""SELECT name FROM labels WHERE "{column}" = ? AND parent_id IS NULL
            GROUP BY name HAVING count(*) > 1 LIMIT 1""",
        (number,),
    )
    return twice is not None


async def assemble(db: Connection, found: Sequence[LabelRow]) -> list[Label]:
    """Top-level labels with their attributes and sublabels."""
    tops = [row for row in found if row.parent_id is None]
    below = await children(db, [row.id for row in tops if row.type == LabelType.SKELETON])
    specs = await attributes(db, [row.id for row in (*tops, *below)])
    return [
        label_of(row, specs, [label_of(sub, specs, ()) for sub in below if sub.parent_id == row.id])
        for row in tops
    ]


def label_of(
    row: LabelRow, specs: dict[int, list[AttributeSpec]], sublabels: Sequence[Label]
) -> Label:
    """A label from its row, its attributes and its sublabels."""
    return Label(
        id=row.id,
        name=row.name,
        color=row.color,
        type=LabelType(row.type),
        attributes=tuple(specs.get(row.id, ())),
        sublabels=tuple(sublabels),
        svg=row.svg or "",
        parent_id=row.parent_id,
    )


async def insert(db: Connection, values: dict[str, Any]) -> int:
    """Add a label; answers its id."""
    return await rows.insert(db, "labels", values)


async def update(db: Connection, label_id: int, values: dict[str, Any]) -> None:
    """Set columns of a label."""
    await rows.update(db, "labels", label_id, values)


async def delete(db: Connection, label_id: int) -> None:
    """Remove a label with its sublabels and annotations."""
    await rows.delete(db, "labels", label_id)


def spec_values(spec: dict[str, Any]) -> dict[str, Any]:
    """The columns of an attribute spec from a checked request."""
    values: dict[str, Any] = {
        key: spec[key] for key in ("name", "mutable", "input_type") if key in spec
    }
    if "values" in spec:
        values["values"] = orjson.dumps(spec["values"]).decode()
    if "default_value" in spec:
        values["default_value"] = spec["default_value"]
    elif spec.get("values"):
        values["default_value"] = spec["values"][0]
    return values


async def insert_spec(db: Connection, label_id: int, spec: dict[str, Any]) -> int:
    """Add an attribute to a label; answers its id."""
    return await rows.insert(db, "attribute_specs", {"label_id": label_id, **spec_values(spec)})


async def update_spec(db: Connection, spec_id: int, spec: dict[str, Any]) -> None:
    """Change an attribute."""
    await rows.update(db, "attribute_specs", spec_id, spec_values(spec))


async def delete_spec(db: Connection, spec_id: int) -> None:
    """Remove an attribute."""
    await rows.delete(db, "attribute_specs", spec_id)
