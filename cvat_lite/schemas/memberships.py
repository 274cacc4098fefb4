"""The shapes of memberships."""

from __future__ import annotations

from enum import StrEnum

from marshmallow import fields

from cvat_lite.schemas.base import Choice, Wire
from cvat_lite.schemas.common import BasicUser, paginated


class RoleEnum(StrEnum):
    """What a member may do, least first."""

    WORKER = "worker"
    SUPERVISOR = "supervisor"
    MAINTAINER = "maintainer"
    OWNER = "owner"


class MembershipRead(Wire):
    """A user in an organization."""

    id = fields.Integer()
    user = fields.Nested(BasicUser, required=True, allow_none=True)
    organization = fields.Integer()
    is_active = fields.Boolean()
    joined_date = fields.DateTime(allow_none=True)
    role = Choice(RoleEnum)
    invitation = fields.String(allow_none=True)


class PatchedMembershipWriteRequest(Wire):
    """Another role for a member."""

    role = Choice(RoleEnum)


PaginatedMembershipReadList = paginated(MembershipRead)
