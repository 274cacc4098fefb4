"""Annotations given other labels, or other kinds of attributes, without losing their values.

What stands in ``attributes`` is kept as reading expects it: every attribute of the label in the
order of ids, immutable ones on tracks and mutable ones on their keyframes. Each table is read and
written with one call, and equal texts are rewritten once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from cvat_lite.domain.annotations import AttributeValue
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.store.database import Connection

Values = dict[int, str]

_decode = msgspec.json.Decoder(list[AttributeValue]).decode
_encode = msgspec.json.Encoder().encode


async def relabel(db: Connection, task_id: int, pairs: Sequence[tuple[Label, Label]]) -> None:
    """Give the annotations of a task new labels for its own ones, which then go.

    Values follow attributes of the same name, other attributes get their defaults. The sublabels
    of skeletons are paired by name; every sublabel of an old skeleton must be one of the new.
    """
    for old, new in flattened(pairs):
        await carry(db, old, new, same_names(old, new))
    await db.execute("DELETE FROM labels WHERE task_id = ?", (task_id,))


def flattened(pairs: Iterable[tuple[Label, Label]]) -> Iterable[tuple[Label, Label]]:
    """The pairs, each skeleton's followed by those of its sublabels."""
    for old, new in pairs:
        yield old, new
        below = {label.name: label for label in new.sublabels}
        for sublabel in old.sublabels:
            yield sublabel, below[sublabel.name]


def same_names(old: Label, new: Label) -> dict[int, int]:
    """For each attribute of the new label that the old one has too, the id it has there."""
    ids = {spec.name: spec.id for spec in old.attributes}
    return {spec.id: ids[spec.name] for spec in new.attributes if spec.name in ids}


async def carry(db: Connection, old: Label, new: Label, origins: Mapping[int, int]) -> None:
    """Move the annotations of one label to another (or to the same with other attributes).

    ``origins`` tells for attributes of the new label which attribute of the old one has the value.
    """
    values = {"old": old.id, "new": new.id}
    if old.attributes or new.attributes:
        every = _filler(new.attributes, origins)
        for table in ("tags", "shapes", "intervals"):
            await _rewrite(db, table, old.id, every)
        await _rewrite_tracks(db, old.id, new, origins)
    if old.id != new.id:
        for table in ("tags", "shapes", "tracks", "intervals"):
            await db.execute(f"UPDATE {table} SET label_id = :new WHERE label_id = :old", values)


def _filler(specs: Iterable[AttributeSpec], origins: Mapping[int, int]) -> Callable[[Values], str]:
    """A function from the values of old attributes to the text of the new ones."""
    wanted = sorted(specs, key=lambda spec: spec.id)

    def fill(values: Values) -> str:
        filled = [
            AttributeValue(spec.id, values.get(origins.get(spec.id, 0), spec.default_value))
            for spec in wanted
        ]
        return _encode(filled).decode()

    return fill


def _values(text: str) -> Values:
    return {attribute.spec_id: attribute.value for attribute in _decode(text)}


async def _rewrite(
    db: Connection, table: str, label_id: int, fill: Callable[[Values], str]
) -> None:
    """Rewrite the attributes of all rows of a label; many rows share one text."""
    found = await db.execute_fetchall(
        f"SELECT id, attributes FROM {table} WHERE label_id = ?", (label_id,)
    )
    texts = {text: fill(_values(text)) for text in {row[1] for row in found}}
    await db.executemany(
        f"UPDATE {table} SET attributes = ? WHERE id = ?",
        [(texts[text], number) for number, text in found],
    )


async def _rewrite_tracks(
    db: Connection, label_id: int, new: Label, origins: Mapping[int, int]
) -> None:
    """Rewrite tracks and keyframes: an attribute may have become mutable, or stopped being so.

    A track takes from its first keyframe what its keyframes had, and gives all of them what it had.
    """
    immutable = _filler([spec for spec in new.attributes if not spec.mutable], origins)
    mutable = _filler([spec for spec in new.attributes if spec.mutable], origins)
    tracks = await db.execute_fetchall(
        "SELECT id, attributes FROM tracks WHERE label_id = ?", (label_id,)
    )
    keyframes = await db.execute_fetchall(
        """SELECT s.id, s.track_id, s.attributes FROM tracks t
           JOIN tracked_shapes s ON s.track_id = t.id WHERE t.label_id = ?
           ORDER BY s.track_id, s.frame, s.id""",
        (label_id,),
    )
    own = {row[0]: _values(row[1]) for row in tracks}
    first: dict[int, Values] = {}
    changed: list[tuple[str, int]] = []
    for number, track_id, text in keyframes:
        values = _values(text)
        first.setdefault(track_id, values)
        changed.append((mutable({**own[track_id], **values}), number))
    await db.executemany("UPDATE tracked_shapes SET attributes = ? WHERE id = ?", changed)
    await db.executemany(
        "UPDATE tracks SET attributes = ? WHERE id = ?",
        [
            (immutable({**first.get(number, {}), **values}), number)
            for number, values in own.items()
        ],
    )
