"""Reading Sly Point Cloud Format 1.0."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import orjson

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.errors import DatasetError
from cvat_lite.formats.clouds import AXES, cuboid_points
from cvat_lite.formats.format import ReadOptions, Source
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.tracks import collected, tracked

SOURCE = "file"
KIND = "cuboid_3d"
FOLDER, SUFFIX = "ann", ".json"
OCCLUDED, TRACK, KEYFRAME, LABELS = "occluded", "track_id", "keyframe", "labels"


@dataclass(slots=True)
class _Figure:
    """A shape and its object's key; ``keyframe`` is None where nothing is said of a track."""

    shape: Shape
    key: str
    keyframe: bool | None
    may_track: bool


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read the annotations of all datasets.

    An object is a track where its tags say so, and one that is in several clouds is one unless
    CVAT has written the file, which gives unrelated objects one key.
    """
    files = [name for name in source.names() if _cloud_of(name)]
    if not files:
        raise DatasetError(FOLDER, "", "there is no such directory with JSON files in the archive")
    frames, labels = FrameIndex(target), LabelIndex(target.labels)
    figures: list[_Figure] = []
    for file in files:
        figures += _Reader(frames, labels, file).figures(source.read(file))
    return collected([], _shapes(figures), target)


def _cloud_of(name: str) -> str:
    """The name of the cloud that a file annotates, empty for another file."""
    parts = PurePosixPath(name).parts
    if FOLDER not in parts[:-1] or not name.endswith(SUFFIX):
        return ""
    return "/".join(parts[parts.index(FOLDER) + 1 :]).removesuffix(SUFFIX)


def _shapes(figures: list[_Figure]) -> Iterator[Shape]:
    numbers: dict[str, int] = {}
    clouds = Counter((one.key, one.shape.label_id) for one in figures if one.may_track)
    for one in figures:
        key = one.key, one.shape.label_id
        if one.keyframe is None and not (one.may_track and clouds[key] > 1):
            yield one.shape
        else:
            number = numbers.setdefault(one.key, len(numbers))
            yield tracked(one.shape, number, one.keyframe is not False)


class _Reader:
    """One cloud's file."""

    def __init__(self, frames: FrameIndex, labels: LabelIndex, file: str) -> None:
        self._file = file
        self._labels = labels
        self._frame = frames.get(_cloud_of(file))

    def figures(self, content: bytes) -> Iterator[_Figure]:
        """The figures of the file; DatasetError for what is wrong with it."""
        try:
            root = orjson.loads(content)
            found = root["figures"]
            names = {tag["name"] for tag in root.get("tags") or ()}
            objects: dict[str, list[Any]] = {}
            for one in root["objects"]:
                objects.setdefault(str(one["key"]), []).append(one)
        except orjson.JSONDecodeError as error:
            raise DatasetError(self._file, "", f"this is not JSON: {error}") from error
        except (KeyError, TypeError, AttributeError) as error:
            raise DatasetError(self._file, "", f"this annotates no cloud: {error}") from error
        taken: Counter[str] = Counter()
        for place, figure in enumerate(found):
            where = f"figures[{place}]"
            try:
                key = str(figure["objectKey"])
                same = objects.get(key)
                if not same:
                    raise DatasetError(self._file, where, f"there is no object {key}")
                # Objects that bear the same key are told apart by their order.
                one = same[min(taken[key], len(same) - 1)]
                taken[key] += 1
                yield self._figure(figure, one, where, may_track=LABELS not in names)
            except KeyError as error:
                raise DatasetError(self._file, where, f"{error} is missing") from error
            except (TypeError, ValueError, AttributeError) as error:
                raise DatasetError(self._file, where, str(error)) from error

    def _figure(
        self, figure: Mapping[str, Any], one: Mapping[str, Any], where: str, *, may_track: bool
    ) -> _Figure:
        kind = figure["geometryType"]
        if kind != KIND:
            raise DatasetError(self._file, where, f"figures of type {kind!r} are not known")
        if self._frame is None:
            cloud = _cloud_of(self._file)
            raise DatasetError(self._file, where, f"no frame of the task matches {cloud!r}")
        label = self._labels.require(str(one["classTitle"]), self._file, where)
        tags = {str(tag["name"]): tag.get("value") for tag in one.get("tags") or ()}
        geometry = figure["geometry"]
        keyframe = tags.get(KEYFRAME)
        values = ((name, str(value)) for name, value in tags.items() if value is not None)
        shape = Shape(
            label_id=label.id,
            type=ShapeType.CUBOID,
            frame=self._frame.number,
            source=SOURCE,
            occluded=str(tags.get(OCCLUDED)).lower() == "true",
            points=cuboid_points(
                *(
                    [geometry[kind][axis] for axis in AXES]
                    for kind in ("position", "rotation", "dimensions")
                )
            ),
            attributes=self._labels.attributes(label, values, self._file, where),
        )
        told = None if keyframe is None else str(keyframe).lower() == "true"
        return _Figure(shape, str(one["key"]), told, may_track)
