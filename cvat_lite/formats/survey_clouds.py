"""The subsets, clouds and related images of datasets of point clouds.

In the tasks that are made, the images that belong to ``a.pcd`` lie in ``related_images/a_pcd/``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from cvat_lite.domain.dataset import DEFAULT_SUBSET
from cvat_lite.formats import survey_json
from cvat_lite.formats.format import Source, Subset, Survey
from cvat_lite.formats.survey import CONTEXT, apart, whole, without_suffix


@dataclass(frozen=True, slots=True)
class Clouds:
    """The survey of a format by the directories of its clouds and of their images.

    Both patterns have the group ``name``, the cloud's (of an image: without its extension, or with
    ``_`` before that), and perhaps ``subset``; that of images ``file``, what they are called.
    """

    cloud: re.Pattern[str]
    related: re.Pattern[str]

    def __call__(self, source: Source, pictures: Sequence[str]) -> Survey:
        """The subsets of a dataset; labels are told by annotations alone."""
        found: dict[str, dict[str, str]] = {}
        items: dict[tuple[str, str], PurePosixPath] = {}
        for file in pictures:
            matched = self.cloud.search(file)
            if matched is not None:
                subset, name = subset_of(matched), matched["name"]
                found.setdefault(subset, {})[name] = file
                item = without_suffix(name)
                items[subset, item] = items[subset, item_folder(name)] = PurePosixPath(item)
        for file in pictures:
            matched = self.related.search(file)
            if matched is not None and (subset_of(matched), matched["name"]) in items:
                subset = subset_of(matched)
                path = items[subset, matched["name"]]
                folder = path.parent / CONTEXT / f"{path.name.replace('.', '_')}_pcd"
                found[subset][str(folder / matched["file"].replace("/", "_"))] = file
        if not found:
            return whole(source, pictures)
        names = list(found)
        return Survey(tuple(Subset(name, found[name], apart(name, names)) for name in names))


def placed(cloud: str, related: str) -> Clouds:
    """The survey by these two patterns."""
    return Clouds(re.compile(cloud), re.compile(related))


def subset_of(matched: re.Match[str]) -> str:
    """The subset that a path names."""
    return matched.groupdict().get("subset") or DEFAULT_SUBSET


def item_folder(name: str) -> str:
    """What Supervisely's format calls the directory of a cloud's images."""
    path = PurePosixPath(name)
    return str(path.with_name(path.name.replace(".", "_")))


supervisely = placed(
    r"(?:^|/)(?P<subset>[^/]+)/pointcloud/(?P<name>.+\.(?i:pcd|bin))$",
    r"(?:^|/)(?P<subset>[^/]+)/related_images/(?P<name>.+)/(?P<file>[^/]+)$",
)
kitti_raw = placed(
    r"(?:^|(?:^|/)(?P<subset>[^/]+)/)velodyne_points/data/(?P<name>.+\.(?i:pcd|bin))$",
    r"(?:^|(?:^|/)(?P<subset>[^/]+)/)(?P<file>image_\d+/data/(?P<name>.+)\.[^./]+)$",
)
_datumaro = placed(
    r"(?:^|/)point_clouds/(?P<subset>[^/]+)/(?P<name>.+\.(?i:pcd|bin))$",
    r"(?:^|/)related_images/(?P<subset>[^/]+)/(?P<name>.+)/(?P<file>[^/]+)$",
)


def datumaro(source: Source, pictures: Sequence[str]) -> Survey:
    """Datumaro's: clouds by their directories, labels as its files tell them."""
    return Survey(_datumaro(source, pictures).subsets, survey_json.datumaro(source, ()).labels)
