"""Archives of datasets as other programs lay them out, and what a project's import makes of them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cvat_lite.domain import payload
from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.labels import Label
from cvat_lite.services.project_import.preparing import Prepared, Work, prepare
from tests.images import png

Members = Mapping[str, bytes | str]
Boxes = list[tuple[str, str]]

PICTURE = png()
LARGEST = 1_000_000


def pack(path: Path, members: Members, method: int = zipfile.ZIP_STORED) -> Path:
    """A zip archive of these members."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def prepared(
    place: Path,
    form: str,
    members: Members,
    labels: Sequence[Label] = (),
    *,
    name: str = "zoo.zip",
    polygons: bool = False,
) -> Prepared:
    """What the import of such an archive into a project with these labels would record."""
    archive = pack(place / name, members)
    return prepare(Work(archive, place / "home", form, tuple(labels), polygons, LARGEST))


def frames_of(found: Prepared) -> dict[str, list[str]]:
    """The names of the frames of each subset's task, in order."""
    return {one.entry.subset: [name for name, *_ in one.plan.images] for one in found.tasks}


def data_of(found: Prepared) -> dict[str, LabeledData]:
    """The annotations of each subset's task."""
    return {one.entry.subset: payload.decode(one.payloads[0].read_bytes()) for one in found.tasks}


def labeled(found: Prepared, labels: Sequence[Label] = ()) -> dict[str, Boxes]:
    """By subset: the label and the frame of each shape, track and tag, by their names."""
    names = {label.id: label.name for label in (*found.new_labels, *labels)}
    frames = frames_of(found)
    return {
        subset: sorted(
            (names[one.label_id], frames[subset][one.frame])
            for one in (*data.shapes, *data.tracks, *data.tags)
        )
        for subset, data in data_of(found).items()
    }


def new_labels(found: Prepared) -> list[str]:
    """The names of the labels that the project is to get."""
    return [label.name for label in found.new_labels]


def voc(*labels: str) -> str:
    """A document of PASCAL VOC with a box of each of these labels."""
    sides = "<xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax>"
    boxes = (f"<object><name>{one}</name><bndbox>{sides}</bndbox></object>" for one in labels)
    return f"<annotation>{''.join(boxes)}</annotation>"


def coco(*names: str, **more: Any) -> str:
    """A COCO file of these images, each with a box of a cat."""
    return json.dumps(
        {
            "images": [
                {"id": number, "file_name": name, "width": 64, "height": 48}
                for number, name in enumerate(names, 1)
            ],
            "categories": [{"id": 7, "name": "cat"}],
            "annotations": [
                {"id": number, "image_id": number, "category_id": 7, "bbox": [1, 2, 3, 4]}
                for number, _ in enumerate(names, 1)
            ],
            **more,
        }
    )


def item(name: str, path: str = "", **more: Any) -> dict[str, Any]:
    """An item of Datumaro's with a box of its first label."""
    box = {"id": 0, "type": "bbox", "label_id": 0, "bbox": [1, 2, 3, 4], "attributes": {}}
    return {"id": name, "annotations": [box], "image": {"path": path or f"{name}.png"}, **more}


def datumaro(*items: dict[str, Any], labels: Sequence[Any] = ("cat",), **more: Any) -> str:
    """A Datumaro file; ``more`` are further categories."""
    listed = [{"name": one, "parent": ""} if isinstance(one, str) else one for one in labels]
    return json.dumps({"categories": {"label": {"labels": listed}, **more}, "items": items})


BOX = '<box label="{}" xtl="1" ytl="2" xbr="30" ybr="40" occluded="0" z_order="0"/>'


def cvat_image(name: str, label: str, **more: str) -> str:
    """An image of CVAT's XML with a box."""
    places = "".join(f' {key}="{value}"' for key, value in more.items())
    return f'<image id="0" name="{name}" width="64" height="48"{places}>{BOX.format(label)}</image>'


def cvat_track(label: str, frame: int | str, **more: str) -> str:
    """A track of CVAT's XML that is on one frame."""
    places = "".join(f' {key}="{value}"' for key, value in more.items())
    box = f'<box frame="{frame}" keyframe="1" outside="0" occluded="0" xtl="1" ytl="2" '
    return f'<track id="0" label="{label}"{places}>{box}xbr="3" ybr="4" z_order="0"/></track>'


def cvat_label(name: str, more: str = "", kind: str = "any") -> str:
    """A label of the head of CVAT's XML."""
    return f"<label><name>{name}</name><type>{kind}</type>{more}</label>"


def cvat(body: str, *labels: str, head: str = "") -> str:
    """A document of CVAT's; labels are names, or elements."""
    told = "".join(one if one.startswith("<") else cvat_label(one) for one in labels)
    meta = f"<meta><task>{head}<labels>{told}</labels></task></meta>"
    return f"<annotations>{meta}{body}</annotations>"
