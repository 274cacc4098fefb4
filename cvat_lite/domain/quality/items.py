"""What stands on a frame: tags, shapes and the shapes of tracks, ready to be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec

from cvat_lite.domain.annotations import AttributeValue, Element, Shape, Tag
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.interpolation import shapes_of_track
from cvat_lite.domain.quality.parameters import SHAPE_TYPES, Annotated

Reference = dict[str, object]
DECIMALS = 2


@dataclass(slots=True, eq=False)
class Item:
    """An annotation on one frame; ``type`` is its kind by the names of reports.

    ``kind`` is tag, shape or track; ``shape_type`` is None for tags; ``group`` 0 is no group.
    """

    obj_id: int | None
    kind: str
    type: str
    shape_type: str | None
    label_id: int
    group: int
    source: str
    attributes: Sequence[AttributeValue]
    points: Sequence[float] = ()
    rotation: float = 0.0
    z_order: int = 0
    occluded: bool = False
    elements: Sequence[Element] = ()

    def reference(self, job_id: int) -> Reference:
        """How conflicts name the annotation."""
        return {
            "obj_id": self.obj_id,
            "job_id": job_id,
            "type": self.kind,
            "shape_type": self.shape_type,
        }


Frames = dict[int, list[Item]]


def items_by_frame(side: Annotated, frames: Collection[int]) -> dict[int, list[Shape | Tag]]:
    """What a job has on each of the frames asked for; tracks as their shapes there.

    A track's shape carries the track's id and is told by its class. Kinds that reports do not
    compare (cuboids, spans of sound) are left out.
    """
    wanted = frozenset(frames)
    found: defaultdict[int, list[Shape | Tag]] = defaultdict(list)
    for shape in side.data.shapes:
        if shape.frame in wanted and shape.type in SHAPE_TYPES:
            found[shape.frame].append(shape)
    for track in side.data.tracks:
        for shape in shapes_of_track(track, side.last_frame):
            if shape.frame in wanted and shape.type in SHAPE_TYPES:
                shape.id = track.id
                found[shape.frame].append(shape)
    for tag in side.data.tags:
        if tag.frame in wanted:
            found[tag.frame].append(tag)
    return found


def item_of(annotation: Shape | Tag) -> Item:
    """An annotation as what is compared."""
    if isinstance(annotation, Tag):
        return Item(
            obj_id=annotation.id,
            kind="tag",
            type="label",
            shape_type=None,
            label_id=annotation.label_id,
            group=annotation.group or 0,
            source=annotation.source,
            attributes=annotation.attributes,
        )
    is_mask = annotation.type is ShapeType.MASK
    return Item(
        obj_id=annotation.id,
        kind="shape" if type(annotation) is Shape else "track",
        type=SHAPE_TYPES[annotation.type],
        shape_type=annotation.type.value,
        label_id=annotation.label_id,
        group=annotation.group or 0,
        source=annotation.source,
        attributes=annotation.attributes,
        points=annotation.points if is_mask else _rounded(annotation.points),
        rotation=annotation.rotation,
        z_order=annotation.z_order,
        occluded=annotation.occluded,
        elements=[
            msgspec.structs.replace(one, points=_rounded(one.points)) for one in annotation.elements
        ],
    )


def _rounded(points: Sequence[float]) -> list[float]:
    """Points to the hundredth of a pixel, as CVAT's stored reports have compared them."""
    return [round(value, DECIMALS) for value in points]


def keypoints_of(skeleton: Item) -> list[Item]:
    """The elements of a skeleton that can be seen, each as points that stand alone."""
    return [
        Item(
            obj_id=skeleton.obj_id,
            kind=skeleton.kind,
            type="points",
            shape_type=ShapeType.SKELETON.value,
            label_id=element.label_id,
            group=skeleton.group,
            source=skeleton.source,
            attributes=element.attributes,
            points=element.points,
            occluded=element.occluded,
        )
        for element in skeleton.elements
        if not element.outside
    ]
