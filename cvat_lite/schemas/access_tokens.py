"""The shapes of personal access tokens."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.schemas.base import Boolean, Date, String, Wire
from cvat_lite.schemas.common import BasicUser, paginated


class AccessTokenRead(Wire):
    """A personal access token; ``value`` is there once, in the answer to its making."""

    id = fields.Integer(dump_only=True)
    name = fields.String(dump_only=True)
    created_date = fields.DateTime(dump_only=True)
    updated_date = fields.DateTime(dump_only=True)
    expiry_date = fields.DateTime(dump_only=True, allow_none=True)
    last_used_date = fields.DateTime(dump_only=True, allow_none=True)
    read_only = fields.Boolean(dump_only=True)
    owner = fields.Nested(BasicUser)
    value = fields.String()


PaginatedAccessTokenReadList = paginated(AccessTokenRead)


class AccessTokenWriteRequest(Wire):
    """A token to make; without a word about it, it may only read."""

    name = String(required=True, longest=50)
    expiry_date = Date(allow_none=True, load_default=None)
    read_only = Boolean(load_default=True)


class PatchedAccessTokenWriteRequest(Wire):
    """What may be changed of a token."""

    name = String(longest=50)
    expiry_date = Date(allow_none=True)
    read_only = Boolean()
