"""The shapes of comments."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.domain.annotations import LARGEST_ID
from cvat_lite.schemas.base import Integer, String, Wire
from cvat_lite.schemas.common import BasicUser, paginated
from cvat_lite.schemas.issues import Referring


class CommentRead(Wire):
    """What somebody said about an issue."""

    id = fields.Integer()
    issue = fields.Integer()
    owner = fields.Nested(BasicUser, allow_none=True)
    message = fields.String()
    created_date = fields.DateTime()
    updated_date = fields.DateTime()


class CommentWriteRequest(Referring):
    """What is to be said about an issue."""

    about = ("issue", "Issue")

    issue = Integer(required=True, minimum=0, maximum=LARGEST_ID)
    message = String()


class PatchedCommentWriteRequest(Wire):
    """Other words for a comment."""

    message = String()


PaginatedCommentReadList = paginated(CommentRead)
