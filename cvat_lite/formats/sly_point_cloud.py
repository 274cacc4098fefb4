"""Sly Point Cloud Format 1.0: cuboids in the layout of Supervisely's point clouds.

The format is described at
https://docs.supervisely.com/data-organization/00_ann_format_navi/08_supervisely_format_pointclouds:
``meta.json`` with classes and tags, ``key_id_map.json`` with what keys stand for, and a directory
a dataset (``ds0``, ``ds1``, ... for the subsets) with ``ann/CLOUD.json`` for each cloud. With
images there are ``pointcloud/`` and ``related_images/CLOUD_pcd/`` besides. Keys are made of what
they name, so that equal datasets make equal archives. CVAT gives unrelated objects one key; here
each shape has its own, and a track one for all its figures, whose tags ``track_id`` and
``keyframe`` tell what they are. Attributes are tags of objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Self
from uuid import UUID

import orjson

from cvat_lite.domain.annotations import Shape
from cvat_lite.domain.dataset import Dataset, Frame, FrameAnnotations, Part
from cvat_lite.domain.enums import Dimension
from cvat_lite.domain.interpolation import FrameShape
from cvat_lite.formats import survey_clouds
from cvat_lite.formats.clouds import (
    AXES,
    add_clouds,
    cuboid_of,
    is_cuboid,
    related_images,
    values_by_name,
)
from cvat_lite.formats.format import Format, Sink, Writable, WriteOptions
from cvat_lite.formats.sly_point_cloud_read import (
    KEYFRAME,
    KIND,
    LABELS,
    OCCLUDED,
    TRACK,
    read,
)

IN_MEMORY = 1 << 20
OWNER = "name"
ON_OBJECTS, ON_IMAGES = "objectsOnly", "imagesOnly"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write a dataset for each subset, the keys, and what classes and tags there are."""
    folders = {subset: f"ds{place}" for place, subset in enumerate(dataset.subsets())}
    with _KeyMap() as keys:
        first_track = 0
        for subset, parts in dataset.subsets().items():
            for part in parts:
                writer = _PartWriter(dataset, part, f"{folders[subset]} {part.info.id}", keys)
                for on_frame in part.by_frame(first_track):
                    name = f"{folders[subset]}/ann/{on_frame.frame.file_name}.json"
                    sink.add(name, orjson.dumps(writer.cloud(on_frame)))
                first_track += sum(1 for _ in part.tracks())
        with sink.open("key_id_map.json") as file:
            keys.write_into(file)
    sink.add("meta.json", orjson.dumps(_meta(dataset)))
    if options.save_images:
        add_clouds(
            dataset,
            sink,
            lambda frame, subset: f"{folders[subset]}/pointcloud/{frame.file_name}",
            lambda frame, subset, _, name: f"{_related_folder(folders[subset], frame)}/{name}",
        )
        _describe_related(dataset, sink, folders)


def _related_folder(folder: str, frame: Frame) -> str:
    path = PurePosixPath(frame.file_name)
    called = path.name.replace(".", "_")
    return f"{folder}/related_images/{path.with_name(called)}"


def _describe_related(dataset: Dataset, sink: Sink, folders: Mapping[str, str]) -> None:
    """Add the file that the format wants beside each related image; no camera is known."""
    sensors = {"extrinsicMatrix": [0] * 12, "intrinsicMatrix": [0] * 9}
    for part in dataset.parts:
        for frame in part.frames:
            folder = _related_folder(folders[part.info.subset_name], frame)
            for name, _ in related_images(part, frame):
                told = {"name": name, "meta": {"sensorsData": sensors}}
                sink.add(f"{folder}/{name}.json", orjson.dumps(told))


def _label_list(dataset: Dataset) -> list[dict[str, Any]]:
    return [
        {
            "label_id": dataset.label_index[label.id],
            "name": label.name,
            "color": label.color,
            "type": label.type.value,
        }
        for label in dataset.labels
    ]


def _meta(dataset: Dataset) -> dict[str, Any]:
    classes = [
        {
            "id": dataset.label_index[label.id],
            "title": label.name,
            "color": "",
            "shape": KIND,
            "geometry_config": {},
        }
        for label in dataset.labels
    ]
    tags: list[tuple[str, str, dict[str, Any]]] = [
        (OCCLUDED, ON_OBJECTS, {}),
        (OWNER, ON_IMAGES, {"value": _owner(dataset.parts)}),
        (LABELS, ON_IMAGES, {"value": _label_list(dataset)}),
    ]
    names = {spec.name for label in dataset.labels for spec in label.attributes}
    if any(True for part in dataset.parts for _ in part.tracks()):
        names |= {TRACK, KEYFRAME}
    tags += [(name, ON_OBJECTS, {}) for name in sorted(names - {OCCLUDED})]
    return {
        "classes": classes,
        "tags": [
            {
                "name": name,
                "value_type": "any_string",
                "color": "",
                "id": number,
                "hotkey": "",
                "applicable_type": where,
                "classes": [],
                **more,
            }
            for number, (name, where, more) in enumerate(tags, 1)
        ],
        "projectType": "point_clouds",
    }


