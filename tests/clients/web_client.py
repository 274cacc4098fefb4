"""The calls of CVAT's own web client that take more than one, and the way it makes each."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import aiohttp
from yarl import URL

from tests.api.browser import Browser
from tests.images import png

HERE = {"org": ""}
ALL = {"org": "", "page_size": "500", "page": "1"}
NOTHING: dict[str, Any] = {"shapes": [], "tracks": [], "tags": [], "intervals": [], "version": 0}
FRAMES = 6
CHUNK = 4
TUS = {"Tus-Resumable": "1.0.0"}


class WebClient(Browser):
    """Sends the CSRF value with every call once it has one, as axios does."""

    async def call(
        self, method: str, path: str, body: Any = None, **more: Any
    ) -> aiohttp.ClientResponse:
        """As Api does, with the header."""
        if "csrftoken" in self.cookies:
            more["headers"] = {**self.csrf, **more.get("headers", {})}
        return await super().call(method, path, body, **more)

    async def everything(self, path: str, **params: str) -> list[dict[str, Any]]:
        """The whole of a list: each item has an id, and there are as many as it says."""
        found = await self.get(path, params={**ALL, **params})
        assert found["count"] == len({item["id"] for item in found["results"]})
        assert found["next"] is None
        results: list[dict[str, Any]] = found["results"]
        return results

    async def ended(self, rq_id: str) -> dict[str, Any]:
        """A background request once it has ended; its id stands in the path as it is."""
        for _ in range(1200):
            url = URL(f"{self.url}/api/requests/{rq_id}?org=", encoded=True)
            async with self.session.get(url, headers=self.csrf) as response:
                assert response.status == 200, await response.text()
                request: dict[str, Any] = json.loads(await response.read())
            if request["status"] not in ("queued", "started"):
                return request
            await asyncio.sleep(0.02)
        raise AssertionError(f"{rq_id} has not ended")


def files_form(files: dict[str, bytes], fields: dict[str, Any]) -> aiohttp.FormData:
    """Files and the whole specification of the data, in one multipart body."""
    form = aiohttp.FormData()
    for number, (name, content) in enumerate(files.items()):
        form.add_field(f"client_files[{number}]", content, filename=name)
    for name, value in fields.items():
        form.add_field(name, str(value).lower() if isinstance(value, bool) else str(value))
    return form


async def begin(web: WebClient, path: str) -> None:
    """Announce that files will come; nothing is said to that, whatever the finish answers."""
    start = {"Upload-Start": "true"}
    said = await web.post(path, {}, expect=202, documented=False, params=HERE, headers=start)
    assert said == b""


async def send(web: WebClient, path: str, form: aiohttp.FormData) -> None:
    """Send some of the files; CVAT answers 200, which its document does not tell."""
    multiple = {"Upload-Multiple": "true"}
    said = await web.post(
        path, expect=200, documented=False, params=HERE, headers=multiple, data=form
    )
    assert said == b""


async def create_task(web: WebClient) -> dict[str, Any]:
    """A task made as the form of the client makes it."""
    spec = {
        "name": "cats",
        "labels": [{"name": "cat", "attributes": [], "type": "any"}],
        "project_id": None,
        "target_storage": {"location": "local"},
        "source_storage": {"location": "local"},
    }
    task = await web.post("/tasks", spec, params=HERE)
    path = f"/tasks/{task['id']}/data"
    fields = {
        "image_quality": 70,
        "use_zip_chunks": True,
        "use_cache": True,
        "sorting_method": "lexicographical",
        "chunk_size": CHUNK,
    }
    finish = {"Upload-Finish": "true"}
    await begin(web, path)
    files = {f"{number}.png": png(64, 48, number) for number in range(FRAMES)}
    await send(web, path, files_form(files, fields))
    body = {**fields, "server_files": [], "remote_files": []}
    answer = await web.post(path, body, expect=202, params=HERE, headers=finish)
    request = await web.ended(answer["rq_id"])
    assert request["status"] == "finished", request["message"]
    assert request["operation"]["type"].split(":") == ["create", "task"]
    assert (request["operation"]["target"], request["operation"]["task_id"]) == ("task", task["id"])
    assert request["owner"]["username"] == "admin"
    made: dict[str, Any] = await web.get(f"/tasks/{task['id']}")
    return made


async def only_job(web: WebClient, task: dict[str, Any]) -> dict[str, Any]:
    """The job of a task, found as the page of the task finds it."""
    (job,) = await web.everything("/jobs", task_id=str(task["id"]))
    return job


def rectangle(label_id: int, frame: int = 0) -> dict[str, Any]:
    """A new shape as the client sends it."""
    return {
        "type": "rectangle",
        "occluded": False,
        "outside": False,
        "z_order": 0,
        "points": [1, 2, 30, 40],
        "rotation": 0,
        "attributes": [],
        "elements": [],
        "frame": frame,
        "label_id": label_id,
        "group": 0,
        "source": "manual",
        "score": 1,
    }


async def upload(web: WebClient, path: str, name: str, archive: bytes) -> str:
    """Send an archive as the client does, with a break in between; answers the request's id."""
    params = {**HERE, "format": name, "filename": "x.zip", "conv_mask_to_poly": "true"}
    with aiohttp.MultipartWriter("form-data") as nothing:
        start = {"Upload-Start": "true"}
        await web.post(
            path, expect=202, documented=False, params=params, headers=start, data=nothing
        )
    words = {"filename": "x.zip", "filetype": "application/zip"}
    metadata = ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in words.items()
    )
    headers = {
        **TUS,
        "Upload-Length": str(len(archive)),
        "Upload-Metadata": metadata,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    made = await web.call(
        "POST", f"{path}/", expect=201, documented=False, params=HERE, headers=headers, data=b""
    )
    place = URL(f"{web.url}/api{path}/").join(URL(made.headers["Location"]))
    assert str(place).startswith(f"{web.url}/api/")
    half = len(archive) // 2
    for begin, end in ((0, half), (half, len(archive))):
        headers = {
            **TUS,
            **web.csrf,
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(begin),
        }
        piece = archive[begin:end]
        async with web.session.patch(place, params=HERE, headers=headers, data=piece) as sent:
            assert (sent.status, sent.headers["Upload-Offset"]) == (204, str(end))
        async with web.session.head(place, params=HERE, headers=TUS) as asked:
            assert asked.headers["Upload-Offset"] == str(end)
            assert asked.headers["Upload-Length"] == str(len(archive))
    params["filename"] = made.headers["Upload-Filename"]
    finish = {"Upload-Finish": "true"}
    with aiohttp.MultipartWriter("form-data") as nothing:
        answer = await web.post(path, expect=202, params=params, headers=finish, data=nothing)
    rq_id: str = answer["rq_id"]
    return rq_id
