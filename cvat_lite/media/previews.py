"""Previews: small JPEGs of a frame."""

from __future__ import annotations

from PIL import Image

from cvat_lite.media import frames
from cvat_lite.media.images import jpeg, opened, plain, upright
from cvat_lite.media.source import MediaSource, SourceKind

SIDE = 256
QUALITY = 80


def preview(source: MediaSource, frame: int) -> bytes:
    """A JPEG of the frame that fits into 256 by 256 pixels, upright; never larger than the frame."""
    if source.kind is not SourceKind.IMAGES:
        return _small(frames.image(source, frame))
    with opened(source.path(frame), source.max_pixels, source.name(frame)) as image:
        # JPEG decodes to a fraction of its size at a fraction of the cost.
        image.draft(None, (2 * SIDE, 2 * SIDE))
        return _small(plain(upright(image)))


def _small(image: Image.Image) -> bytes:
    """The picture scaled down to the size of previews."""
    image.thumbnail((SIDE, SIDE))
    return jpeg(image, QUALITY)
