"""The shapes of tasks."""

from __future__ import annotations

from marshmallow import INCLUDE, ValidationError, fields, validates

from cvat_lite.domain.enums import RequestStatus, StatusChoice
from cvat_lite.schemas.base import INT_LIMIT, Choice, Integer, Nested, String, Wire
from cvat_lite.schemas.common import (
    BasicUser,
    JobsSummary,
    LabelsSummary,
    Storage,
    StorageRequest,
    paginated,
)
from cvat_lite.schemas.labels import PatchedLabelRequest

MOST_REPLICAS = 12


class TaskRead(Wire):
    """A task; the fields about its data are there once it has some."""

    url = fields.Url()
    id = fields.Integer()
    name = fields.String()
    project_id = fields.Integer(allow_none=True)
    project_name = fields.String(allow_none=True)
    owner = fields.Nested(BasicUser, allow_none=True)
    assignee = fields.Nested(BasicUser, allow_none=True)
    bug_tracker = fields.String()
    created_date = fields.DateTime()
    updated_date = fields.DateTime()
    overlap = fields.Integer(allow_none=True)
    segment_size = fields.Integer()
    initial_replicas = fields.Integer()
    status = Choice(StatusChoice)
    data_chunk_size = fields.Integer(allow_none=True)
    data_original_chunk_type = fields.String()
    data_compressed_chunk_type = fields.String()
    data_cloud_storage_id = fields.Integer(allow_none=True)
    guide_id = fields.Integer(allow_none=True)
    size = fields.Integer()
    image_quality = fields.Integer()
    data = fields.Integer(allow_none=True)
    dimension = fields.String()
    mode = fields.String()
    media_type = fields.String()
    subset = fields.String()
    organization_id = fields.Integer(allow_none=True)
    organization = fields.Integer(allow_none=True)
    target_storage = fields.Nested(Storage, allow_none=True)
    source_storage = fields.Nested(Storage, allow_none=True)
    jobs = fields.Nested(JobsSummary, required=True)
    labels = fields.Nested(LabelsSummary, required=True)
    assignee_updated_date = fields.DateTime(allow_none=True)
    validation_mode = fields.String(allow_none=True)
    consensus_enabled = fields.Boolean()


class TaskWriteRequest(Wire):
    """A task to be made."""

    name = String(required=True, longest=256)
    project_id = Integer(allow_none=True)
    owner_id = Integer(allow_none=True)
    assignee_id = Integer(allow_none=True)
    bug_tracker = String(blank=True, longest=2000)
    overlap = Integer(allow_none=True, minimum=0, maximum=INT_LIMIT)
    segment_size = Integer(minimum=0, maximum=INT_LIMIT)
    labels = Nested(PatchedLabelRequest, many=True)
    subset = String(blank=True, longest=64)
    target_storage = Nested(StorageRequest, allow_none=True)
    source_storage = Nested(StorageRequest, allow_none=True)
    initial_replicas = Integer(minimum=0, maximum=INT_LIMIT)
    consensus_replicas = Integer(minimum=0)

    @validates("consensus_replicas")
    def check_replicas(self, value: int, **_: object) -> None:
        """A single replica would agree with itself."""
        if value == 1 or value >= MOST_REPLICAS:
            raise ValidationError(
                "Consensus replicas must be 0 or a positive number more than 1 "
                f"and less than {MOST_REPLICAS}, got {value}"
            )


class PatchedTaskWriteRequest(Wire):
    """What can be changed of a task; the service refuses other fields, as CVAT does."""

    class Meta:
        """Unknown fields are kept, to be refused by name."""

        unknown = INCLUDE

    name = String(longest=256)
    project_id = Integer(allow_none=True)
    owner_id = Integer(allow_none=True)
    assignee_id = Integer(allow_none=True)
    bug_tracker = String(blank=True, longest=2000)
    labels = Nested(PatchedLabelRequest, many=True)
    subset = String(blank=True, longest=64)
    target_storage = Nested(StorageRequest, allow_none=True)
    source_storage = Nested(StorageRequest, allow_none=True)
    organization_id = Integer(allow_none=True)


class RqStatus(Wire):
    """How the creation of a task goes: the old way to ask."""

    state = Choice(("Queued", "Started", "Finished", "Failed"), required=True)
    message = fields.String()
    progress = fields.Float()


PaginatedTaskReadList = paginated(TaskRead)

STATES = {
    RequestStatus.QUEUED: "Queued",
    RequestStatus.STARTED: "Started",
    RequestStatus.FINISHED: "Finished",
    RequestStatus.FAILED: "Failed",
}
