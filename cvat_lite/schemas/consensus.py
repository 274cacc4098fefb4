"""The shapes of consensus: its settings, and the wish to merge."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.domain.annotations import LARGEST_ID
from cvat_lite.schemas.base import Integer, Number, Wire
from cvat_lite.schemas.common import paginated


class ConsensusSettings(Wire):
    """How alike annotations of a task have to be to count as one."""

    id = fields.Integer(dump_only=True)
    task_id = fields.Integer(dump_only=True)
    iou_threshold = Number(minimum=0, maximum=1)


class PatchedConsensusSettingsRequest(Wire):
    """What is to be changed of the settings."""

    iou_threshold = Number(minimum=0, maximum=1)


class ConsensusMergeCreateRequest(Wire):
    """What is to be merged: a whole task, or one job from its replicas."""

    task_id = Integer(minimum=0, maximum=LARGEST_ID)
    job_id = Integer(minimum=0, maximum=LARGEST_ID)


PaginatedConsensusSettingsList = paginated(ConsensusSettings)
