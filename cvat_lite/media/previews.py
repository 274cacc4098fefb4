"""Previews: small JPEGs of a frame."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from cvat_lite.media import frames
from cvat_lite.media.images import jpeg, opened, plain, upright
from cvat_lite.media.source import MediaSource, SourceKind

SIDE = 256
QUALITY = 80


def preview(source: MediaSource, frame: int) -> bytes:
    """A JPEG of the frame that fits into 256 by 256 pixels, upright; never larger than the frame.

    A point cloud is seen from above; a sound shows the picture that comes with it.
    """
    if source.kind is SourceKind.AUDIO:
        from cvat_lite.media.audio import cover  # noqa: PLC0415  # loads FFmpeg

        return _small(cover(source.path(frame), source.max_pixels))
    if source.kind is SourceKind.POINT_CLOUD:
        from cvat_lite.media.cloud_drawing import drawn  # noqa: PLC0415  # loads NumPy

        return jpeg(drawn(source.path(frame), SIDE, source.name(frame)), QUALITY)
    if source.kind is not SourceKind.IMAGES:
        return _small(frames.image(source, frame))
    return of_file(source.path(frame), source.max_pixels, source.name(frame))


def of_file(path: Path, max_pixels: int, name: str) -> bytes:
    """The same of a picture in a file; ``name`` is how messages call it."""
    with opened(path, max_pixels, name) as image:
        # JPEG decodes to a fraction of its size at a fraction of the cost.
        image.draft(None, (2 * SIDE, 2 * SIDE))
        return _small(plain(upright(image)))


def _small(image: Image.Image) -> bytes:
    """The picture scaled down to the size of previews."""
    image.thumbnail((SIDE, SIDE))
    return jpeg(image, QUALITY)
