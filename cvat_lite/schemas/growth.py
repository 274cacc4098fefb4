"""The shapes of what the web client has asked people."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.schemas.base import Boolean, Wire
from cvat_lite.schemas.common import BasicUser, paginated


class UserGrowthData(Wire):
    """What somebody was asked and answered; ``id`` is the user's."""

    id = fields.Integer(dump_only=True)
    owner = fields.Nested(BasicUser)
    github_prompt_shown = fields.Boolean()
    github_prompt_support_clicked = fields.Boolean()
    github_prompt_enabled = fields.Boolean(dump_only=True)
    promotion_notifications_allowed = fields.Boolean()


PaginatedUserGrowthDataList = paginated(UserGrowthData)


class PatchedUserGrowthDataRequest(Wire):
    """New answers."""

    github_prompt_shown = Boolean()
    github_prompt_support_clicked = Boolean()
    promotion_notifications_allowed = Boolean()
