"""Attributes of a label that is annotated already: what they become, its annotations follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.errors import NotFoundError, RuleError
from cvat_lite.store import annotations as annotation_store
from cvat_lite.store import labels as store
from cvat_lite.store.annotations.relabel import carry
from cvat_lite.store.database import Connection
from cvat_lite.store.labels import LabelRow

NOT_UNIQUE = "All attribute names must be unique"


def check_names(names: Iterable[str]) -> None:
    """RuleError if an attribute's name comes twice."""
    listed = list(names)
    if len(set(listed)) != len(listed):
        raise RuleError(NOT_UNIQUE)


async def add(db: Connection, label_id: int, specs: Sequence[dict[str, Any]]) -> None:
    """Give a new label its attributes; RuleError for two of one name."""
    check_names(spec["name"] for spec in specs)
    for spec in specs:
        await store.insert_spec(db, label_id, spec)


async def change(db: Connection, label: LabelRow, wanted: Sequence[dict[str, Any]]) -> None:
    """Make, change (by ``id``) and remove (``deleted``) attributes of a label.

    Annotations get the defaults of new attributes. One that becomes mutable, or stops being so,
    moves between tracks and their keyframes with its value. NotFoundError for an id that is not
    the label's, RuleError for a name used twice.
    """
    if not wanted:
        return
    before = await specs_of(db, label.id)
    known = {spec.id: spec for spec in before}
    for item in wanted:
        if "id" in item and item["id"] not in known:
            raise NotFoundError(f"Not found attribute with id #{item['id']} to change")
    gone = [item["id"] for item in wanted if "id" in item and item.get("deleted")]
    changed = [item for item in wanted if "id" in item and not item.get("deleted")]
    added = [item for item in wanted if "id" not in item and not item.get("deleted")]
    names = {spec.id: spec.name for spec in before if spec.id not in gone}
    names.update((item["id"], item["name"]) for item in changed)
    check_names([*names.values(), *(item["name"] for item in added)])
    for spec_id in gone:
        await store.delete_spec(db, spec_id)
        await annotation_store.remove_spec(db, label.id, spec_id)
    await update(db, known, changed)
    new = {await store.insert_spec(db, label.id, item) for item in added}
    after = await specs_of(db, label.id)
    if any(spec.id in known and spec.mutable != known[spec.id].mutable for spec in after):
        await carry(
            db,
            Label(label.id, label.name, attributes=tuple(before)),
            Label(label.id, label.name, attributes=tuple(after)),
            {spec.id: spec.id for spec in after},
        )
        return
    for spec in after:
        if spec.id in new:
            await annotation_store.add_default(db, label.id, spec)


async def update(
    db: Connection, known: dict[int, AttributeSpec], changed: Sequence[dict[str, Any]]
) -> None:
    """Change attributes; two may have each other's names afterwards."""
    for item in changed:
        if item["name"] != known[item["id"]].name:
            # No name that a client sends holds this letter.
            await store.update_spec(db, item["id"], {"name": f"\x00{item['id']}"})
    for item in changed:
        await store.update_spec(db, item["id"], item)


async def specs_of(db: Connection, label_id: int) -> list[AttributeSpec]:
    """The attributes of a label by id."""
    return (await store.attributes(db, [label_id])).get(label_id, [])
