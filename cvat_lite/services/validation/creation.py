"""Validation frames that are chosen while the frames of a task are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cvat_lite.domain.enums import FrameSelectionMethod, ValidationMode
from cvat_lite.domain.segments import Segmentation
from cvat_lite.domain.validation import arrange, choose, share_of
from cvat_lite.errors import MediaError, RuleError
from cvat_lite.media.ingest import Plan
from cvat_lite.services.validation.choosing import wanted_of
from cvat_lite.store import validation as store
from cvat_lite.store.database import Connection

#: Media that have no pictures of which some could be picked out.
UNCHECKED = ("point_cloud", "audio")


@dataclass(frozen=True, slots=True)
class Checked:
    """The frames and jobs of a task, with the frames that its work will be checked by, if any.

    ``real`` maps honeypots to the frames that they show.
    """

    made: Plan
    cut: Segmentation
    mode: ValidationMode | None = None
    frames: Sequence[int] = ()
    per_job: int | None = None
    real: Mapping[int, int] = field(default_factory=dict)


def arranged(made: Plan, cut: Segmentation, params: Mapping[str, Any] | None) -> Checked:
    """The frames as they will be; MediaError, with words for the user, where that cannot be."""
    if params is None:
        return Checked(made, cut)
    if made.kind in UNCHECKED:
        raise MediaError("Validation frames can only be chosen among images or of a video")
    try:
        if params["mode"] == ValidationMode.GT_POOL:
            return with_honeypots(made, cut, params)
        segments = [range(start, stop + 1) for start, stop in cut.spans]
        wanted = wanted_of(params, named(made, params))
        frames = choose(wanted, made.size, segments, segment_size=cut.segment_size)
        return Checked(made, cut, ValidationMode.GT, frames)
    except RuleError as error:
        raise MediaError(str(error)) from error


def named(made: Plan, params: Mapping[str, Any]) -> list[int]:
    """The frames of the images whose names the parameters give."""
    if params["frame_selection_method"] != FrameSelectionMethod.MANUAL:
        return []
    if not made.images:
        raise RuleError(
            "Validation frames are named by their images, and this task has none: "
            "make the ground truth job once the task is there"
        )
    frames = {image[0]: frame for frame, image in enumerate(made.images)}
    unknown = [name for name in params["frames"] if name not in frames]
    if unknown:
        raise RuleError(f"Unknown validation frames requested: {', '.join(unknown[:10])}")
    return [frames[name] for name in params["frames"]]


def with_honeypots(made: Plan, cut: Segmentation, params: Mapping[str, Any]) -> Checked:
    """A pool at the end, and honeypots that show its frames mixed into the jobs."""
    if made.kind != "images":
        raise RuleError('Validation mode "gt_pool" needs a task of images')
    pool = choose(wanted_of(params, named(made, params)), made.size, [])
    # One job over all frames has no size of its own: it is what is left beside the pool.
    segment_size = min(cut.segment_size, made.size - len(pool))
    per_job = params.get("frames_per_job_count") or share_of(
        params["frames_per_job_share"], segment_size
    )
    found = arrange(made.size, pool, segment_size, per_job, params.get("random_seed"))
    step = (made.stop - made.start) // (made.size - 1) if made.size > 1 else 1
    related = {
        frame: made.related[picture]
        for frame, picture in enumerate(found.pictures)
        if picture in made.related
    }
    images = [made.images[picture] for picture in found.pictures]
    return Checked(
        replace(
            made,
            size=len(images),
            stop=made.start + (len(images) - 1) * step,
            images=images,
            related=related,
        ),
        Segmentation(0, 0, found.spans),
        ValidationMode.GT_POOL,
        found.pool,
        per_job,
        found.real,
    )


async def save(db: Connection, task_id: int, data_id: int, checked: Checked) -> None:
    """Record the layout, the honeypots and the ground truth job of a task just made."""
    if checked.mode is None:
        return
    await store.insert(db, data_id, checked.mode, checked.frames, checked.per_job)
    if checked.real:
        await store.show(db, data_id, checked.real)
    await store.add_job(db, task_id, checked.frames, checked.made.size, {})
