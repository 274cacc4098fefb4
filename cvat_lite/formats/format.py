"""What a dataset format is: a name, and how to write and read it.

A module of a format defines ``FORMATS``, a tuple of these; the registry finds them. A format
writes files into a ``Sink`` and reads them from a ``Source``; what kind of archive holds them is
not its business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.dataset import Dataset, Frame, Image, Target
from cvat_lite.domain.enums import Dimension
from cvat_lite.domain.labels import Label


class Writable(Protocol):
    """A file being written."""

    def write(self, data: bytes, /) -> object:
        """Append these bytes."""
        ...


class Readable(Protocol):
    """A file being read; ``read(n)`` gives at most n bytes, all of them without n."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, none at the end."""
        ...


class Sink(Protocol):
    """Where a format puts its files; names are relative, with forward slashes."""

    def add(self, name: str, content: bytes) -> None:
        """Add a file of these bytes."""
        ...

    def add_file(self, name: str, path: Path) -> None:
        """Add a copy of a file."""
        ...

    def open(self, name: str) -> AbstractContextManager[Writable]:
        """Add a file piece by piece; no other may be added until it is closed."""
        ...


class Source(Protocol):
    """The files of a dataset that is read."""

    def names(self) -> list[str]:
        """The relative names of all files, in order, with forward slashes."""
        ...

    def read(self, name: str) -> bytes:
        """The content of a file."""
        ...

    def open(self, name: str) -> AbstractContextManager[Readable]:
        """A file to be read piece by piece."""
        ...


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """What the user chose for an export."""

    save_images: bool = False


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user chose for an import: what becomes of pictures of masks."""

    masks_to_polygons: bool = True


Writer = Callable[[Dataset, Sink, WriteOptions], None]
Reader = Callable[[Source, Target, ReadOptions], LabeledData]


def everything(_name: str) -> bool:
    """What a subset that is all of its dataset has of it."""
    return True


@dataclass(frozen=True, slots=True)
class Subset:
    """A subset of a dataset with its images: by the name that a frame gets, the file, in order.

    ``holds`` tells of a file that is no image whether the subset is read from it. ``read`` is how
    it is read where that depends on the subset, ``numbers`` the number that the dataset knows an
    image by, where it has them.
    """

    name: str
    pictures: Mapping[str, str]
    holds: Callable[[str], bool] = everything
    read: Reader | None = None
    numbers: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """What a dataset is made of: subsets, and labels with ids of their own.

    ``labels`` is None where only the annotations tell them.
    """

    subsets: tuple[Subset, ...]
    labels: tuple[Label, ...] | None = None


#: Given the files of a dataset, and which of them are pictures or point clouds.
Surveyor = Callable[[Source, Sequence[str]], Survey]


@dataclass(frozen=True, slots=True)
class Format:
    """A format under CVAT's name for it, the version included.

    ``write`` is None for one that is only imported, ``read`` for one that is only exported.
    ``read`` raises ``DatasetError`` for files that it cannot make sense of, and then gives
    nothing. ``survey`` finds the subsets and labels of a dataset before there are tasks for it;
    without it all images of an archive are one subset. ``subsets_apart`` is whether images of one
    name may be in two subsets.
    """

    name: str
    version: str
    dimension: Dimension = Dimension.D2
    write: Writer | None = None
    read: Reader | None = None
    write_extensions: tuple[str, ...] = ("ZIP",)
    read_extensions: tuple[str, ...] = ("ZIP",)
    enabled: bool = True
    survey: Surveyor | None = None
    subsets_apart: bool = True


def add_image(sink: Sink, name: str, image: Image) -> None:
    """Add a frame's image under this name."""
    if image.path is not None:
        sink.add_file(name, image.path)
    elif image.content is not None:
        sink.add(name, image.content)


def add_images(dataset: Dataset, sink: Sink, name: Callable[[Frame, str], str]) -> None:
    """Add the images of all frames; ``name`` is given a frame and its subset."""
    for part in dataset.parts:
        if part.image is None:
            continue
        for frame in part.frames:
            add_image(sink, name(frame, part.info.subset_name), part.image(frame))
