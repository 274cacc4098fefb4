"""The shapes of issues."""

from __future__ import annotations

from typing import Any, NoReturn

from marshmallow import ValidationError, fields, validate

from cvat_lite.domain.annotations import LARGEST_ID
from cvat_lite.schemas.base import INT_LIMIT, REQUIRED, Boolean, Integer, List, Number, String, Wire
from cvat_lite.schemas.common import BasicUser, paginated


class CommentsSummary(Wire):
    """How many comments there are and where they are listed."""

    count = fields.Integer(dump_default=0)
    url = fields.Url(dump_only=True)


class IssueRead(Wire):
    """Something that a reviewer found on a frame."""

    id = fields.Integer()
    frame = fields.Integer()
    position = fields.List(fields.Float(), required=True)
    job = fields.Integer()
    owner = fields.Nested(BasicUser, allow_none=True)
    assignee = fields.Nested(BasicUser, allow_none=True)
    created_date = fields.DateTime(allow_none=True)
    updated_date = fields.DateTime(allow_none=True)
    resolved = fields.Boolean()
    comments = fields.Nested(CommentsSummary, required=True)


class Position(List):
    """Where on the frame: x and y of one point or of several, in pixels."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            Number(),
            validate=validate.Length(min=1, error="This list may not be empty."),
            **more,
        )


class Referring(Wire):
    """A body about another object, which is looked for before all else."""

    #: The field that names the object, and what it is called.
    about = ("", "")

    def handle_error(
        self,
        error: ValidationError,
        data: Any,
        *,
        many: bool,
        **kwargs: Any,
    ) -> NoReturn:
        """Where no object is named, the answer is as for one that does not exist."""
        name, model = self.about
        messages = error.messages
        if isinstance(messages, dict) and messages.get(name) == [REQUIRED["required"]]:
            raise ValidationError([f"{model} matching query does not exist."])
        raise error


class IssueWriteRequest(Referring):
    """An issue to be raised; the message becomes its first comment."""

    about = ("job", "Job")

    job = Integer(required=True, minimum=0, maximum=LARGEST_ID)
    frame = Integer(required=True, minimum=0, maximum=INT_LIMIT)
    position = Position(required=True)
    message = String(required=True)
    assignee = Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)
    resolved = Boolean()


class PatchedIssueWriteRequest(Wire):
    """What is to be changed of an issue."""

    position = Position()
    assignee = Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)
    resolved = Boolean()


PaginatedIssueReadList = paginated(IssueRead)