def _owner(parts: Iterable[Part]) -> str:
    return next((part.info.owner.username for part in parts if part.info.owner), "")


def key_of(*words: object) -> str:
    """The key that stands for something named so, in the form of a random UUID."""
    digest = blake2b("\n".join(map(str, words)).encode(), digest_size=16).digest()
    return str(UUID(bytes=digest, version=4))


class _PartWriter:
    """What the clouds of one part are written with; ``place`` tells the part from all others."""

    def __init__(self, dataset: Dataset, part: Part, place: str, keys: _KeyMap) -> None:
        self._dataset = dataset
        self._owner = _owner([part])
        self._labels = _label_list(dataset)
        self._place = place
        self._keys = keys
        self._stamp = {
            "labelerLogin": "",
            "createdAt": _date(part.info.created_date),
            "updatedAt": _date(part.info.updated_date),
        }

    def cloud(self, on_frame: FrameAnnotations) -> dict[str, Any]:
        """The annotations of a cloud."""
        frame = on_frame.frame.number
        key = self._keys.add("videos", key_of(self._place, "cloud", frame))
        tags = [(OWNER, self._owner), (LABELS, self._labels)]
        frame_tags = [self._tag(name, value, ("cloud", frame)) for name, value in tags]
        for tag in frame_tags:
            self._keys.add("tags", tag["key"])
        cuboids = [shape for shape in on_frame.shapes if is_cuboid(shape)]
        object_keys = [self._object_key(shape, n) for n, shape in enumerate(cuboids)]
        return {
            "description": "",
            "key": key,
            "tags": frame_tags,
            "objects": [self._object(*pair) for pair in zip(cuboids, object_keys, strict=True)],
            "figures": [
                self._figure(shape, object_key, n)
                for n, (shape, object_key) in enumerate(zip(cuboids, object_keys, strict=True))
            ],
        }

    def _tag(self, name: str, value: object, owner: Sequence[object]) -> dict[str, Any]:
        key = key_of(self._place, "tag", name, *owner)
        return {"key": key, "name": name, "value": value, **self._stamp}

    def _object_key(self, shape: Shape, place: int) -> str:
        if isinstance(shape, FrameShape):
            key = key_of(self._place, "track", shape.track_id)
            return self._keys.add("objects", key, once=True)
        return self._keys.add("objects", key_of(self._place, "object", shape.frame, place))

    def _object(self, shape: Shape, key: str) -> dict[str, Any]:
        label = self._dataset.labels_by_id[shape.label_id]
        values = {OCCLUDED: str(shape.occluded).lower(), **values_by_name(label, shape.attributes)}
        if isinstance(shape, FrameShape):
            values[TRACK] = str(shape.track_id)
            values[KEYFRAME] = str(shape.keyframe).lower()
        return {
            "key": key,
            "classTitle": label.name,
            "tags": [self._tag(*value, (key, shape.frame)) for value in values.items()],
            "objects": [],
            "figures": [],
            **self._stamp,
        }

    def _figure(self, shape: Shape, object_key: str, place: int) -> dict[str, Any]:
        cuboid = cuboid_of(shape.points)
        return {
            "key": self._keys.add("figures", key_of(self._place, "figure", shape.frame, place)),
            "objectKey": object_key,
            "geometryType": KIND,
            "geometry": {
                "position": dict(zip(AXES, cuboid.position, strict=True)),
                "rotation": dict(zip(AXES, cuboid.rotation, strict=True)),
                "dimensions": dict(zip(AXES, cuboid.scale, strict=True)),
            },
            **self._stamp,
        }


class _KeyMap:
    """Keys and their numbers, kept aside while clouds are written, more than a few on the disk."""

    KINDS: Mapping[str, int] = {"tags": 1, "objects": 0, "figures": 0, "videos": 0}

    def __init__(self) -> None:
        self._files: dict[str, IO[bytes]] = {
            kind: SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by __exit__
            for kind in self.KINDS
        }
        self._next = dict(self.KINDS)
        self._tracks: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def add(self, kind: str, key: str, *, once: bool = False) -> str:
        """Number a key, with ``once`` only when it is new; answers the key."""
        if once:
            if key in self._tracks:
                return key
            self._tracks.add(key)
        number = self._next[kind]
        comma = b"," if number > self.KINDS[kind] else b""
        self._files[kind].write(comma + b'"%s":%d' % (key.encode(), number))
        self._next[kind] = number + 1
        return key

    def write_into(self, out: Writable) -> None:
        """Write the whole map as JSON."""
        for place, (kind, file) in enumerate(self._files.items()):
            out.write((b"," if place else b"{") + b'"%s":{' % kind.encode())
            file.seek(0)
            for piece in _pieces(file):
                out.write(piece)
            out.write(b"}")
        out.write(b"}")


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(IN_MEMORY):
        yield piece


def _date(iso: str) -> str:
    """A date of the API as the format has it: ``2026-11-23 18:14:40.741916+00:00``."""
    return iso.replace("T", " ").replace("Z", "+00:00")


FORMATS = (
    Format(
        "Sly Point Cloud Format 1.0",
        "1.0",
        Dimension.D3,
        write,
        read,
        survey=survey_clouds.supervisely,
    ),
)
