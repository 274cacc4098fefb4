"""Twenty photographs of mixed sizes and formats, each with the pixels that it shows."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.images import encoded, picture

TURNED, MIRRORED, UPSIDE_DOWN = 6, 2, 3


@dataclass(frozen=True)
class Photograph:
    """A file, and what a person sees of it: 8-bit RGB, height by width by 3."""

    name: str
    content: bytes
    shown: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as shown."""
        return self.shown.shape[1], self.shown.shape[0]


def rgb(image: Image.Image) -> np.ndarray:
    """The pixels of a picture."""
    return np.asarray(image.convert("RGB"))


def jpeg(name: str, image: Image.Image, orientation: int = 1, **options: object) -> Photograph:
    """A JPEG shows what its decoder makes of it, turned as its EXIF says."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(image, "JPEG", exif=exif, quality=90, **options)
    pixels = rgb(Image.open(io.BytesIO(content)))
    turns = {1: pixels, MIRRORED: pixels[:, ::-1], UPSIDE_DOWN: pixels[::-1, ::-1]}
    turns[TURNED] = np.rot90(pixels, -1)
    return Photograph(name, content, turns[orientation])


def lossless(
    name: str, image: Image.Image, kind: str, shown: np.ndarray | None = None, **options: object
) -> Photograph:
    """A file with exactly the picture's pixels, which are shown unless told otherwise."""
    content = encoded(image, kind, **options)
    return Photograph(name, content, rgb(image) if shown is None else shown)


def deep(name: str, kind: str, brightest: int, width: int, height: int) -> Photograph:
    """A 16-bit grey picture; the brightest value is shown white."""
    slope = np.linspace(0, brightest, width * height).reshape(height, width)
    values = slope.round().astype(np.uint16)
    shown = np.round(values / values.max() * 255).astype(np.uint8)
    return lossless(name, Image.fromarray(values), kind, np.dstack([shown] * 3))


def see_through(name: str, kind: str, image: Image.Image, **options: object) -> Photograph:
    """A picture that fades out to the right; what is transparent shows white."""
    alpha = np.linspace(255, 0, image.width).astype(np.uint8)
    layer = np.dstack([np.asarray(image), np.tile(alpha, (image.height, 1))])
    opaque = layer[..., 3:] / 255.0
    shown = np.round(layer[..., :3] * opaque + 255 * (1 - opaque)).astype(np.uint8)
    return lossless(name, Image.fromarray(layer), kind, shown, **options)


def grey(image: Image.Image) -> Image.Image:
    """The picture without its colours."""
    return image.convert("L")


def photographs() -> list[Photograph]:
    """The twenty, in the lexicographical order of their names."""
    seen = [picture(150 + 14 * number, 210 - 7 * number, number) for number in range(20)]
    return [
        jpeg("00_landscape.jpg", seen[0]),
        jpeg("01_turned.jpg", seen[1], TURNED),
        jpeg("02_mirrored.jpeg", seen[2], MIRRORED),
        jpeg("03_upside_down.JPG", seen[3], UPSIDE_DOWN),
        jpeg("04_progressive.jpg", seen[4], progressive=True),
        jpeg("05_grey.jpg", grey(seen[5])),
        jpeg("06_print.jpg", seen[6].convert("CMYK")),
        lossless("07_plain.png", seen[7], "PNG"),
        deep("08_sixteen_bit.png", "PNG", 65535, 190, 130),
        deep("09_twelve_of_sixteen.png", "PNG", 4095, 170, 140),
        lossless("10_palette.png", seen[10].quantize(256), "PNG"),
        see_through("11_alpha.png", "PNG", seen[11]),
        lossless("12_bitmap.png", seen[12].convert("1"), "PNG"),
        lossless("13_palette.gif", seen[13].quantize(256), "GIF"),
        lossless("14_lossless.webp", seen[14], "WEBP", lossless=True),
        see_through("15_alpha.webp", "WEBP", seen[15], lossless=True, exact=True),
        lossless("16_packed.tiff", seen[16], "TIFF", compression="tiff_lzw"),
        deep("17_sixteen_bit.tif", "TIFF", 50000, 160, 120),
        lossless("18_plain.bmp", seen[18], "BMP"),
        lossless("19_wavelets.jp2", seen[19], "JPEG2000", irreversible=False),
    ]


def write(directory: Path, pictures: list[Photograph]) -> list[Path]:
    """The pictures as files."""
    directory.mkdir(parents=True, exist_ok=True)
    for one in pictures:
        (directory / one.name).write_bytes(one.content)
    return [directory / one.name for one in pictures]


def assert_looks_like(image: Image.Image, shown: np.ndarray) -> None:
    """A JPEG of good quality differs little from its picture everywhere, and in size not at all."""
    found = rgb(image).astype(int)
    assert found.shape == shown.shape
    difference = np.abs(found - shown)
    assert difference.mean() < 4
    assert difference.max() < 40
