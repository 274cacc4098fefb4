"""The shapes of cloud storages and of what is in them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from marshmallow import ValidationError, fields, validate

from cvat_lite.domain.buckets import CredentialsType, ProviderType, parse_attributes
from cvat_lite.schemas.base import Choice, List, Nested, String, Wire
from cvat_lite.schemas.common import BasicUser, paginated
from cvat_lite.schemas.server import FileInfo

MOST_MANIFESTS = 100


class CloudStorageRead(Wire):
    """A bucket that somebody told of; what opens it is never shown."""

    id = fields.Integer(dump_only=True)
    owner = fields.Nested(BasicUser, allow_none=True)
    manifests = fields.List(fields.String())
    created_date = fields.DateTime(dump_only=True)
    updated_date = fields.DateTime(dump_only=True)
    provider_type = Choice(ProviderType, required=True)
    resource = fields.String(required=True)
    display_name = fields.String(required=True)
    credentials_type = Choice(CredentialsType, required=True)
    specific_attributes = fields.String()
    description = fields.String()
    organization = fields.Integer(allow_none=True, dump_only=True)


class SpecificAttributes(String):
    """``region=eu-west-1&endpoint_url=...``: how a bucket is reached, as a query string."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        try:
            if text:
                parse_qsl(text, keep_blank_values=True, strict_parsing=True)
            address = parse_attributes(text).get("endpoint_url", "")
            endpoint = urlsplit(address)
            sound = endpoint.port is None or endpoint.port > 0
        except ValueError:
            sound = False
        if not sound:
            raise ValidationError("Must be of the form key1=value1&key2=value2.")
        if address and endpoint.scheme not in ("http", "https"):
            raise ValidationError("endpoint_url must be an http or https address.")
        return text


class KeyFile(String):
    """The content of Google's key file, which comes as a file of a form."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, UploadedText):
            raise ValidationError(
                "The submitted data was not a file. Check the encoding type on the form."
            )
        return str(value)


class UploadedText(str):
    """The content of a file of a form, told from its fields."""

    __slots__ = ()


class Manifests(List):
    """Keys of manifests in the bucket."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            String(longest=1024),
            validate=validate.Length(
                max=MOST_MANIFESTS, error=f"There may be at most {MOST_MANIFESTS} manifests."
            ),
            **more,
        )


class BasicUserRequest(Wire):
    """A person as clients write one."""

    username = String(required=True, longest=150)
    first_name = String(blank=True, longest=150)
    last_name = String(blank=True, longest=150)


class PatchedCloudStorageWriteRequest(Wire):
    """What is to be changed; credentials and manifests that are left out stay."""

    provider_type = Choice(ProviderType)
    resource = String(longest=222)
    display_name = String(longest=63)
    # Whose it is is known to the server: what is said of it is passed over.
    owner = Nested(BasicUserRequest)
    credentials_type = Choice(CredentialsType)
    session_token = String(blank=True, longest=440)
    account_name = String(blank=True, longest=24)
    key = String(blank=True, longest=40)
    secret_key = String(blank=True, longest=64)
    connection_string = String(blank=True, longest=1024)
    key_file = KeyFile(blank=True, metadata={"format": "binary"})
    specific_attributes = SpecificAttributes(blank=True, longest=1024)
    description = String(blank=True)
    manifests = Manifests()


class CloudStorageWriteRequest(PatchedCloudStorageWriteRequest):
    """A bucket to be told of."""

    provider_type = Choice(ProviderType, required=True)
    resource = String(required=True, longest=222)
    display_name = String(required=True, longest=63)
    credentials_type = Choice(CredentialsType, required=True)


class CloudStorageContent(Wire):
    """A page of one level of a bucket; ``next`` is the token of the page after it."""

    next = fields.String(allow_none=True)
    content = fields.List(fields.Nested(FileInfo), required=True)


PaginatedCloudStorageReadList = paginated(CloudStorageRead)
