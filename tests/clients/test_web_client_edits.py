"""CVAT's own web client: what it changes, uploads and downloads besides its annotation page.

As there, everything is proved by cookies, and nearly every call names the workspace by ``org``.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator

import pytest
from yarl import URL

from tests.client import ADMIN_PASSWORD
from tests.clients.conftest import Running
from tests.clients.web_client import (
    HERE,
    NOTHING,
    TUS,
    WebClient,
    create_task,
    only_job,
    rectangle,
    upload,
)
from tests.images import png


@pytest.fixture
async def web(running: Running) -> AsyncIterator[WebClient]:
    """The client of the administrator, logged in."""
    async with WebClient(running.url) as client:
        body = {"username": "admin", "password": ADMIN_PASSWORD}
        await client.post("/auth/login", body, expect=200, params=HERE)
        yield client


async def downloaded(web: WebClient, path: str, **params: str) -> bytes:
    """What an export gives to a click on its link, which proves nothing but the cookie."""
    answer = await web.post(path, {}, expect=202, params={**HERE, **params})
    request = await web.ended(answer["rq_id"])
    assert request["status"] == "finished", request["message"]
    assert request["result_url"].startswith(web.url)
    async with web.session.get(URL(request["result_url"], encoded=True)) as found:
        assert found.status == 200
        assert found.headers["Content-Disposition"].startswith("attachment; filename=")
        return await found.read()


async def test_annotations_of_a_task_are_exported_and_imported(web: WebClient) -> None:
    task = await create_task(web)
    (label,) = await web.everything("/labels", task_id=str(task["id"]))
    path = f"/tasks/{task['id']}"
    shapes = {**NOTHING, "shapes": [rectangle(label["id"], 2)]}
    await web.patch(f"{path}/annotations", shapes, params={**HERE, "action": "create"})
    archive = await downloaded(
        web, f"{path}/dataset/export", format="CVAT for images 1.1", save_images="false"
    )
    await web.put(f"{path}/annotations", NOTHING, params=HERE)
    request = await web.ended(await upload(web, f"{path}/annotations", "CVAT 1.1", archive))
    assert (request["status"], request["operation"]["target"]) == ("finished", "task")
    (found,) = (await web.get(f"{path}/annotations", params=HERE))["shapes"]
    assert found["frame"] == 2


async def test_a_dataset_is_imported_into_a_project(web: WebClient) -> None:
    spec = {"name": "zoo", "labels": [{"name": "cat", "attributes": [], "type": "any"}]}
    project = await web.post("/projects", spec, params=HERE)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("cat/a.png", png())
    path = f"/projects/{project['id']}/dataset"
    request = await web.ended(await upload(web, path, "ImageNet 1.0", buffer.getvalue()))
    assert (request["status"], request["operation"]["type"]) == ("finished", "import:dataset")
    assert (request["operation"]["target"], request["owner"]["username"]) == ("project", "admin")
    (task,) = await web.everything("/tasks", project_id=str(project["id"]))
    assert task["size"] == 1


@pytest.mark.parametrize("kind", ["task", "project"])
async def test_a_backup_is_downloaded_and_restored(web: WebClient, kind: str) -> None:
    if kind == "task":
        thing = await create_task(web)
    else:
        thing = await web.post("/projects", {"name": "zoo", "labels": []}, params=HERE)
    archive = await downloaded(web, f"/{kind}s/{thing['id']}/backup/export", filename="b.zip")
    request = await web.ended(await upload(web, f"/{kind}s/backup", "", archive))
    assert (request["status"], request["operation"]["type"]) == ("finished", "import:backup")
    again = await web.get(f"/{kind}s/{request['result_id']}")
    assert (again["name"], again["id"] == thing["id"]) == (thing["name"], False)


async def test_files_over_a_hundred_megabytes_come_in_pieces(web: WebClient) -> None:
    task = await web.post("/tasks", {"name": "big", "labels": []}, params=HERE)
    path = f"/tasks/{task['id']}/data"
    start = {"Upload-Start": "true"}
    await web.post(path, {}, expect=202, documented=False, params=HERE, headers=start)
    content = png()
    announced = {
        **TUS,
        "Upload-Length": str(len(content)),
        "Upload-Metadata": "filename YS5wbmc=,filetype aW1hZ2UvcG5n",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    made = await web.call(
        "POST", f"{path}/", expect=201, documented=False, params=HERE, headers=announced, data=b""
    )
    place = URL(f"{web.url}/api{path}/").join(URL(made.headers["Location"]))
    headers = {**TUS, **web.csrf, "Content-Type": "application/offset+octet-stream"}
    wrong = {**headers, "Upload-Offset": "7"}
    async with web.session.patch(place, params=HERE, headers=wrong, data=content) as refused:
        assert refused.status == 409
    right = {**headers, "Upload-Offset": "0"}
    async with web.session.patch(place, params=HERE, headers=right, data=content) as sent:
        assert (sent.status, sent.headers["Upload-Offset"]) == (204, str(len(content)))
    body = {"image_quality": 70, "server_files": [], "remote_files": []}
    finish = {"Upload-Finish": "true"}
    answer = await web.post(path, body, expect=202, params=HERE, headers=finish)
    assert (await web.ended(answer["rq_id"]))["status"] == "finished"
    assert (await web.get(f"/tasks/{task['id']}"))["size"] == 1


async def test_a_job_goes_on_to_be_in_progress_and_is_told_in_full(web: WebClient) -> None:
    task = await create_task(web)
    job = await only_job(web, task)
    changed = await web.patch(f"/jobs/{job['id']}", {"state": "in progress"}, params=HERE)
    assert changed.keys() == job.keys()
    assert changed["state"] == "in progress"
    me = await web.get("/users/self", params=HERE)
    taken = await web.patch(f"/jobs/{job['id']}", {"assignee": me["id"]}, params=HERE)
    assert taken["assignee"]["username"] == "admin"


async def test_a_ground_truth_job_is_added_shown_and_removed(web: WebClient) -> None:
    task = await create_task(web)
    body = {
        "type": "ground_truth",
        "task_id": task["id"],
        "frame_selection_method": "random_uniform",
        "frame_count": 2,
        "random_seed": 5,
    }
    truth = await web.post("/jobs", body, params=HERE)
    ask = {**HERE, "task_id": str(task["id"]), "type": "ground_truth"}
    assert (await web.get("/jobs", params=ask))["count"] == 1
    meta = await web.get(f"/jobs/{truth['id']}/data/meta", params=HERE)
    assert len(meta["included_frames"]) == 2
    layout = await web.get(f"/tasks/{task['id']}/validation_layout", params=HERE)
    assert layout["mode"] == "gt"
    assert sorted(layout["validation_frames"]) == sorted(meta["included_frames"])
    # A ground truth job has no honeypots of its own, and its layout may be empty.
    await web.get(f"/jobs/{truth['id']}/validation_layout", params=HERE)
    await web.delete(f"/jobs/{truth['id']}", params=HERE)
    assert (await web.get("/jobs", params=ask))["count"] == 0


async def test_issues_and_comments_are_written_solved_and_removed(web: WebClient) -> None:
    job = await only_job(web, await create_task(web))
    body = {"job": job["id"], "frame": 0, "position": [1, 1, 5, 5], "message": "look"}
    issue = await web.post("/issues", body, params=HERE)
    text = {"issue": issue["id"], "message": "seen"}
    comment = await web.post("/comments", text, params=HERE)
    changed = await web.patch(f"/comments/{comment['id']}", {"message": "done"}, params=HERE)
    assert changed["message"] == "done"
    solved = await web.patch(f"/issues/{issue['id']}", {"resolved": True}, params=HERE)
    assert solved["resolved"]
    found = await web.everything("/comments", job_id=str(job["id"]))
    assert {one["message"] for one in found} == {"look", "done"}
    await web.delete(f"/issues/{issue['id']}", params=HERE)
    assert await web.everything("/issues", job_id=str(job["id"])) == []


async def test_labels_tasks_and_projects_are_edited_in_place(web: WebClient) -> None:
    task = await create_task(web)
    (label,) = await web.everything("/labels", task_id=str(task["id"]))
    path = f"/labels/{label['id']}"
    assert (await web.patch(path, {"name": "lynx"}, params=HERE))["name"] == "lynx"
    await web.delete(path, params=HERE)
    changes = {"name": "renamed", "bug_tracker": "https://bugs.example.org/1", "assignee_id": None}
    changed = await web.patch(f"/tasks/{task['id']}", changes, params=HERE)
    assert (changed["name"], changed["bug_tracker"]) == ("renamed", "https://bugs.example.org/1")
    project = await web.post("/projects", {"name": "p", "labels": []}, params=HERE)
    path = f"/projects/{project['id']}"
    more = {"labels": [{"name": "cat", "attributes": [], "type": "any"}]}
    await web.patch(path, more, params=HERE)
    assert len(await web.everything("/labels", project_id=str(project["id"]))) == 1
    await web.delete(path, params=HERE)
    await web.get(path, expect=404, params=HERE)


async def test_a_guide_with_a_picture_is_written_and_read(web: WebClient) -> None:
    task = await create_task(web)
    body = {"task_id": task["id"], "project_id": None, "markdown": ""}
    guide = await web.post("/guides", body, params=HERE)
    form = {"guide_id": str(guide["id"]), "file": io.BytesIO(png())}
    asset = await web.post("/assets", params=HERE, data=form)
    text = f"![](/api/assets/{asset['uuid']})"
    await web.patch(f"/guides/{guide['id']}", {"markdown": text}, params=HERE)
    assert (await web.get(f"/guides/{guide['id']}", params=HERE))["markdown"] == text
    async with web.session.get(f"{web.url}/api/assets/{asset['uuid']}") as picture:
        assert (picture.status, await picture.read()) == (200, png())


async def test_an_organization_is_made_entered_and_left(web: WebClient) -> None:
    made = await web.post("/organizations", {"slug": "webzoo", "name": "zoo"}, params=HERE)
    inside = {"org": "webzoo"}
    task = await web.post("/tasks", {"name": "ours", "labels": []}, params=inside)
    assert (task["organization"], task["organization_id"]) == (made["id"], made["id"])
    assert (await web.get(f"/tasks/{task['id']}"))["organization"] == made["id"]
    pages = {"page": "1", "page_size": "10"}
    listed = await web.get("/tasks", params={**inside, **pages})
    assert [one["id"] for one in listed["results"]] == [task["id"]]
    mine = await web.get("/tasks", params={**HERE, **pages})
    assert task["id"] not in [one["id"] for one in mine["results"]]
    members = await web.get("/memberships", params={**inside, **pages})
    assert [one["role"] for one in members["results"]] == ["owner"]
    stored = json.dumps({"and": [{"==": [{"var": "slug"}, "webzoo"]}]})
    assert (await web.get("/organizations", params={"filter": stored}))["count"] == 1
    changes = {"name": "ark", "contact": {"email": "ark@example.org"}}
    changed = await web.patch(f"/organizations/{made['id']}", changes, params=inside)
    assert (changed["name"], changed["contact"]) == ("ark", {"email": "ark@example.org"})
    await web.delete(f"/organizations/{made['id']}", params=inside)


async def test_a_webhook_is_set_up_tried_and_removed(web: WebClient) -> None:
    project = await web.post("/projects", {"name": "told", "labels": []}, params=HERE)
    kinds = await web.get("/webhooks/events", params={**HERE, "type": "project"})
    assert "update:task" in [kind["key"] for kind in kinds["events"]]
    body = {
        "target_url": "http://127.0.0.1:9/",
        "type": "project",
        "project_id": project["id"],
        "content_type": "application/json",
        "events": ["update:task"],
        "enable_ssl": True,
        "is_active": True,
    }
    hook = await web.post("/webhooks", body, params=HERE)
    assert (await web.patch(f"/webhooks/{hook['id']}", {"is_active": False}, params=HERE))["id"]
    await web.everything("/webhooks", project_id=str(project["id"]))
    await web.delete(f"/webhooks/{hook['id']}", params=HERE)


async def test_passwords_profiles_and_access_tokens_are_changed(web: WebClient) -> None:
    person = {
        "username": "webperson",
        "first_name": "W",
        "last_name": "P",
        "email": "webperson@example.org",
        "password1": "one two three four",
        "password2": "one two three four",
        "confirmations": [],
    }
    async with WebClient(web.url) as other:
        await other.post("/auth/register", person, params=HERE)
        body = {"email": "webperson@example.org", "password": "one two three four"}
        await other.post("/auth/login", body, expect=200, params=HERE)
        me = await other.get("/users/self", params=HERE)
        changed = await other.patch(f"/users/{me['id']}", {"first_name": "Walt"}, params=HERE)
        assert changed["first_name"] == "Walt"
        tokens = "/auth/access_tokens"
        token = await other.post(tokens, {"name": "t", "read_only": True}, params=HERE)
        assert token["value"]
        await other.patch(f"{tokens}/{token['id']}", {"name": "u"}, params=HERE)
        assert [one["name"] for one in await other.everything(tokens)] == ["u"]
        await other.delete(f"{tokens}/{token['id']}", params=HERE)
        new = {
            "old_password": "one two three four",
            "new_password1": "four three two one",
            "new_password2": "four three two one",
        }
        await other.post("/auth/password/change", new, expect=200, params=HERE)
        await other.post("/auth/logout", expect=200, params=HERE)
        body["password"] = "four three two one"
        await other.post("/auth/login", body, expect=200, params=HERE)


async def test_wrong_fields_are_told_field_by_field(web: WebClient) -> None:
    refused = await web.post("/tasks", {"labels": []}, expect=400, params=HERE)
    assert refused == {"name": ["This field is required."]}
    wrong = {"username": "admin", "password": "wrong"}
    async with WebClient(web.url) as other:
        told = await other.post("/auth/login", wrong, expect=400, params=HERE)
    assert told["non_field_errors"]


async def test_a_request_that_is_unknown_is_not_found(web: WebClient) -> None:
    url = URL(f"{web.url}/api/requests/action=export&target=job&target_id=1?org=", encoded=True)
    async with web.session.get(url, headers=web.csrf) as gone:
        assert gone.status == 404
    async with web.session.post(
        url.with_path(f"{url.path}/cancel", encoded=True, keep_query=True), headers=web.csrf
    ) as gone:
        assert gone.status == 404


async def test_the_share_is_looked_through(web: WebClient) -> None:
    params = {**HERE, "directory": "/", "search": ""}
    found = await web.get("/server/share", params=params)
    assert isinstance(found, list)
