"""The server is killed while it copies files of a bucket and fetches archives from one.

The work that was accepted is done once when it starts again, and what lay half there is gone.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.images import png
from tests.s3 import S3
from tests.test_kill import Victim
from tests.test_kill_backups import finished

FRAMES = 60
ROUNDS = 4


def files(data: Path, *below: str) -> list[Path]:
    """The files below some directories of the data."""
    return [path for name in below for path in (data / name).rglob("*") if path.is_file()]


@pytest.mark.slow
def test_copies_and_imports_that_are_killed_are_done_once_and_whole(
    tmp_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CVAT_LITE_ALLOW_PRIVATE_ADDRESSES", "true")
    names = [f"{number:03}.png" for number in range(FRAMES)]
    bucket = s3.new_bucket({name: png(64, 48, at) for at, name in enumerate(names)})
    victim = Victim(tmp_path)
    headers = {"Content-Type": "application/json"}
    storage = victim.call("POST", "/cloudstorages", json=s3.storage(bucket))["id"]
    body = {"image_quality": 70, "cloud_storage_id": storage, "server_files": names}
    body["copy_data"] = True
    for number in range(ROUNDS):
        spec = {"name": "t", "labels": [{"name": "a"}]}
        task = victim.call("POST", "/tasks", json=spec)["id"]
        where = f"/tasks/{task}/data/"
        copying = victim.call("POST", where, body=json.dumps(body), headers=headers)["rq_id"]
        time.sleep(0.1 * number)
        victim.kill()
        victim = Victim(tmp_path)
        finished(victim, copying)
        assert victim.call("GET", f"/tasks/{task}")["size"] == FRAMES
        raw = files(tmp_path, "media")
        assert len(raw) == FRAMES * (number + 1)
        place = f"location=cloud_storage&cloud_storage_id={storage}&filename={task}.zip"
        exporting = victim.call("POST", f"/tasks/{task}/backup/export?{place}")["rq_id"]
        time.sleep(0.1 * number)
        victim.kill()
        victim = Victim(tmp_path)
        finished(victim, exporting)
        restoring = victim.call("POST", f"/tasks/backup/?{place}")["rq_id"]
        time.sleep(0.1 * number)
        victim.kill()
        victim = Victim(tmp_path)
        made = finished(victim, restoring)["result_id"]
        victim.call("DELETE", f"/tasks/{made}")
        assert files(tmp_path, "uploads", "exports") == []
    victim.kill()
