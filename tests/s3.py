"""A real S3 server for tests: moto's, in a thread of its own, with buckets as tests want them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

KEY, SECRET = "minio_access_key", "minio_secret_key"
REGION = "us-east-1"


@dataclass
class S3:
    """The server's address and a client of Amazon's own library."""

    url: str
    client: Any
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def new_bucket(self, objects: dict[str, bytes] | None = None) -> str:
        """The name of a new bucket that holds these objects."""
        name = f"bucket{next(self.numbers)}"
        self.client.create_bucket(Bucket=name)
        for key, content in (objects or {}).items():
            self.client.put_object(Bucket=name, Key=key, Body=content)
        return name

    def read(self, bucket: str, key: str) -> bytes:
        """What lies at a key."""
        return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def keys(self, bucket: str) -> list[str]:
        """The keys of a bucket."""
        return [
            one["Key"] for one in self.client.list_objects_v2(Bucket=bucket).get("Contents", [])
        ]

    def storage(self, bucket: str, **more: Any) -> dict[str, Any]:
        """The body that makes a cloud storage of a bucket."""
        return {
            "provider_type": "AWS_S3_BUCKET",
            "resource": bucket,
            "display_name": f"My {bucket}",
            "credentials_type": "KEY_SECRET_KEY_PAIR",
            "key": KEY,
            "secret_key": SECRET,
            "specific_attributes": f"endpoint_url={self.url}",
            **more,
        }


@contextmanager
def serving() -> Iterator[S3]:
    """The S3 server, as long as the block lasts."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(proxies={}, s3={"addressing_style": "path"}),
    )
    try:
        yield S3(url, client)
    finally:
        server.stop()
