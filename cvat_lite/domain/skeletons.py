"""The drawing of a skeleton: its nodes name sublabels, before they exist by name, after by id."""

from __future__ import annotations

import re
from collections.abc import Mapping

NODE_NAME = re.compile(r'data-label-name="([^"]*)"')
NODE_ID = re.compile(r'data-label-id="(\d+)"')
#: A drawing is put into pages: nothing in it may run.
FORBIDDEN = re.compile(
    r"<\s*(script|foreignobject|iframe|object|embed|image|use|style|a)\b|\bon\w+\s*=|javascript:|<!",
    re.IGNORECASE,
)
ESCAPES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}


def is_safe(svg: str) -> bool:
    """Whether a drawing holds only what a skeleton is drawn with."""
    return FORBIDDEN.search(svg) is None


def names_to_ids(svg: str, ids: Mapping[str, int]) -> str:
    """The drawing with its nodes naming sublabels by id; unknown names stay as they are."""

    def by_id(match: re.Match[str]) -> str:
        name = unescape(match[1])
        return f'data-label-id="{ids[name]}"' if name in ids else match[0]

    return NODE_NAME.sub(by_id, svg)


def ids_to_names(svg: str, names: Mapping[int, str]) -> str:
    """The drawing with its nodes naming sublabels by name, for archives; the opposite."""

    def by_name(match: re.Match[str]) -> str:
        number = int(match[1])
        if number not in names:
            return match[0]
        text = names[number].replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
        return f'data-label-name="{text}"'

    return NODE_ID.sub(by_name, svg)


def unescape(text: str) -> str:
    """The text behind XML's escapes."""
    for escape, letter in ESCAPES.items():
        text = text.replace(escape, letter)
    return text
