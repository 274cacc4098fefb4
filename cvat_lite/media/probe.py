"""The sizes of many images, from their headers alone."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cvat_lite.errors import MediaError
from cvat_lite.media.headers import HEAD_BYTES, quick_size
from cvat_lite.media.images import check_pixels, opened, upright_size

BATCH = 500
THREADS = 4


def probe_image(path: Path, name: str, max_pixels: int) -> tuple[int, int]:
    """Width and height of an image as shown (EXIF orientations 5 to 8 swap them).

    ``name`` is how messages call it. Raises MediaError for a file that is no picture, or one of
    more than ``max_pixels`` pixels.
    """
    try:
        with path.open("rb", buffering=0) as file:
            size = quick_size(file.read(HEAD_BYTES))
    except OSError as error:
        raise MediaError(
            f"Image '{name}' cannot be read: {os.strerror(error.errno or 0)}"
        ) from error
    if size is None or 0 in size:
        with opened(path, max_pixels, name) as image:
            return upright_size(image)
    check_pixels(name, size, max_pixels)
    return size


def probe_head(head: bytes, name: str, max_pixels: int) -> tuple[int, int]:
    """The same of the first bytes of an image; MediaError where more of them are needed, too."""
    size = quick_size(head)
    if size is None or 0 in size:
        with opened(io.BytesIO(head), max_pixels, name) as image:
            return upright_size(image)
    check_pixels(name, size, max_pixels)
    return size


def probe_images(
    root: Path,
    names: Sequence[str],
    max_pixels: int,
    progress: Callable[[int], None] | None = None,
) -> list[tuple[int, int]]:
    """Width and height of each image below ``root``, in the order of ``names``.

    ``progress`` is told now and then how many are done. Raises MediaError for the first image, in
    that order, that cannot be one.
    """

    def probe_batch(first: int) -> list[tuple[int, int]]:
        batch = names[first : first + BATCH]
        return [probe_image(root / name, name, max_pixels) for name in batch]

    sizes: list[tuple[int, int]] = []
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="probe")
    try:
        for found in pool.map(probe_batch, range(0, len(names), BATCH)):
            sizes.extend(found)
            if progress is not None:
                progress(len(sizes))
    finally:
        pool.shutdown(cancel_futures=True)
    return sizes
