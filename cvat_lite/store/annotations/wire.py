"""SQL that spells rows as the JSON of the wire.

SQLite builds the text itself, thousands of rows in one call, while Python's other threads run.
What is stored as JSON text (points, attributes, score, rotation) is copied, not parsed. The order
of fields is that of CVAT's answers.
"""

from __future__ import annotations

from dataclasses import dataclass


def _object(fields: dict[str, tuple[str, str]]) -> str:
    """A ``printf`` of a JSON object; a field has a conversion and the expression it converts."""
    pattern = ",".join(f'"{name}":{how}' for name, (how, _) in fields.items())
    values = ", ".join(expression for _, expression in fields.values())
    return f"printf('{{{pattern}}}', {values})"


def _number(alias: str, name: str) -> tuple[str, str]:
    return "%d", f'{alias}."{name}"'


def _json(alias: str, name: str) -> tuple[str, str]:
    return "%s", f"{alias}.{name}"


def _flag(alias: str, name: str) -> tuple[str, str]:
    return "%s", f"iif({alias}.{name}, 'true', 'false')"


def _text(alias: str, name: str) -> tuple[str, str]:
    return "%s", f"json_quote({alias}.{name})"


def _all(items: str) -> tuple[str, str]:
    """A list of what a query gives as its only column."""
    return "[%s]", f"ifnull((SELECT group_concat(item) FROM ({items})), '')"


def _figure(alias: str) -> dict[str, tuple[str, str]]:
    """A shape or an element."""
    return {
        "id": _number(alias, "id"),
        "label_id": _number(alias, "label_id"),
        "type": ('"%s"', f"{alias}.type"),
        "frame": _number(alias, "frame"),
        "group": _number(alias, "group"),
        "source": _text(alias, "source"),
        "score": _json(alias, "score"),
        "occluded": _flag(alias, "occluded"),
        "outside": _flag(alias, "outside"),
        "z_order": _number(alias, "z_order"),
        "rotation": _json(alias, "rotation"),
        "points": _json(alias, "points"),
        "attributes": _json(alias, "attributes"),
    }


def _shape() -> str:
    """A shape; only skeletons are asked for their elements."""
    elements = (
        f"SELECT {_object(_figure('element'))} AS item FROM shapes AS element"
        " WHERE element.parent_id = item.id ORDER BY element.id LIMIT -1"
    )
    how, whole = _all(elements)
    listed = f"CASE item.type WHEN 'skeleton' THEN {whole} ELSE '' END"
    return _object({**_figure("item"), "elements": (how, listed)})


def _keyframe(*, closing: bool) -> str:
    """A track's shape; the closing one stands on the frame ``:closing`` and hides the track."""
    frame = ("%d", ":closing") if closing else _number("keyframe", "frame")
    outside = ("%s", "'true'") if closing else _flag("keyframe", "outside")
    return _object(
        {
            "id": _number("keyframe", "id"),
            "type": ('"%s"', "keyframe.type"),
            "frame": frame,
            "occluded": _flag("keyframe", "occluded"),
            "outside": outside,
            "z_order": _number("keyframe", "z_order"),
            "rotation": _json("keyframe", "rotation"),
            "points": _json("keyframe", "points"),
            "attributes": _json("keyframe", "attributes"),
        }
    )


def _keyframes(track: str) -> tuple[str, str]:
    """The shapes of a track, and after a last one that is visible the closing one if asked for."""
    of_track = f"FROM tracked_shapes AS keyframe WHERE keyframe.track_id = {track}.id"
    how, listed = _all(
        f"SELECT {_keyframe(closing=False)} AS item {of_track}"
        " ORDER BY keyframe.frame, keyframe.id LIMIT -1"
    )
    last = (
        "SELECT CASE WHEN NOT keyframe.outside AND keyframe.frame < :closing"
        f" THEN ',' || {_keyframe(closing=True)} END {of_track}"
        " ORDER BY keyframe.frame DESC, keyframe.id DESC LIMIT 1"
    )
    closed = f"CASE WHEN :closing IS NULL THEN '' ELSE ifnull(({last}), '') END"
    return how, f"{listed} || {closed}"


def _path(alias: str) -> dict[str, tuple[str, str]]:
    """A track or the track of an element."""
    return {
        "id": _number(alias, "id"),
        "label_id": _number(alias, "label_id"),
        "frame": _number(alias, "frame"),
        "group": _number(alias, "group"),
        "source": _text(alias, "source"),
        "shapes": _keyframes(alias),
        "attributes": _json(alias, "attributes"),
    }


def _track() -> str:
    elements = (
        f"SELECT {_object(_path('element'))} AS item FROM tracks AS element"
        " WHERE element.parent_id = item.id ORDER BY element.id LIMIT -1"
    )
    return _object({**_path("item"), "elements": _all(elements)})


def _tag() -> str:
    return _object(
        {
            "id": _number("item", "id"),
            "label_id": _number("item", "label_id"),
            "frame": _number("item", "frame"),
            "group": _number("item", "group"),
            "source": _text("item", "source"),
            "attributes": _json("item", "attributes"),
        }
    )


def _interval() -> str:
    return _object(
        {
            "id": _number("item", "id"),
            "label_id": _number("item", "label_id"),
            "start": _number("item", "start"),
            "stop": ("%s", "ifnull(item.stop, 'null')"),
            "group": _number("item", "group"),
            "source": _text("item", "source"),
            "score": _json("item", "score"),
            "attributes": _json("item", "attributes"),
        }
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """A list of the wire: its name is the table's.

    ``bound`` finds where a page of ``:size`` items after (``:at``, ``:id``) ends, and ``page``
    gives the JSON of the items up to there (``:to_at``, ``:to_id``), separated by commas.
    """

    name: str
    bound: str
    page: str


def _kind(name: str, place: str, item: str, *, nested: bool) -> Kind:
    """The queries of a table whose items are ordered by the column ``place``, then by id."""
    top = "item.parent_id IS NULL AND" if nested else ""
    after = (
        f"FROM {name} AS item WHERE item.job_id = :job AND {top}"
        f" (item.{place}, item.id) > (:at, :id)"
    )
    order = f"ORDER BY item.{place}, item.id"
    up_to = f"AND (item.{place}, item.id) <= (:to_at, :to_id)"
    return Kind(
        name=name,
        bound=f"SELECT item.{place}, item.id {after} {order} LIMIT 1 OFFSET :size - 1",
        # The limit keeps the inner order: without one SQLite may think it has no effect.
        page=(
            "SELECT CAST(group_concat(item) AS BLOB)"
            f" FROM (SELECT {item} AS item {after} {up_to} {order} LIMIT -1)"
        ),
    )


TAGS = _kind("tags", "frame", _tag(), nested=False)
SHAPES = _kind("shapes", "frame", _shape(), nested=True)
TRACKS = _kind("tracks", "frame", _track(), nested=True)
INTERVALS = _kind("intervals", "start", _interval(), nested=False)
KINDS = (TAGS, SHAPES, TRACKS, INTERVALS)
