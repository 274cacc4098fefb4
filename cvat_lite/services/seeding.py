"""Seeding: users, organizations, projects, tasks and annotations made as one file describes them."""

from __future__ import annotations

import asyncio
import glob
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import orjson

import cvat_lite.services.annotations as annotation_service
from cvat_lite.domain import clock, passwords
from cvat_lite.domain.enums import RequestStatus, SortingMethod
from cvat_lite.domain.labels import Label
from cvat_lite.errors import ApiError, DatasetError, MediaError, StoreError
from cvat_lite.media.drawing import draw
from cvat_lite.services import (
    organizations,
    projects,
    requests,
    seed_file,
    snapshots,
    task_creation,
    tasks,
)
from cvat_lite.services.context import Context, Identity, Server
from cvat_lite.services.tasks_in_place import outcome
from cvat_lite.store import labels as label_store
from cvat_lite.store import memberships, users
from cvat_lite.store import snapshots as snapshot_store

T = TypeVar("T")

#: Where a task is made that has no address yet: nothing of it is stored.
NOWHERE = "http://localhost"


async def seed(server: Server, path: Path) -> str:
    """Make what the file describes; answers in words what was made.

    If anything cannot be made, the store is put back as it was and DatasetError names the place.
    """
    described = await asyncio.to_thread(seed_file.read, path)
    with snapshots.aside(server.config) as place:
        before = place / "before"
        await asyncio.to_thread(snapshot_store.save, server.config.database, before, whole=True)
        try:
            await Seeding(server, path, place).make(described)
        except BaseException:
            async with server.gate.closed(snapshots.PATIENCE):
                gone = await snapshots.swap(server, before, None)
            await snapshots.remove_unnamed(server, gone)
            raise
    return ", ".join(
        f"{len(made)} {name if len(made) != 1 else name.removesuffix('s')}"
        for name, made in (
            ("users", described.users),
            ("organizations", described.organizations),
            ("projects", described.projects),
            ("tasks", described.tasks),
        )
    )


