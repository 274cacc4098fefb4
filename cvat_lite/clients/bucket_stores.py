"""A bucket's settings in the words of the library that speaks to buckets.

Everything is told to it: it would take what is left out from the environment of this process or,
for credentials, from the metadata service of the machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

import orjson

from cvat_lite.clients.bucket_relay import relay_url
from cvat_lite.clients.downloads import check_url
from cvat_lite.domain.buckets import BucketSpec, CredentialsType, ProviderType
from cvat_lite.errors import BucketError, BucketErrorKind, MediaError

if TYPE_CHECKING:
    from obstore.store import AzureStore, GCSStore, S3Store

    Store: TypeAlias = S3Store | GCSStore | AzureStore

REGION = "us-east-1"
#: Seconds: to connect, without a byte, for one request with its answer, and with its retries.
CONNECT, READ, REQUEST, RETRIES = 15, 20, 60, 60
TRIES = 3
#: What the library reads of the environment for Google whatever it is told.
GOOGLE = (
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_BEARER_TOKEN",
    "GOOGLE_BASE_URL",
)
AZURE_SUFFIX = "core.windows.net"


def wrong(message: str) -> BucketError:
    """The error for settings that cannot be right."""
    return BucketError(BucketErrorKind.INVALID, message)


def make_store(spec: BucketSpec) -> Store:
    """The library's store of a bucket; nothing is sent yet. BucketError for wrong settings."""
    makers: dict[ProviderType, Callable[[BucketSpec, CredentialsType], Store]] = {
        ProviderType.AWS_S3_BUCKET: s3,
        ProviderType.GOOGLE_CLOUD_STORAGE: google,
        ProviderType.AZURE_CONTAINER: azure,
    }
    try:
        maker = makers[ProviderType(spec.provider_type)]
        kind = CredentialsType(spec.credentials_type)
    except ValueError:
        raise wrong(f"There is no provider '{spec.provider_type}'.") from None
    from obstore.exceptions import BaseError  # noqa: PLC0415  (the library is loaded when needed)

    try:
        return maker(spec, kind)
    except (BaseError, ValueError, TypeError) as error:
        raise wrong(f"The settings of '{spec.resource}' cannot be used.") from error


def endpoint_of(spec: BucketSpec, default: str) -> str:
    """Where the bucket is, without a slash at the end."""
    url = (spec.attributes.get("endpoint_url") or default).rstrip("/")
    try:
        check_url(url, allow_private=spec.allow_private)
    except (MediaError, ValueError) as error:
        raise wrong(f"endpoint_url: {error}") from None
    return url


def common(spec: BucketSpec, endpoint: str) -> dict[str, Any]:
    """What all stores are told of time and of the way."""
    return {
        "client_options": {
            "allow_http": urlsplit(endpoint).scheme == "http",
            "proxy_url": relay_url(allow_private=spec.allow_private),
            "connect_timeout": timedelta(seconds=CONNECT),
            "read_timeout": timedelta(seconds=READ),
            "timeout": timedelta(seconds=REQUEST),
            "pool_idle_timeout": timedelta(seconds=30),
            "user_agent": "cvat-lite",
        },
        "retry_config": {
            "max_retries": TRIES - 1,
            "retry_timeout": timedelta(seconds=RETRIES),
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=2),
                "base": 2,
            },
        },
    }


def s3(spec: BucketSpec, kind: CredentialsType) -> S3Store:
    """A bucket of Amazon S3, or of anything that speaks as it does."""
    from obstore.store import S3Store  # noqa: PLC0415

    region = spec.attributes.get("region") or REGION
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    endpoint = endpoint_of(spec, f"https://s3.{region}.{suffix}")
    found = spec.credentials
    settings: dict[str, Any] = {"skip_signature": kind == CredentialsType.ANONYMOUS_ACCESS}
    if kind == CredentialsType.KEY_SECRET_KEY_PAIR:
        pair = {
            "access_key_id": found.key,
            "secret_access_key": found.secret_key,
            "token": found.session_token or None,
            "expires_at": None,
        }
        settings["credential_provider"] = lambda: dict(pair)
    elif kind != CredentialsType.ANONYMOUS_ACCESS:
        raise wrong(f"A bucket of S3 is not opened by {kind}.")
    return S3Store(
        spec.resource,
        endpoint=endpoint,
        aws_endpoint_url_s3=endpoint,
        region=region,
        virtual_hosted_style_request=False,
        **settings,
        **common(spec, endpoint),
    )


