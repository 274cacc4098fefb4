"""From the media of a backup to the plan of a task's frames, and whether its jobs fit them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
from msgspec import UNSET

from cvat_lite.domain.enums import JobType, SortingMethod, Storage
from cvat_lite.domain.frames import frame_step, select
from cvat_lite.errors import DatasetError, ValidationError
from cvat_lite.media import ingest
from cvat_lite.media.context import FOLDER as RELATED
from cvat_lite.media.ingest import Plan
from cvat_lite.media.material import Material, files_below
from cvat_lite.media.names import checked_name
from cvat_lite.services.backups import layout
from cvat_lite.services.backups.layout import LARGEST, Task, Whole, decoded

LONGEST_LINE = 1 << 20
#: What lies beside the media and is none.
BESIDE = (layout.MANIFEST, layout.MANIFEST_INDEX)


def planned(entry: Task, source: Path, home: Path, folder: str, max_pixels: int) -> Plan:
    """What the frames are, their files brought from ``source`` to where they stay in ``home``.

    The order is the manifest's; without one it is that of the names. DatasetError or MediaError
    where no frames can be made of the files.
    """
    file = f"{folder.removesuffix(layout.DATA)}{layout.TASK}"
    try:
        step = frame_step(entry.data.frame_filter or "")
    except ValidationError as error:
        raise DatasetError(file, "$.data.frame_filter", str(error)) from error
    named = list(lines(source / layout.MANIFEST, f"{folder}/{layout.MANIFEST}"))
    if entry.data.storage == Storage.CLOUD_STORAGE:
        home.mkdir(parents=True)
        return referred(entry, named, step, file)
    order = pictures(source, named, f"{folder}/{layout.MANIFEST}")
    for name in BESIDE:
        (source / name).unlink(missing_ok=True)
    found = list(files_below(source)) if source.is_dir() else []
    ordered = set(order)
    wanted = [name for name in found if not order or name in ordered or is_related(name)]
    home.parent.mkdir(parents=True, exist_ok=True)
    material = Material(
        home=home,
        staging=source,
        uploaded=tuple(wanted),
        sorting=SortingMethod.PREDEFINED if order else entry.data.sorting_method,
        order=tuple(dict.fromkeys((*order, *wanted))) if order else (),
        start=entry.data.start_frame,
        stop=entry.data.stop_frame,
        step=step,
        max_pixels=max_pixels,
    )
    return ingest.plan(material)


class Line(msgspec.Struct):
    """A line of a manifest, as far as it names a picture."""

    name: str | None = None
    extension: str = ""
    width: Whole = 0
    height: Whole = 0


def lines(path: Path, file: str) -> Iterator[Line]:
    """The pictures that a manifest names, in order; none where there is no manifest."""
    if not path.is_file():
        return
    with path.open("rb") as manifest:
        number = 0
        while text := manifest.readline(LONGEST_LINE):
            number += 1
            if len(text) == LONGEST_LINE:
                raise DatasetError(file, f"line {number}", "the line is too long")
            if text.strip():
                try:
                    line = decoded(text, Line, file)
                except DatasetError as error:
                    raise DatasetError(file, f"line {number}", error.why) from error
                if line.name is not None:
                    yield line


def pictures(source: Path, named: list[Line], file: str) -> list[str]:
    """The files that a manifest names; DatasetError for one that is not in the backup."""
    names = [f"{line.name}{line.extension}" for line in named]
    for name in names:
        if not (source / checked_name(name)).is_file():
            raise DatasetError(file, "", f"the backup has no file '{name}'")
    return names


def is_related(name: str) -> bool:
    """Whether a file gives context to a frame."""
    return RELATED in name.split("/")[:-1]


def referred(entry: Task, named: list[Line], step: int, file: str) -> Plan:
    """Frames whose files are in a cloud storage: only the manifest is in the backup."""
    if not named:
        why = "the media are in a cloud storage, and no manifest tells what they are"
        raise DatasetError(file, "$.data.storage", why)
    chosen = select(len(named), entry.data.start_frame, entry.data.stop_frame, step)
    kept = [named[number] for number in chosen.numbers]
    images = [
        (checked_name(f"{line.name}{line.extension}"), line.width, line.height) for line in kept
    ]
    return Plan(
        kind="images",
        size=len(images),
        start=chosen.start,
        stop=chosen.stop,
        width=images[0][1],
        height=images[0][2],
        images=images,
    )


def with_placeholders(entry: Task, plan: Plan, file: str) -> tuple[Plan, list[tuple[int, int]]]:
    """The plan with frames that stand for others, as jobs with honeypots have them.

    Such jobs list the files of their frames, some of them files of the ground truth job. Answers
    the (frame, frame that it stands for) as well. DatasetError where the lists do not fit.
    """
    if not isinstance(entry.jobs[0].files, list) or plan.kind not in ("images", "point_cloud"):
        return plan, []
    known = {image[0]: number for number, image in enumerate(plan.images)}
    names, first = listed(entry, known, file)
    for frame, name in enumerate(names):
        first.setdefault(name, frame)
    stand_ins = [(frame, first[name]) for frame, name in enumerate(names) if first[name] != frame]
    related = {
        frame: plan.related[known[name]]
        for frame, name in enumerate(names)
        if known[name] in plan.related
    }
    images = [plan.images[known[name]] for name in names]
    stop = plan.stop if entry.data.stop_frame is None else entry.data.stop_frame
    return replace(plan, images=images, size=len(images), related=related, stop=stop), stand_ins


def listed(entry: Task, known: Mapping[str, int], file: str) -> tuple[list[str], dict[str, int]]:
    """The file of each frame, and the frame of each file of the ground truth job."""
    found: dict[int, str] = {}
    truths: dict[str, int] = {}
    for place, job in enumerate(entry.jobs):
        if job.type == JobType.CONSENSUS_REPLICA or job.files is UNSET:
            continue
        numbers = range(job.start_frame, job.stop_frame + 1) if job.frames is UNSET else job.frames
        if len(numbers) != len(job.files):
            why = f"{len(job.files)} files for {len(numbers)} frames"
            raise DatasetError(file, f"$.jobs[{place}].files", why)
        for frame, name in zip(numbers, job.files, strict=True):
            if name not in known:
                raise DatasetError(file, f"$.jobs[{place}].files", f"'{name}' is no frame")
            if job.type == JobType.GROUND_TRUTH:
                truths[name] = frame
            found.setdefault(frame, name)
    if sorted(found) != list(range(len(found))):
        raise DatasetError(file, "$.jobs", "the jobs do not have all frames")
    return [found[frame] for frame in range(len(found))], truths


def check(entry: Task, plan: Plan, file: str) -> None:
    """DatasetError where jobs or deleted frames are beyond the frames."""
    for place, job in enumerate(entry.jobs):
        where = f"$.jobs[{place}]"
        if not job.start_frame <= job.stop_frame < min(plan.size, LARGEST):
            why = f"frames {job.start_frame} to {job.stop_frame} of {plan.size}"
            raise DatasetError(file, f"{where}.stop_frame", why)
        single = job.frames if isinstance(job.frames, list) else []
        if any(not job.start_frame <= frame <= job.stop_frame for frame in single):
            raise DatasetError(file, f"{where}.frames", "a frame is beyond the job's")
    if any(frame >= plan.size for frame in entry.data.deleted_frames):
        raise DatasetError(file, "$.data.deleted_frames", f"a frame is beyond the {plan.size}")
    layouts = entry.data.validation_layout
    numbers = (*layouts.frames, *layouts.disabled_frames) if layouts else ()
    if any(frame >= plan.size for frame in numbers):
        raise DatasetError(file, "$.data.validation_layout", "a frame is beyond the task's")
