"""Annotations from the bytes of a request, and back into the bytes of the answer.

Good data takes the fast way: msgspec decodes and checks it in batches, so that a thread that reads
a large body lets the others have their turns. What msgspec refuses is read again, batch by batch,
by the exact rules of :mod:`cvat_lite.domain.payload_fields`, which either coerce it as CVAT's API
does or name everything that is wrong.
"""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from cvat_lite.domain.annotations import (
    Element,
    ElementTrack,
    Interval,
    LabeledData,
    Shape,
    Tag,
    Track,
)
from cvat_lite.domain.payload_fields import (
    INTERVAL,
    NOT_NULL,
    SHAPE,
    TAG,
    TRACK,
    VERSION,
    InvalidError,
    Schema,
    fits,
    read_item,
)
from cvat_lite.errors import ParseError, ValidationError

#: Items that are decoded or encoded without letting another thread run: about 2 ms.
BATCH = 500
#: Up to this size a body that is no JSON is read again for the words of the standard library.
EXPLAINED_SIZE = 1 << 20

Annotation = TypeVar("Annotation", Tag, Shape, Track, Interval)


class _Envelope(msgspec.Struct):
    """The four lists, their items still as text."""

    version: int = 0
    tags: list[msgspec.Raw] = []
    shapes: list[msgspec.Raw] = []
    tracks: list[msgspec.Raw] = []
    intervals: list[msgspec.Raw] = []


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANYTHING = msgspec.json.Decoder(msgspec.Raw)
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_TAGS = msgspec.json.Decoder(list[Tag])
_SHAPES = msgspec.json.Decoder(list[Shape])
_TRACKS = msgspec.json.Decoder(list[Track])
_INTERVALS = msgspec.json.Decoder(list[Interval])
_encode = msgspec.json.Encoder().encode
_BLANKS = b" \t\r\n"


def decode(body: bytes) -> LabeledData:
    """The annotations of a request's body, their form checked (labels are not known here).

    Raises ParseError where the body is no JSON, and ValidationError with the errors of every
    item, in the shape of the REST framework's, where fields are wrong. Unknown fields are dropped.
    """
    with collector_paused():
        errors: dict[str, Any] = {}
        envelope = _open(body, errors)
        data = LabeledData(
            version=envelope.version,
            tags=_read(_TAGS, TAG, envelope.tags, "tags", errors),
            shapes=_read(_SHAPES, SHAPE, envelope.shapes, "shapes", errors),
            tracks=_read(_TRACKS, TRACK, envelope.tracks, "tracks", errors),
            intervals=_read(_INTERVALS, INTERVAL, envelope.intervals, "intervals", errors),
        )
    if errors:
        raise ValidationError(errors)
    return data


def encode(data: LabeledData, *, deleted: bool = False) -> bytes:
    """The answer to a change: the payload as it was sent, with the ids it was given.

    The answer to a deletion has no ``elements`` where none were sent, as CVAT's has none.
    """
    shapes: Sequence[msgspec.Struct] = data.shapes
    tracks: Sequence[msgspec.Struct] = data.tracks
    if deleted:
        shapes = [item if item.elements else _as_element(item) for item in data.shapes]
        tracks = [item if item.elements else _as_element_track(item) for item in data.tracks]
    pieces = [b'{"version":%d' % data.version]
    for name, items in (
        (b"tags", data.tags),
        (b"shapes", shapes),
        (b"tracks", tracks),
        (b"intervals", data.intervals),
    ):
        pieces.append(b',"%s":[' % name)
        pieces.append(b",".join(_encode(batch)[1:-1] for batch in _batches(items)))
        pieces.append(b"]")
    pieces.append(b"}")
    return b"".join(pieces)


def _as_element(shape: Shape) -> Element:
    names = Element.__struct_fields__
    return Element(**{name: getattr(shape, name) for name in names})


def _as_element_track(track: Track) -> ElementTrack:
    names = ElementTrack.__struct_fields__
    return ElementTrack(**{name: getattr(track, name) for name in names})


def _open(body: bytes, errors: dict[str, Any]) -> _Envelope:
    """The lists of the body, their items unread."""
    try:
        return _ENVELOPE.decode(body)
    except msgspec.ValidationError:
        pass
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise _not_json(body, error) from error
    try:
        return _open_exactly(body, errors)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise _not_json(body, error) from error


