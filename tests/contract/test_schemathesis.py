"""Schemathesis calls every operation of the server's own document with all its checks.

What it finds is told with a ``curl`` line for each. ``CVAT_LITE_FUZZ_SECONDS`` (200 or more) lets it
go on for so long, with wrong values in every place and other values each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.api.test_tasks import make_task
from tests.client import ADMIN_PASSWORD, Api
from tests.images import png
from tests.process import ServerProcess

CONFIG = Path(__file__).with_name("schemathesis.toml")
#: How long to go on; 0 for a short run that is the same each time.
SECONDS = int(os.environ.get("CVAT_LITE_FUZZ_SECONDS", "0"))
#: Wrong values of every kind in every place are two thirds of the time: a few will do.
FEWER = """
[phases.coverage.generation]
mode = "positive"
"""
SHORT = ("--max-examples", "3", "--generation-deterministic")
LONG = ("--max-time", str(SECONDS))
#: Objects of each kind: schemathesis.toml names them by number.
EACH = 3


@pytest.fixture
def running(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server in a process of its own, without a limit to how often it may be called."""
    settings = {"CVAT_LITE_RATE_LIMIT_PER_MINUTE": "0", "CVAT_LITE_CONFIRM_INVITATIONS": "1"}
    words = ("serve", "--port", "0", "--data-dir", tmp_path / "data")
    with ServerProcess(*words, **settings) as running:
        # What it says has to be read, or it waits for ever once the pipe is full.
        assert running.process.stderr is not None
        reader = threading.Thread(target=running.process.stderr.read)
        reader.start()
        yield running
        running.process.kill()
        reader.join()


async def fill(api: Api) -> dict[str, str]:
    """Make some of everything; answers what schemathesis.toml asks for."""
    for number in range(EACH):
        someone = f"someone{number}"
        await api.post(
            "/auth/register",
            {
                "username": someone,
                "email": f"{someone}@example.org",
                "password1": "An0ther_one!",
                "password2": "An0ther_one!",
            },
        )
        organization = await api.post("/organizations", {"slug": f"org{number}"})
        task = await make_task(api, 2)
        project = await api.post("/projects", {"name": "animals", "labels": [{"name": "cat"}]})
        await talk(api, task["id"])
        hook = {
            "target_url": "http://example.org/hook",
            "type": "project",
            "project_id": project["id"],
            "events": ["update:project"],
        }
        await api.post("/webhooks", hook)
        await api.post("/auth/access_tokens", {"name": "script"})
        guide = await api.post("/guides", {"task_id": task["id"], "markdown": "look"})
    invited = await api.post(
        "/invitations",
        {"email": "guest@example.org", "role": "worker"},
        params={"org_id": organization["id"]},
    )
    form = aiohttp.FormData({"guide_id": str(guide["id"])})
    form.add_field("file", png(), filename="cat.png", content_type="image/png")
    asset = await api.post("/assets", data=form)
    made = await api.post(
        f"/tasks/{task['id']}/dataset/export",
        params={"format": "CVAT for images 1.1"},
        expect=202,
    )
    await api.finished(made["rq_id"])
    return {"ASSET": asset["uuid"], "INVITATION": invited["key"], "RQ_ID": made["rq_id"]}


async def talk(api: Api, task_id: int) -> None:
    """Make an issue with a comment in the task's job, and a review of it."""
    [job] = (await api.get("/jobs", params={"task_id": task_id}))["results"]
    where = {"job": job["id"], "frame": 0, "position": [1.0, 2.0]}
    issue = await api.post("/issues", {**where, "message": "why?"})
    await api.post("/comments", {"issue": issue["id"], "message": "because"})
    verdict = {"job": job["id"], "status": "accepted", "estimated_quality": 5}
    await api.post("/reviews", verdict)


@pytest.mark.slow
async def test_the_server_does_what_its_document_says(
    running: ServerProcess, tmp_path: Path
) -> None:
    async with Api(running.url, ("admin", ADMIN_PASSWORD)) as api:
        made = await fill(api)
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG.read_text() + ("" if SECONDS else FEWER))
    command = (
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"),
        f"{running.url}/api/schema/?scheme=json",
        *("--auth", f"admin:{ADMIN_PASSWORD}"),
        *("--phases", "coverage,fuzzing,stateful"),
        *(LONG if SECONDS else SHORT),
        "--no-color",
    )
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, **made},
        capture_output=True,
        text=True,
        timeout=SECONDS + 600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
