"""Reading a dataset that is to become tasks, in a worker process: all faults are found here.

Everything is unpacked and prepared below one directory that is removed if anything fails; the
store is not touched. Names, sizes, ratios and numbers of members are checked while unpacking.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cvat_lite.domain import payload
from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.dataset import DEFAULT_SUBSET, Frame, Target
from cvat_lite.domain.enums import SortingMethod
from cvat_lite.domain.label_rules import LabelRules
from cvat_lite.domain.labels import Label
from cvat_lite.errors import ApiError, DatasetError
from cvat_lite.formats import registry
from cvat_lite.formats.containers import MAX_MEMBER_BYTES, DirectorySource
from cvat_lite.formats.format import Format, ReadOptions, Subset
from cvat_lite.formats.matching import OpenLabels, UnknownLabelError
from cvat_lite.formats.survey import PartOfSource, whole
from cvat_lite.media import archives, ingest, kinds
from cvat_lite.media.ingest import Plan
from cvat_lite.media.material import PICTURES, Material
from cvat_lite.media.names import below, checked_name
from cvat_lite.services.backups import layout
from cvat_lite.services.backups.labeled import Labels
from cvat_lite.services.backups.reading import TaskReady, sync
from cvat_lite.services.project_import.labels import check_known, check_new, missing

NO_IMAGES = (
    "the archive has no images that the dataset names: tasks of a project are made from images, "
    "so export the dataset together with them"
)
LONGEST_NAME = 256
LONGEST_SUBSET = 64
MOST_LABELS = 500


@dataclass(frozen=True, slots=True)
class Work:
    """An archive to be read for a project with these labels, into a directory that is not there."""

    archive: Path
    home: Path
    format: str
    labels: tuple[Label, ...]
    masks_to_polygons: bool
    max_pixels: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """Tasks that only have to be recorded, and labels to be made for a project that has none."""

    tasks: tuple[TaskReady, ...]
    new_labels: tuple[Label, ...]


class NumberedTarget(Target):
    """A task whose frames a dataset knows by numbers of its own."""

    @cached_property
    def places(self) -> dict[int, int]:
        """The index of the frame with each number; set by ``numbered``."""
        return {}

    def relative(self, absolute: int) -> int | None:
        """The index of the frame that the dataset calls by this number, or None."""
        return self.places.get(absolute)


def prepare(work: Work) -> Prepared:
    """Unpack and prepare all of a dataset; DatasetError or MediaError say what is wrong with it."""
    shutil.rmtree(work.home, ignore_errors=True)
    root = work.home / "unpacked"
    root.mkdir(parents=True)
    if not archives.is_archive(work.archive):
        raise DatasetError(work.archive.name, "", NO_IMAGES)
    archives.extract(work.archive, root, archives.Limits(max_member_bytes=MAX_MEMBER_BYTES))
    ready = Reading(work, DirectorySource(root), root, registry.importer(work.format)).all()
    sync(work.home)
    return ready


@dataclass(frozen=True)
class Reading:
    """One unpacked archive."""

    work: Work
    source: DirectorySource
    root: Path
    format: Format

    def all(self) -> Prepared:
        """The tasks of all subsets."""
        name = self.work.archive.name
        pictures = [one for one in self.source.names() if kinds.kind_of(one) in PICTURES]
        surveyed = (self.format.survey or whole)(self.source, pictures)
        subsets = [subset for subset in surveyed.subsets if subset.pictures]
        if not subsets:
            raise DatasetError(name, "", NO_IMAGES)
        told = surveyed.labels
        if self.work.labels:
            check_known(told or (), self.work.labels, name)
            labels = self.work.labels
        else:
            labels = told or ()
            check_new(labels, name)
        media = [self.media(subset, place) for place, subset in enumerate(subsets)]
        found, labels = self.annotations(list(zip(subsets, media, strict=True)), labels)
        tasks = [
            self.task(place, subset, plan, data, labels)
            for place, (subset, plan, data) in enumerate(zip(subsets, media, found, strict=True))
        ]
        return Prepared(tuple(tasks), () if self.work.labels else labels)

    def media(self, subset: Subset, place: int) -> Plan:
        """What the frames of a subset's task are, their files brought to where they stay."""
        staging = self.work.home / "staging" / str(place)
        names = [checked_name(name) for name in subset.pictures]
        for name, file in zip(names, subset.pictures.values(), strict=True):
            target = below(staging, name)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                copy(self.root / file, target)
            except (FileExistsError, NotADirectoryError):
                why = f"two images are called {name!r}, or one as another's directory"
                raise DatasetError(file, "", why) from None
        home = self.home(place)
        home.parent.mkdir(parents=True, exist_ok=True)
        return ingest.plan(
            Material(
                home=home,
                staging=staging,
                uploaded=tuple(names),
                sorting=SortingMethod.PREDEFINED,
                order=tuple(names),
                max_pixels=self.work.max_pixels,
            )
        )

    def home(self, place: int) -> Path:
        """Where the media of a task lie until they are put where they stay."""
        return self.work.home / "media" / str(place)

    def annotations(
        self, parts: Sequence[tuple[Subset, Plan]], labels: tuple[Label, ...]
    ) -> tuple[list[LabeledData], tuple[Label, ...]]:
        """What stands on the frames of each subset, and the labels with those it needed besides.

        Labels that are met for the first time are added where the project has none of its own,
        and everything is read again: what a name means may depend on all labels that there are.
        """
        if self.work.labels:
            try:
                return [self.read(subset, plan, labels) for subset, plan in parts], labels
            except UnknownLabelError as error:
                raise missing(error.name, error.file) from error
        told = len(labels)
        while True:
            known = OpenLabels.of(labels)
            found = self.attempt(parts, known)
            if not known.met:
                return found, labels
            if len(labels) - told + len(known.met) > MOST_LABELS:
                raise DatasetError(self.work.archive.name, "", f"more than {MOST_LABELS} labels")
            for name, file in known.met.items():
                labels = (*labels, Label(next_id(labels), name))
                check_new(labels, file)

    def attempt(self, parts: Sequence[tuple[Subset, Plan]], known: OpenLabels) -> list[LabeledData]:
        """What stands on the frames of each subset, or else the labels that it needs besides."""
        found = []
        try:
            for subset, plan in parts:
                found.append(self.read(subset, plan, known))
        except UnknownLabelError as error:
            known.meet(error.name, error.file)
        except DatasetError:
            # It may be about a label that is not known yet; if not, it comes up again.
            if not known.met:
                raise
        return found

    def read(self, subset: Subset, plan: Plan, labels: tuple[Label, ...]) -> LabeledData:
        """The annotations of a subset, checked as those of a request are."""
        read = subset.read or self.format.read
        if read is None:
            raise LookupError(self.work.format)
        source = PartOfSource(self.source, subset.holds)
        options = ReadOptions(masks_to_polygons=self.work.masks_to_polygons)
        found = read(source, target_of(subset, plan, labels), options)
        if isinstance(labels, OpenLabels) and labels.met:
            return found
        try:
            checked = payload.decode(payload.encode(found))
            LabelRules(labels).check(checked)
        except ApiError as error:
            raise DatasetError(self.work.archive.name, "", str(error)) from error
        return checked

    def task(
        self,
        place: int,
        subset: Subset,
        plan: Plan,
        data: LabeledData,
        labels: tuple[Label, ...],
    ) -> TaskReady:
        """A task of one job, called as its subset, or as the archive where that has no name."""
        if len(subset.name) > LONGEST_SUBSET:
            why = f"the name of a subset has at most {LONGEST_SUBSET} characters"
            raise DatasetError(self.work.archive.name, subset.name[:LONGEST_SUBSET], why)
        named = self.work.archive.stem if subset.name == DEFAULT_SUBSET else subset.name
        entry = layout.Task(
            name=(named or subset.name)[:LONGEST_NAME],
            subset=subset.name,
            data=layout.Data(sorting_method=SortingMethod.PREDEFINED),
            jobs=[layout.Job(start_frame=0, stop_frame=plan.size - 1)],
        )
        path = self.work.home / "payloads" / f"{place}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(payload.encode(data))
        return TaskReady(entry, self.home(place), plan, [], Labels(labels), (path,), None)