class Seeding:
    """The making of what one file describes; things are found again by the names they have in it."""

    def __init__(self, server: Server, path: Path, place: Path) -> None:
        self._server = server
        self._path = path
        self._place = place
        self._projects: dict[str, int] = {}

    async def make(self, described: seed_file.Seed) -> None:
        """Make everything, in the order in which one needs the other."""
        await self._each("users", described.users, self._user)
        await self._each("organizations", described.organizations, self._organization)
        await self._each("projects", described.projects, self._project)
        await self._each("tasks", described.tasks, self._task)

    async def _each(
        self, kind: str, items: Sequence[T], make: Callable[[T], Awaitable[None]]
    ) -> None:
        """Make all of one kind; DatasetError names the one that cannot be made."""
        for number, item in enumerate(items):
            where = f"{kind}[{number}]"
            try:
                await make(item)
            except (ApiError, MediaError) as error:
                raise DatasetError(self._path.name, where, str(error)) from error
            except LookupError as error:
                raise DatasetError(self._path.name, where, str(error.args[0])) from error

    async def _user(self, item: seed_file.User) -> None:
        stored = await asyncio.to_thread(passwords.hash_password, item.password)
        admin = int("admin" in item.groups)
        async with self._server.database.writing() as db:
            if await users.name_is_taken(db, item.username):
                raise LookupError(f"there is a user {item.username} already")
            if item.email and await users.email_is_taken(db, item.email):
                raise LookupError(f"there is a user with the address {item.email} already")
            values: dict[str, Any] = {
                "username": item.username,
                "password": stored,
                "email": item.email,
                "first_name": item.first_name,
                "last_name": item.last_name,
                "is_staff": admin,
                "is_superuser": admin,
                "has_analytics_access": admin,
            }
            await users.insert(db, values, tuple(item.groups))

    async def _organization(self, item: seed_file.Organization) -> None:
        context = await self._context(None, item.owner)
        body = {"slug": item.slug, "name": item.name, "description": item.description}
        made = await organizations.create(context, body)
        for username, role in item.members.items():
            user_id = await self._user_id(username)
            async with self._server.database.writing() as db:
                if await memberships.of_user(db, made["id"], user_id) is not None:
                    raise LookupError(f"{username} is a member already")
                values = {
                    "user_id": user_id,
                    "organization_id": made["id"],
                    "role": role,
                    "is_active": 1,
                    "joined_date": clock.now(),
                }
                await memberships.insert(db, values)

    async def _project(self, item: seed_file.Project) -> None:
        context = await self._context(item.organization)
        body = {
            "name": item.name,
            "labels": [seed_file.label_body(label) for label in item.labels],
            "bug_tracker": item.bug_tracker,
            **await self._people(item.owner, item.assignee),
        }
        self._projects[item.name] = (await projects.create(context, body))["id"]

    async def _task(self, item: seed_file.Task) -> None:
        context = await self._context(item.organization)
        body: dict[str, Any] = {
            "name": item.name,
            "bug_tracker": item.bug_tracker,
            "subset": item.subset,
            "segment_size": item.segment_size,
            "overlap": item.overlap,
            **await self._people(item.owner, item.assignee),
        }
        if item.project is not None:
            if item.project not in self._projects:
                raise LookupError(f"there is no project {item.project} in this file")
            body["project_id"] = self._projects[item.project]
        else:
            body["labels"] = [seed_file.label_body(label) for label in item.labels]
        task_id = int((await tasks.create(context, body))["id"])
        if item.images is not None:
            await self._attach(context, task_id, item, *await self._drawn(item))
        elif item.files:
            await self._attach(context, task_id, item, *await asyncio.to_thread(self._found, item))
        if item.annotations is not None:
            await self._annotate(context, task_id, item.annotations)

    async def _drawn(self, item: seed_file.Task) -> tuple[Path, list[str]]:
        """Made up images: where they are, and their names."""
        images = item.images or seed_file.Images()
        root = self._place / "images"
        names = [images.name.format(number) for number in range(images.count)]

        def make() -> None:
            for name in names:
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                draw(path, images.width, images.height, f"{item.name} {name}")

        await asyncio.to_thread(shutil.rmtree, root, ignore_errors=True)
        try:
            await asyncio.to_thread(make)
        except (OSError, ValueError) as error:
            raise LookupError(f"the images cannot be made: {error}") from error
        return root, names

    def _found(self, item: seed_file.Task) -> tuple[Path, list[str]]:
        """The files that patterns name, relative to the seed file: their directory and names."""
        base = self._path.resolve().parent
        found: list[Path] = []
        for pattern in item.files:
            # Unlike Path.glob, this takes patterns that lead out of the directory.
            matches = sorted(glob.glob(str(base / pattern), recursive=True))  # noqa: PTH207
            if not matches:
                raise LookupError(f"there is no file {pattern}")
            found += [Path(match).resolve() for match in matches]
        root = Path(os.path.commonpath([path.parent for path in found]))
        return root, [path.relative_to(root).as_posix() for path in dict.fromkeys(found)]

    async def _attach(
        self, context: Context, task_id: int, item: seed_file.Task, root: Path, names: list[str]
    ) -> None:
        """Give the task copies of these files, and wait until its frames are there."""
        body: dict[str, Any] = {
            "server_files": names,
            "copy_data": True,
            "image_quality": item.image_quality,
            "sorting_method": SortingMethod.NATURAL,
        }
        if item.chunk_size is not None:
            body["chunk_size"] = item.chunk_size
        rq_id = await task_creation.attach(context, task_id, body, root=str(root))
        if await outcome(context, rq_id) != RequestStatus.FINISHED:
            raise LookupError((await requests.retrieve(context, rq_id))["message"])

    async def _annotate(
        self, context: Context, task_id: int, wanted: seed_file.Annotations
    ) -> None:
        async with context.database.reading() as db:
            labels = {label.name: label for label in await label_store.of_task(db, task_id)}
        body = {
            "version": 0,
            **{
                kind: [with_ids(item, labels) for item in getattr(wanted, kind)]
                for kind in ("tags", "shapes", "tracks")
            },
        }
        await annotation_service.put(context, "tasks", task_id, orjson.dumps(body))

    async def _context(self, slug: str | None, username: str | None = None) -> Context:
        """The context of that user, or of the administrator, in an organization or in none."""
        server = self._server
        if username is None:
            identity = await server.identities.administrator()
        else:
            async with server.database.reading() as db:
                user = await users.by_name(db, username)
            if user is None:
                raise LookupError(f"there is no user {username}")
            identity = Identity(user)
        if identity is None:
            raise StoreError("The store has no active administrator.")
        subject, organization_id = await organizations.subject(server, identity, slug or "", None)
        context = Context(server=server, identity=identity, subject=subject, base_url=NOWHERE)
        return replace(context, organization_id=organization_id)

    async def _people(self, owner: str | None, assignee: str | None) -> dict[str, int]:
        """The owner and the assignee of a body, where they are named."""
        named = {"owner_id": owner, "assignee_id": assignee}
        return {key: await self._user_id(name) for key, name in named.items() if name is not None}

    async def _user_id(self, username: str) -> int:
        async with self._server.database.reading() as db:
            user = await users.by_name(db, username)
        if user is None:
            raise LookupError(f"there is no user {username}")
        return user.id


def with_ids(item: Mapping[str, Any], labels: Mapping[str, Label]) -> dict[str, Any]:
    """An annotation as the API takes it, from one whose label and attributes are named."""
    made = dict(item)
    name = made.pop("label", None)
    if name not in labels:
        raise LookupError(f"there is no label {name!r}")
    label = labels[name]
    made["label_id"] = label.id
    if "attributes" in made:
        made["attributes"] = values_of(made["attributes"], label)
    if "shapes" in made:
        made["shapes"] = [keyframe(shape, label) for shape in made["shapes"]]
    if "elements" in made:
        below = {sublabel.name: sublabel for sublabel in label.sublabels}
        made["elements"] = [with_ids(element, below) for element in made["elements"]]
    return made


def keyframe(shape: Mapping[str, Any], label: Label) -> dict[str, Any]:
    """A keyframe of a track, its attributes by their ids."""
    if "attributes" not in shape:
        return dict(shape)
    return {**shape, "attributes": values_of(shape["attributes"], label)}


def values_of(named: Mapping[str, Any], label: Label) -> Sequence[dict[str, Any]]:
    """The values of attributes by their ids."""
    ids = {spec.name: spec.id for spec in label.attributes}
    for name in named:
        if name not in ids:
            raise LookupError(f"the label {label.name} has no attribute {name!r}")
    return [{"spec_id": ids[name], "value": text_of(value)} for name, value in named.items()]


def text_of(value: object) -> str:
    """The value of an attribute as text; YAML makes some of them numbers and truth values."""
    return str(value).lower() if isinstance(value, bool) else str(value)
