"""What is known of a bucket before it is opened, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import parse_qsl


class ProviderType(StrEnum):
    """Whose buckets there are; the first is for everybody who speaks as S3 does."""

    AWS_S3_BUCKET = "AWS_S3_BUCKET"
    AZURE_CONTAINER = "AZURE_CONTAINER"
    GOOGLE_CLOUD_STORAGE = "GOOGLE_CLOUD_STORAGE"


class CredentialsType(StrEnum):
    """What a bucket is opened with."""

    KEY_SECRET_KEY_PAIR = "KEY_SECRET_KEY_PAIR"  # noqa: S105  (a name of CVAT's)
    ACCOUNT_NAME_TOKEN_PAIR = "ACCOUNT_NAME_TOKEN_PAIR"  # noqa: S105
    KEY_FILE_PATH = "KEY_FILE_PATH"
    ANONYMOUS_ACCESS = "ANONYMOUS_ACCESS"
    CONNECTION_STRING = "CONNECTION_STRING"


class Status(StrEnum):
    """Whether a bucket can be used."""

    AVAILABLE = "AVAILABLE"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What proves to a bucket who asks; what its kind of credentials has no use for is empty.

    ``key_file`` is the content of Google's key file, not its path. Nothing of it is printed.
    """

    key: str = ""
    secret_key: str = ""
    session_token: str = ""
    account_name: str = ""
    connection_string: str = ""
    key_file: str = ""

    def __repr__(self) -> str:
        return "Credentials(...)"


@dataclass(frozen=True, slots=True)
class BucketSpec:
    """Which bucket, and how it is reached; can be sent to a worker process.

    ``attributes`` are the specific attributes (region, endpoint_url, prefix, ...).
    ``allow_private`` lets it be on this machine and its networks.
    """

    provider_type: str
    resource: str
    credentials_type: str
    credentials: Credentials = field(default_factory=Credentials)
    attributes: Mapping[str, str] = field(default_factory=dict)
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """An object of a bucket without its content; the size is in bytes."""

    key: str
    size: int
    last_modified: datetime
    etag: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or directory of one level; the name has no slash."""

    name: str
    is_directory: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries of one level in the order of the bucket; no token where nothing follows."""

    entries: tuple[Entry, ...]
    next_token: str | None


def parse_attributes(text: str) -> dict[str, str]:
    """Specific attributes as CVAT writes them: ``region=eu-west-1&endpoint_url=...``."""
    return dict(parse_qsl(text, keep_blank_values=True))
