"""What a file is, judged by its name, and which kinds may make one task together."""

from __future__ import annotations

import mimetypes
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from pathlib import PurePosixPath

from PIL import Image

from cvat_lite.errors import MediaError


class Kind(StrEnum):
    """The kinds of things that may be named as the media of a task."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    ARCHIVE = "archive"
    DIRECTORY = "directory"
    PDF = "pdf"
    ZIP = "zip"
    POINT_CLOUD = "point_cloud"
    OTHER = "other"


# Pillow starts Ghostscript for EPS, and only recognises the others without reading pictures.
_UNREADABLE = frozenset({"EPS", "WMF", "MPEG", "BUFR", "GRIB", "HDF5"})
_VIDEO = (
    ".3g2 .3gp .asf .avi .divx .dv .f4v .flv .h264 .h265 .hevc .ivf .m1v .m2ts .m2v .m4v .mjpeg "
    ".mjpg .mkv .mov .mp4 .mpe .mpeg .mpg .mts .mxf .nut .ogv .qt .rm .rmvb .ts .vob .webm .wmv "
    ".y4m"
)
_AUDIO = (
    ".aac .ac3 .aif .aifc .aiff .amr .ape .au .flac .m4a .mka .mp2 .mp3 .oga .ogg .opus .ra .snd "
    ".wav .weba .wma"
)
_ARCHIVE = ".tar .tgz .tbz .tbz2 .txz .gz .bz2 .xz .7z .rar"
_POINT_CLOUD = frozenset({".pcd", ".bin"})

_OTHER_KINDS = {
    **dict.fromkeys(_VIDEO.split(), Kind.VIDEO),
    **dict.fromkeys(_AUDIO.split(), Kind.AUDIO),
    **dict.fromkeys(_ARCHIVE.split(), Kind.ARCHIVE),
    **dict.fromkeys(_POINT_CLOUD, Kind.POINT_CLOUD),
    ".zip": Kind.ZIP,
    ".pdf": Kind.PDF,
}

# Clouds stand with the images in CVAT's rule and in its counts.
_MANY = frozenset({Kind.IMAGE, Kind.DIRECTORY})
_COUNTED = (
    Kind.IMAGE,
    Kind.VIDEO,
    Kind.AUDIO,
    Kind.ARCHIVE,
    Kind.DIRECTORY,
    Kind.PDF,
    Kind.ZIP,
)


@cache
def image_extensions() -> Mapping[str, str]:
    """The extensions (lower case, with the dot) of every format that Pillow reads, by format."""
    Image.init()
    return {
        extension: name
        for extension, name in Image.registered_extensions().items()
        if name in Image.OPEN and name not in _UNREADABLE and extension not in _POINT_CLOUD
    }


@cache
def image_formats() -> tuple[str, ...]:
    """The names of the formats that may be opened as pictures."""
    Image.init()
    return tuple(name for name in Image.OPEN if name not in _UNREADABLE)


def kind_of(name: str) -> Kind:
    """The kind of a file of this name; a name that ends in ``/`` is a directory."""
    if name.endswith("/"):
        return Kind.DIRECTORY
    extension = PurePosixPath(name).suffix.lower()
    if extension in image_extensions():
        return Kind.IMAGE
    return _OTHER_KINDS.get(extension, Kind.OTHER)


def mime_type(name: str) -> str:
    """The content type by which a file of this name is sent, the same on every machine."""
    extension = PurePosixPath(name).suffix.lower()
    pillow = image_extensions().get(extension)
    if pillow is not None and pillow in Image.MIME:
        return Image.MIME[pillow]
    own = _content_types().guess_type(f"_{extension}")[0]
    return own or "application/octet-stream"


@cache
def _content_types() -> mimetypes.MimeTypes:
    """Python's own table, without those of the machine."""
    return mimetypes.MimeTypes(filenames=())


def group_by_kind(names: Iterable[str]) -> dict[Kind, list[str]]:
    """The names by kind, in the order given; what is no media is left out."""
    groups: dict[Kind, list[str]] = {}
    for name in names:
        kind = kind_of(name)
        if kind is not Kind.OTHER:
            groups.setdefault(kind, []).append(name)
    return groups


def check_together(groups: Mapping[Kind, list[str]]) -> Kind:
    """The kind that a task is to be made of; images stand for images and directories together.

    Many images and directories may be used, or one of anything else (the rule and its words are
    CVAT's, recorded). Raises MediaError where there is nothing, or too much at once.
    """
    counts: Counter[Kind] = Counter()
    for kind, names in groups.items():
        counts[Kind.IMAGE if kind is Kind.POINT_CLOUD else kind] += len(names)
    many = sum(counts[kind] for kind in _MANY)
    single = sum(counts[kind] for kind in _COUNTED if kind not in _MANY)
    if many + single == 0:
        raise MediaError("No media data found")
    if single > 1 or (single and many):
        listed = ", ".join(f"{counts[kind]} {kind}(s)" for kind in _COUNTED)
        # The run of blanks is part of the recorded message.
        raise MediaError(
            "Only one video, audio, archive, pdf, zip or many image, directory can be used "
            f"simultaneously,{' ' * 13}but {listed} found."
        )
    if groups.get(Kind.POINT_CLOUD):
        return Kind.POINT_CLOUD
    return Kind.IMAGE if many else next(kind for kind in _COUNTED if counts[kind])
