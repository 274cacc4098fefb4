"""How labels that only the annotations of a dataset tell come into a project without any."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from cvat_lite.domain import payload
from cvat_lite.errors import DatasetError
from cvat_lite.services.project_import import preparing
from cvat_lite.services.project_import.preparing import Prepared, Work, prepare
from tests.images import png

LINE = "{} 0 0 0 1 2 30 40 0 0 0 0 0 0 0\n"


def kitti(place: Path, text: str) -> Work:
    """The import of a KITTI dataset of one image with these lines."""
    archive = place / "zoo.zip"
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("train/image_2/a.png", png())
        members.writestr("train/label_2/a.txt", text)
    return Work(archive, place / "home", "KITTI 1.0", (), False, 1_000_000)


def named(found: Prepared) -> list[str]:
    """The labels of the shapes, in order."""
    names = {label.id: label.name for label in found.new_labels}
    data = payload.decode(found.tasks[0].payloads[0].read_bytes())
    return [names[shape.label_id] for shape in data.shapes]


def test_however_many_labels_are_met_everything_is_read_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"label{number}" for number in range(50)]
    read, times = preparing.Reading.read, []

    def counted(*given: Any) -> Any:
        times.append(given)
        return read(*given)

    monkeypatch.setattr(preparing.Reading, "read", counted)
    found = prepare(kitti(tmp_path, "".join(map(LINE.format, names * 2))))
    assert [label.name for label in found.new_labels] == names
    assert named(found) == names * 2
    assert len(times) == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (LINE.format("cat") + "cat 0 0\n", "a.txt, line 2"),
        ("cat 0 0\n" + LINE.format("cat"), "a.txt, line 1"),
        (LINE.format("x" * 65) + "cat 0 0\n", "has 1 to 64 characters"),
    ],
)
def test_what_is_wrong_besides_is_told(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(DatasetError, match=why):
        prepare(kitti(tmp_path, text))
