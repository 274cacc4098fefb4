"""Opening pictures with Pillow: limits before decoding, upright, as 8-bit grey or RGB."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import ExifTags, Image, ImageCms, ImageFile, ImageOps, UnidentifiedImageError

from cvat_lite.errors import MediaError
from cvat_lite.media.kinds import image_formats

# Every picture of the server is opened in this module, which has its own limit of pixels, by
# argument, and refuses more instead of warning.
Image.MAX_IMAGE_PIXELS = None
# As in CVAT, the part of a truncated file that is there is shown: one bad file of a camera must
# not take the other frames of its chunk with it.
ImageFile.LOAD_TRUNCATED_IMAGES = True
# Pillow's remarks on odd metadata of strangers' files are no news to whoever runs the server.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

_SIDEWAYS = range(5, 9)
_DIRECT = frozenset({"L", "RGB"})
_DECODING_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    MemoryError,
    RuntimeError,
    EOFError,
    struct.error,
    zlib.error,
)


def check_pixels(name: str, size: tuple[int, int], max_pixels: int) -> None:
    """Raise MediaError for a picture of more than ``max_pixels`` pixels, or of none."""
    width, height = size
    if width < 1 or height < 1:
        raise MediaError(f"Image '{name}' is empty: its size is {width}x{height}")
    if width * height > max_pixels:
        raise MediaError(
            f"Image '{name}' is too large: {width}x{height} pixels, at most {max_pixels} are allowed"
        )


@contextmanager
def opened(
    path: Path | io.BytesIO, max_pixels: int, name: str | None = None
) -> Iterator[Image.Image]:
    """The picture in a file, its header read and its size checked, not decoded yet.

    ``name`` is how messages call it. Whatever is wrong with the file, here or while the body of
    the ``with`` decodes it, becomes a MediaError.
    """
    called = name or (path.name if isinstance(path, Path) else "picture")
    try:
        with Image.open(path, formats=image_formats()) as image:
            check_pixels(called, image.size, max_pixels)
            yield image
    except FileNotFoundError as error:
        raise MediaError(f"Image '{called}' does not exist") from error
    except UnidentifiedImageError as error:
        raise MediaError(f"cannot identify image file '{called}'") from error
    except _DECODING_ERRORS as error:
        raise MediaError(f"Image '{called}' cannot be read: {error}") from error


def orientation(image: Image.Image) -> int:
    """The EXIF orientation that is still to be applied, 1 to 8, without decoding the picture.

    Pillow turns TIFF itself, and would decode a whole PNG to look for what stands behind the
    pixels: there, only what stands before them counts.
    """
    if image.format == "TIFF":
        return 1
    if image.format == "PNG" and not {"exif", "Raw profile type exif"} & image.info.keys():
        return 1
    found = image.getexif().get(ExifTags.Base.Orientation, 1)
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height in pixels as the picture is shown."""
    width, height = image.size
    return (height, width) if orientation(image) in _SIDEWAYS else (width, height)


def upright(image: Image.Image) -> Image.Image:
    """The picture decoded and turned as its EXIF orientation says."""
    turn = orientation(image)
    image.load()
    if turn == 1:
        return image
    return ImageOps.exif_transpose(image)


def plain(image: Image.Image) -> Image.Image:
    """The picture as ``L`` or ``RGB``, what a JPEG can hold.

    Deeper greys are scaled so that the brightest becomes white (as CVAT shows them: 12-bit
    pictures in 16-bit files would be black otherwise). What is transparent shows white.
    """
    if image.mode in _DIRECT:
        return image
    if image.mode == "1":
        return image.convert("L")
    if image.mode.startswith(("I", "F")):
        return _scaled(image)
    if image.mode == "LAB":
        return _from_lab(image)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")


def _scaled(image: Image.Image) -> Image.Image:
    """8-bit grey of 16-bit, 32-bit or float grey."""
    import numpy as np  # noqa: PLC0415  # seldom needed, and slow to load

    values = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = min(0.0, float(values.min())), float(values.max())
    scale = 255.0 / (high - low) if high > low else 0.0
    return Image.fromarray(np.round((values - low) * scale).astype(np.uint8))


def _from_lab(image: Image.Image) -> Image.Image:
    """RGB of CIE L*a*b*."""
    done = ImageCms.profileToProfile(
        image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    if done is None:
        raise MediaError("A picture in the LAB colour space cannot be converted")
    return done


def read_image(path: Path, max_pixels: int, name: str | None = None) -> Image.Image:
    """The picture in a file, upright, as ``L`` or ``RGB``; MediaError where there is none."""
    with opened(path, max_pixels, name) as image:
        return plain(upright(image))


def read_image_bytes(content: bytes, max_pixels: int, name: str) -> Image.Image:
    """The picture that these bytes are, as ``read_image`` gives it."""
    with opened(io.BytesIO(content), max_pixels, name) as image:
        return plain(upright(image))


def jpeg(image: Image.Image, quality: int) -> bytes:
    """A JPEG of an ``L`` or ``RGB`` picture; from quality 90 on with full colour resolution."""
    target = io.BytesIO()
    image.save(target, "JPEG", quality=quality, subsampling=0 if quality >= 90 else 2)
    return target.getvalue()


def png(image: Image.Image) -> bytes:
    """A PNG, quickly made: level 1 is a few per cent larger than the usual 6."""
    target = io.BytesIO()
    image.save(target, "PNG", compress_level=1)
    return target.getvalue()