def copy(source: Path, target: Path) -> None:
    """Give a file a second name; a copy where the file system knows no such thing.

    FileExistsError if something has the name, NotADirectoryError if it lies below a file.
    """
    try:
        os.link(source, target)
    except (FileExistsError, NotADirectoryError):
        raise
    except OSError:
        shutil.copyfile(source, target)


def target_of(subset: Subset, plan: Plan, labels: tuple[Label, ...]) -> Target:
    """What annotations of a subset are read into."""
    frames = [Frame(number, *image) for number, image in enumerate(plan.images)]
    if subset.numbers is None:
        return Target(labels, frames)
    return numbered(Target(labels, frames), subset.numbers)


def numbered(target: Target, numbers: Mapping[str, int]) -> Target:
    """The target with its frames known by the dataset's numbers."""
    found = NumberedTarget(target.labels, target.frames)
    known = ((numbers.get(frame.name), frame.number) for frame in target.frames)
    found.places.update((number, index) for number, index in known if number is not None)
    return found


def next_id(labels: Sequence[Label]) -> int:
    """An id that neither a label nor a sublabel or attribute has."""
    ids = [0]
    for label in labels:
        for one in (label, *label.sublabels):
            ids += (one.id, *(spec.id for spec in one.attributes))
    return max(ids) + 1
