"""All formats, found in the modules of this package, in the order in which CVAT lists them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import cvat_lite.formats as package
from cvat_lite.formats.format import Format

# The names of CVAT's list; importers and exporters have the same order, but for CVAT's own.
ORDER = (
    "Generic TSV 1.0",
    "CamVid 1.0",
    "Cityscapes 1.0",
    "COCO 1.0",
    "COCO Keypoints 1.0",
    "CVAT 1.1",
    "CVAT for video 1.1",
    "CVAT for images 1.1",
    "Datumaro 1.0",
    "Datumaro 3D 1.0",
    "ICDAR Recognition 1.0",
    "ICDAR Localization 1.0",
    "ICDAR Segmentation 1.0",
    "ImageNet 1.0",
    "KITTI 1.0",
    "LabelMe 3.0",
    "LFW 1.0",
    "Market-1501 1.0",
    "Segmentation mask 1.1",
    "MOT 1.1",
    "MOTS PNG 1.0",
    "Open Images V6 1.0",
    "PASCAL VOC 1.1",
    "Sly Point Cloud Format 1.0",
    "Kitti Raw Format 1.0",
    "VGGFace2 1.0",
    "WiderFace 1.0",
    "YOLO 1.1",
    "Ultralytics YOLO Detection 1.0",
    "Ultralytics YOLO Detection Track 1.0",
    "Ultralytics YOLO Oriented Bounding Boxes 1.0",
    "Ultralytics YOLO Segmentation 1.0",
    "Ultralytics YOLO Pose 1.0",
    "Ultralytics YOLO Classification 1.0",
)
# CVAT's importers have these two the other way round.
IMPORT_ORDER = (*ORDER[:30], ORDER[31], ORDER[30], *ORDER[32:])


class UnknownFormatError(LookupError):
    """There is no such format, or it does not go in this direction."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Unknown format {name!r}")
        self.name = name


@cache
def formats() -> tuple[Format, ...]:
    """Every format of this package's modules."""
    found: list[Format] = []
    for module in iter_modules(package.__path__, package.__name__ + "."):
        found += getattr(import_module(module.name), "FORMATS", ())
    return tuple(sorted(found, key=lambda one: _place(one, ORDER)))


def exporters() -> tuple[Format, ...]:
    """The formats that can be written."""
    return tuple(one for one in formats() if one.write is not None)


def importers() -> tuple[Format, ...]:
    """The formats that can be read."""
    read = (one for one in formats() if one.read is not None)
    return tuple(sorted(read, key=lambda one: _place(one, IMPORT_ORDER)))


def exporter(name: str) -> Format:
    """The format of this name that can be written; UnknownFormatError if there is none."""
    return _named(exporters(), name)


def importer(name: str) -> Format:
    """The format of this name that can be read; UnknownFormatError if there is none."""
    return _named(importers(), name)


def listing() -> dict[str, list[dict[str, Any]]]:
    """The body of ``GET /api/server/annotation/formats``."""
    return {
        "importers": [_listed(one, one.read_extensions) for one in importers()],
        "exporters": [_listed(one, one.write_extensions) for one in exporters()],
    }


def _named(among: tuple[Format, ...], name: str) -> Format:
    for one in among:
        if one.name == name:
            return one
    raise UnknownFormatError(name)


def _place(one: Format, order: tuple[str, ...]) -> tuple[int, str]:
    return (order.index(one.name) if one.name in order else len(order), one.name)


def _listed(one: Format, extensions: tuple[str, ...]) -> dict[str, Any]:
    return {
        "name": one.name,
        "ext": ", ".join(extensions),
        "version": one.version,
        "enabled": one.enabled,
        "dimension": one.dimension.value,
    }
