"""The shapes of reviews."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from cvat_lite.domain.annotations import LARGEST_ID
from cvat_lite.domain.enums import ReviewStatus
from cvat_lite.schemas.base import (
    INT_LIMIT,
    Boolean,
    Choice,
    Integer,
    Nested,
    Number,
    String,
    Wire,
)
from cvat_lite.schemas.common import BasicUser, paginated
from cvat_lite.schemas.issues import Position, Referring

MOST_ISSUES = 1000


class ReviewRead(Wire):
    """A reviewer's verdict on a job."""

    id = fields.Integer()
    job = fields.Integer()
    reviewer = fields.Nested(
        BasicUser, allow_none=True, metadata={"description": "Who has given the verdict"}
    )
    assignee = fields.Nested(
        BasicUser, allow_none=True, metadata={"description": "Who is to review further"}
    )
    status = Choice(ReviewStatus)
    estimated_quality = fields.Float(metadata={"description": "From 0, the worst, to 5"})
    created_date = fields.DateTime()
    updated_date = fields.DateTime()
    issue_set = fields.List(
        fields.Integer(),
        metadata={"description": "The ids of the issues raised with it that are still there"},
    )


class ReviewIssueRequest(Wire):
    """An issue to be raised with a verdict; the message becomes its first comment."""

    frame = Integer(required=True, minimum=0, maximum=INT_LIMIT)
    position = Position(required=True)
    message = String(required=True)
    assignee = Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)
    resolved = Boolean()


def issues_to_raise() -> Nested:
    """The field with the issues of a review."""
    text = f"Ensure this field has no more than {MOST_ISSUES} elements."
    return Nested(
        ReviewIssueRequest,
        many=True,
        validate=validate.Length(max=MOST_ISSUES, error=text),
    )


def next_reviewer() -> Integer:
    """The field with the user who is to review further."""
    return Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)


class ReviewWriteRequest(Referring):
    """A verdict on a job; the one who gives it is the reviewer.

    ``assignee``, or ``reviewer``, is who reviews next, where the verdict is to review further;
    the issues stand under ``issue_set`` or ``issues``.
    """

    about = ("job", "Job")

    job = Integer(required=True, minimum=0, maximum=LARGEST_ID)
    status = Choice(ReviewStatus, required=True)
    estimated_quality = Number(minimum=0, maximum=5, load_default=0.0)
    assignee = next_reviewer()
    reviewer = next_reviewer()
    issue_set = issues_to_raise()
    issues = issues_to_raise()

    @post_load
    def one_name_each(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Gather what may come under two names under the first."""
        further = data["status"] == ReviewStatus.REVIEW_FURTHER
        for first, second in (("assignee", "reviewer"), ("issue_set", "issues")):
            given = data.pop(second, None)
            if given is None:
                continue
            if data.get(first) not in (None, given):
                raise ValidationError({second: [f"It is the same as {first}; give one of them."]})
            data[first] = given
        if data.get("assignee") is not None and not further:
            text = f"Only {ReviewStatus.REVIEW_FURTHER} has a next reviewer."
            raise ValidationError({"assignee": [text]})
        return data


PaginatedReviewReadList = paginated(ReviewRead)
