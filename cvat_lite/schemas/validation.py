"""The shapes of ground truth jobs to be made, and of validation layouts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, pre_load

from cvat_lite.domain.enums import (
    FrameSelectionMethod,
    JobStage,
    JobState,
    ValidationMode,
)
from cvat_lite.errors import RuleError
from cvat_lite.schemas.base import INT_LIMIT, Choice, Integer, List, Number, Wire

#: As API 2.80 names them; the service refuses all but ground truth.
TYPES = ("annotation", "ground_truth", "replica")


class JobWriteRequest(Wire):
    """A ground truth job to be made: how its frames are chosen among those of a task."""

    type = Choice(TYPES, required=True)
    task_id = Integer(required=True, minimum=0)
    assignee = Integer(allow_none=True)
    stage = Choice(JobStage)
    state = Choice(JobState)
    frame_selection_method = Choice(FrameSelectionMethod)
    frame_count = Integer(minimum=1, maximum=INT_LIMIT)
    frame_share = Number()
    frames_per_job_count = Integer(minimum=1, maximum=INT_LIMIT)
    frames_per_job_share = Number()
    random_seed = Integer(minimum=0, maximum=2**63 - 1)
    frames = List(Integer(minimum=0, maximum=INT_LIMIT))

    @pre_load
    def check_task(self, data: Any, **_: object) -> Any:
        """The task comes first: without one there is nothing that could be permitted."""
        if isinstance(data, Mapping) and data.get("task_id") is None:
            raise RuleError("task_id is not specified")
        return data


class JobValidationLayoutRead(Wire):
    """The honeypots of a job; without the task having any, nothing."""

    honeypot_count = fields.Integer()
    honeypot_frames = fields.List(fields.Integer())
    honeypot_real_frames = fields.List(fields.Integer())


class TaskValidationLayoutRead(Wire):
    """How the work on a task is checked; of a task that is not checked, no more than the mode."""

    mode = Choice(ValidationMode, allow_none=True)
    frames_per_job_count = fields.Integer(allow_none=True)
    validation_frames = fields.List(fields.Integer())
    disabled_frames = fields.List(fields.Integer())
    honeypot_count = fields.Integer()
    honeypot_frames = fields.List(fields.Integer())
    honeypot_real_frames = fields.List(fields.Integer())


#: Honeypots are drawn for the whole task or named; a method per job has no meaning for them.
METHODS = (FrameSelectionMethod.RANDOM_UNIFORM, FrameSelectionMethod.MANUAL)


class PatchedJobValidationLayoutWriteRequest(Wire):
    """Other honeypots for a job."""

    frame_selection_method = Choice(METHODS)
    honeypot_real_frames = List(Integer(minimum=0, maximum=INT_LIMIT))


class PatchedTaskValidationLayoutWriteRequest(Wire):
    """Validation frames that nothing is checked by, and other honeypots for all jobs."""

    disabled_frames = List(Integer(minimum=0, maximum=INT_LIMIT))
    frame_selection_method = Choice(METHODS)
    honeypot_real_frames = List(Integer(minimum=0, maximum=INT_LIMIT))
