"""Small scenes for tests of quality: shapes, jobs, and what comes of comparing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cvat_lite.domain.annotations import AttributeValue, Element, LabeledData, Shape, Tag
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.quality.comparison import compare
from cvat_lite.domain.quality.parameters import (
    Annotated,
    Label,
    Parameters,
    Requirement,
    Scene,
)

CAR, PERSON, BODY, NOSE, TAIL = 1, 2, 3, 4, 5
LABELS = (
    Label(CAR, "car", attributes={10: "colour", 11: "plate"}),
    Label(PERSON, "person"),
    Label(BODY, "body"),
    Label(NOSE, "nose", parent_id=BODY),
    Label(TAIL, "tail", parent_id=BODY),
)
SIZE = (100, 100)
JOB, TRUTH = 7, 9


def shape(kind: str, points: Sequence[float], **given: Any) -> Shape:
    """A shape of label car on frame 0, unless told otherwise."""
    fields = {"label_id": CAR, "frame": 0, **given}
    return Shape(type=ShapeType(kind), points=list(points), **fields)


def box(left: float, top: float, right: float, bottom: float, **given: Any) -> Shape:
    """A rectangle."""
    return shape("rectangle", [left, top, right, bottom], **given)


def body(nose: Sequence[float], tail: Sequence[float], **given: Any) -> Shape:
    """A skeleton of two elements; an element without points cannot be seen."""
    elements = [
        Element(
            label_id=label,
            type=ShapeType.POINTS,
            frame=0,
            points=list(points) or [0.0, 0.0],
            outside=not points,
        )
        for label, points in ((NOSE, nose), (TAIL, tail))
    ]
    return shape("skeleton", [], elements=elements, **{"label_id": BODY, **given})


def tag(label_id: int, **given: Any) -> Tag:
    """A tag on frame 0."""
    return Tag(label_id=label_id, **{"frame": 0, **given})


def value(spec_id: int, text: str) -> AttributeValue:
    """An attribute's value."""
    return AttributeValue(spec_id, text)


def data(*annotations: Any) -> LabeledData:
    """Annotations as a job has them, numbered in their order."""
    for number, one in enumerate(annotations, start=1):
        one.id = number
    return LabeledData(
        shapes=[one for one in annotations if isinstance(one, Shape)],
        tags=[one for one in annotations if isinstance(one, Tag)],
        tracks=[one for one in annotations if not isinstance(one, Shape | Tag)],
    )


def report(
    job: Sequence[Any],
    truth: Sequence[Any],
    parameters: Parameters | None = None,
    requirements: Sequence[Requirement] = (),
    frames: dict[int, int] | None = None,
) -> dict[str, Any]:
    """The data of the report of a job of ten frames, of which the first was validated."""
    frames = frames or {0: 0}
    return compare(
        Annotated(JOB, data(*job), 9),
        Annotated(TRUTH, data(*truth), 9),
        Scene(frames, 10, LABELS, dict.fromkeys(frames, SIZE)),
        parameters or Parameters(),
        requirements,
    )


def kinds(found: dict[str, Any]) -> dict[str, int]:
    """How many conflicts of each kind a report has."""
    counts: dict[str, int] = found["comparison_summary"]["conflicts_by_type"]
    return counts


def figures(found: dict[str, Any]) -> tuple[int, int, int, int]:
    """Valid, missing, extra and total of all annotations of a report."""
    counts = found["comparison_summary"]["annotations"]
    names = ("valid_count", "missing_count", "extra_count", "total_count")
    return tuple(counts[name] for name in names)  # type: ignore[return-value]


def alike(found: dict[str, Any]) -> float:
    """The mean IoU of a report of one frame."""
    mean: float = found["comparison_summary"]["annotation_components"]["shape"]["mean_iou"]
    return mean
