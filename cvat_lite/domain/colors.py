"""Colors for labels that come without one."""

from __future__ import annotations

import colorsys
import hashlib
import re

COLOR = re.compile(r"^#[0-9a-fA-F]{6}$")


def label_color(name: str) -> str:
    """A color for a label name, as ``#rrggbb``: always the same for the same name.

    The hue comes from a digest of the name, so that labels of one task differ whatever their
    order; lightness and saturation keep it visible on light and on dark pictures.
    """
    digest = hashlib.sha256(name.strip().lower().encode()).digest()
    hue = int.from_bytes(digest[:2]) / 65536
    lightness = 0.40 + digest[2] / 255 * 0.20
    saturation = 0.55 + digest[3] / 255 * 0.35
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def is_color(text: str) -> bool:
    """Whether a text is a color as labels have them."""
    return COLOR.match(text) is not None
