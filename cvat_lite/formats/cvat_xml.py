"""What the two XML forms of CVAT 1.1 have in common: the head, and shapes as elements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from cvat_lite.domain import skeletons
from cvat_lite.domain.annotations import AttributeValue, Element
from cvat_lite.domain.dataset import Dataset, Frame, Part, PartInfo, Person, ProjectInfo
from cvat_lite.domain.enums import ShapeType, TaskMode
from cvat_lite.domain.geometry import ellipse_axes
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.domain.masks import mask_box
from cvat_lite.formats import xml

VERSION = "1.1"
FILE = "annotations.xml"
HEADER = f'<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>{VERSION}</version>\n'
FOOTER = "</annotations>\n"

TAGS = {
    ShapeType.RECTANGLE: "box",
    ShapeType.POLYGON: "polygon",
    ShapeType.POLYLINE: "polyline",
    ShapeType.POINTS: "points",
    ShapeType.ELLIPSE: "ellipse",
    ShapeType.CUBOID: "cuboid",
    ShapeType.MASK: "mask",
    ShapeType.SKELETON: "skeleton",
}
TYPES = {tag: kind for kind, tag in TAGS.items()}
CUBOID = ("tl1", "bl1", "tr1", "br1", "tl2", "bl2", "tr2", "br2")


class Names:
    """Label and attribute names of a dataset by id, escaped once."""

    def __init__(self, dataset: Dataset) -> None:
        self.labels = {one.id: xml.attribute(one.name) for one in dataset.labels_by_id.values()}
        self._attributes = {
            one.id: xml.attribute(one.name) for one in dataset.attributes_by_id.values()
        }

    def attributes(self, values: Sequence[AttributeValue], indent: str) -> str:
        """The ``attribute`` elements of an annotation, one a line."""
        return "".join(
            f'{indent}<attribute name="{self._attributes[one.spec_id]}">'
            f"{xml.text(one.value)}</attribute>\n"
            for one in values
            if one.spec_id in self._attributes
        )


def geometry(shape: Element) -> str:
    """Where the shape is, as attributes: coordinates with two decimals, rotation if any."""
    points, kind = shape.points, shape.type
    if kind is ShapeType.RECTANGLE:
        left, top, right, bottom = points
        place = f'xtl="{left:.2f}" ytl="{top:.2f}" xbr="{right:.2f}" ybr="{bottom:.2f}"'
    elif kind is ShapeType.ELLIPSE:
        cx, cy, rx, ry = ellipse_axes(points)
        place = f'cx="{cx:.2f}" cy="{cy:.2f}" rx="{rx:.2f}" ry="{ry:.2f}"'
    elif kind is ShapeType.MASK:
        left, top, width, height = mask_box(points)
        runs = ", ".join(str(int(run)) for run in points[:-4])
        return f'rle="{runs}" left="{left}" top="{top}" width="{width}" height="{height}"'
    elif kind is ShapeType.CUBOID:
        corners = zip(CUBOID, points[::2], points[1::2], strict=False)
        place = " ".join(f'x{name}="{x:.2f}" y{name}="{y:.2f}"' for name, x, y in corners)
    else:
        pairs = zip(points[::2], points[1::2], strict=True)
        return 'points="' + ";".join(f"{x:.2f},{y:.2f}" for x, y in pairs) + '"'
    return f'{place} rotation="{shape.rotation:.2f}"' if shape.rotation else place


def group(number: int | None) -> str:
    """The attribute of a group, with a blank before it; nothing for no group."""
    return f' group_id="{number}"' if number else ""


def head(dataset: Dataset) -> str:
    """The document up to and including ``meta``: of a project, or of one task or job.

    ValueError for several parts that are of no project.
    """
    if dataset.project is not None:
        kind, lines = "project", _project(dataset, dataset.project)
    elif len(dataset.parts) == 1:
        kind, lines = dataset.parts[0].info.kind, _part(dataset.parts[0], dataset.labels)
    else:
        raise ValueError("the CVAT format writes one project, task or job at a time")
    body = "\n".join(f"      {line}" for line in lines)
    dumped = _row("dumped", str(datetime.now(UTC)))
    return f"{HEADER}  <meta>\n    <{kind}>\n{body}\n    </{kind}>\n    {dumped}\n  </meta>\n"


def images(dataset: Dataset) -> Callable[[Frame, str], str]:
    """Where the images of a dataset lie: those of a project in a folder for each subset."""
    if dataset.project is None:
        return lambda frame, _: f"images/{frame.file_name}"
    return lambda frame, subset: f"images/{subset}/{frame.file_name}"


def place(info: PartInfo, *, subset_first: bool = False) -> str:
    """The attributes that tell which task of a project something is of, a blank before each."""
    found = [f' task_id="{info.id}"', f' subset="{xml.attribute(info.subset_name)}"']
    return "".join(reversed(found) if subset_first else found)


def _project(dataset: Dataset, info: ProjectInfo) -> list[str]:
    fields = [
        ("id", str(info.id)),
        ("name", info.name),
        ("bugtracker", info.bug_tracker),
        ("created", _date(info.created_date)),
        ("updated", _date(info.updated_date)),
    ]
    lines = [*_rows(fields), "<tasks>"]
    for part in dataset.parts:
        lines += ["  <task>", *(f"    {line}" for line in _part(part, None)), "  </task>"]
    lines += ["</tasks>", *_labels(dataset.labels)]
    lines.append(_row("subsets", "\n".join(dataset.subsets())))
    return lines + _person("owner", info.owner) + _person("assignee", info.assignee)


def _part(part: Part, labels: Sequence[Label] | None) -> list[str]:
    """What is inside ``task`` or ``job``; a task of a project has no labels of its own."""
    info = part.info
    fields: list[tuple[str, str]] = [("id", str(info.id))]
    if info.kind == "task":
        fields.append(("name", info.name))
    fields += [
        ("size", str(info.size)),
        ("mode", info.mode.value),
        ("overlap", str(info.overlap)),
        ("bugtracker", info.bug_tracker),
        ("created", _date(info.created_date)),
        ("updated", _date(info.updated_date)),
        ("subset", info.subset_name),
        ("start_frame", str(info.start_frame)),
        ("stop_frame", str(info.stop_frame)),
        ("frame_filter", info.frame_filter),
    ]
    lines = [*_rows(fields), "<segments>"]
    for segment in info.segments:
        rows = [
            ("id", str(segment.id)),
            ("start", str(segment.start)),
            ("stop", str(segment.stop)),
            ("url", segment.url),
        ]
        lines += ["  <segment>", *_rows(rows, 4), "  </segment>"]
    lines.append("</segments>")
    lines += _person("owner", info.owner) + _person("assignee", info.assignee)
    if labels is not None:
        lines += _labels(labels)
    if info.mode is TaskMode.INTERPOLATION and part.frames:
        first = part.frames[0]
        size = [("width", str(first.width)), ("height", str(first.height))]
        lines += ["<original_size>", *_rows(size, 2), "</original_size>"]
        lines.append(_row("source", info.source))
    return lines


def _row(name: str, value: str) -> str:
    return f"<{name}>{xml.text(value)}</{name}>"


def _rows(fields: Iterable[tuple[str, str]], indent: int = 0) -> list[str]:
    return [" " * indent + _row(name, value) for name, value in fields]


def _date(value: str) -> str:
    """An ISO date the way the format has it: a blank between day and time."""
    return str(datetime.fromisoformat(value)) if value else ""


def _person(name: str, person: Person | None) -> list[str]:
    if person is None:
        return [f"<{name}></{name}>"]
    fields = [("username", person.username), ("email", person.email)]
    return [f"<{name}>", *_rows(fields, 2), f"</{name}>"]


def _labels(labels: Iterable[Label]) -> list[str]:
    return ["<labels>", *_labels_of(labels), "</labels>"]


def _labels_of(labels: Iterable[Label], parent: str | None = None) -> list[str]:
    """A skeleton's sublabels follow it and name it as their parent."""
    lines: list[str] = []
    for label in labels:
        fields = [("name", label.name), ("color", label.color), ("type", label.type.value)]
        lines += ["  <label>", *_rows(fields, 4), "    <attributes>"]
        for spec in label.attributes:
            lines += _attribute(spec)
        lines.append("    </attributes>")
        if label.svg:
            # Ids mean nothing elsewhere.
            names = {one.id: one.name for one in label.sublabels}
            svg = skeletons.ids_to_names(label.svg, names)
            lines += _rows([("svg", svg)], 4)
        if parent is not None:
            lines += _rows([("parent", parent)], 4)
        lines.append("  </label>")
        lines += _labels_of(label.sublabels, label.name)
    return lines


def _attribute(spec: AttributeSpec) -> list[str]:
    fields = [
        ("name", spec.name),
        ("mutable", str(spec.mutable)),
        ("input_type", spec.input_type.value),
        ("default_value", spec.default_value),
        ("values", "\n".join(spec.values)),
    ]
    return ["      <attribute>", *_rows(fields, 8), "      </attribute>"]
