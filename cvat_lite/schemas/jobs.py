"""The shapes of jobs."""

from __future__ import annotations

from marshmallow import INCLUDE, fields

from cvat_lite.domain.enums import JobStage, JobState, JobType, StatusChoice
from cvat_lite.schemas.base import Choice, Integer, Wire
from cvat_lite.schemas.common import (
    BasicUser,
    IssuesSummary,
    LabelsSummary,
    Storage,
    paginated,
)


class JobRead(Wire):
    """A job: a part of a task's frames that one person works on."""

    url = fields.Url()
    id = fields.Integer()
    task_id = fields.Integer()
    task_name = fields.String(allow_none=True)
    project_id = fields.Integer(allow_none=True)
    project_name = fields.String(allow_none=True)
    assignee = fields.Nested(BasicUser, allow_none=True)
    guide_id = fields.Integer(allow_none=True)
    dimension = fields.String()
    mode = fields.String()
    media_type = fields.String()
    bug_tracker = fields.String(allow_none=True)
    status = Choice(StatusChoice)
    stage = Choice(JobStage)
    state = Choice(JobState)
    frame_count = fields.Integer()
    start_frame = fields.Integer()
    stop_frame = fields.Integer()
    data_chunk_size = fields.Integer(allow_none=True)
    data_compressed_chunk_type = fields.String()
    data_original_chunk_type = fields.String()
    created_date = fields.DateTime()
    updated_date = fields.DateTime()
    issues = fields.Nested(IssuesSummary, required=True)
    labels = fields.Nested(LabelsSummary, required=True)
    type = Choice(JobType)
    organization = fields.Integer(allow_none=True)
    target_storage = fields.Nested(Storage, allow_none=True)
    source_storage = fields.Nested(Storage, allow_none=True)
    assignee_updated_date = fields.DateTime(allow_none=True)
    parent_job_id = fields.Integer(allow_none=True)
    replicas_count = fields.Integer()
    consensus_replicas = fields.Integer()


class PatchedJobWriteRequest(Wire):
    """What can be changed of a job; the service refuses other fields, as CVAT does."""

    class Meta:
        """Unknown fields are kept, to be refused by name."""

        unknown = INCLUDE

    assignee = Integer(allow_none=True)
    stage = Choice(JobStage)
    state = Choice(JobState)


PaginatedJobReadList = paginated(JobRead)
