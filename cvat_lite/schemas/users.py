"""The shapes of people."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields, validate

from cvat_lite.domain.people import CREATED_VIA, PLANNED_ACTIVITIES, USAGE_REASONS
from cvat_lite.schemas.base import Boolean, Choice, Email, List, String, Wire
from cvat_lite.schemas.common import paginated

USERNAME = re.compile(r"^[\w.@+-]+$")
WRONG_USERNAME = (
    "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ "
    "characters."
)


class Username(String):
    """A name to log in with."""

    def __init__(self, **more: Any) -> None:
        super().__init__(longest=150, metadata={"pattern": USERNAME.pattern}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not USERNAME.match(text):
            raise ValidationError(WRONG_USERNAME)
        return text


def at_most(number: int) -> validate.Length:
    """The validator for the length of a list."""
    return validate.Length(
        max=number, error=f"Ensure this field has no more than {number} elements."
    )


class MetaUser(Wire):
    """A person; others than administrators and the person itself see the first five fields."""

    url = fields.Url(dump_only=True)
    id = fields.Integer(dump_only=True)
    username = fields.String()
    first_name = fields.String()
    last_name = fields.String()
    email = fields.String()
    groups = fields.List(fields.String())
    is_staff = fields.Boolean()
    is_superuser = fields.Boolean()
    is_active = fields.Boolean()
    last_login = fields.DateTime(dump_only=True, allow_none=True)
    date_joined = fields.DateTime(dump_only=True)
    has_analytics_access = fields.Boolean(dump_only=True, allow_none=True)
    cvat_usage_reason = Choice(USAGE_REASONS)
    primary_role = fields.String()
    planned_activities = fields.List(fields.String(validate=validate.OneOf(PLANNED_ACTIVITIES)))
    data_types = fields.List(fields.String())
    discovery_source = fields.String()
    email_verified = fields.Boolean(dump_only=True, allow_none=True)
    created_via = Choice(CREATED_VIA, allow_none=True)


PaginatedMetaUserList = paginated(MetaUser)


class PatchedUserRequest(Wire):
    """What may be changed of a person: rights and address by administrators only."""

    username = Username()
    first_name = String(blank=True, longest=150)
    last_name = String(blank=True, longest=150)
    email = Email(blank=True, longest=254)
    groups = List(String())
    is_staff = Boolean()
    is_superuser = Boolean()
    is_active = Boolean()
    cvat_usage_reason = Choice(USAGE_REASONS)
    primary_role = String(blank=True, longest=255)
    planned_activities = List(Choice(PLANNED_ACTIVITIES), validate=at_most(6))
    data_types = List(String(longest=255), validate=at_most(6))
    discovery_source = String(blank=True, longest=255)
