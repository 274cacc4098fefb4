"""How near points lie to each other: object keypoint similarity, and the same for lines.

COCO's keypoint evaluation (https://cocodataset.org/#keypoints-eval) defines OKS as the mean over
keypoints of exp(-d^2 / (2 s^2 k^2)) with d the distance in pixels, s^2 the area of the object and
k = 2 sigma. CVAT takes one sigma for all points, and for s^2 the area of the box around the
object or of the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvat_lite.domain.geometry import Box, bounding_box, union
from cvat_lite.domain.matching import assign
from cvat_lite.domain.quality.areas import box_overlaps, extent
from cvat_lite.domain.quality.items import Item
from cvat_lite.domain.quality.parameters import Parameters, PointSizeBase

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cloud:
    """Points of an item, the box around its group, and whether that is more than one point.

    ``names`` are the labels of a skeleton's elements; ``placed`` tells which are on the image, and
    ``shown`` which of those can be seen.
    """

    points: Floats
    box: Box
    names: tuple[int, ...] = ()
    placed: tuple[bool, ...] = ()
    shown: tuple[bool, ...] = ()


def closeness(distances: Floats, area: float, sigma: float) -> Floats:
    """exp(-d^2 / (2 s^2 k^2)) of distances in pixels, with ``area`` s^2 and k = 2 sigma."""
    spread = 2 * area * (2 * sigma) ** 2
    if spread <= 0:
        at: Floats = (distances == 0).astype(np.float64)
        return at
    found: Floats = np.exp(-(distances**2) / spread)
    return found


def item_box(item: Item) -> Box | None:
    """The box around an item, None where it has no place (tags, skeletons that are hidden)."""
    if item.type == "skeleton":
        shown = [e.points for e in item.elements if not e.outside and e.points]
        return bounding_box([value for points in shown for value in points]) if shown else None
    return extent(item) if item.points else None


def group_boxes(items: Sequence[Item]) -> dict[int, Box]:
    """The box around everything of each group of a frame."""
    boxes: dict[int, list[Box]] = {}
    for item in items:
        box = item_box(item) if item.group else None
        if box is not None:
            boxes.setdefault(item.group, []).append(box)
    return {group: union(found) for group, found in boxes.items()}


def cloud_of_points(item: Item, boxes: dict[int, Box]) -> Cloud:
    """Points as CVAT measures them: within the box of their group, or their own."""
    points = np.asarray(item.points, dtype=np.float64).reshape(-1, 2)
    box = boxes.get(item.group) or item_box(item) or (0.0, 0.0, 0.0, 0.0)
    return Cloud(points, box)


def cloud_of_skeleton(item: Item, boxes: dict[int, Box]) -> Cloud:
    """A skeleton's elements, in the order of their labels."""
    elements = sorted(item.elements, key=lambda element: element.label_id)
    points = [element.points[:2] or [0.0, 0.0] for element in elements]
    box = boxes.get(item.group) or item_box(item) or (0.0, 0.0, 0.0, 0.0)
    return Cloud(
        np.asarray(points, dtype=np.float64).reshape(-1, 2),
        box,
        tuple(element.label_id for element in elements),
        tuple(not element.outside for element in elements),
        tuple(not element.outside and not element.occluded for element in elements),
    )


def clouds_alike(one: Cloud, other: Cloud, parameters: Parameters, image_area: float) -> float:
    """OKS of two clouds of points that have no order: the nearest of each other are compared.

    What has no partner near enough counts as nothing.
    """
    area = _area(one, other, parameters, image_area)
    if area is None or not len(one.points) or not len(other.points):
        return 0.0
    distances = np.linalg.norm(one.points[:, None] - other.points[None], axis=-1)
    near = closeness(distances, area, parameters.oks_sigma)
    enough = near >= parameters.iou_threshold
    costs = np.where(enough, 1 - near, 1.0)
    pairs = [pair for pair in assign(costs.tolist()) if enough[pair]]
    total = len(one.points) + len(other.points) - len(pairs)
    return float(sum(near[pair] for pair in pairs) / total)


def skeletons_alike(one: Cloud, other: Cloud, parameters: Parameters, image_area: float) -> float:
    """OKS of two skeletons of the same elements; those that only one shows count as nothing.

    Elements that are hidden by something count only where neither skeleton shows any: that is how
    the mean of CVAT's stored report comes out, in which one skeleton has hidden ones alone.
    """
    if one.names != other.names or not one.names:
        return 0.0
    area = _area(one, other, parameters, image_area)
    if area is None:
        return 0.0
    distances = np.linalg.norm(one.points - other.points, axis=-1)
    near = closeness(distances, area, parameters.oks_sigma)
    shown, also = np.array(one.shown), np.array(other.shown)
    if not shown.any() and not also.any():
        shown, also = np.array(one.placed), np.array(other.placed)
    total = np.count_nonzero(shown | also)
    return float(near[shown & also].sum() / total) if total else 1.0


def _area(one: Cloud, other: Cloud, parameters: Parameters, image_area: float) -> float | None:
    """What stands for the object's area; None for boxes that have nothing in common."""
    if parameters.point_size_base == PointSizeBase.IMAGE_SIZE:
        return image_area
    flat = [(box[2] - box[0]) * (box[3] - box[1]) <= 0 for box in (one.box, other.box)]
    if all(flat) and len(one.points) == len(other.points) == 1:
        return image_area
    if not any(flat) and not box_overlaps([one.box], [other.box])[0, 0]:
        return None
    mean = [(a + b) / 2 for a, b in zip(one.box, other.box, strict=True)]
    area = (mean[2] - mean[0]) * (mean[3] - mean[1])
    return area if area > 0 or one.box == other.box else None


def lines_alike(
    one: Sequence[float],
    other: Sequence[float],
    thickness: float,
    image_area: float,
    *,
    oriented: bool,
) -> float:
    """How near two lines run: each is given the corners of both, and corners are compared.

    ``thickness`` is a share of the image's side; without ``oriented`` the other line may as well
    run backwards. That corners are shared, by how far along its line each lies, is what the means
    of CVAT's stored reports show.
    """
    if len(one) < 4 or len(other) < 4:
        return 0.0
    a = np.asarray(one, dtype=np.float64).reshape(-1, 2)
    b = np.asarray(other, dtype=np.float64).reshape(-1, 2)
    steps = np.union1d(_along(a), _along(b))
    a, b = _at(a, steps), _at(b, steps)
    found = _line(a, b, thickness, image_area)
    return found if oriented else max(found, _line(a, b[::-1], thickness, image_area))


def _line(a: Floats, b: Floats, thickness: float, image_area: float) -> float:
    distances = np.linalg.norm(a - b, axis=-1)
    return float(closeness(distances, image_area, thickness).mean())


def _along(points: Floats) -> Floats:
    """How far along its line each corner lies, 0 at the first and 1 at the last."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=-1)
    along: Floats = np.concatenate(([0.0], np.cumsum(steps)))
    return along / along[-1] if along[-1] > 0 else np.linspace(0.0, 1.0, len(along))


def _at(points: Floats, steps: Floats) -> Floats:
    """The points of a line that lie as far along it (0 to 1)."""
    along = _along(points)
    return np.stack([np.interp(steps, along, points[:, axis]) for axis in (0, 1)], axis=-1)
