"""Pages of PDF documents as pictures: sizes without rendering, pages rendered when asked for."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pypdfium2 as pdfium
from PIL import Image

from cvat_lite.errors import MediaError
from cvat_lite.media.images import check_pixels

DPI = 200
POINTS_AN_INCH = 72

# PDFium is not made for threads: one document at a time in the whole process.
_lock = threading.Lock()


def page_name(pdf_name: str, number: int) -> str:
    """The name of the frame that shows page ``number`` (from 0): ``plan_0.jpeg`` of ``plan.pdf``."""
    return str(PurePosixPath(pdf_name).with_suffix("")) + f"_{number}.jpeg"


def page_sizes(path: Path, max_pixels: int, name: str | None = None) -> list[tuple[int, int]]:
    """Width and height in pixels of each page at 200 dpi, without rendering.

    Raises MediaError for a file that is no PDF, is encrypted or empty, or has a page of more than
    ``max_pixels`` pixels; ``name`` is how messages call it.
    """
    called = name or path.name
    with _opened(path, called) as document:
        sizes = [_pixels(*document.get_page_size(number)) for number in range(len(document))]
    if not sizes:
        raise MediaError(f"PDF '{called}' has no pages")
    for number, size in enumerate(sizes):
        check_pixels(page_name(called, number), size, max_pixels)
    return sizes


def render_page(path: Path, number: int, max_pixels: int) -> Image.Image:
    """Page ``number`` (from 0) as an RGB picture on white, of the size in ``page_sizes``."""
    with _opened(path, path.name) as document:
        page = document[number]
        try:
            size = _pixels(*page.get_size())
            check_pixels(page_name(path.name, number), size, max_pixels)
            bitmap = page.render(scale=DPI / POINTS_AN_INCH)
            image: Image.Image = bitmap.to_pil().convert("RGB")
            bitmap.close()
        finally:
            page.close()
    return image if image.size == size else image.resize(size)


def _pixels(width: float, height: float) -> tuple[int, int]:
    """The pixels of a page of this size in points, as PDFium rounds them."""
    scale = DPI / POINTS_AN_INCH
    return math.ceil(width * scale), math.ceil(height * scale)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[pdfium.PdfDocument]:
    """The document, while nobody else uses PDFium."""
    with _lock:
        try:
            document = pdfium.PdfDocument(path)
        except FileNotFoundError as error:
            raise MediaError(f"PDF '{name}' does not exist") from error
        except pdfium.PdfiumError as error:
            raise MediaError(f"PDF '{name}' cannot be read: {error}") from error
        try:
            yield document
        except pdfium.PdfiumError as error:
            raise MediaError(f"PDF '{name}' cannot be shown: {error}") from error
        finally:
            document.close()
