"""Annotations when their labels change: an attribute comes or goes.

(When a label goes, its annotations go with it by their foreign keys.)
"""

from __future__ import annotations

import msgspec

from cvat_lite.domain.annotations import AttributeValue
from cvat_lite.domain.labels import AttributeSpec
from cvat_lite.store.database import Connection

_OF_TRACKS = "track_id IN (SELECT id FROM tracks WHERE label_id = :label)"
_OF_LABEL = "label_id = :label"


async def add_default(db: Connection, label_id: int, spec: AttributeSpec) -> None:
    """Give the annotations of a label a new attribute of it, with its default value.

    The spec is newer than all others of the label, so that its place is behind theirs.
    """
    value = msgspec.json.encode(AttributeValue(spec.id, spec.default_value)).decode()
    for table, condition in _holders(mutable=spec.mutable):
        await db.execute(
            f"UPDATE {table} SET attributes = CASE attributes WHEN '[]' THEN '[' || :value || ']'"
            " ELSE substr(attributes, 1, length(attributes) - 1) || ',' || :value || ']' END"
            f" WHERE {condition}",
            {"label": label_id, "value": value},
        )


async def remove_spec(db: Connection, label_id: int, spec_id: int) -> None:
    """Take an attribute of a label from the label's annotations."""
    for table, condition in (*_holders(mutable=False), ("tracked_shapes", _OF_TRACKS)):
        await db.execute(
            f"UPDATE {table} SET attributes = (SELECT json_group_array(json(value))"
            " FROM (SELECT value FROM json_each(attributes)"
            " WHERE json_extract(value, '$.spec_id') <> :spec ORDER BY key LIMIT -1))"
            f" WHERE {condition}",
            {"label": label_id, "spec": spec_id},
        )


def _holders(*, mutable: bool) -> list[tuple[str, str]]:
    """The tables that hold such an attribute, and the condition for the rows of the label."""
    of_tracks = ("tracked_shapes", _OF_TRACKS) if mutable else ("tracks", _OF_LABEL)
    return [("tags", _OF_LABEL), ("shapes", _OF_LABEL), ("intervals", _OF_LABEL), of_tracks]
