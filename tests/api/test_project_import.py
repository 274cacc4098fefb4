"""Datasets imported into projects: each subset becomes a task with its images and annotations."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cvat_lite.config import Config
from cvat_lite.services import requests as request_service
from cvat_lite.services.context import Server
from cvat_lite.services.project_import import asking
from tests.api.held import counts, files, packed
from tests.api.people import acting_as, add_user, recorded
from tests.api.test_project_labels import labels_of, rectangle
from tests.api.test_projects import LABELS, add_member, make_project
from tests.api.test_tasks import form
from tests.client import Api
from tests.images import png
from tests.media.clouds import ascii_pcd

COCO = "COCO 1.0"
CVAT = "CVAT 1.1"
DATUMARO = "Datumaro 1.0"
#: What each format calls the subsets ``train`` and ``val`` of the project that is exported.
ROUND_TRIPS = {
    "CVAT for images 1.1": CVAT,
    COCO: COCO,
    "Datumaro 1.0": "Datumaro 1.0",
    "PASCAL VOC 1.1": "PASCAL VOC 1.1",
    "YOLO 1.1": "YOLO 1.1",
    "Ultralytics YOLO Detection 1.0": "Ultralytics YOLO Detection 1.0",
    "Open Images V6 1.0": "Open Images V6 1.0",
    "KITTI 1.0": "KITTI 1.0",
    "LabelMe 3.0": "LabelMe 3.0",
    "WiderFace 1.0": "WiderFace 1.0",
    "Ultralytics YOLO Oriented Bounding Boxes 1.0": "Ultralytics YOLO Oriented Bounding Boxes 1.0",
}
MASK_FORMATS = ("Segmentation mask 1.1", "CamVid 1.0", "Cityscapes 1.0", "PASCAL VOC 1.1", COCO)
#: Formats that have the images of all subsets in one directory.
TOGETHER = ("PASCAL VOC 1.1", "Segmentation mask 1.1")
#: Formats that know no subsets, with the names of their images where those are the format's own.
WITHOUT_SUBSETS = {
    "ImageNet 1.0": None,
    "MOT 1.1": {f"{number:06d}.png" for number in (1, 2, 3, 4)},
}
#: What the formats of point clouds make of the subsets ``train`` and ``val``.
CLOUD_FORMATS = {
    "Datumaro 3D 1.0": ["train", "val"],
    "Sly Point Cloud Format 1.0": ["ds0", "ds1"],
    "Kitti Raw Format 1.0": ["train", "val"],
}
SKELETON_FORMATS = ("COCO Keypoints 1.0", "Datumaro 1.0", "Ultralytics YOLO Pose 1.0")
SVG = "".join(
    f'<circle r="1" cx="{place}" cy="{place}" data-type="element node" '
    f'data-element-id="{number}" data-node-id="{number}" data-label-name="{name}"></circle>'
    for number, (name, place) in enumerate((("head", 20), ("foot", 80)), 1)
)
TAG_FORMATS = (
    "ImageNet 1.0",
    "Ultralytics YOLO Classification 1.0",
    "PASCAL VOC 1.1",
    "Open Images V6 1.0",
    "VGGFace2 1.0",
    "LFW 1.0",
)


async def exported(api: Api, project_id: int, name: str) -> dict[str, bytes]:
    """The members of an export of a project with its images."""
    asked = {"format": name, "save_images": "true"}
    answer = await api.post(f"/projects/{project_id}/dataset/export", params=asked, expect=202)
    request = await api.finished(answer["rq_id"])
    content = await api.get(request["result_url"].removeprefix(f"{api.url}/api"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {one: archive.read(one) for one in archive.namelist()}


async def sent(
    api: Api, project_id: int, name: str, content: bytes, *, filename: str = "zoo.zip", **more: str
) -> str:
    """The id of the request that imports an archive."""
    body = aiohttp.FormData()
    body.add_field("dataset_file", content, filename=filename)
    path = f"/projects/{project_id}/dataset/"
    answer = await api.post(path, expect=202, data=body, params={"format": name, **more})
    rq_id: str = answer["rq_id"]
    return rq_id


async def imported(
    api: Api,
    project_id: int,
    name: str,
    members: Mapping[str, bytes | str],
    *,
    status: str = "finished",
    **more: str,
) -> dict[str, Any]:
    """The request that has imported an archive, or has failed to."""
    rq_id = await sent(api, project_id, name, packed(members), **more)
    return await api.finished(rq_id, status=status)


async def tasks_of(api: Api, project_id: int) -> list[dict[str, Any]]:
    page = await api.get("/tasks", params={"project_id": str(project_id), "sort": "id"})
    found: list[dict[str, Any]] = page["results"]
    return found


async def frames_of(api: Api, task_id: int) -> list[str]:
    meta = await api.get(f"/tasks/{task_id}/data/meta")
    return [frame["name"] for frame in meta["frames"]]


async def told(api: Api, project_id: int) -> dict[str, Any]:
    """What the tasks of a project hold by subset, for comparison: no ids, labels by name."""
    names = {one["id"]: name for name, one in (await labels_of(api, project_id=project_id)).items()}
    found = {}
    for task in await tasks_of(api, project_id):
        held = await api.get(f"/tasks/{task['id']}/annotations/")
        shapes = [
            (names[one["label_id"]], one["type"], one["frame"], rounded(one["points"]))
            for one in held["shapes"]
        ]
        tags = [(names[one["label_id"]], one["frame"]) for one in held["tags"]]
        frames = await frames_of(api, task["id"])
        found[task["subset"]] = {"frames": frames, "shapes": sorted(shapes), "tags": sorted(tags)}
    return found


def rounded(points: list[float]) -> list[float]:
    return [round(value, 1) for value in points]


async def annotated(api: Api, **member: Any) -> int:
    """A project of two tasks in two subsets whose images have the same names."""
    project_id: int = (await make_project(api, name="zoo"))["id"]
    labels = await labels_of(api, project_id=project_id)
    for place, subset in enumerate(("train", "val")):
        task = await add_member(api, project_id, subset=subset, **member)
        box = rectangle(labels["person"]["id"], place, points=[1.0 + place, 2.0, 30.0, 40.0])
        car = rectangle(labels["car"]["id"], 1, points=[4.0, 5.0, 20.0 + place, 30.0])
        await api.put(f"/tasks/{task}/annotations/", {"shapes": [box, car]})
    return project_id


def coco(**more: Any) -> str:
    """A COCO file of one image with one box of a cat."""
    return json.dumps(
        {
            "images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 48}],
            "categories": [{"id": 7, "name": "cat"}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4]}],
            **more,
        }
    )


def items(*names: str) -> str:
    """A Datumaro file of items that all have one picture."""
    listed = [{"id": name, "annotations": [], "image": {"path": "a.png"}} for name in names]
    return json.dumps({"categories": {"label": {"labels": []}}, "items": listed})


ONE_BOX: dict[str, bytes | str] = {
    "annotations/instances_train.json": coco(),
    "images/train/a.png": png(),
}


# There and back


async def again(api: Api, project_id: int, written: str, read: str = "") -> int:
    """An empty project into which an export of another was imported."""
    members = await exported(api, project_id, written)
    empty: int = (await api.post("/projects", {"name": "again"}))["id"]
    await imported(api, empty, read or written, members, conv_mask_to_poly="false")
    return empty


def numbered(found: dict[str, Any]) -> dict[str, Any]:
    """The same where images of one name lie in one directory: the later ones are numbered."""
    frames = [name.replace(".png", "_1.png") for name in found["val"]["frames"]]
    return {**found, "val": {**found["val"], "frames": frames}}


async def test_boxes_come_back_with_their_tasks_in_an_empty_project(api: Api) -> None:
    project_id = await annotated(api)
    expected = await told(api, project_id)
    for written, read in ROUND_TRIPS.items():
        empty = await again(api, project_id, written, read)
        same = numbered(expected) if written in TOGETHER else expected
        assert await told(api, empty) == same, written
        names = sorted(task["name"] for task in await tasks_of(api, empty))
        assert names == ["train", "val"], written


async def test_the_images_of_every_format_come_back_by_subset(api: Api) -> None:
    project_id = await annotated(api)
    both = {"im0.png", "im1.png"}
    listing = await api.get("/server/annotation/formats")
    written = {one["name"] for one in listing["exporters"] if one["dimension"] == "2d"}
    for name in (one["name"] for one in listing["importers"] if one["name"] in written):
        empty = await again(api, project_id, name)
        found = {}
        for task in await tasks_of(api, empty):
            found[task["subset"]] = set(await frames_of(api, task["id"]))
        numbered_too = {*both, "im0_1.png", "im1_1.png"}
        if name in TOGETHER:
            assert found == {"train": both, "val": numbered_too - both}, name
        elif name in WITHOUT_SUBSETS:
            assert found == {"default": WITHOUT_SUBSETS[name] or numbered_too}, name
        else:
            assert found == {"train": both, "val": both}, name


async def test_masks_come_back_and_are_no_images(api: Api) -> None:
    project_id = (await make_project(api))["id"]
    person = (await labels_of(api, project_id=project_id))["person"]["id"]
    await api.patch(f"/labels/{person}", {"type": "any"})
    mask = {"type": "mask", "points": [0.0, 9.0, 4.0, 5.0, 6.0, 7.0]}
    for subset in ("train", "val"):
        task_id = await add_member(api, project_id, subset=subset)
        shapes = [rectangle(person, frame, **mask) for frame in (0, 1)]
        await api.put(f"/tasks/{task_id}/annotations/", {"shapes": shapes})
    expected = await told(api, project_id)
    for name in MASK_FORMATS:
        empty = await again(api, project_id, name)
        same = numbered(expected) if name in TOGETHER else expected
        assert await told(api, empty) == same, name


async def test_tags_come_back(api: Api) -> None:
    project_id = (await make_project(api))["id"]
    labels = await labels_of(api, project_id=project_id)
    task_id = await add_member(api, project_id, subset="train")
    tags = [
        {"label_id": labels[one]["id"], "frame": frame}
        for frame, one in enumerate(("car", "person"))
    ]
    await api.put(f"/tasks/{task_id}/annotations/", {"tags": tags})
    for name in TAG_FORMATS:
        (found,) = (await told(api, await again(api, project_id, name))).values()
        assert found["frames"] == ["im0.png", "im1.png"], name
        assert found["tags"] == [("car", 0), ("person", 1)], name


async def test_skeletons_come_back(api: Api) -> None:
    parts = [{"name": name, "type": "points"} for name in ("head", "foot")]
    body = {"name": "body", "type": "skeleton", "sublabels": parts, "svg": SVG}
    project_id = (await make_project(api, labels=[body]))["id"]
    label = (await labels_of(api, project_id=project_id))["body"]
    for subset in ("train", "val"):
        task_id = await add_member(api, project_id, subset=subset)
        elements = [
            {"type": "points", "frame": 1, "label_id": one["id"], "points": [3.0, place]}
            for place, one in enumerate(label["sublabels"], 4)
        ]
        shape = {"type": "skeleton", "frame": 1, "label_id": label["id"], "elements": elements}
        await api.put(f"/tasks/{task_id}/annotations/", {"shapes": [shape]})
    for name in SKELETON_FORMATS:
        empty = await again(api, project_id, name)
        for task in await tasks_of(api, empty):
            (shape,) = (await api.get(f"/tasks/{task['id']}/annotations/"))["shapes"]
            points = [rounded(one["points"]) for one in shape["elements"]]
            assert (shape["frame"], points) == (1, [[3.0, 4.0], [3.0, 5.0]]), name


async def test_point_clouds_come_back_with_their_images(api: Api) -> None:
    project_id = (await api.post("/projects", {"name": "p", "labels": [{"name": "car"}]}))["id"]
    car = (await labels_of(api, project_id=project_id))["car"]["id"]
    cuboid = [1.0, 2.0, 3.0, 0.0, 0.0, 0.5, 4.0, 5.0, 6.0, *[0.0] * 7]
    members = {
        **{f"pointcloud/{number}.pcd": ascii_pcd() for number in (1, 2)},
        "related_images/2_pcd/front.png": png(30, 20),
    }
    for subset in ("train", "val"):
        task = await api.post("/tasks", {"name": "t", "project_id": project_id, "subset": subset})
        body = form({"a.zip": packed(members)}, image_quality=70)
        answer = await api.post(f"/tasks/{task['id']}/data/", expect=202, data=body)
        await api.finished(answer["rq_id"])
        shape = {"type": "cuboid", "frame": 1, "label_id": car, "points": cuboid}
        await api.put(f"/tasks/{task['id']}/annotations/", {"shapes": [shape]})
    for name, subsets in CLOUD_FORMATS.items():
        empty = await again(api, project_id, name)
        tasks = await tasks_of(api, empty)
        assert sorted(task["subset"] for task in tasks) == subsets, name
        for task in tasks:
            meta = await api.get(f"/tasks/{task['id']}/data/meta")
            frames = [(one["name"][-5:], one["related_files"]) for one in meta["frames"]]
            assert (task["dimension"], frames) == ("3d", [("1.pcd", 0), ("2.pcd", 1)]), name
            (shape,) = (await api.get(f"/tasks/{task['id']}/annotations/"))["shapes"]
            assert (shape["frame"], rounded(shape["points"])) == (1, cuboid), name


async def test_what_an_import_is_called_as_a_request(api: Api) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    request = await imported(api, project_id, COCO, ONE_BOX)
    assert request["id"] == (
        f"action=import&target=project&target_id={project_id}&subresource=dataset"
    )
    expected = {
        "type": "import:dataset",
        "target": "project",
        "project_id": project_id,
        "format": COCO,
    }
    assert request["operation"].items() >= expected.items()
    assert (request["result_id"], request["result_url"]) == (None, None)


async def test_the_images_are_the_archives_own_bytes(api: Api) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    await imported(api, project_id, COCO, ONE_BOX)
    (task,) = await tasks_of(api, project_id)
    asked = {"type": "frame", "number": "0", "quality": "original"}
    assert await api.get(f"/tasks/{task['id']}/data", params=asked) == png()
    assert (task["mode"], task["dimension"], task["size"]) == ("annotation", "2d", 1)
    jobs = await api.get("/jobs", params={"task_id": str(task["id"])})
    assert [(one["start_frame"], one["stop_frame"]) for one in jobs["results"]] == [(0, 0)]


async def test_tracks_of_a_video_come_back_by_the_numbers_of_their_frames(api: Api) -> None:
    members: dict[str, bytes | str] = {
        "annotations.xml": """<annotations><meta><project><labels><label><name>cat</name>
            <color>#102030</color><type>any</type><attributes/></label></labels></project></meta>
            <track id="0" label="cat" task_id="5" subset="val">
            <box frame="4" keyframe="1" outside="0" occluded="0"
                 xtl="1" ytl="2" xbr="3" ybr="4" z_order="0"/>
            <box frame="8" keyframe="1" outside="1" occluded="0"
                 xtl="1" ytl="2" xbr="3" ybr="4" z_order="0"/></track></annotations>""",
        **{f"images/val/frame_{number:06d}.png": png(seed=number) for number in (2, 4, 6, 8)},
    }
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    await imported(api, project_id, CVAT, members)
    (task,) = await tasks_of(api, project_id)
    held = await api.get(f"/tasks/{task['id']}/annotations/")
    (track,) = held["tracks"]
    assert (track["frame"], [one["frame"] for one in track["shapes"]]) == (1, [1, 3])
    assert (await labels_of(api, project_id=project_id))["cat"]["color"] == "#102030"


async def test_every_way_to_annotate_comes_back_by_the_cvat_format(api: Api) -> None:
    skeleton = {
        "name": "body",
        "type": "skeleton",
        "sublabels": [{"name": "head", "type": "points"}, {"name": "foot", "type": "points"}],
        "svg": SVG,
    }
    project_id = (await make_project(api, labels=[*LABELS, skeleton]))["id"]
    task_id = await add_member(api, project_id, subset="val")
    labels = await labels_of(api, project_id=project_id)
    spec = labels["car"]["attributes"][0]["id"]
    parked = rectangle(labels["car"]["id"], attributes=[{"spec_id": spec, "value": "true"}])
    parts = [
        {"type": "points", "frame": 1, "label_id": one["id"], "points": [3.0, place]}
        for place, one in enumerate(labels["body"]["sublabels"], 4)
    ]
    body = {"type": "skeleton", "frame": 1, "label_id": labels["body"]["id"], "elements": parts}
    await api.put(f"/tasks/{task_id}/annotations/", {"shapes": [parked, body]})
    empty = (await api.post("/projects", {"name": "again"}))["id"]
    members = await exported(api, project_id, "CVAT for images 1.1")
    await imported(api, empty, CVAT, members)
    again = await labels_of(api, project_id=empty)
    assert [shown(one) for one in again.values()] == [shown(one) for one in labels.values()]
    (task,) = await tasks_of(api, empty)
    held = (await api.get(f"/tasks/{task['id']}/annotations/"))["shapes"]
    assert [value["value"] for value in held[0]["attributes"]] == ["true"]
    assert [one["points"] for one in held[1]["elements"]] == [[3.0, 4.0], [3.0, 5.0]]
    below = {one["id"]: one["name"] for one in again["body"]["sublabels"]}
    assert [below[one["label_id"]] for one in held[1]["elements"]] == ["head", "foot"]


def shown(label: dict[str, Any]) -> dict[str, Any]:
    """A label without its ids."""
    specs = [{**one, "id": 0} for one in label["attributes"]]
    below = [shown(one) for one in label.get("sublabels", ())]
    return {"name": label["name"], "type": label["type"], "specs": specs, "below": below}


# Labels


async def test_labels_are_made_where_the_project_has_none(api: Api) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    await imported(api, project_id, COCO, ONE_BOX)
    assert list(await labels_of(api, project_id=project_id)) == ["cat"]


async def test_key_points_make_a_skeleton(api: Api) -> None:
    category = {"id": 7, "name": "cat", "keypoints": ["ear", "tail"], "skeleton": [[1, 2]]}
    points = {"id": 1, "image_id": 1, "category_id": 7, "keypoints": [1, 2, 2, 3, 4, 1]}
    members = {
        **ONE_BOX,
        "annotations/instances_train.json": coco(categories=[category], annotations=[points]),
    }
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    await imported(api, project_id, "COCO Keypoints 1.0", members)
    cat = (await labels_of(api, project_id=project_id))["cat"]
    assert (cat["type"], [one["name"] for one in cat["sublabels"]]) == ("skeleton", ["ear", "tail"])
    assert all(f'data-label-id="{one["id"]}"' in cat["svg"] for one in cat["sublabels"])
    assert 'data-node-from="1" data-node-to="2"' in cat["svg"]
    (task,) = await tasks_of(api, project_id)
    (shape,) = (await api.get(f"/tasks/{task['id']}/annotations/"))["shapes"]
    assert [one["points"] for one in shape["elements"]] == [[1.0, 2.0], [3.0, 4.0]]


async def test_a_project_with_labels_takes_no_others(
    api: Api, server: Server, config: Config
) -> None:
    project_id = (await make_project(api))["id"]
    before = await counts(server), files(config)
    request = await imported(api, project_id, COCO, ONE_BOX, status="failed")
    assert "Target project does not have label with name 'cat'" in request["message"]
    assert (await counts(server), files(config)) == before


async def test_labels_that_only_annotations_tell_are_made_as_they_are_met(api: Api) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    members = {
        "train/image_2/a.png": png(),
        "train/label_2/a.txt": "cat 0 0 0 1 2 3 4 0 0 0 0 0 0 0\ndog 0 0 0 1 2 3 4 0 0 0 0 0 0 0\n",
    }
    await imported(api, project_id, "KITTI 1.0", members)
    assert list(await labels_of(api, project_id=project_id)) == ["cat", "dog"]


async def test_new_tasks_stand_beside_those_that_are_there(api: Api) -> None:
    project_id = await annotated(api)
    before = await tasks_of(api, project_id)
    members = await exported(api, project_id, COCO)
    await imported(api, project_id, COCO, members)
    after = await tasks_of(api, project_id)
    assert [task["id"] for task in after[:2]] == [task["id"] for task in before]
    assert [task["subset"] for task in after] == ["train", "val", "train", "val"]
    project = await api.get(f"/projects/{project_id}")
    assert project["tasks"]["count"] == 4


async def test_a_dataset_without_subsets_is_one_task_called_as_its_archive(api: Api) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    members = {"gt/gt.txt": "1,-1,1,2,3,4,1,1,1.0\n", "gt/labels.txt": "cat\n"}
    pictures = {f"img1/{number:06d}.png": png(seed=number) for number in (1, 2)}
    rq_id = await sent(
        api, project_id, "MOT 1.1", packed({**members, **pictures}), filename="walk.zip"
    )
    await api.finished(rq_id)
    (task,) = await tasks_of(api, project_id)
    assert (task["name"], task["subset"], task["size"]) == ("walk", "default", 2)


# What cannot be imported


@pytest.mark.parametrize(
    ("name", "members", "why"),
    [
        (COCO, {"annotations/instances_train.json": coco()}, "has no images"),
        (COCO, {"images/a.txt": "x"}, "has no images"),
        (
            COCO,
            {
                **ONE_BOX,
                "annotations/instances_train.json": coco(
                    images=[{"id": 1, "file_name": "../../../a.png"}]
                ),
            },
            "has no images",
        ),
        (COCO, {**ONE_BOX, "annotations/instances_train.json": "{"}, "not JSON"),
        (COCO, {**ONE_BOX, "images/train/a.png": b"no picture"}, "a.png"),
        (COCO, {**ONE_BOX, "../b.png": png()}, "leads out"),
        (DATUMARO, {"a/t.json": items("x", "../../x"), "a.png": png()}, "leads out"),
        (DATUMARO, {"a/t.json": items("x", "x.png/y"), "a.png": png()}, "two images"),
        (DATUMARO, {"a/t.json": items("x//y", "x/y"), "a.png": png()}, "two images"),
        (CVAT, {"a.png": png()}, "annotations.xml"),
        (CVAT, {"annotations.xml": "<annotations", "a.png": png()}, "annotations.xml"),
        ("YOLO 1.1", {"obj_train_data/a.png": png()}, "obj.names"),
    ],
)
async def test_a_dataset_that_cannot_be_used_says_why_and_leaves_nothing(
    api: Api,
    server: Server,
    config: Config,
    name: str,
    members: dict[str, bytes | str],
    why: str,
) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    before = await counts(server), files(config)
    request = await imported(api, project_id, name, members, status="failed")
    assert why in request["message"]
    assert (await counts(server), files(config)) == before


async def test_a_single_file_has_no_images(api: Api) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    rq_id = await sent(api, project_id, COCO, coco().encode(), filename="a.json")
    assert "has no images" in (await api.finished(rq_id, status="failed"))["message"]


async def test_one_wrong_subset_is_enough_for_no_task_at_all(
    api: Api, server: Server, config: Config
) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    wrong = {"id": 1, "image_id": 1, "category_id": 7, "segmentation": [[1, 2]]}
    members = {
        **ONE_BOX,
        "annotations/instances_val.json": coco(annotations=[wrong]),
        "images/val/a.png": png(),
    }
    before = await counts(server), files(config)
    request = await imported(api, project_id, COCO, members, status="failed")
    assert "instances_val.json, annotations[0]" in request["message"]
    assert (await counts(server), files(config)) == before


async def test_what_is_asked_wrongly_is_refused_at_once(api: Api) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    path = f"/projects/{project_id}/dataset/"
    body = form({"a.zip": b"x"})
    assert await api.post(path, expect=400, data=body, params={"format": "no such"}) == [
        "Unknown input format 'no such'"
    ]
    refused = await api.post(path, expect=400, params={"format": COCO})
    assert refused == ["No file has been uploaded"]
    cloud = {"format": COCO, "location": "cloud_storage"}
    await api.post(path, expect=400, params=cloud)
    await api.post("/projects/999/dataset/", expect=404, params={"format": COCO})


async def test_a_format_for_other_data_than_the_projects_is_refused_at_once(
    api: Api, server: Server, config: Config
) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    path = f"/projects/{project_id}/dataset/"
    name = next(iter(CLOUD_FORMATS))
    # A project without tasks takes any.
    refused = await api.post(path, expect=400, params={"format": name})
    assert refused == ["No file has been uploaded"]
    await imported(api, project_id, COCO, ONE_BOX)
    before = await counts(server), files(config)
    body = aiohttp.FormData()
    body.add_field("dataset_file", packed(ONE_BOX), filename="zoo.zip")
    refused = await api.post(path, expect=400, data=body, params={"format": name})
    assert refused == [f"The format '{name}' is for 3d data, the project has 2d data"]
    assert (await counts(server), files(config)) == before


async def test_only_those_who_may_import(api: Api, server: Server, url: str) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    await add_user(server, "eve")
    async with acting_as(url, "eve") as hers:
        path = f"/projects/{project_id}/dataset/"
        await hers.post(path, expect=403, params={"format": COCO})
        own = (await hers.post("/projects", {"name": "hers"}))["id"]
        await imported(hers, own, COCO, ONE_BOX)
        (task,) = await tasks_of(hers, own)
        assert task["owner"]["username"] == "eve"


# All or nothing


async def test_a_failure_at_the_end_leaves_nothing_and_can_be_tried_again(
    api: Api, server: Server, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    before = await counts(server), files(config)

    async def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(asking.request_store, "update", once(asking.request_store.update, full))
        request = await imported(api, project_id, COCO, ONE_BOX, status="failed")
    assert request["message"] == "No space left on device"
    assert (await counts(server), files(config)) == before
    await imported(api, project_id, COCO, ONE_BOX)
    assert len(await tasks_of(api, project_id)) == 1


def once(real: Any, instead: Any) -> Any:
    """``instead`` where the result is noted, the real function otherwise."""

    async def update(db: Any, request_id: str, values: dict[str, Any]) -> None:
        await (instead if set(values) == {"result_id"} else real)(db, request_id, values)

    return update


async def test_an_import_that_was_made_but_not_told_is_not_made_twice(
    api: Api, server: Server
) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    await imported(api, project_id, COCO, ONE_BOX)
    rq_id = f"action=import&target=project&target_id={project_id}&subresource=dataset"
    values = {"status": "started", "result_id": project_id}
    body = {"format": COCO, "file": "taken/x/a.zip", "masks_to_polygons": True, "base_url": ""}
    async with server.database.writing() as db:
        await asking.request_store.update(
            db, rq_id, {**values, "payload": json.dumps(body), "finished_date": None}
        )
    await request_service.take_up(server)
    request = await api.finished(rq_id)
    assert (request["id"], request["result_id"]) == (rq_id, None)
    assert len(await tasks_of(api, project_id)) == 1


async def test_an_import_that_the_server_died_of_begins_anew(
    api: Api, server: Server, config: Config
) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    await imported(api, project_id, COCO, ONE_BOX)
    (first,) = await tasks_of(api, project_id)
    await api.delete(f"/tasks/{first['id']}")
    rq_id = f"action=import&target=project&target_id={project_id}&subresource=dataset"
    archive = config.uploads / "taken" / "x" / "a.zip"
    left = archive.parent / asking.HOME / "media" / "0" / "raw" / "left.png"
    left.parent.mkdir(parents=True)
    left.write_bytes(png())
    archive.write_bytes(packed(ONE_BOX))
    body = {"format": COCO, "file": "taken/x/a.zip", "masks_to_polygons": True, "base_url": ""}
    async with server.database.writing() as db:
        values = {"status": "started", "payload": json.dumps(body), "finished_date": None}
        await asking.request_store.update(db, rq_id, values)
    await request_service.take_up(server)
    await api.finished(rq_id)
    (task,) = await tasks_of(api, project_id)
    assert await frames_of(api, task["id"]) == ["a.png"]
    assert not archive.parent.exists()


async def test_who_goes_away_at_the_last_moment_takes_no_archive_from_its_import(
    api: Api, server: Server, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]

    def gone(*_: Any) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        # The request has been recorded by then.
        patched.setattr(server.queue, "submit", gone)
        with pytest.raises(aiohttp.ClientError):
            await sent(api, project_id, COCO, packed(ONE_BOX))
    await request_service.take_up(server)
    await api.finished(f"action=import&target=project&target_id={project_id}&subresource=dataset")
    assert len(await tasks_of(api, project_id)) == 1
    assert not [path for path in files(config) if path.endswith("zoo.zip")]


async def test_labels_changed_under_way_are_a_reason_to_import_again(
    api: Api, server: Server, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    save = asking.save

    async def late(*given: Any) -> None:
        await api.patch(f"/projects/{project_id}", {"labels": [{"name": "dog"}]})
        await save(*given)

    monkeypatch.setattr(asking, "save", late)
    request = await imported(api, project_id, COCO, ONE_BOX, status="failed")
    assert "The labels of the project were changed" in request["message"]
    assert await tasks_of(api, project_id) == []
    assert files(config) == []


async def test_a_second_import_waits_for_the_first(
    api: Api, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    save, go_on = asking.save, asyncio.Event()

    async def late(*given: Any) -> None:
        await go_on.wait()
        await save(*given)

    monkeypatch.setattr(asking, "save", late)
    rq_id = await sent(api, project_id, COCO, packed(ONE_BOX))
    body = aiohttp.FormData()
    body.add_field("dataset_file", packed(ONE_BOX), filename="b.zip")
    path = f"/projects/{project_id}/dataset/"
    refused = await api.post(path, expect=409, data=body, params={"format": COCO})
    assert refused == {"rq_id": rq_id}
    go_on.set()
    await api.finished(rq_id)
    assert len(await tasks_of(api, project_id)) == 1
    assert [one for one in files(config) if str(config.uploads) in one] == []


async def test_the_new_tasks_are_recorded_as_events(api: Api, server: Server) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    await imported(api, project_id, COCO, ONE_BOX)
    (task,) = await tasks_of(api, project_id)
    made = [one for one in await recorded(server) if one["scope"] == "create:task"]
    assert [(one["task_id"], one["project_id"]) for one in made] == [(task["id"], project_id)]


async def test_tus_uploads_are_taken_up_and_told_of(api: Api, tmp_path: Path) -> None:
    project_id = (await api.post("/projects", {"name": "p"}))["id"]
    path = f"/projects/{project_id}/dataset/"
    content = packed(ONE_BOX)
    await api.call("POST", path, expect=202, headers={"Upload-Start": ""}, documented=False)
    announced = {"Upload-Length": str(len(content)), "Upload-Metadata": "filename YS56aXA="}
    made = await api.call("POST", path, expect=201, headers=announced, documented=False)
    where = made.headers["Location"].partition("/api")[2]
    piece = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    await api.call("PATCH", where, expect=204, headers=piece, data=content[:100])
    told_of = await api.call("HEAD", where)
    assert told_of.headers["Upload-Offset"] == "100"
    piece["Upload-Offset"] = "100"
    await api.call("PATCH", where, expect=204, headers=piece, data=content[100:])
    params = {"format": COCO, "filename": made.headers["Upload-Filename"]}
    asked = await api.post(path, expect=202, headers={"Upload-Finish": ""}, params=params)
    await api.finished(asked["rq_id"])
    assert len(await tasks_of(api, project_id)) == 1
