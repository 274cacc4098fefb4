"""Images that stay in a bucket: listing them, making a task of them, looking at one.

``cloud`` of ``python -m benchmarks``. The bucket is moto's, on the same machine and in Python: most
of the time is its own, which is why the same is asked of it without a server in between.
"""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from PIL import Image

from benchmarks.server import Client, peak, reset_peak, resident, running

OBJECTS = 10_000
KEYS = {"aws_access_key_id": "me", "aws_secret_access_key": "secret", "region_name": "us-east-1"}


@contextmanager
def bucket() -> Iterator[tuple[str, Any]]:
    """The address of an S3 server with a bucket of images, and Amazon's client for it."""
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        client = boto3.client(
            "s3",
            endpoint_url=url,
            config=Config(max_pool_connections=8, retries={"total_max_attempts": 20}),
            **KEYS,
        )
        client.create_bucket(Bucket="many")
        picture = io.BytesIO()
        Image.new("RGB", (64, 48)).save(picture, "JPEG")

        def put(number: int) -> None:
            client.put_object(Bucket="many", Key=f"all/{number:05d}.jpg", Body=picture.getvalue())

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(put, range(OBJECTS)))
        yield url, client
    finally:
        server.kill()
        server.wait()


def say(what: str, took: float, memory: float | None = None) -> None:
    """One line of the report."""
    size = "" if memory is None else f", {memory:.0f} MB"
    print(f"| {what} | {took:.1f} s{size} | |", flush=True)


def cloud(_: Path) -> None:
    """10,000 images of a bucket, listed a page at a time and made a task of."""
    near = {"CVAT_LITE_ALLOW_PRIVATE_ADDRESSES": "1"}
    with bucket() as (url, s3), running(settings=near) as (client, pid, _):
        begun = time.perf_counter()
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket="many"):
            page["Contents"]
        say("10,000 objects listed by Amazon's client", time.perf_counter() - begun)
        body = {
            "provider_type": "AWS_S3_BUCKET",
            "resource": "many",
            "display_name": "many",
            "credentials_type": "KEY_SECRET_KEY_PAIR",
            "key": "me",
            "secret_key": "secret",
            "specific_attributes": f"endpoint_url={url}",
        }
        storage = client.call("POST", "/cloudstorages", body)["id"]
        print(f"| the server at rest | {resident(pid):.0f} MB | |")
        reset_peak(pid)
        begun = time.perf_counter()
        count = listed(client, storage)
        say(f"{count:,} objects listed through the API", time.perf_counter() - begun, peak(pid))
        reset_peak(pid)
        begun = time.perf_counter()
        task = client.call("POST", "/tasks", {"name": "many", "labels": [{"name": "cat"}]})["id"]
        data = {
            "image_quality": 70,
            "use_cache": True,
            "cloud_storage_id": storage,
            "server_files": ["all/"],
        }
        client.finish(client.call("POST", f"/tasks/{task}/data/", data)["rq_id"])
        say("a task of them", time.perf_counter() - begun, peak(pid))
        begun = time.perf_counter()
        client.send("GET", f"/tasks/{task}/data/?type=chunk&number=3&quality=compressed")
        say("a chunk of it", time.perf_counter() - begun, peak(pid))


def listed(client: Client, storage: int) -> int:
    """How many entries all pages of the bucket's directory have."""
    count, token = 0, ""
    while True:
        where = f"/cloudstorages/{storage}/content-v2?prefix=all/&page_size=500"
        page = client.call("GET", f"{where}&next_token={quote(token)}" if token else where)
        count += len(page["content"])
        token = page["next"]
        if not token:
            return count
