"""Shapes out of pictures of masks: a mask, or the polygons around its pieces as a group."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cvat_lite.domain.annotations import Shape
from cvat_lite.domain.dataset import Frame
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.masks import Bitmap
from cvat_lite.domain.stamps import Stamp, stamp_of_bitmap, stamps_by_value
from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import ReadOptions

SOURCE = "file"


class MaskShapes:
    """Makes shapes of bitmaps as an import's options say, and numbers their groups."""

    def __init__(self, options: ReadOptions) -> None:
        self._polygons = options.masks_to_polygons
        self._groups = 0

    def of(self, pixels: Stamp | Bitmap, label_id: int, frame: Frame) -> Iterator[Shape]:
        """The mask, or its polygons: a group where there are several; nothing if it is empty."""
        stamp = pixels if isinstance(pixels, Stamp) else stamp_of_bitmap(pixels)
        if self._polygons:
            kind, figures = ShapeType.POLYGON, stamp.outlines()
        else:
            kind, mask = ShapeType.MASK, stamp.mask()
            figures = [mask] if mask else []
        if len(figures) > 1:
            self._groups += 1
        for points in figures:
            yield Shape(
                label_id=label_id,
                type=kind,
                frame=frame.number,
                source=SOURCE,
                group=self._groups if len(figures) > 1 else 0,
                points=points,
            )


def check_size(pixels: NDArray[np.generic], frame: Frame, file: str) -> None:
    """DatasetError if a picture is not as large as its frame."""
    if pixels.shape[:2] != (frame.height, frame.width):
        raise DatasetError(file, "", "the picture is not of the image's size")


def by_value(numbers: NDArray[np.int64]) -> Iterator[tuple[int, Stamp]]:
    """Each number in a picture but 0, ascending, with its pixels."""
    return stamps_by_value(numbers)


def by_color(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The pixels' colours as numbers, ``0xRRGGBB``."""
    return pixels.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1], dtype=np.int64)
