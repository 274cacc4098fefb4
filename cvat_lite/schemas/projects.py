"""The shapes of projects."""

from __future__ import annotations

from marshmallow import INCLUDE, fields

from cvat_lite.domain.enums import StatusChoice
from cvat_lite.schemas.base import Choice, Integer, Nested, String, Wire
from cvat_lite.schemas.common import (
    BasicUser,
    LabelsSummary,
    Storage,
    StorageRequest,
    paginated,
)
from cvat_lite.schemas.labels import PatchedLabelRequest


class TasksSummary(Wire):
    """How many tasks there are and where they are listed."""

    count = fields.Integer()
    url = fields.Url(dump_only=True)


class ProjectRead(Wire):
    """A project; with ``names_only`` a list shows nothing but ``id`` and ``name``."""

    url = fields.Url()
    id = fields.Integer()
    name = fields.String()
    owner = fields.Nested(BasicUser, allow_none=True)
    assignee = fields.Nested(BasicUser, allow_none=True)
    guide_id = fields.Integer(allow_none=True)
    bug_tracker = fields.String()
    task_subsets = fields.List(fields.String())
    created_date = fields.DateTime()
    updated_date = fields.DateTime()
    status = Choice(StatusChoice)
    dimension = fields.String(allow_none=True)
    organization = fields.Integer(allow_none=True)
    organization_id = fields.Integer(allow_none=True)
    target_storage = fields.Nested(Storage, allow_none=True)
    source_storage = fields.Nested(Storage, allow_none=True)
    tasks = fields.Nested(TasksSummary, required=True)
    labels = fields.Nested(LabelsSummary, required=True)
    assignee_updated_date = fields.DateTime(allow_none=True)


class ProjectWriteRequest(Wire):
    """A project to be made."""

    name = String(required=True, longest=256)
    labels = Nested(PatchedLabelRequest, many=True)
    owner_id = Integer(allow_none=True)
    assignee_id = Integer(allow_none=True)
    bug_tracker = String(blank=True, longest=2000)
    target_storage = Nested(StorageRequest, allow_none=True)
    source_storage = Nested(StorageRequest, allow_none=True)


class PatchedProjectWriteRequest(Wire):
    """What can be changed of a project; the service refuses other fields, as CVAT does."""

    class Meta:
        """Unknown fields are kept, to be refused by name."""

        unknown = INCLUDE

    name = String(longest=256)
    labels = Nested(PatchedLabelRequest, many=True)
    owner_id = Integer(allow_none=True)
    assignee_id = Integer(allow_none=True)
    bug_tracker = String(blank=True, longest=2000)
    target_storage = Nested(StorageRequest, allow_none=True)
    source_storage = Nested(StorageRequest, allow_none=True)
    organization_id = Integer(allow_none=True)


PaginatedProjectReadList = paginated(ProjectRead)
