"""Find bright spots: a small auto-annotation function that needs no model and no download.

It follows the protocol of cvat-sdk, so that it runs within a server,

    cvat-lite --function spots=examples/bright_spots.py

and on anybody's own machine, with ``cvat-cli task auto-annotate --function-file``. What it finds
has the label ``spot``: a box around each connected region of bright pixels.
"""

from __future__ import annotations

import cvat_sdk.auto_annotation as cvataa
import numpy as np
import PIL.Image
from cvat_sdk import models

#: From this grey on a pixel is bright; 255 is white.
BRIGHT = 200
#: Smaller regions are noise.
FEWEST_PIXELS = 4

spec = cvataa.DetectionFunctionSpec(
    labels=[
        cvataa.label_spec(
            "spot", 0, type="rectangle", attributes=[cvataa.text_attribute_spec("pixels", 0)]
        )
    ]
)


def detect(
    context: cvataa.DetectionFunctionContext, image: PIL.Image.Image
) -> list[models.LabeledShapeRequest]:
    """A box for each bright region; how bright it is on the average is how sure we are."""
    grey = np.asarray(image.convert("L"))
    least = context.conf_threshold or 0
    found = []
    for rows, columns in regions(grey >= BRIGHT):
        confidence = float(grey[rows, columns].mean()) / 255
        if len(rows) < FEWEST_PIXELS or confidence < least:
            continue
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        pixels = models.AttributeValRequest(spec_id=0, value=str(len(rows)))
        found.append(
            cvataa.rectangle(
                0, [float(side) for side in box], attributes=[pixels], score=confidence
            )
        )
    return found


def regions(bright: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The rows and columns of the pixels of each region, connected by sides and corners."""
    left = {(int(row), int(column)) for row, column in np.argwhere(bright)}
    found = []
    while left:
        region = [left.pop()]
        for row, column in region:
            around = {(row + y, column + x) for y in (-1, 0, 1) for x in (-1, 0, 1)} & left
            left -= around
            region.extend(around)
        rows, columns = np.array(sorted(region)).T
        found.append((rows, columns))
    return sorted(found, key=lambda one: (int(one[0][0]), int(one[1][0])))