def google(spec: BucketSpec, kind: CredentialsType) -> GCSStore:
    """A bucket of Google Cloud Storage, public or opened by the key file of a service account."""
    from obstore.store import GCSStore  # noqa: PLC0415

    for name in GOOGLE:
        os.environ.pop(name, None)
    endpoint = endpoint_of(spec, "https://storage.googleapis.com")
    settings: dict[str, Any] = {"skip_signature": kind == CredentialsType.ANONYMOUS_ACCESS}
    if kind == CredentialsType.KEY_FILE_PATH:
        settings["service_account_key"] = service_account(spec.credentials.key_file)
    elif kind == CredentialsType.ANONYMOUS_ACCESS:
        # Writing would ask the metadata service of the machine otherwise.
        settings["credential_provider"] = nobody
    else:
        raise wrong(f"A bucket of Google is not opened by {kind}.")
    return GCSStore(spec.resource, base_url=endpoint, **settings, **common(spec, endpoint))


def nobody() -> Any:
    """What the library is given where it asks for credentials that there are none of."""
    raise BucketError(BucketErrorKind.FORBIDDEN, "The bucket is opened without credentials.")


def service_account(text: str) -> str:
    """The key file of a service account, less what would send requests elsewhere."""
    try:
        key = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise wrong("The key file is not JSON.") from None
    names = ("client_email", "private_key", "private_key_id")
    if not isinstance(key, dict) or key.get("type", "service_account") != "service_account":
        raise wrong("The key file is not the key of a service account.")
    missing = [name for name in names if not isinstance(key.get(name), str)]
    if missing:
        raise wrong(f"The key file has no {missing[0]}.")
    return orjson.dumps({name: key[name] for name in names}).decode()


def azure(spec: BucketSpec, kind: CredentialsType) -> AzureStore:
    """A container of Azure: public, by the SAS token of an account, or by a connection string."""
    from obstore.store import AzureStore  # noqa: PLC0415

    found = spec.credentials
    account, address = found.account_name, ""
    provided: dict[str, Any] | None = None
    if kind == CredentialsType.CONNECTION_STRING:
        account, provided, address = connection(found.connection_string)
    elif kind == CredentialsType.ACCOUNT_NAME_TOKEN_PAIR:
        provided = {"sas_token": found.session_token.removeprefix("?")}
    elif kind != CredentialsType.ANONYMOUS_ACCESS:
        raise wrong(f"A container of Azure is not opened by {kind}.")
    if not account:
        raise wrong("The name of the account is missing.")
    settings: dict[str, Any] = {"skip_signature": provided is None}
    if provided is not None:
        credential = {**provided, "expires_at": None}
        settings["credential_provider"] = lambda: dict(credential)
    endpoint = endpoint_of(spec, address or f"https://{account}.blob.{AZURE_SUFFIX}")
    return AzureStore(
        spec.resource,
        account_name=account,
        endpoint=endpoint,
        use_emulator=False,
        credential_type="auto",
        **settings,
        **common(spec, endpoint),
    )


def connection(text: str) -> tuple[str, dict[str, Any] | None, str]:
    """The account, what proves who asks, and the address that a connection string tells."""
    parts = dict(one.split("=", 1) for one in text.split(";") if "=" in one)
    named = {name.strip().lower(): value.strip() for name, value in parts.items()}
    address = named.get("blobendpoint", "").rstrip("/")
    account = named.get("accountname") or (urlsplit(address).hostname or "").partition(".")[0]
    if not account:
        raise wrong("The connection string has no AccountName.")
    if not address:
        scheme = named.get("defaultendpointsprotocol", "https")
        address = f"{scheme}://{account}.blob.{named.get('endpointsuffix', AZURE_SUFFIX)}"
    if named.get("accountkey"):
        return account, {"access_key": named["accountkey"]}, address
    if named.get("sharedaccesssignature"):
        return account, {"sas_token": named["sharedaccesssignature"].removeprefix("?")}, address
    return account, None, address
