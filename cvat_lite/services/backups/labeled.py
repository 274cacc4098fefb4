"""The annotations of a backup, checked and turned into payloads with ids, a file for each job.

The labels have no ids yet: they are given their places, which are exchanged for ids when they are
recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from cvat_lite.domain import payload
from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.label_rules import LabelRules
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.errors import ApiError, DatasetError
from cvat_lite.services.backups import layout
from cvat_lite.services.backups.entries import KINDS, ById, JobEntry, UnknownNameError

_PAYLOAD = msgspec.json.Decoder(LabeledData)


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a backup, their ids and those of their attributes being their places."""

    found: tuple[Label, ...]

    @classmethod
    def of(cls, entries: Sequence[layout.Label], file: str) -> Labels:
        """The labels with places for ids; DatasetError for a name that comes twice."""
        numbers = iter(range(1, 2**31))

        def specs(attributes: Sequence[layout.Attribute], where: str) -> tuple[AttributeSpec, ...]:
            unique([one.name for one in attributes], file, f"{where}.attributes")
            return tuple(
                AttributeSpec(
                    next(numbers),
                    one.name,
                    one.mutable,
                    one.input_type,
                    one.default_value,
                    tuple(one.values),
                )
                for one in attributes
            )

        unique([one.name for one in entries], file, "$.labels")
        found = []
        for place, entry in enumerate(entries):
            where = f"$.labels[{place}]"
            unique([one.name for one in entry.sublabels], file, f"{where}.sublabels")
            below = tuple(
                Label(
                    next(numbers), one.name, type=one.type, attributes=specs(one.attributes, where)
                )
                for one in entry.sublabels
            )
            own = specs(entry.attributes, where)
            found.append(Label(next(numbers), entry.name, entry.color, entry.type, own, below))
        return cls(tuple(found))

    def ids(self, recorded: Sequence[Label]) -> dict[int, int]:
        """For each place the id that the label or attribute of the same name has now."""
        named = {label.name: label for label in recorded}
        ids: dict[int, int] = {}
        for label in self.found:
            _pair(ids, label, named[label.name])
            below = {one.name: one for one in named[label.name].sublabels}
            for one in label.sublabels:
                if one.name in below:
                    _pair(ids, one, below[one.name])
        return ids


def _pair(ids: dict[int, int], old: Label, new: Label) -> None:
    ids[old.id] = new.id
    specs = {spec.name: spec.id for spec in new.attributes}
    ids.update((spec.id, specs[spec.name]) for spec in old.attributes)


def unique(names: Sequence[str], file: str, where: str) -> None:
    """DatasetError for a name that comes twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DatasetError(file, where, f"'{name}' comes twice")
        seen.add(name)


def read_annotations(
    content: bytes, file: str, task: layout.Task, labels: Labels, out: Path
) -> tuple[Path, ...]:
    """Check the annotations of all jobs and write them as payloads; the files, job by job.

    DatasetError names the job, the list and the item at fault.
    """
    jobs = layout.decoded(content, list[JobEntry], file)
    if len(jobs) != len(task.jobs):
        raise DatasetError(file, "$", f"annotations of {len(jobs)} jobs for {len(task.jobs)}")
    by_id, rules = ById(labels.found), LabelRules(labels.found)
    paths = []
    for place, (job, entry) in enumerate(zip(task.jobs, jobs, strict=True)):
        data = LabeledData()
        for kind in KINDS:
            setattr(data, kind, _items(entry, kind, by_id, file, place))
        _check_frames(data, job, file, place)
        try:
            checked = payload.decode(payload.encode(data))
            rules.check(checked)
        except ApiError as error:
            raise DatasetError(file, f"$[{place}]", str(error)) from error
        path = out / f"{place}.json"
        path.write_bytes(payload.encode(checked))
        paths.append(path)
    return tuple(paths)


def _items(entry: JobEntry, kind: str, by_id: ById, file: str, place: int) -> list[Any]:
    """One list of a job's annotations."""
    decode = msgspec.json.Decoder(KINDS[kind]).decode
    found = []
    for number, raw in enumerate(getattr(entry, kind)):
        where = f"$[{place}].{kind}[{number}]"
        try:
            found.append(by_id.one_of(kind, decode(raw)))
        except UnknownNameError as error:
            raise DatasetError(file, where, str(error)) from error
        except msgspec.ValidationError as error:
            why, _, below = str(error).partition(" - at `$")
            raise DatasetError(file, f"{where}{below.rstrip('`')}", why) from error
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise DatasetError(file, where, f"this is no JSON: {error}") from error
    return found


def _check_frames(data: LabeledData, job: layout.Job, file: str, place: int) -> None:
    """DatasetError for an annotation beyond the frames of its job.

    Not for one between the single frames of a job: databases of CVAT have such annotations.
    """
    held = range(job.start_frame, job.stop_frame + 1)
    for kind in ("tags", "shapes"):
        for number, item in enumerate(getattr(data, kind)):
            if item.frame not in held:
                where = f"$[{place}].{kind}[{number}].frame"
                raise DatasetError(file, where, f"frame {item.frame} is not one of its job's")


def read_payload(path: Path, ids: dict[int, int]) -> LabeledData:
    """The payload of a job, checked when it was written, with the ids that labels have now."""
    data = _PAYLOAD.decode(path.read_bytes())
    for item in (*data.tags, *data.intervals):
        _exchange(item, ids)
    for shape in data.shapes:
        _exchange(shape, ids)
        for element in shape.elements:
            _exchange(element, ids)
    for track in data.tracks:
        for part in (track, *track.elements):
            _exchange(part, ids)
            for keyframe in part.shapes:
                for attribute in keyframe.attributes:
                    attribute.spec_id = ids[attribute.spec_id]
    return data


def _exchange(item: Any, ids: dict[int, int]) -> None:
    item.label_id = ids[item.label_id]
    for attribute in item.attributes:
        attribute.spec_id = ids[attribute.spec_id]
