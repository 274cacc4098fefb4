"""Pictures made up for tests: the same for the same name, and no two frames alike."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PIL import Image, ImageDraw

TILES = 8


def draw(path: Path, width: int, height: int, title: str) -> None:
    """Write a picture of that size, tinted and inscribed by its title; the suffix is the format."""
    digest = hashlib.sha256(title.encode()).digest()
    tiles = Image.frombytes("L", (TILES, TILES // 2), digest)
    picture = Image.merge(
        "RGB",
        [
            tiles.resize((width, height), Image.Resampling.BICUBIC).point(
                [(value * 3 + digest[channel] * 2) // 5 for value in range(256)]
            )
            for channel in range(3)
        ],
    )
    ImageDraw.Draw(picture).text((4, 4), title, fill="white", stroke_width=1, stroke_fill="black")
    picture.save(path)
