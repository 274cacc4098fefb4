"""From the files of a task to the plan of its frames, without decoding any.

The work can be done again from the start whenever it was interrupted: each step writes aside and
ends with a rename.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from cvat_lite.domain.enums import SortingMethod
from cvat_lite.domain.frames import Selection, select, sort_names
from cvat_lite.errors import MediaError
from cvat_lite.media import kinds, point_clouds
from cvat_lite.media.context import split_related
from cvat_lite.media.kinds import Kind
from cvat_lite.media.material import (
    MANIFEST,
    PICTURES,
    RAW,
    Material,
    copy_files,
    locate,
    media_below,
    unpack,
)
from cvat_lite.media.probe import probe_images

INDEX = "index.npz"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the frames are: images or clouds with their sizes, or one video, PDF or sound in ``file``.

    ``root`` is set where the files stay outside the server's own directory, ``is_remote``
    where they stay in a cloud storage. ``start`` and ``stop``
    are the first and last picture (or millisecond) of the media that are frames. A sound has a
    ``sampling_rate``, and maybe a picture on its cover.
    """

    kind: str
    size: int
    start: int
    stop: int
    width: int
    height: int
    root: str | None = None
    file: str = ""
    images: list[tuple[str, int, int]] = field(default_factory=list)
    related: Mapping[int, list[str]] = field(default_factory=dict)
    sampling_rate: int = 0
    has_cover: bool = False
    is_remote: bool = False


def plan(material: Material) -> Plan:
    """Bring the files to where they stay, and find out what their frames are.

    Raises MediaError, with words for the user, where no frames can be made of them.
    """
    material.home.mkdir(parents=True, exist_ok=True)
    root, names = locate(material)
    groups = kinds.group_by_kind(names)
    kind = kinds.check_together(groups)
    outside = None if root.is_relative_to(material.home) else str(root)
    if kind in (Kind.ZIP, Kind.ARCHIVE):
        root = unpack(material, root / groups[kind][0])
        return plan_pictures(material, root, media_below(root, material.order), None)
    if kind == Kind.VIDEO:
        return plan_video(material, root, groups[kind][0], outside)
    if kind == Kind.AUDIO:
        return plan_audio(material, root, groups[kind][0], outside)
    if kind == Kind.PDF:
        return plan_pdf(material, root, groups[kind][0], outside)
    media = [name for name in names if kinds.kind_of(name) in PICTURES]
    return plan_pictures(material, root, ordered(material, root, names, media), outside)


def ordered(material: Material, root: Path, names: list[str], media: list[str]) -> list[str]:
    """The files in the order given: by the request, by a manifest, else as they came."""
    if material.sorting != SortingMethod.PREDEFINED:
        return media
    order = list(material.order)
    manifests = [name for name in names if name.lower().endswith(MANIFEST)]
    if not order and manifests:
        order = manifest_names(root / manifests[0])
    if not order:
        return media
    ranks = {name: rank for rank, name in enumerate(order)}
    unlisted = [name for name in split_related(media)[0] if name not in ranks]
    if unlisted:
        raise MediaError(f"The order of the files does not name '{unlisted[0]}'")
    return sorted(media, key=lambda name: ranks.get(name, len(ranks)))


def manifest_names(path: Path) -> list[str]:
    """The names of the images in a manifest of CVAT's, one JSON object a line."""
    names = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                item = orjson.loads(line) if line.strip() else {}
                if "name" in item:
                    names.append(f"{item['name']}{item.get('extension', '')}")
            except (orjson.JSONDecodeError, TypeError, AttributeError) as error:
                message = f"The manifest '{path.name}' is broken at line {number}"
                raise MediaError(message) from error
    return names


def plan_pictures(material: Material, root: Path, names: list[str], outside: str | None) -> Plan:
    """Images, or point clouds with what images there are for context."""
    if not any(kinds.kind_of(name) == Kind.POINT_CLOUD for name in names):
        return plan_images(material, root, names, outside)
    if outside and any(point_clouds.pcd_name(name) != name for name in names):
        # What is converted has to lie in the data's own directory.
        copy_files(material, root, names)
        root, outside = material.home / RAW, None
    found = list(dict.fromkeys(point_clouds.as_pcd(root, name) for name in names))
    mapping = tuple(tuple(map(point_clouds.pcd_name, job)) for job in material.mapping)
    made = plan_images(replace(material, mapping=mapping), root, found, outside, clouds=True)
    return replace(made, kind="point_cloud")


