"""Chunks of video as MP4, of the kind that browsers decode in script.

CVAT's client decodes with a baseline decoder, crops the picture to the task's size divided by
``ceil(task height / decoded height)``, and counts on one picture a frame. So: H.264 baseline, no
B-frames, ``moov`` at the front; odd sides are padded on the right and below, which the crop takes
away; large pictures are scaled down by a whole power of two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from PIL import Image

from cvat_lite.domain.enums import Quality
from cvat_lite.media import frames as media_frames
from cvat_lite.media.source import MediaSource, SourceKind
from cvat_lite.media.video import picture

FRAMES_A_SECOND = 25
KEY_INTERVAL = 36
WORST_CRF = 51
# x264 turns CRF 0 into lossless coding, which baseline does not have.
BEST_CRF = 2
# Full HD, rounded up to whole blocks, goes through as it is.
MAX_WIDTH = 1920
MAX_HEIGHT = 1088
FORMAT = "yuv420p"


def write_mp4(
    source: MediaSource, frames: Sequence[int], quality: Quality, image_quality: int, path: Path
) -> None:
    """Encode these frames (ascending) into a new file; errors as of the frames themselves."""
    exact = quality is Quality.ORIGINAL
    crf = BEST_CRF if exact else max(BEST_CRF, round(WORST_CRF * (100 - image_quality) / 100))
    pictures = _prepared(source, frames, scaled=not exact)
    first = next(pictures)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(FRAMES_A_SECOND))
        stream.width, stream.height, stream.pix_fmt = first.width, first.height, FORMAT
        stream.options = {
            "profile": "baseline",
            "preset": "veryfast",
            "crf": str(crf),
            "bf": "0",
            "g": str(KEY_INTERVAL),
        }
        time = 0
        frame: VideoFrame | None = first
        while frame is not None:
            frame.pts, frame.time_base = time, Fraction(1, FRAMES_A_SECOND)
            # The type it had in its video is no order to the encoder.
            frame.pict_type = 0
            container.mux(stream.encode(frame))
            time += 1
            frame = next(pictures, None)
        container.mux(stream.encode(None))


def _prepared(source: MediaSource, frames: Sequence[int], *, scaled: bool) -> Iterator[VideoFrame]:
    """The frames as the encoder takes them: turned, of one even size, in ``FORMAT``."""
    if source.kind is not SourceKind.VIDEO:
        size: tuple[int, int] | None = None
        for image in media_frames.images(source, frames):
            size = size or image.size
            yield _from_image(image.resize(size) if image.size != size else image, scaled=scaled)
        return
    index = media_frames.video_index(source)
    width, height = index.width, index.height
    factor = _factor(width, height) if scaled else 1
    target = (width // factor, height // factor)
    direct = not index.rotation and not any(side % 2 for side in target)
    for frame in media_frames.video_frames(source, index, frames):
        if direct:
            yield frame.reformat(*target, format=FORMAT, dst_color_range="MPEG")
        else:
            yield _from_image(picture(frame, index), scaled=scaled)


def _factor(width: int, height: int) -> int:
    """The power of two by which pictures of this size are scaled down."""
    factor = 1
    while width > MAX_WIDTH * factor or height > MAX_HEIGHT * factor:
        factor *= 2
    return factor


def _from_image(image: Image.Image, *, scaled: bool) -> VideoFrame:
    """A frame for the encoder, of even sides."""
    factor = _factor(*image.size) if scaled else 1
    if factor > 1:
        image = image.reduce(factor)
    pixels = np.asarray(image.convert("RGB"))
    height, width = pixels.shape[:2]
    even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return VideoFrame.from_ndarray(even, format="rgb24").reformat(format=FORMAT)
