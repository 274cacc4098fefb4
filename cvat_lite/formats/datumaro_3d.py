"""Datumaro 3D 1.0: cuboids in point clouds and tags, in one JSON file a subset.

The layout is Datumaro's own, described at
https://docs.cvat.ai/docs/dataset_management/formats/format-datumaro/ and
https://open-edge-platform.github.io/datumaro/latest/docs/data-formats/formats/datumaro.html:
a cuboid is a ``cuboid_3d`` with ``position``, ``rotation`` and ``scale``. With images the clouds
lie in ``point_clouds/SUBSET/``, related images in ``related_images/SUBSET/ITEM/``. Numbers are
written in full: CVAT rounds them to hundredths, which would turn cuboids by half a degree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Dataset, Frame, FrameAnnotations, Part, Target
from cvat_lite.domain.enums import Dimension, ShapeType
from cvat_lite.formats import survey_clouds
from cvat_lite.formats.attributes import shape_attributes
from cvat_lite.formats.clouds import (
    add_clouds,
    cuboid_of,
    cuboid_points,
    is_cuboid,
    related_images,
)
from cvat_lite.formats.datumaro import tag_record, write_files
from cvat_lite.formats.datumaro_read import Outlines, read_files
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions

KIND = "cuboid_3d"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``annotations/SUBSET.json``, and the clouds with their related images."""
    write_files(dataset, sink, _item)
    if options.save_images:
        add_clouds(
            dataset,
            sink,
            lambda frame, subset: f"point_clouds/{subset}/{frame.file_name}",
            lambda frame, subset, _, name: f"related_images/{subset}/{frame.item}/{name}",
        )


def _item(on_frame: FrameAnnotations, part: Part, dataset: Dataset) -> dict[str, Any]:
    frame = on_frame.frame
    tags = [tag_record(tag, dataset) for tag in on_frame.tags]
    cuboids = [_cuboid(shape, dataset) for shape in on_frame.shapes if is_cuboid(shape)]
    item: dict[str, Any] = {
        "id": frame.item,
        "annotations": [*tags, *cuboids],
        "attr": {"frame": part.info.absolute(frame.number)},
        "point_cloud": {"path": frame.file_name},
    }
    related = related_images(part, frame)
    if related:
        item["related_images"] = [{"path": name} for name, _ in related]
    return item


def _cuboid(shape: Shape, dataset: Dataset) -> dict[str, Any]:
    label = dataset.labels_by_id[shape.label_id]
    return {
        "id": 0,
        "type": KIND,
        "attributes": shape_attributes(shape, label),
        "group": shape.group or 0,
        "label_id": dataset.label_index[shape.label_id],
        **cuboid_of(shape.points)._asdict(),
    }


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read every JSON file of the archive, or the file itself."""
    return read_files(source, target, OUTLINES)


def _points(one: Mapping[str, Any], _: Frame) -> list[float]:
    return cuboid_points(one["position"], one["rotation"], one["scale"])


OUTLINES: Outlines = {KIND: (ShapeType.CUBOID, _points)}
FORMATS = (
    Format(
        "Datumaro 3D 1.0",
        "1.0",
        Dimension.D3,
        write,
        read,
        read_extensions=("JSON", "ZIP"),
        survey=survey_clouds.datumaro,
    ),
)
