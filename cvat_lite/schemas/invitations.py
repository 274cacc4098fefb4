"""The shapes of invitations to organizations."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.schemas.base import Choice, Email, Wire
from cvat_lite.schemas.common import BasicUser, paginated
from cvat_lite.schemas.memberships import RoleEnum
from cvat_lite.schemas.organizations import BasicOrganization


class InvitationRead(Wire):
    """An invitation; ``expired`` is null for one that was never sent."""

    key = fields.String()
    created_date = fields.DateTime()
    owner = fields.Nested(BasicUser, required=True, allow_none=True)
    role = Choice(RoleEnum, required=True)
    user = fields.Nested(BasicUser, required=True, allow_none=True)
    organization = fields.Integer(required=True)
    expired = fields.Boolean(allow_none=True)
    accepted = fields.Boolean()
    organization_info = fields.Nested(BasicOrganization, required=True)


class InvitationWriteRequest(Wire):
    """Whom to invite, and as what."""

    role = Choice(RoleEnum, required=True)
    email = Email(required=True, longest=150)


class AcceptInvitationRead(Wire):
    """The organization that was joined."""

    organization_slug = fields.String(required=True)


PaginatedInvitationReadList = paginated(InvitationRead)
