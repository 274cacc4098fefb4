"""What recorded datasets of point clouds would hold without CVAT's faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def objects_have_their_own_keys(files: dict[str, Any]) -> None:
    # Keys are numbered by the order in which they come up: four tags, objects, figures, clouds.
    files["key_id_map.json"] |= {
        "objects": {"key 4": 0, "key 5": 1},
        "figures": {"key 6": 0, "key 7": 1},
        "videos": {"key 8": 0, "key 9": 1},
    }


CORRECTED: dict[str, Callable[[Any], None]] = {
    "export Sly Point Cloud Format 1.0-cloud": objects_have_their_own_keys,
}