def _open_exactly(body: bytes, errors: dict[str, Any]) -> _Envelope:
    """The lists of a body that has something else than lists where they should be."""
    try:
        fields = _FIELDS.decode(body)
    except msgspec.ValidationError as error:
        kind = _kind(_ANYTHING.decode(body))
        message = f"Invalid data. Expected a dictionary, but got {kind}."
        raise ValidationError({"non_field_errors": [message]}) from error
    envelope = _Envelope()
    if "version" in fields:
        try:
            envelope.version = VERSION.read(_parsed(fields["version"]))
        except InvalidError as error:
            errors["version"] = error.detail
    for name in ("tags", "shapes", "tracks", "intervals"):
        if name not in fields:
            continue
        try:
            setattr(envelope, name, _ITEMS.decode(fields[name]))
        except msgspec.ValidationError:
            errors[name] = _not_a_list(_kind(fields[name]))
    return envelope


def _not_a_list(kind: str) -> Any:
    if kind == "NoneType":
        return [NOT_NULL]
    return {"non_field_errors": [f'Expected a list of items but got type "{kind}".']}


def _kind(raw: msgspec.Raw) -> str:
    """What Python would call the type of a JSON value, told without reading the whole of it."""
    text = bytes(raw).lstrip(_BLANKS)
    names = {b"{": "dict", b"[": "list", b'"': "str", b"n": "NoneType", b"t": "bool", b"f": "bool"}
    number = "float" if set(text) & set(b".eE") else "int"
    return names.get(text[:1], number)


def _parsed(text: msgspec.Raw | bytes) -> Any:
    """The JSON by the standard library, whose words stand in the ParseError if it is none."""
    try:
        return json.loads(bytes(text), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"JSON parse error - {error}") from error


def _read(
    decoder: msgspec.json.Decoder[list[Annotation]],
    schema: Schema,
    raws: list[msgspec.Raw],
    name: str,
    errors: dict[str, Any],
) -> list[Annotation]:
    """The items of one list; what is wrong with them goes to ``errors``, ``{}`` for a good one."""
    items: list[Annotation] = []
    details: list[Any] = []
    for batch in _batches(raws):
        text = b"[%s]" % b",".join(batch)
        try:
            decoded = decoder.decode(text)
            exact = not all(map(_is_sound, decoded))
        except (msgspec.DecodeError, UnicodeDecodeError):
            exact = True
        if exact:
            decoded, wrong = _read_exactly(schema, text)
        else:
            wrong = [{}] * len(decoded)
        items += decoded
        details += wrong
    if any(details):
        errors[name] = details
    return items


def _read_exactly(schema: Schema, text: bytes) -> tuple[list[Any], list[Any]]:
    """A batch by the exact rules: the good items, and an error or ``{}`` for each item."""
    items: list[Any] = []
    details: list[Any] = []
    for value in _parsed(text):
        try:
            items.append(read_item(schema, value))
            details.append({})
        except InvalidError as error:
            details.append(error.detail)
    return items, details


def _is_sound(item: Tag | Shape | Track | Interval) -> bool:
    """Whether numbers of points are right; puts 0 where no group was given."""
    if item.group is None:
        item.group = 0
    if isinstance(item, Shape):
        if not item.elements:
            return fits(item.type, len(item.points))
        return item.type == "skeleton" and all(map(_is_sound_element, item.elements))
    if isinstance(item, Track):
        return _is_sound_track(item) and all(map(_is_sound_track, item.elements))
    return True


def _is_sound_element(element: Element) -> bool:
    if element.group is None:
        element.group = 0
    return fits(element.type, len(element.points))


def _is_sound_track(track: ElementTrack) -> bool:
    if track.group is None:
        track.group = 0
    return all(fits(shape.type, len(shape.points)) for shape in track.shapes)


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _refuse_constant(name: str) -> float:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")


def _not_json(body: bytes, error: Exception) -> ParseError:
    """Why the body is no JSON, in the standard library's words if it is not too large for them."""
    if len(body) <= EXPLAINED_SIZE:
        try:
            _parsed(body)
        except ParseError as exact:
            return exact
    return ParseError(f"JSON parse error - {error}")


_pauses = 0
_pauses_lock = threading.Lock()


@contextmanager
def collector_paused() -> Iterator[None]:
    """No garbage collection of the millions of objects that are just being made.

    They form no cycles, and walking over them again and again takes longer than decoding. Several
    threads may be in here at a time: the last one to leave turns the collector on again.
    """
    global _pauses, _resume  # noqa: PLW0603 - the collector is the process's, not an object's
    with _pauses_lock:
        if _pauses == 0:
            _resume = gc.isenabled()
            gc.disable()
        _pauses += 1
    try:
        yield
    finally:
        with _pauses_lock:
            _pauses -= 1
            if _pauses == 0 and _resume:
                gc.enable()


_resume = False
