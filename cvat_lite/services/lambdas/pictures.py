"""Frames as functions get them: as they came, but upright, and cut where a region is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cvat_lite.errors import MediaError
from cvat_lite.media import frames as media_frames
from cvat_lite.media.images import opened, orientation, png
from cvat_lite.media.source import MediaSource, SourceKind

#: What every function can open.
COMMON = ("JPEG", "PNG", "WEBP", "BMP")

Region = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; the right and bottom edges are not part of it."""


def pictures(
    source: MediaSource, frames: Sequence[int], region: Region | None = None
) -> Iterator[bytes]:
    """The frames (ascending) as files; a video is decoded in one pass.

    Coordinates on the wire are those of the upright picture, which a file that says by its EXIF
    orientation that it is to be turned does not show by itself: such a one is written anew, as is
    what few programs read. MediaError where a frame cannot be read or has nothing of the region.
    """
    if region is None and source.kind is SourceKind.IMAGES:
        for frame in frames:
            if as_it_came(source, frame):
                yield media_frames.original(source, frame).read()
            else:
                yield png(media_frames.image(source, frame))
        return
    for frame, image in zip(frames, media_frames.images(source, frames), strict=True):
        if region is None:
            yield media_frames.encoded_original(source, image).read()
            continue
        left, top, right, bottom = region
        width, height = image.size
        box = (left, top, min(right, width), min(bottom, height))
        if box[0] >= box[2] or box[1] >= box[3]:
            raise MediaError(f"Frame {frame} of {width}x{height} pixels has nothing of the region")
        yield png(image.crop(box))


def as_it_came(source: MediaSource, frame: int) -> bool:
    """Whether the file of a frame can be given away as it lies there."""
    with opened(source.path(frame), source.max_pixels, source.name(frame)) as image:
        return image.format in COMMON and orientation(image) == 1
