"""CVAT's own web client: every call from its first page to a saved annotation, as it makes them.

The client proves itself by cookies, sends the CSRF value with each call, and names the personal
workspace by an empty ``org``. Fields are asserted without which its pages break.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import pytest
from yarl import URL

from tests.client import ADMIN_PASSWORD
from tests.clients.conftest import Running
from tests.clients.web_client import (
    CHUNK,
    FRAMES,
    HERE,
    NOTHING,
    WebClient,
    begin,
    create_task,
    files_form,
    only_job,
    rectangle,
    send,
    upload,
)

LISTS = {"shapes", "tracks", "tags", "intervals"}


@pytest.fixture
async def stranger(running: Running) -> AsyncIterator[WebClient]:
    """The client before anybody has logged in."""
    async with WebClient(running.url) as client:
        yield client


@pytest.fixture
async def web(stranger: WebClient) -> WebClient:
    """The client of the administrator, logged in."""
    body = {"username": "admin", "password": ADMIN_PASSWORD}
    await stranger.post("/auth/login", body, expect=200, params=HERE)
    return stranger


async def test_the_first_page_comes_up_for_a_stranger(stranger: WebClient) -> None:
    params = {"format": "json", "org": ""}
    await stranger.get("/server/health/", params=params)
    await stranger.get("/users/self", expect=401, params=HERE)
    await stranger.get("/user-agreements", expect=404, documented=False, params=HERE)
    about = await stranger.get("/server/about", params=HERE)
    assert about.keys() >= {"name", "description", "version", "logo_url", "subtitle"}
    async with stranger.session.get(URL(stranger.url).join(URL(about["logo_url"]))) as logo:
        assert (logo.status, logo.content_type) == (200, "image/svg+xml")


async def test_the_schema_tells_which_forms_of_login_there_are(stranger: WebClient) -> None:
    schema = await stranger.get("/schema/", params={"scheme": "json", "org": ""})
    assert schema["components"]["schemas"]
    for path in ("register", "login", "password/reset", "password/change"):
        assert f"/api/auth/{path}" in schema["paths"]


async def test_a_login_sets_the_cookies_and_the_client_knows_its_user(web: WebClient) -> None:
    cookies = {cookie.key: cookie for cookie in web.session.cookie_jar}
    assert cookies["sessionid"]["httponly"]
    assert not cookies["csrftoken"]["httponly"]
    user = await web.get("/users/self", params=HERE)
    assert user["id"]
    assert user["username"] == "admin"
    assert user["groups"] == ["admin"]
    assert user.get("email_verification_required") is not True
    known = {"first_name", "last_name", "email", "is_staff", "is_superuser", "is_active"}
    assert user.keys() >= known | {"last_login", "date_joined", "has_analytics_access"}
    await web.post("/auth/logout", expect=200, params=HERE)
    await web.get("/users/self", expect=401, params=HERE)


async def test_a_login_is_not_refused_for_an_old_cookie(stranger: WebClient) -> None:
    stranger.session.cookie_jar.update_cookies({"csrftoken": "0" * 32}, URL(stranger.url))
    body = {"username": "admin", "password": ADMIN_PASSWORD}
    async with stranger.session.post(f"{stranger.url}/api/auth/login", json=body) as response:
        assert response.status == 200


async def test_what_is_asked_after_the_login_is_answered(web: WebClient) -> None:
    formats = await web.get("/server/annotation/formats", params=HERE)
    for found in (formats["importers"], formats["exporters"]):
        assert found
        for one in found:
            assert one.keys() >= {"name", "ext", "version", "enabled", "dimension"}
            assert one["dimension"] in ("1d", "2d", "3d")
    assert isinstance(await web.get("/server/plugins", params=HERE), dict)
    head = await web.session.head(f"{web.url}/api/lambda/functions", params=HERE)
    assert head.status in (404, 503)
    user = await web.get("/users/self", params=HERE)
    mine = {"==": [{"var": "user_id"}, str(user["id"])]}
    open_ones = json.dumps({"and": [mine, {"==": [{"var": "accepted"}, False]}]})
    invitations = await web.get("/invitations", params={"filter": open_ones})
    assert invitations["results"] == []
    await web.everything("/requests")
    menu = await web.get("/organizations", params={**HERE, "page_size": "10", "sort": "slug"})
    assert menu["count"] == len(menu["results"])
    stored = json.dumps({"and": [{"==": [{"var": "slug"}, "gone"]}]})
    assert (await web.get("/organizations", params={"filter": stored}))["count"] == 0


async def test_the_lists_and_their_cards_are_drawn(web: WebClient) -> None:
    task = await create_task(web)
    empty = await web.post("/tasks", {"name": "empty", "labels": []}, params=HERE)
    pages = {**HERE, "page": "1", "page_size": "10"}
    tasks = await web.get("/tasks", params=pages)
    assert tasks["count"] >= 2
    shown = {one["id"]: one for one in tasks["results"]}
    assert shown[task["id"]]["jobs"] == {
        "count": 1,
        "completed": 0,
        "validation": 0,
        "url": f"{web.url}/api/jobs?task_id={task['id']}",
    }
    assert (shown[empty["id"]]["mode"], shown[empty["id"]]["dimension"]) == ("", "")
    prefer = {"Prefer": "handling=empty"}
    picture = await web.call("GET", f"/tasks/{task['id']}/preview", params=HERE, headers=prefer)
    assert picture.content_type == "image/jpeg"
    path = f"/tasks/{empty['id']}/preview"
    await web.get(path, expect=204, params=HERE, headers=prefer)
    jobs = await web.get("/jobs", params=pages)
    card = f"/jobs/{jobs['results'][0]['id']}/preview"
    assert (await web.call("GET", card, params=HERE, headers=prefer)).content_type == "image/jpeg"
    assert await web.get("/lambda/requests", params=HERE) == []


async def test_projects_are_listed_and_chosen_by_name(web: WebClient) -> None:
    spec = {"name": "menagerie", "labels": []}
    project = await web.post("/projects", spec, params=HERE)
    pages = {**HERE, "page": "1", "page_size": "12"}
    shown = {one["id"]: one for one in (await web.get("/projects", params=pages))["results"]}
    assert shown[project["id"]]["tasks"]["count"] == 0
    assert shown[project["id"]]["task_subsets"] == []
    named = {"names_only": "true", "page": "1", "page_size": "10", "search": "menag"}
    found = await web.get("/projects", documented=False, params={**HERE, **named})
    assert [(one["id"], one["name"]) for one in found["results"]] == [(project["id"], "menagerie")]
    prefer = {"Prefer": "handling=empty"}
    path = f"/projects/{project['id']}/preview"
    await web.get(path, expect=204, params=HERE, headers=prefer)


async def test_a_task_is_created_and_its_page_is_drawn(web: WebClient) -> None:
    task = await create_task(web)
    assert (task["size"], task["mode"], task["dimension"]) == (FRAMES, "annotation", "2d")
    assert task["organization"] is None
    labels = await web.everything("/labels", task_id=str(task["id"]))
    assert [label["name"] for label in labels] == ["cat"]
    of_task = json.dumps({"and": [{"==": [{"var": "task_id"}, task["id"]]}]})
    (job,) = await web.everything("/jobs", filter=of_task)
    assert job == await only_job(web, task)
    meta = await web.get(f"/tasks/{task['id']}/data/meta", params=HERE)
    assert meta["deleted_frames"] == []
    assert [frame["name"] for frame in meta["frames"]] == [f"{n}.png" for n in range(FRAMES)]
    people = await web.get("/users", params={"limit": "10", "is_active": "true"})
    assert "admin" in [one["username"] for one in people["results"]]
    for request in await web.everything("/requests"):
        assert isinstance(request["operation"]["type"], str)
        assert request["status"] in ("queued", "started", "finished", "failed")
        assert isinstance(request["owner"], dict)


async def test_a_task_whose_files_are_refused_is_taken_back(web: WebClient) -> None:
    task = await web.post("/tasks", {"name": "broken", "labels": []}, params=HERE)
    path = f"/tasks/{task['id']}/data"
    await begin(web, path)
    await send(web, path, files_form({"x.png": b"no picture"}, {"image_quality": 70}))
    body = {"image_quality": 70}
    finish = {"Upload-Finish": "true"}
    answer = await web.post(path, body, expect=202, params=HERE, headers=finish)
    request = await web.ended(answer["rq_id"])
    assert request["status"] == "failed"
    assert "x.png" in request["message"]
    await web.delete(f"/tasks/{task['id']}", params=HERE)
    await web.get(f"/tasks/{task['id']}", expect=404)


async def test_the_annotation_page_is_drawn(web: WebClient) -> None:
    task = await create_task(web)
    path = f"/jobs/{(await only_job(web, task))['id']}"
    job = await web.get(path)
    assert (job["dimension"], job["data_chunk_size"]) == ("2d", CHUNK)
    assert (job["start_frame"], job["stop_frame"]) == (0, FRAMES - 1)
    of_job = {"job_id": str(job["id"])}
    assert len(await web.everything("/labels", **of_job)) == 1
    truth = {**HERE, "task_id": str(task["id"]), "type": "ground_truth"}
    assert (await web.get("/jobs", params=truth))["count"] == 0
    meta = await web.get(f"{path}/data/meta", params=HERE)
    assert (meta["chunk_size"], meta["start_frame"], meta["stop_frame"]) == (CHUNK, 0, FRAMES - 1)
    assert (meta["deleted_frames"], meta["included_frames"]) == ([], None)
    assert {(frame["width"], frame["height"]) for frame in meta["frames"]} == {(64, 48)}
    for issues_or_comments in ("/issues", "/comments"):
        assert await web.everything(issues_or_comments, **of_job) == []
    annotations = await web.get(f"{path}/annotations", params=HERE)
    assert all(annotations[name] == [] for name in LISTS)
    context = {**HERE, "quality": "original", "type": "context_image", "number": "0"}
    await web.get(f"{path}/data", params=context)


async def test_a_worker_of_the_page_gets_chunks_with_the_cookie_alone(web: WebClient) -> None:
    job = await only_job(web, await create_task(web))
    names = []
    for index in range(2):
        url = f"{web.url}/api/jobs/{job['id']}/data"
        params = {**HERE, "quality": "compressed", "type": "chunk", "index": str(index)}
        async with web.session.get(url, params=params) as response:
            assert (response.status, response.content_type) == (200, "application/zip")
            chunk = await response.read()
        async with web.session.get(url, params=params, headers={"Range": "bytes=9-"}) as rest:
            size = len(chunk)
            assert rest.status == 206
            assert rest.headers["Content-Range"] == f"bytes 9-{size - 1}/{size}"
            assert await rest.read() == chunk[9:]
        with zipfile.ZipFile(io.BytesIO(chunk)) as archive:
            assert all(archive.read(name).startswith(b"\xff\xd8") for name in archive.namelist())
            names.append(archive.namelist())
    assert [len(found) for found in names] == [CHUNK, FRAMES - CHUNK]


async def test_what_is_drawn_is_saved_in_the_order_of_the_client(web: WebClient) -> None:
    task = await create_task(web)
    (label,) = await web.everything("/labels", task_id=str(task["id"]))
    path = f"/jobs/{(await only_job(web, task))['id']}"
    body = {"deleted_frames": [5], "cloud_storage_id": None}
    meta = await web.patch(f"{path}/data/meta", body, params=HERE)
    assert meta["deleted_frames"] == [5]

    async def save(action: str, **lists: Any) -> dict[str, Any]:
        params = {**HERE, "action": action}
        answer = await web.patch(f"{path}/annotations", {**NOTHING, **lists}, params=params)
        assert answer.keys() >= LISTS
        for name in LISTS:
            assert len(answer[name]) == len(lists.get(name, ()))
            assert all(made["id"] for made in answer[name])
        found: dict[str, Any] = answer
        return found

    drawn = [rectangle(label["id"], frame) for frame in (3, 0, 1)]
    tag = {"label_id": label["id"], "frame": 0, "group": 0, "source": "manual", "attributes": []}
    made = await save("create", shapes=drawn, tags=[tag])
    assert [shape["frame"] for shape in made["shapes"]] == [3, 0, 1]
    moved = {**made["shapes"][0], "points": [5, 5, 9, 9]}
    assert (await save("update", shapes=[moved]))["shapes"][0]["points"] == [5, 5, 9, 9]
    await save("delete", shapes=[made["shapes"][1]])
    held = await web.get(f"{path}/annotations", params=HERE)
    assert [shape["frame"] for shape in held["shapes"]] == [1, 3]
    assert all("attributes" in shape for shape in held["shapes"])
    assert len(held["tags"]) == 1
    emptied = await web.put(f"{path}/annotations", NOTHING, params=HERE)
    assert emptied.keys() >= LISTS
    begun = await web.patch(path, {"state": "in progress"}, params=HERE)
    assert begun == await web.get(path)
    assert begun["state"] == "in progress"


async def test_events_are_taken(web: WebClient) -> None:
    stamp = "2026-01-02T03:04:05.678Z"
    event = {"scope": "load:job", "timestamp": stamp, "payload": '{"duration": 5}', "duration": 5}
    await web.post("/events", {"events": [event], "timestamp": stamp}, params=HERE)


async def test_a_change_without_the_csrf_value_is_refused(web: WebClient) -> None:
    url = f"{web.url}/api/tasks"
    async with web.session.post(url, json={"name": "forged", "labels": []}) as response:
        assert response.status == 403
        assert "CSRF" in json.loads(await response.read())["detail"]


async def test_an_export_is_downloaded_by_a_link(web: WebClient) -> None:
    job = await only_job(web, await create_task(web))
    params = {**HERE, "format": "COCO 1.0", "save_images": "false", "location": "local"}
    answer = await web.post(f"/jobs/{job['id']}/dataset/export", {}, expect=202, params=params)
    request = await web.ended(answer["rq_id"])
    assert request["operation"]["type"].split(":") == ["export", "annotations"]
    assert (request["operation"]["target"], request["operation"]["job_id"]) == ("job", job["id"])
    async with web.session.get(request["result_url"]) as download:
        assert download.status == 200
        assert download.headers["Content-Disposition"].startswith("attachment; filename=")
        assert zipfile.is_zipfile(io.BytesIO(await download.read()))


async def test_annotations_are_uploaded_in_pieces_and_imported(web: WebClient) -> None:
    task = await create_task(web)
    (label,) = await web.everything("/labels", task_id=str(task["id"]))
    path = f"/jobs/{(await only_job(web, task))['id']}"
    shapes = {**NOTHING, "shapes": [rectangle(label["id"])]}
    await web.patch(f"{path}/annotations", shapes, params={**HERE, "action": "create"})
    params = {**HERE, "format": "CVAT for images 1.1", "save_images": "false"}
    answer = await web.post(f"{path}/dataset/export", {}, expect=202, params=params)
    exported = await web.ended(answer["rq_id"])
    async with web.session.get(exported["result_url"]) as download:
        archive = await download.read()
    await web.put(f"{path}/annotations", NOTHING, params=HERE)
    rq_id = await upload(web, f"{path}/annotations", "CVAT 1.1", archive)
    request = await web.ended(rq_id)
    assert (request["status"], request["operation"]["type"]) == ("finished", "import:annotations")
    (found,) = (await web.get(f"{path}/annotations", params=HERE))["shapes"]
    assert found["points"] == [1, 2, 30, 40]
