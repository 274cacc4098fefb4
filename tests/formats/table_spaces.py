"""What the formats of point clouds and sounds keep, found out by writing and reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cvat_lite.domain.annotations import Interval, LabeledData
from tests.formats import spaces
from tests.formats.spaces import CUBOIDS, SOUND, TARGET, round_trip

START = "<!-- table of point clouds and sounds -->\n"
END = "<!-- end of table of point clouds and sounds -->\n"
KEPT, LOST = "yes", "no"
TSV = "Generic TSV 1.0"


def cloud(name: str, data: LabeledData) -> LabeledData:
    return round_trip(name, spaces.dataset(data), TARGET)


def kept(name: str, field: str, one: Any) -> str:
    """Whether a cuboid comes back with this property."""
    (back,) = cloud(name, LabeledData(shapes=[one])).shapes
    return KEPT if getattr(back, field) == getattr(one, field) else LOST


def tracked(name: str, *, growing: bool) -> str:
    before = LabeledData(tracks=[spaces.track(growing=growing)])
    back = cloud(name, before)
    assert spaces.seen(back) == spaces.seen(before)
    if len(back.tracks) > 1:
        return "as a track for each size"
    keys = [(one.frame, one.outside) for one in back.tracks[0].shapes]
    assert keys == [(0, False), (2, False), (3, True)]
    return KEPT


def with_values() -> Any:
    one = spaces.shape()
    one.label_id, one.attributes = 1, spaces.with_attributes()
    return one


def interval(field: str, value: Any) -> str:
    """Whether an interval comes back with this property."""
    one = Interval(label_id=1, start=1400, stop=1701)
    setattr(one, field, value)
    (back,) = round_trip(TSV, spaces.talk(LabeledData(intervals=[one])), SOUND).intervals
    return KEPT if getattr(back, field) == value else LOST


OF_CLOUDS: dict[str, Callable[[str], str]] = {
    "cuboid": lambda name: kept(name, "points", spaces.shape()),
    "tag": lambda name: KEPT if cloud(name, LabeledData(tags=[spaces.tag()])).tags else LOST,
    "track": lambda name: tracked(name, growing=False),
    "track that changes its size": lambda name: tracked(name, growing=True),
    "attributes": lambda name: kept(name, "attributes", with_values()),
    "occluded": lambda name: kept(name, "occluded", spaces.shape(occluded=True)),
    "group": lambda name: kept(name, "group", spaces.shape(group=1)),
}
OF_SOUNDS: dict[str, Callable[[], str]] = {
    "interval": lambda: interval("stop", 1702),
    "interval without end": lambda: interval("stop", None),
    "attributes": lambda: interval("attributes", spaces.with_attributes()),
    "group": lambda: interval("group", 3),
    "score": lambda: interval("score", 0.3),
}


def table() -> str:
    """Two tables in Markdown: a row a property, a column a format."""
    clouds = [["", *CUBOIDS], ["---"] * (len(CUBOIDS) + 1)]
    clouds += [[what, *(ask(name) for name in CUBOIDS)] for what, ask in OF_CLOUDS.items()]
    sounds = [["", TSV], ["---"] * 2, *([what, ask()] for what, ask in OF_SOUNDS.items())]
    return "\n".join("".join(f"| {' | '.join(row)} |\n" for row in t) for t in (clouds, sounds))
