"""The shapes of organizations."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields

from cvat_lite.schemas.base import REQUIRED, String, Wire
from cvat_lite.schemas.common import BasicUser, paginated

SLUG = re.compile(r"[-a-zA-Z0-9_]+")


class Slug(String):
    """A short name that can stand in an address."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not SLUG.fullmatch(text):
            raise ValidationError(
                'Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.'
            )
        return text


class Json(fields.Raw):
    """Any value of JSON."""

    default_error_messages = {**REQUIRED}


class OrganizationRead(Wire):
    """An organization."""

    id = fields.Integer()
    slug = fields.String()
    name = fields.String()
    description = fields.String()
    created_date = fields.DateTime()
    updated_date = fields.DateTime()
    contact = Json()
    owner = fields.Nested(BasicUser, required=True, allow_none=True)


class OrganizationWriteRequest(Wire):
    """An organization to be founded."""

    slug = Slug(required=True, longest=16)
    name = String(blank=True, longest=64)
    description = String(blank=True)
    contact = Json()


class PatchedOrganizationWriteRequest(Wire):
    """What is to be changed of an organization."""

    slug = Slug(longest=16)
    name = String(blank=True, longest=64)
    description = String(blank=True)
    contact = Json()


class BasicOrganization(Wire):
    """An organization as others are told of it."""

    id = fields.Integer()
    slug = fields.String()


PaginatedOrganizationReadList = paginated(OrganizationRead)
