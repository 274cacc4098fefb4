"""What a request says of the frames that are wanted for checking the work, and whether it can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cvat_lite.domain.enums import FrameSelectionMethod, SortingMethod, ValidationMode
from cvat_lite.domain.validation import Wanted
from cvat_lite.errors import RuleError, ValidationError

UNIFORM = ("frame_count", "frame_share")
PER_JOB = ("frames_per_job_count", "frames_per_job_share")


def wanted_of(body: Mapping[str, Any], frames: Sequence[int] = ()) -> Wanted:
    """The frames that a checked body wants; ``frames`` are those that it names."""
    return Wanted(
        method=FrameSelectionMethod(body["frame_selection_method"]),
        seed=body.get("random_seed"),
        count=body.get("frame_count"),
        share=body.get("frame_share"),
        per_job_count=body.get("frames_per_job_count"),
        per_job_share=body.get("frames_per_job_share"),
        frames=tuple(frames),
    )


def check(body: Mapping[str, Any]) -> None:
    """ValidationError unless the selection method has what it needs."""
    method = body.get("frame_selection_method")
    if method is None:
        raise ValidationError({"frame_selection_method": ["This field is required."]})
    if method == FrameSelectionMethod.MANUAL:
        if not body.get("frames"):
            raise ValidationError({"frames": ["This field is required."]})
        if len(set(body["frames"])) != len(body["frames"]):
            raise ValidationError({"frames": ["Frames must not be repeated."]})
        return
    if body.get("frames"):
        raise ValidationError({"frames": [f"The method '{method}' cannot be given frames."]})
    check_one(body, UNIFORM if method == FrameSelectionMethod.RANDOM_UNIFORM else PER_JOB)


def check_one(body: Mapping[str, Any], names: tuple[str, str]) -> None:
    """ValidationError unless exactly one of a count and a share is given, the share in (0, 1]."""
    count, share = (body.get(name) for name in names)
    if (count is None) == (share is None):
        listed = " and ".join(f"'{name}'" for name in names)
        raise ValidationError({names[0]: [f"Exactly one of {listed} must be given."]})
    if share is not None and not 0 < share <= 1:
        raise ValidationError({names[1]: ["The share must be above 0 and at most 1."]})


def check_params(body: Mapping[str, Any]) -> None:
    """Refuse validation parameters of a task's data that can be seen to be wrong at once."""
    params = body.get("validation_params")
    if params is None:
        return
    try:
        check_mode(body, params)
        check(params)
        if params["mode"] == ValidationMode.GT_POOL:
            check_one(params, PER_JOB)
    except RuleError:
        raise
    except ValidationError as error:
        raise ValidationError({"validation_params": error.body}) from None


def check_mode(body: Mapping[str, Any], params: Mapping[str, Any]) -> None:
    """Honeypots are hidden among frames in random order, and make jobs of their own."""
    if params["mode"] != ValidationMode.GT_POOL:
        return
    if params.get("frame_selection_method") == FrameSelectionMethod.RANDOM_PER_JOB:
        raise ValidationError(
            {"frame_selection_method": ["A pool of honeypots cannot be chosen per job."]}
        )
    if body.get("sorting_method") != SortingMethod.RANDOM:
        raise RuleError('Validation mode "gt_pool" needs the sorting method "random"')
    if body.get("job_file_mapping"):
        raise RuleError('Validation mode "gt_pool" cannot be used with a job file mapping')