def plan_images(
    material: Material,
    root: Path,
    names: list[str],
    outside: str | None,
    *,
    clouds: bool = False,
) -> Plan:
    """Files in the order asked for, measured; related images go to the frames they belong to.

    The sizes of point clouds are the points in a row and the number of rows.
    """
    found, related = split_related(names)
    kept, chosen = arranged(material, found)
    sizes = (
        point_clouds.probe_clouds(root, kept)
        if clouds
        else probe_images(root, kept, material.max_pixels)
    )
    return measured(kept, chosen, sizes, related, outside)


def arranged(material: Material, found: list[str]) -> tuple[list[str], Selection]:
    """Those of the files that become frames, in the order asked for, and what was selected."""
    if material.mapping:
        found = mapped_names(material, found)
    elif material.sorting != SortingMethod.PREDEFINED:
        found = sort_names(found, material.sorting, material.seed)
    chosen = select(len(found), material.start, material.stop, material.step)
    return [found[number] for number in chosen.numbers], chosen


def measured(
    kept: list[str],
    chosen: Selection,
    sizes: Sequence[tuple[int, int]],
    related: Mapping[str, list[str]],
    outside: str | None = None,
) -> Plan:
    """The plan of images of these sizes."""
    return Plan(
        kind="images",
        size=len(kept),
        start=chosen.start,
        stop=chosen.stop,
        width=sizes[0][0],
        height=sizes[0][1],
        root=outside,
        images=[(name, *size) for name, size in zip(kept, sizes, strict=True)],
        related={frame: related[name] for frame, name in enumerate(kept) if name in related},
    )


def mapped_names(material: Material, found: list[str]) -> list[str]:
    """The images in the order of the job file mapping, which must name each of them once."""
    if material.sorting not in (SortingMethod.PREDEFINED, SortingMethod.LEXICOGRAPHICAL):
        raise MediaError("The job file mapping needs the 'predefined' sorting method")
    if material.start or material.stop is not None or material.step != 1:
        raise MediaError("The job file mapping cannot be used together with a frame range")
    names = [name for job in material.mapping for name in job]
    known = set(found)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise MediaError(f"The job file mapping names a file that is not there: '{unknown[0]}'")
    missing = known - set(names)
    if missing:
        raise MediaError(f"The job file mapping does not name the file '{min(missing)}'")
    return names


def plan_video(material: Material, root: Path, name: str, outside: str | None) -> Plan:
    """One video: demuxed into an index that lies beside the data, wherever the file is."""
    from cvat_lite.media.video_index import index_video  # noqa: PLC0415  # loads FFmpeg

    index = index_video(root / name, material.max_pixels, name)
    index.save(material.home / INDEX)
    chosen = select(len(index), material.start, material.stop, material.step)
    return Plan(
        kind="video",
        size=chosen.size,
        start=chosen.start,
        stop=chosen.stop,
        width=index.width,
        height=index.height,
        root=outside,
        file=name,
    )


def plan_pdf(material: Material, root: Path, name: str, outside: str | None) -> Plan:
    """The pages of one PDF, rendered when somebody asks for them."""
    from cvat_lite.media import pdf  # noqa: PLC0415  # loads PDFium

    sizes = pdf.page_sizes(root / name, material.max_pixels, name)
    chosen = select(len(sizes), material.start, material.stop, material.step)
    return Plan(
        kind="pdf",
        size=chosen.size,
        start=chosen.start,
        stop=chosen.stop,
        width=sizes[chosen.start][0],
        height=sizes[chosen.start][1],
        root=outside,
        file=name,
        images=[(pdf.page_name(name, number), *sizes[number]) for number in chosen.numbers],
    )


def plan_audio(material: Material, root: Path, name: str, outside: str | None) -> Plan:
    """One sound, whose frames are its milliseconds."""
    from cvat_lite.media.audio import probe_audio  # noqa: PLC0415  # loads FFmpeg

    if material.step != 1:
        raise MediaError("The frames of a sound are its milliseconds: none can be left out")
    if material.mapping:
        raise MediaError("The job file mapping cannot be used for a sound")
    sound = probe_audio(root / name, name)
    chosen = select(sound.milliseconds, material.start, material.stop)
    return Plan(
        kind="audio",
        size=chosen.size,
        start=chosen.start,
        stop=chosen.stop,
        width=0,
        height=0,
        root=outside,
        file=name,
        sampling_rate=sound.sampling_rate,
        has_cover=sound.has_cover,
    )
