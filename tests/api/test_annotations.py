"""Annotations of jobs and tasks through the API."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from tests.api.test_tasks import make_task
from tests.client import Api

SQUARE = [10.0, 10.0, 30.5, 30.0]


async def first_job(api: Api, task: dict[str, Any]) -> int:
    jobs = await api.get("/jobs", params={"task_id": task["id"], "sort": "id"})
    number: int = jobs["results"][0]["id"]
    return number


async def labels_of(api: Api, task: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = await api.get("/labels", params={"task_id": task["id"]})
    return {label["name"]: label for label in found["results"]}


def box(label: dict[str, Any], frame: int = 0, **more: Any) -> dict[str, Any]:
    return {"type": "rectangle", "label_id": label["id"], "frame": frame, "points": SQUARE, **more}


async def test_what_is_put_is_read_back_with_default_attributes(api: Api) -> None:
    task = await make_task(api)
    job, labels = await first_job(api, task), await labels_of(api, task)
    answer = await api.put(f"/jobs/{job}/annotations/", {"shapes": [box(labels["car"])]})
    assert answer["shapes"][0]["attributes"] == []
    found = await api.get(f"/jobs/{job}/annotations/")
    assert found == await api.get(f"/tasks/{task['id']}/annotations/")
    (shape,) = found["shapes"]
    model, parked = labels["car"]["attributes"]
    assert shape["id"] == answer["shapes"][0]["id"]
    assert shape["points"] == SQUARE
    assert shape["attributes"] == [
        {"spec_id": model["id"], "value": "mazda"},
        {"spec_id": parked["id"], "value": "false"},
    ]


async def test_patches_create_update_and_delete(api: Api) -> None:
    task = await make_task(api)
    job, labels = await first_job(api, task), await labels_of(api, task)
    where = f"/jobs/{job}/annotations/"
    made = await api.patch(
        f"{where}?action=create", {"shapes": [box(labels["person"]), box(labels["person"], 1)]}
    )
    assert set(made) == {"version", "tags", "shapes", "tracks", "intervals"}
    first, second = made["shapes"]
    await api.patch(f"{where}?action=update", {"shapes": [{**first, "points": [1, 1, 2, 2]}]})
    await api.patch(f"{where}?action=delete", {"shapes": [second]})
    left = (await api.get(where))["shapes"]
    assert [shape["points"] for shape in left] == [[1, 1, 2, 2]]
    error = await api.patch(f"{where}?action=explode", {}, expect=400)
    assert error == ["Please specify a correct 'action' for the request"]


async def test_annotations_of_a_task_go_to_the_jobs_that_hold_their_frames(api: Api) -> None:
    task = await make_task(api, 6, segment_size=3)
    labels = await labels_of(api, task)
    await api.put(
        f"/tasks/{task['id']}/annotations/",
        {"shapes": [box(labels["car"], 1), box(labels["car"], 4)]},
    )
    jobs = (await api.get("/jobs", params={"task_id": task["id"], "sort": "id"}))["results"]
    frames = [
        [shape["frame"] for shape in (await api.get(f"/jobs/{job['id']}/annotations/"))["shapes"]]
        for job in jobs
    ]
    assert frames == [[1], [4]]
    await api.delete(f"/jobs/{jobs[0]['id']}/annotations/")
    left = (await api.get(f"/tasks/{task['id']}/annotations/"))["shapes"]
    assert [shape["frame"] for shape in left] == [4]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"label_id": 999999}, ["label_id `999999` is invalid"]),
        ({"type": "blob"}, {"shapes": [{"type": ['"blob" is not a valid choice.']}]}),
        (
            {"points": [1, 2, 3]},
            {"shapes": [{"points": ["invalid length for shape type 'rectangle'"]}]},
        ),
        (
            {"frame": -1},
            {"shapes": [{"frame": ["Ensure this value is greater than or equal to 0."]}]},
        ),
    ],
)
async def test_wrong_annotations_change_nothing(api: Api, change: Any, error: Any) -> None:
    task = await make_task(api)
    job, labels = await first_job(api, task), await labels_of(api, task)
    where = f"/jobs/{job}/annotations/"
    await api.put(where, {"shapes": [box(labels["car"])]})
    before = await api.get(where)
    assert await api.put(where, {"shapes": [{**box(labels["car"]), **change}]}, expect=400) == error
    assert await api.get(where) == before


async def exported(api: Api, where: str, name: str, *, save_images: bool = False) -> bytes:
    """The archive of an export of a task or job."""
    answer = await api.post(
        f"{where}/dataset/export",
        expect=202,
        params={"format": name, "save_images": str(save_images).lower()},
    )
    request = await api.finished(answer["rq_id"])
    archive: bytes = await api.get(request["result_url"].removeprefix(f"{api.url}/api"))
    return archive


async def imported(api: Api, where: str, archive: bytes, name: str, **more: str) -> None:
    """Import an archive into a task or job."""
    data = aiohttp.FormData()
    data.add_field("annotation_file", archive, filename="a.zip")
    params = {"format": name, **more}
    answer = await api.post(f"{where}/annotations/", expect=202, data=data, params=params)
    await api.finished(answer["rq_id"])


@pytest.mark.parametrize("save_images", [False, True], ids=["annotations", "dataset"])
@pytest.mark.parametrize(
    "name",
    [
        "CVAT for images 1.1",
        "CVAT for video 1.1",
        "COCO 1.0",
        "YOLO 1.1",
        "Ultralytics YOLO Detection 1.0",
        "PASCAL VOC 1.1",
        "Datumaro 1.0",
    ],
)
async def test_every_format_can_be_exported_and_imported(
    api: Api, name: str, save_images: bool
) -> None:
    task = await make_task(api)
    labels = await labels_of(api, task)
    shapes = [box(labels["person"], 0), box(labels["person"], 2)]
    where = f"/tasks/{task['id']}"
    await api.put(f"{where}/annotations/", {"shapes": shapes})
    archive = await exported(api, where, name, save_images=save_images)
    await api.delete(f"{where}/annotations/")
    await imported(api, where, archive, "CVAT 1.1" if name.startswith("CVAT") else name)
    found = await api.get(f"{where}/annotations/")
    everything = found["shapes"] + [
        {"frame": track["frame"], **track["shapes"][0]} for track in found["tracks"]
    ]
    got = sorted((shape["frame"], [round(v, 1) for v in shape["points"]]) for shape in everything)
    assert got == [(0, SQUARE), (2, SQUARE)]


async def test_the_file_of_a_form_is_imported_whatever_the_query_calls_it(api: Api) -> None:
    task = await make_task(api)
    where = f"/tasks/{task['id']}"
    labels = await labels_of(api, task)
    await api.put(f"{where}/annotations/", {"shapes": [box(labels["person"], 0)]})
    archive = await exported(api, where, "COCO 1.0")
    await api.delete(f"{where}/annotations/")
    await imported(api, where, archive, "COCO 1.0", filename="another.zip")
    assert len((await api.get(f"{where}/annotations/"))["shapes"]) == 1
