"""What a seed file can say, and reading it; docs/seed.md tells people."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from cvat_lite.domain.enums import InputType, LabelType
from cvat_lite.errors import DatasetError

RoleName = Literal["worker", "supervisor", "maintainer", "owner"]
Group = Literal["admin", "user", "worker"]
LARGEST_SIDE = 16_384
MOST_IMAGES = 100_000


class Strict(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of the file; a word that is not known is a mistake, and not ignored."""


class User(Strict):
    """Somebody who can log in."""

    username: str
    password: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    groups: tuple[Group, ...] = ("user",)


class Organization(Strict):
    """An organization; its owner and members are named by their usernames."""

    slug: str
    name: str = ""
    description: str = ""
    owner: str | None = None
    members: dict[str, RoleName] = {}


class Attribute(Strict):
    """An attribute of a label: a choice where there are values, else a text."""

    name: str
    input_type: InputType | None = None
    values: list[str] = []
    default_value: str | None = None
    mutable: bool = False


class Label(Strict):
    """A label; a bare name stands for one without anything else."""

    name: str
    color: str = ""
    type: LabelType = LabelType.ANY
    attributes: list[Attribute] = []
    sublabels: list[str] = []
    svg: str = ""


class Images(Strict):
    """Images that are made up."""

    count: int = 1
    width: int = 640
    height: int = 480
    name: str = "image_{:04}.png"


class Annotations(Strict):
    """Annotations as the API has them, but labels and attributes are named."""

    tags: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    tracks: list[dict[str, Any]] = []


class Project(Strict):
    """A project."""

    name: str
    labels: list[str | Label] = []
    owner: str | None = None
    assignee: str | None = None
    organization: str | None = None
    bug_tracker: str = ""


class Task(Strict):
    """A task with the images that are made up for it, or the files that it is made of, or none."""

    name: str
    project: str | None = None
    labels: list[str | Label] = []
    owner: str | None = None
    assignee: str | None = None
    organization: str | None = None
    bug_tracker: str = ""
    subset: str = ""
    segment_size: int = 0
    overlap: int | None = None
    images: Images | None = None
    files: list[str] = []
    image_quality: int = 70
    chunk_size: int | None = None
    annotations: Annotations | None = None


class Seed(Strict):
    """The whole file."""

    users: list[User] = []
    organizations: list[Organization] = []
    projects: list[Project] = []
    tasks: list[Task] = []


def read(path: Path) -> Seed:
    """What the file says; DatasetError with the place of what cannot be understood."""
    try:
        content = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise DatasetError(path.name, "", error.strerror or str(error)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}" if mark is not None else ""
        raise DatasetError(
            path.name, line, getattr(error, "problem", None) or str(error)
        ) from error
    try:
        seed = msgspec.convert(content if content is not None else {}, Seed)
    except msgspec.ValidationError as error:
        why, _, place = str(error).partition(" - at ")
        raise DatasetError(path.name, place.strip("`").removeprefix("$."), why) from error
    for number, task in enumerate(seed.tasks):
        why = mistake(task)
        if why:
            raise DatasetError(path.name, f"tasks[{number}]", why)
    return seed


def mistake(task: Task) -> str:
    """What the parts of a task that exclude each other or need each other have wrong, or nothing."""
    if task.project is not None and task.labels:
        return "a task in a project has its labels: leave out 'labels'"
    if task.images is not None and task.files:
        return "'images' and 'files' exclude each other"
    if task.annotations is not None and task.images is None and not task.files:
        return "only a task with 'images' or 'files' can have annotations"
    images = task.images
    if images is None:
        return ""
    if not 1 <= images.count <= MOST_IMAGES:
        return f"'images.count' is not between 1 and {MOST_IMAGES}"
    if not (1 <= images.width <= LARGEST_SIDE and 1 <= images.height <= LARGEST_SIDE):
        return f"a side of the images is not between 1 and {LARGEST_SIDE}"
    try:
        names = {images.name.format(number) for number in range(images.count)}
    except (ValueError, LookupError):
        return f"'images.name' {images.name!r} is not a pattern such as image_{{:04}}.png"
    if len(names) < images.count:
        return f"'images.name' {images.name!r} gives several images one name"
    return ""


def label_body(label: str | Label) -> dict[str, Any]:
    """A label as the API takes it."""
    if isinstance(label, str):
        return {"name": label}
    body: dict[str, Any] = {
        "name": label.name,
        "color": label.color,
        "type": label.type,
        "attributes": [attribute_body(attribute) for attribute in label.attributes],
    }
    if label.type == LabelType.SKELETON:
        body["sublabels"] = [{"name": name} for name in label.sublabels]
        body["svg"] = label.svg
    return body


def attribute_body(attribute: Attribute) -> dict[str, Any]:
    """An attribute as the API takes it."""
    values = attribute.values
    default = attribute.default_value
    return {
        "name": attribute.name,
        "mutable": attribute.mutable,
        "input_type": attribute.input_type or (InputType.SELECT if values else InputType.TEXT),
        "values": values,
        "default_value": default if default is not None else next(iter(values), ""),
    }
