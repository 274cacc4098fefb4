"""What a first reading of the dump has to find out, since objects refer forward and by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from cvat_lite.domain.label_rules import SpecSet
from cvat_lite.domain.labels import AttributeSpec


@dataclass(frozen=True, slots=True)
class Profile:
    """What CVAT keeps of a user beside Django's own table."""

    has_analytics_access: int
    last_activity_date: str | None


@dataclass(frozen=True, slots=True)
class Frames:
    """Which pictures of the media are frames: ``start`` and every ``step``-th from there."""

    start: int
    step: int

    def frame(self, number: int) -> int:
        """The frame of the task that a picture is; ValueError for one that is none."""
        frame, rest = divmod(number - self.start, self.step)
        if rest or frame < 0:
            raise ValueError(f"names the picture {number} of the media, which is no frame")
        return frame


@dataclass(slots=True)
class Known:
    """Facts of the dump by ids; as large as its users, tasks and labels, not as its frames.

    ``changed`` is the last date of a task's chunks, ``kinds`` the kind of data that has a video
    or a sound, ``tasks`` the task of data, ``data`` the data of a task. ``strangers`` are users
    whose password is hashed in a way that is not known here.
    """

    users: dict[str, int] = field(default_factory=dict)
    user_ids: set[int] = field(default_factory=set)
    groups: dict[int, str] = field(default_factory=dict)
    profiles: dict[str | int, Profile] = field(default_factory=dict)
    verified: dict[str | int, int] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    frames: dict[int, Frames] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)
    media_types: dict[int, str] = field(default_factory=dict)
    tasks: dict[int, int] = field(default_factory=dict)
    data: dict[int, int | None] = field(default_factory=dict)
    changed: dict[int, str] = field(default_factory=dict)
    drawings: dict[int, str] = field(default_factory=dict)
    specs: defaultdict[int, list[AttributeSpec]] = field(default_factory=lambda: defaultdict(list))
    attributes: Attributes = field(default_factory=lambda: Attributes({}))

    def ready(self) -> None:
        """Make the attribute sets of the labels, once all are known."""
        self.attributes = Attributes(self.specs)


class Attributes:
    """The attributes of labels: all of them, those that change and those that do not."""

    def __init__(self, specs: Mapping[int, list[AttributeSpec]]) -> None:
        self.every = {label: SpecSet.of(found) for label, found in specs.items()}
        self.mutable = {
            label: SpecSet.of(spec for spec in found if spec.mutable)
            for label, found in specs.items()
        }
        self.immutable = {
            label: SpecSet.of(spec for spec in found if not spec.mutable)
            for label, found in specs.items()
        }
