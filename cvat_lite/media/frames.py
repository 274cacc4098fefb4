"""What a frame is: the file as it came, or a picture of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from cvat_lite.errors import MediaError
from cvat_lite.media.images import jpeg, png, read_image
from cvat_lite.media.kinds import mime_type
from cvat_lite.media.source import MediaSource, SourceKind

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from cvat_lite.media.video_index import VideoIndex

# What decodes videos and PDFs is loaded when there is one: the server starts sooner without.
PAGE_QUALITY = 95


@dataclass(frozen=True, slots=True)
class Encoded:
    """A frame as it is sent: a file as it lies there, or bytes made for the occasion."""

    content: Path | bytes
    mime: str
    extension: str

    def read(self) -> bytes:
        """The bytes, from wherever they are."""
        if isinstance(self.content, bytes):
            return self.content
        try:
            return self.content.read_bytes()
        except OSError as error:
            raise MediaError(f"Image '{self.content.name}' cannot be read") from error


def original(source: MediaSource, frame: int) -> Encoded:
    """The frame as it came: an image's own file; of a video a PNG, of a PDF a JPEG of the page.

    A PNG of a video's frame has exactly the decoder's pixels, as CVAT's downloads have them.
    """
    if source.kind.has_files:
        path = source.path(frame)
        if not path.is_file():
            what = "Image" if source.kind is SourceKind.IMAGES else "Point cloud"
            raise MediaError(f"{what} '{source.name(frame)}' does not exist")
        return Encoded(path, mime_type(path.name), path.suffix.lower())
    return encoded_original(source, image(source, frame))


def encoded_original(source: MediaSource, picture: Image.Image) -> Encoded:
    """A picture of a video or PDF in the form in which it counts as original."""
    if source.kind is SourceKind.VIDEO:
        return Encoded(png(picture), "image/png", ".png")
    return Encoded(jpeg(picture, PAGE_QUALITY), "image/jpeg", ".jpeg")


def compressed(source: MediaSource, frame: int, image_quality: int) -> Encoded:
    """The frame as a JPEG of this quality (1 to 100), upright; a point cloud as it came."""
    if source.kind is SourceKind.POINT_CLOUD:
        return original(source, frame)
    return Encoded(jpeg(image(source, frame), image_quality), "image/jpeg", ".jpeg")


def image(source: MediaSource, frame: int) -> Image.Image:
    """The frame as an ``L`` or ``RGB`` picture, upright; MediaError where it cannot be made."""
    return next(images(source, (frame,)))


def images(source: MediaSource, frames: Sequence[int]) -> Iterator[Image.Image]:
    """The frames (ascending) as pictures; a video is decoded in one pass."""
    if source.kind is SourceKind.VIDEO:
        from cvat_lite.media import video  # noqa: PLC0415

        index = video_index(source)
        yield from video.pictures(source.path(0), index, _numbers(source, frames, len(index)))
        return
    for frame in frames:
        yield still(source, frame)


def still(source: MediaSource, frame: int) -> Image.Image:
    """The picture of a frame of images or of a PDF."""
    if source.kind is SourceKind.PDF:
        from cvat_lite.media.pdf import render_page  # noqa: PLC0415

        return render_page(source.path(frame), source.number(frame), source.max_pixels)
    if source.kind is SourceKind.POINT_CLOUD:
        raise MediaError(f"'{source.name(frame)}' is a point cloud, not an image")
    if source.kind is SourceKind.AUDIO:
        raise MediaError(f"'{source.file}' is a sound: it has no images")
    return read_image(source.path(frame), source.max_pixels, source.name(frame))


def video_frames(
    source: MediaSource, index: VideoIndex, frames: Sequence[int]
) -> Iterator[VideoFrame]:
    """The frames (ascending) of a video as the decoder gives them."""
    from cvat_lite.media import video  # noqa: PLC0415

    return video.frames(source.path(0), index, _numbers(source, frames, len(index)))


def video_index(source: MediaSource) -> VideoIndex:
    """The index of the source's video."""
    if source.index is None:
        raise MediaError(f"Video '{source.file}' has no index")
    from cvat_lite.media.video_index import VideoIndex  # noqa: PLC0415

    return VideoIndex.load(source.index)


def _numbers(source: MediaSource, frames: Sequence[int], size: int) -> list[int]:
    """The pictures of the video that are these frames."""
    numbers = [source.number(frame) for frame in frames]
    if any(not 0 <= number < size for number in numbers):
        raise MediaError(f"Video '{source.file}' has only {size} frames")
    return numbers
