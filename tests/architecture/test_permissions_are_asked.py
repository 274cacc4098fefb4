"""Every operation asks the permission engine before it does anything.

All operations are called by somebody who has nothing to do with the things they name; each must
have asked at least one question, or be one of those that are about the asker alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from cvat_lite.api.declare import is_public
from cvat_lite.api.middleware import SERVER
from cvat_lite.app import make_app
from cvat_lite.config import Config
from cvat_lite.permissions import engine
from cvat_lite.services.context import Server
from cvat_lite.store import cloud_storages
from tests.api.people import PASSWORD, add_user
from tests.api.test_tasks import make_task
from tests.client import ADMIN_PASSWORD, Api, basic
from tests.images import png

#: About the asker alone: there is nothing that somebody else could be kept from.
OWN = {
    "auth_create_logout",
    "auth_create_password_change",
    "users_retrieve_self",
    "auth_retrieve_access_tokens_self",
}

HOOK = {
    "target_url": "http://127.0.0.1:9/",
    "type": "project",
    "project_id": 1,
    "events": ["update:task"],
}
BODIES: dict[str, dict[str, Any]] = {
    "cloudstorages_create": {
        "provider_type": "AWS_S3_BUCKET",
        "resource": "x",
        "display_name": "x",
        "credentials_type": "ANONYMOUS_ACCESS",
        "specific_attributes": "endpoint_url=http://127.0.0.1:9",
    },
    "auth_create_access_tokens": {"name": "x"},
    "consensus_create_merge": {"task_id": 1},
    "comments_create": {"message": "x", "issue": 1},
    "events_create": {"events": [], "timestamp": "2026-01-01T00:00:00Z"},
    "guides_create": {"task_id": 1, "markdown": "x"},
    "invitations_create": {"role": "worker", "email": "a@example.org"},
    "issues_create": {"job": 1, "frame": 0, "position": [1, 2], "message": "x"},
    "jobs_create": {
        "type": "ground_truth",
        "task_id": 1,
        "frame_selection_method": "manual",
        "frames": [0],
    },
    "lambda_create_functions": {"task": 1, "frame": 0},
    "lambda_create_requests": {"function": "none", "task": 1},
    "organizations_create": {"slug": "other"},
    "projects_create": {"name": "x"},
    "quality_create_report": {"task_id": 1},
    "quality_create_settings_requirements": {"settings_id": 1, "name": "x"},
    "quality_create_settings_requirements_bulk": {"settings_id": 1, "requirements": []},
    "reviews_create": {"job": 1, "status": "accepted"},
    "snapshots_create": {"name": "x"},
    "tasks_create": {"name": "x"},
    "webhooks_create": HOOK,
    "webhooks_update": HOOK,
}
QUERIES = {
    "invitations_create": {"org": "zoo"},
    "jobs_create_dataset_export": {"format": "COCO 1.0"},
    "tasks_create_dataset_export": {"format": "COCO 1.0"},
    "quality_retrieve_report_requirement_confusion": {"requirement": "1"},
    "projects_create_dataset": {"format": "COCO 1.0"},
    "projects_create_dataset_export": {"format": "COCO 1.0"},
    "jobs_partial_update_annotations": {"action": "create"},
    "tasks_partial_update_annotations": {"action": "create"},
    "tasks_retrieve_data": {"type": "frame", "number": "0"},
    "jobs_retrieve_data": {"type": "frame", "number": "0"},
}


async def populate(api: Api) -> dict[str, str]:
    """One thing of every kind, mostly with the id 1; the keys of those that have others."""
    task = await make_task(api, 1, consensus_replicas=2)
    await api.post("/projects", {"name": "p"})
    await api.post("/webhooks", HOOK)
    await api.post("/webhooks/1/ping", expect=200)
    await api.post("/organizations", {"slug": "zoo"})
    await api.post("/issues", {"job": 1, "frame": 0, "position": [1, 2], "message": "x"})
    await api.post("/reviews", {"job": 1, "status": "accepted"})
    await api.post("/guides", {"task_id": task["id"], "markdown": "x"})
    await api.post("/auth/access_tokens", {"name": "x"})
    invited = {"role": "worker", "email": "b@example.org"}
    invitation = await api.post("/invitations", invited, params={"org": "zoo"})
    where = f"/tasks/{task['id']}/dataset/export"
    made = await api.post(where, expect=202, params={"format": "COCO 1.0"})
    await api.finished(made["rq_id"])
    form = aiohttp.FormData({"guide_id": "1"}, quote_fields=False)
    form.add_field("file", png(), filename="a.png", content_type="image/png")
    asset = await api.post("/assets", data=form)
    await api.get("/quality/settings")
    report = await api.post("/quality/reports", {"project_id": 1}, expect=202)
    await api.finished(report["rq_id"])
    return {"key": invitation["key"], "rq_id": made["rq_id"], "uuid": asset["uuid"]}


async def add_storage(server: Server) -> None:
    """A cloud storage of the administrator, whose bucket nobody has to reach."""
    values = {
        "provider_type": "AWS_S3_BUCKET",
        "resource": "x",
        "display_name": "x",
        "credentials_type": "ANONYMOUS_ACCESS",
        "owner_id": 1,
    }
    async with server.database.writing() as db:
        await cloud_storages.insert(db, values, ())


def path_of(route: web.AbstractRoute, keys: dict[str, str]) -> str:
    """The path of a route with ids of things that are there."""
    resource = route.resource
    assert resource is not None
    path = resource.canonical.replace("/api", "", 1)
    if path.startswith("/requests/"):
        path = path.replace("{id}", keys["rq_id"])
    return (
        path.replace("{id}", "1")
        .replace("{delivery_id}", "1")
        .replace("{name}", "x")
        .replace("{key}", keys["key"])
        .replace("{uuid}", keys["uuid"])
        .replace("{func_id}", "none")
        .replace("{file_id}", "1_00000000-0000-0000-0000-000000000000")
    )


def arguments(name: str, method: str, keys: dict[str, str]) -> dict[str, Any]:
    """What a call must bring so that it is not refused before anybody has asked anything."""
    if name.endswith("_download"):
        return {"params": {"rq_id": keys["rq_id"]}}
    if name == "assets_create":
        form = aiohttp.FormData({"guide_id": "1"}, quote_fields=False)
        form.add_field("file", png(), filename="a.png", content_type="image/png")
        return {"data": form}
    body = BODIES.get(name, {}) if method in ("POST", "PUT", "PATCH") else None
    return {"json": body, "params": QUERIES.get(name)}


@pytest.fixture
async def running(config: Config) -> Any:
    """A server whose middleware notes the questions of each handler."""
    asked: dict[str, int] = {}

    @web.middleware
    async def note(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        name = request.match_info.handler.__name__
        with engine.recording() as questions:
            try:
                return await handler(request)
            finally:
                asked[name] = asked.get(name, 0) + len(questions)

    app = make_app(config)
    app.middlewares.append(note)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield app, f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    await runner.cleanup()


async def test_every_operation_asks_before_it_acts(running: Any) -> None:
    app, url, asked = running
    async with Api(url, ("admin", ADMIN_PASSWORD)) as admin:
        keys = await populate(admin)
        await add_user(app[SERVER], "stranger")
        await add_storage(app[SERVER])
        asked.clear()
        guilty = []
        headers = {"Authorization": basic("stranger", PASSWORD)}
        for route in app.router.routes():
            handler = route.handler
            name = handler.__name__
            if not hasattr(handler, "__apispec__") or is_public(handler) or name in OWN:
                continue
            if route.method == "HEAD" or name in asked:
                continue
            asked.setdefault(name, 0)
            response = await admin.session.request(
                route.method,
                f"{url}/api{path_of(route, keys)}",
                headers=headers,
                **arguments(name, route.method, keys),
            )
            await response.read()
            if not asked[name]:
                guilty.append((name, response.status))
        assert guilty == []
