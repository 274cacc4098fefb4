"""The shapes of a task's media: what it is made of, and what is known of its frames."""

from __future__ import annotations

from marshmallow import ValidationError, fields, validates

from cvat_lite.domain.enums import SortingMethod, StorageMethod
from cvat_lite.schemas.base import (
    INT_LIMIT,
    Boolean,
    Choice,
    Integer,
    List,
    Number,
    String,
    Wire,
)
from cvat_lite.schemas.base import Nested as NestedObject


class ChapterMetadata(Wire):
    """What a video says of a chapter."""

    title = fields.String()


class Chapter(Wire):
    """A chapter of a video."""

    id = fields.Integer(required=True)
    start = fields.Integer(required=True)
    stop = fields.Integer(required=True)
    metadata = fields.Nested(ChapterMetadata, required=True)


class FrameMeta(Wire):
    """The size in pixels and the name of a frame."""

    width = fields.Integer()
    height = fields.Integer()
    name = fields.String(required=True)
    related_files = fields.Integer(required=True)
    has_related_context = fields.Boolean()


class DataMetaRead(Wire):
    """What is known of the media of a task or job."""

    chapters = fields.List(fields.Nested(Chapter), allow_none=True)
    chunks_updated_date = fields.DateTime(required=True)
    chunk_size = fields.Integer(allow_none=True)
    size = fields.Integer()
    image_quality = fields.Integer()
    start_frame = fields.Integer()
    stop_frame = fields.Integer()
    frame_filter = fields.String()
    frames = fields.List(fields.Nested(FrameMeta), required=True, allow_none=True)
    deleted_frames = fields.List(fields.Integer(), required=True)
    included_frames = fields.List(fields.Integer(), allow_none=True)
    storage = fields.String()
    cloud_storage_id = fields.Integer(allow_none=True)


class PatchedDataMetaWriteRequest(Wire):
    """The frames of a task that nobody needs to annotate."""

    deleted_frames = List(Integer(minimum=0))
    cloud_storage_id = Integer(allow_none=True)


class PatchedJobDataMetaWriteRequest(Wire):
    """The frames of a job that nobody needs to annotate."""

    deleted_frames = List(Integer(minimum=0))


class DataRequestValidationParams(Wire):
    """How frames for checking the work are chosen."""

    mode = Choice(("gt", "gt_pool"), required=True)
    frame_selection_method = Choice(("random_uniform", "random_per_job", "manual"))
    random_seed = Integer(minimum=0)
    frames = List(String(longest=1024))
    frame_count = Integer(minimum=1)
    frame_share = Number()
    frames_per_job_count = Integer(minimum=1)
    frames_per_job_share = Number()


class DataRequest(Wire):
    """What a task's frames are to be made of, and how."""

    chunk_size = Integer(allow_none=True, minimum=0, maximum=INT_LIMIT)
    image_quality = Integer(minimum=1, maximum=100)
    start_frame = Integer(minimum=0, maximum=INT_LIMIT)
    stop_frame = Integer(minimum=0, maximum=INT_LIMIT)
    frame_filter = String(blank=True, longest=256)
    client_files = List(String(trim=False, metadata={"format": "binary"}))
    server_files = List(String(longest=1024, trim=False))
    remote_files = List(String(longest=1024))
    use_zip_chunks = Boolean()
    server_files_exclude = List(String(longest=1024, trim=False))
    cloud_storage_id = Integer(allow_none=True)
    use_cache = Boolean()
    copy_data = Boolean()
    storage_method = Choice(StorageMethod)
    sorting_method = Choice(SortingMethod)
    filename_pattern = String(allow_none=True)
    job_file_mapping = List(List(String(longest=1024, trim=False)))
    upload_file_order = List(String(longest=1024, trim=False))
    validation_params = NestedObject(DataRequestValidationParams, allow_none=True)

    @validates("job_file_mapping")
    def check_mapping(self, value: list[list[str]], **_: object) -> None:
        """Every job has files, and no file is in two jobs."""
        names = [name for job in value for name in job]
        if not all(value):
            raise ValidationError("Empty jobs are not allowed in the job file mapping")
        if len(set(names)) != len(names):
            raise ValidationError(
                "The same file cannot be used multiple times in the job file mapping"
            )


class DataResponse(Wire):
    """The background request that makes the frames."""

    rq_id = fields.String()
