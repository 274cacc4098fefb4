"""Tasks from their specification to their removal."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import aiohttp
import pytest
from PIL import Image

from cvat_lite.store import rows
from tests.client import Api
from tests.images import png

LABELS = [
    {
        "name": "car",
        "color": "#ff00ff",
        "attributes": [
            {
                "name": "model",
                "mutable": False,
                "input_type": "select",
                "default_value": "mazda",
                "values": ["mazda", "bmw"],
            },
            {
                "name": "parked",
                "mutable": True,
                "input_type": "checkbox",
                "default_value": "false",
                "values": ["false"],
            },
        ],
    },
    {"name": "person"},
]


def form(files: dict[str, bytes], **fields: Any) -> aiohttp.FormData:
    """A multipart form as clients send it."""
    data = aiohttp.FormData()
    for name, value in fields.items():
        data.add_field(name, str(value))
    for number, (name, content) in enumerate(files.items()):
        data.add_field(f"client_files[{number}]", content, filename=name)
    return data


#: What is said of a task when it is made, not with its data.
SPEC = ("segment_size", "overlap", "consensus_replicas")


async def make_task(api: Api, count: int = 3, **more: Any) -> dict[str, Any]:
    """A task of some pictures."""
    spec = {key: more.pop(key) for key in SPEC if key in more}
    task = await api.post("/tasks", {"name": "cats", "labels": LABELS, **spec})
    files = {f"im{number}.png": png(64 + number, 48, number) for number in range(count)}
    answer = await api.post(
        f"/tasks/{task['id']}/data/", expect=202, data=form(files, image_quality=75, **more)
    )
    await api.finished(answer["rq_id"])
    found: dict[str, Any] = await api.get(f"/tasks/{task['id']}")
    return found


async def test_a_created_task_can_be_read_back(api: Api) -> None:
    task = await api.post("/tasks", {"name": "cats", "labels": LABELS})
    assert await api.get(f"/tasks/{task['id']}") == task
    assert task["status"] == "annotation"
    assert task["owner"]["username"] == "admin"


async def test_images_become_frames_in_the_order_of_their_names(api: Api) -> None:
    task = await make_task(api)
    assert (task["size"], task["mode"], task["dimension"]) == (3, "annotation", "2d")
    meta = await api.get(f"/tasks/{task['id']}/data/meta")
    assert [(f["name"], f["width"], f["height"]) for f in meta["frames"]] == [
        ("im0.png", 64, 48),
        ("im1.png", 65, 48),
        ("im2.png", 66, 48),
    ]


async def test_a_task_is_cut_into_jobs_that_overlap(api: Api) -> None:
    task = await make_task(api, 8, segment_size=3, overlap=1)
    jobs = await api.get("/jobs", params={"task_id": task["id"], "sort": "id"})
    assert [(j["start_frame"], j["stop_frame"]) for j in jobs["results"]] == [
        (0, 2),
        (2, 4),
        (4, 6),
        (6, 7),
    ]


async def test_frames_and_chunks_are_read_back(api: Api) -> None:
    task = await make_task(api)
    where = f"/tasks/{task['id']}/data/"
    frame = await api.get(where, params={"type": "frame", "number": 1, "quality": "original"})
    assert frame == png(65, 48, 1)
    chunk = await api.get(where, params={"type": "chunk", "number": 0, "quality": "compressed"})
    with zipfile.ZipFile(io.BytesIO(chunk)) as archive:
        assert archive.namelist() == ["000000.jpeg", "000001.jpeg", "000002.jpeg"]
        assert Image.open(io.BytesIO(archive.read("000001.jpeg"))).size == (65, 48)
    original = await api.get(where, params={"type": "chunk", "number": 0, "quality": "original"})
    with zipfile.ZipFile(io.BytesIO(original)) as archive:
        assert archive.read(archive.namelist()[2]) == png(66, 48, 2)
    error = await api.get(where, params={"type": "chunk", "number": 9}, expect=400)
    assert error.startswith("Invalid chunk number '9'.")
    preview = await api.get(f"/tasks/{task['id']}/preview")
    assert Image.open(io.BytesIO(preview)).format == "JPEG"


async def test_an_answer_that_is_known_is_not_sent_again(api: Api) -> None:
    task = await make_task(api)
    where, what = f"/tasks/{task['id']}/data/", {"type": "chunk", "number": 0}
    first = await api.call("GET", where, params=what)
    again = {"If-None-Match": first.headers["ETag"]}
    await api.call("GET", where, params=what, headers=again, expect=304)
    part = await api.call("GET", where, params=what, headers={"Range": "bytes=0-9"}, expect=206)
    assert await part.read() == (await first.read())[:10]


async def test_deleted_frames_are_kept_in_the_meta(api: Api) -> None:
    task = await make_task(api)
    where = f"/tasks/{task['id']}/data/meta"
    changed = await api.patch(where, {"deleted_frames": [1]})
    assert changed["deleted_frames"] == [1]
    assert (await api.get(where))["deleted_frames"] == [1]
    error = await api.patch(where, {"deleted_frames": [77]}, expect=400)
    assert error == {"deleted_frames": ["Unknown frames 77 requested for removal"]}


async def test_a_removed_task_is_gone_with_its_files(api: Api, server) -> None:
    task = await make_task(api)
    home = server.config.media / str(task["data"])
    assert home.is_dir()
    await api.delete(f"/tasks/{task['id']}")
    assert not home.exists()
    error = await api.get(f"/tasks/{task['id']}", expect=404)
    assert error == {"detail": "No Task matches the given query."}
    assert (await api.get("/jobs", params={"task_id": task["id"]}))["count"] == 0


async def test_what_cannot_be_changed_is_refused(api: Api) -> None:
    task = await api.post("/tasks", {"name": "cats"})
    error = await api.patch(f"/tasks/{task['id']}", {"segment_size": 5}, expect=403)
    assert error == {"detail": "Attempted to update an unknown field"}
    error = await api.patch(f"/tasks/{task['id']}", {"name": ""}, expect=400)
    assert error == {"name": ["This field may not be blank."]}


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({}, {"name": ["This field is required."]}),
        (
            {"name": "x", "labels": "car"},
            {"labels": {"non_field_errors": ['Expected a list of items but got type "str".']}},
        ),
        (
            {"name": "x", "labels": [{"name": ""}]},
            {"labels": [{"name": ["This field may not be blank."]}]},
        ),
        (
            {"name": "x", "labels": [{"name": "a", "type": "blob"}]},
            {"labels": [{"type": ['"blob" is not a valid choice.']}]},
        ),
        (
            {"name": "x", "labels": [{"name": "a"}, {"name": "a"}]},
            ["All label names must be unique"],
        ),
        (
            {"name": "x", "segment_size": -1},
            {"segment_size": ["Ensure this value is greater than or equal to 0."]},
        ),
        ({"name": "x", "project_id": 9999}, ["Project matching query does not exist."]),
        ({"name": "x" * 300}, {"name": ["Ensure this field has no more than 256 characters."]}),
        (
            {"name": "x", "source_storage": {"location": "moon"}},
            {"source_storage": {"location": ['"moon" is not a valid choice.']}},
        ),
        (
            {"name": "x", "consensus_replicas": 1},
            {
                "consensus_replicas": [
                    (
                        "Consensus replicas must be 0 or a positive number more than 1 and less than 12, "
                        "got 1"
                    )
                ]
            },
        ),
    ],
)
async def test_wrong_specifications_are_refused(api: Api, spec: Any, error: Any) -> None:
    assert await api.post("/tasks", spec, expect=400) == error
    assert (await api.get("/tasks"))["count"] == 0


async def test_a_task_can_be_put_into_an_organization(api: Api) -> None:
    place = await api.post("/organizations", {"slug": "zoo"})
    task = await api.post("/tasks", {"name": "cats"})
    changed = await api.patch(f"/tasks/{task['id']}", {"organization_id": place["id"]})
    assert changed["organization_id"] == place["id"]
    listed = await api.get("/tasks", params={"org": "zoo"})
    assert [found["id"] for found in listed["results"]] == [task["id"]]


async def test_sound_has_no_quality_of_images(api: Api, server) -> None:
    task = await make_task(api, 1)
    assert task["image_quality"] == 75
    async with server.database.writing() as db:
        await rows.update(db, "tasks", task["id"], {"dimension": "1d", "media_type": "audio"})
    assert "image_quality" not in await api.get(f"/tasks/{task['id']}")


async def test_null_is_no_description_of_a_task(api: Api) -> None:
    task = await make_task(api, 1)
    sent = {"data": b"null", "headers": {"Content-Type": "application/json"}}
    for call, path in ((api.post, "/tasks"), (api.patch, f"/tasks/{task['id']}")):
        error = await call(path, expect=400, **sent)
        assert error == {"non_field_errors": ["No data provided"]}


async def test_a_task_without_data_has_no_preview(api: Api) -> None:
    task = await api.post("/tasks", {"name": "cats"})
    where = f"/tasks/{task['id']}/preview"
    assert await api.get(where, expect=404) == {"detail": "Not found."}
    await api.get(where, expect=204, headers={"Prefer": "handling=empty"})


async def test_a_file_goes_to_no_place_that_is_not_known(api: Api) -> None:
    task = await make_task(api, 1)
    error = await api.post(
        f"/tasks/{task['id']}/dataset/export",
        params={"format": "CVAT for images 1.1", "location": "moon"},
        expect=400,
    )
    assert error == {"location": ['"moon" is not a valid choice.']}
