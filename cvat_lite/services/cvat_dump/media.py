"""Data: what tasks are made of, their images, related files, videos and sounds.

The rows for ``dump_files`` are notes for the placing of the files; they do not stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cvat_lite.domain.frames import frame_step
from cvat_lite.errors import ValidationError
from cvat_lite.services.cvat_dump.known import Frames
from cvat_lite.services.cvat_dump.records import KEY, Record, Row, Table, made, many, model, table
from cvat_lite.services.cvat_dump.values import (
    file_name,
    flag,
    integer,
    integer_list,
    keys,
    optional,
    text,
)


def note_data(record: Record) -> None:
    """Remember which pictures of the media are frames."""
    record.known.frames[record.number()] = Frames(
        record.read("start_frame", integer), record.read("frame_filter", step)
    )


def step(value: Any) -> int:
    """The step of a frame filter."""
    try:
        return frame_step(text(value))
    except ValidationError:
        raise ValueError(f"is no frame filter: {value!r}") from None


def note_kind(kind: str) -> Callable[[Record], None]:
    """Remember what the one file of a data is."""

    def note(record: Record) -> None:
        record.known.kinds[record.read("data", integer)] = kind

    return note


def kind_of(record: Record) -> str:
    """The kind of a data, by what it has and what its task says."""
    data_id = record.number()
    single = record.known.kinds.get(data_id)
    if single is not None:
        return single
    if record.known.media_types.get(data_id) == "point_cloud":
        return "point_cloud"
    return "images" if record.fields.get("size") else ""


def chunks_date(record: Record) -> str | None:
    """When the chunks of a data have changed last."""
    task_id = record.known.tasks.get(record.number())
    return record.known.changed.get(task_id) if task_id is not None else None


def frames_of(record: Record) -> Frames:
    """The arithmetic of the data that this image belongs to."""
    frames = record.known.frames.get(record.read("data", integer))
    if frames is None:
        raise record.flaw("its data is not in the dump")
    return frames


def frame(record: Record) -> int:
    """The frame of the task that an image is."""
    frames = frames_of(record)
    return int(record.read("frame", lambda value: frames.frame(integer(value))))


def real_frame(record: Record) -> int:
    """The frame whose picture is shown: another one for placeholders, else the image's own."""
    if not record.fields.get("is_placeholder"):
        return frame(record)
    frames = frames_of(record)
    return int(record.read("real_frame", lambda value: frames.frame(integer(value))))


def noted_file(record: Record) -> Iterable[Row]:
    """A file that must be there."""
    number = frame(record) if record.model == "engine.image" else None
    data_id, name = record.read("data", integer), record.read("path", file_name)
    return [(record.model, record.number(), data_id, name, number)]


FILES = many("dump_files", "model pk data_id path frame", noted_file, "data", "path")


def related(record: Record) -> Iterable[Row]:
    """The images that a related file belongs to, by their ids."""
    return [(record.number(), image) for image in record.read("images", keys)]


RELATED: Table = many("dump_related", "related_file_id image", related, "images")

MODELS = (
    model(
        "engine.data",
        table(
            "data",
            id=KEY,
            kind=made(kind_of),
            chunk_size=optional(integer),
            size=integer,
            image_quality=integer,
            start_frame=integer,
            stop_frame=integer,
            frame_filter=text,
            compressed_chunk_type=text,
            original_chunk_type=text,
            storage_method=text,
            storage=text,
            cloud_storage_id=("cloud_storage", optional(integer)),
            sorting_method=text,
            # Unlike a segment's, these are frames of the task.
            deleted_frames=integer_list,
            content_size=optional(integer),
            chunks_updated_date=made(chunks_date),
        ),
    ),
    model(
        "engine.image",
        table(
            "images",
            data_id=("data", integer),
            frame=made(frame, "frame"),
            path=file_name,
            width=integer,
            height=integer,
            is_placeholder=flag,
            real_frame=made(real_frame, "real_frame"),
        ),
        FILES,
    ),
    model(
        "engine.relatedfile",
        table("related_files", id=KEY, data_id=("data", integer), path=file_name),
        RELATED,
        FILES,
    ),
    model(
        "engine.video",
        table("videos", data_id=("data", integer), path=file_name, width=integer, height=integer),
        FILES,
    ),
    model(
        "engine.audio",
        table(
            "audios",
            data_id=("data", integer),
            path=file_name,
            sampling_rate=optional(integer),
            has_cover_image=flag,
        ),
        FILES,
    ),
    model(
        "engine.validationlayout",
        table(
            "validation_layouts",
            id=KEY,
            data_id=("task_data", integer),
            mode=text,
            frames=integer_list,
            disabled_frames=integer_list,
            frames_per_job_count=optional(integer),
        ),
    ),
)

NOTES = {
    "engine.data": note_data,
    "engine.video": note_kind("video"),
    "engine.audio": note_kind("audio"),
}
