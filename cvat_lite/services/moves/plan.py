"""What is to be moved: all of a server, or chosen projects and tasks, each of them once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cvat_lite.clients.cvat_server import CvatServer, RefusedError, RemoteError

#: Pages of a list that others add to meanwhile do not shift.
ORDER = {"sort": "id"}


@dataclass(frozen=True, slots=True)
class Thing:
    """A project with its tasks, or a task: ``kind`` is the plural of the API's paths.

    ``stamp`` changes when it, or a task of it, is changed.
    """

    kind: str
    number: int
    name: str
    tasks: int
    frames: int
    stamp: str

    @property
    def key(self) -> str:
        """What it is called in the journal, and its archive on the disk."""
        return f"{self.kind}-{self.number}"

    @property
    def title(self) -> str:
        """What it is called in front of people."""
        return f'{self.kind.removesuffix("s")} {self.number} "{self.name}"'


@dataclass(frozen=True, slots=True)
class Plan:
    """The things to move, in their order, and remarks on what is left out."""

    things: list[Thing]
    remarks: list[str] = field(default_factory=list)


async def everything(server: CvatServer) -> Plan:
    """All projects, and the tasks that are in none."""
    projects = [one async for one in server.pages("/api/projects", ORDER)]
    tasks = [one async for one in server.pages("/api/tasks", ORDER)]
    plan = Plan([])
    members: dict[int, list[dict[str, Any]]] = {project["id"]: [] for project in projects}
    alone: list[dict[str, Any]] = []
    for task in tasks:
        # Who asks may see a task of a project that he does not see.
        members.get(task["project_id"], alone).append(task)
    for project in projects:
        plan.things.append(of_project(project, members[project["id"]]))
    for task in alone:
        add_task(plan, task)
    return plan


async def chosen(server: CvatServer, projects: Sequence[int], tasks: Sequence[int]) -> Plan:
    """Some projects and tasks; RemoteError for one that is not there."""
    plan = Plan([])
    for number in dict.fromkeys(projects):
        project = await found(server, "projects", number)
        own = [one async for one in server.pages("/api/tasks", {"project_id": number, **ORDER})]
        plan.things.append(of_project(project, own))
    for number in dict.fromkeys(tasks):
        task = await found(server, "tasks", number)
        if task["project_id"] in projects:
            plan.remarks.append(f"Task {number} goes with its project.")
            continue
        if task["project_id"] is not None:
            plan.remarks.append(f"Task {number} goes without its project.")
        add_task(plan, task)
    return plan


async def found(server: CvatServer, kind: str, number: int) -> dict[str, Any]:
    """A project or task; RemoteError if it is not there, or not to be seen."""
    try:
        return dict(await server.call("GET", f"/api/{kind}/{number}"))
    except RefusedError as error:
        title = f"{kind.removesuffix('s').capitalize()} {number}"
        raise RemoteError(f"{title} cannot be moved: {error}") from error


def of_project(project: dict[str, Any], tasks: Sequence[dict[str, Any]]) -> Thing:
    """A project with its tasks."""
    return Thing(
        "projects",
        project["id"],
        project["name"],
        len(tasks),
        sum(task.get("size") or 0 for task in tasks),
        max((one["updated_date"] for one in (project, *tasks)), default=""),
    )


def add_task(plan: Plan, task: dict[str, Any]) -> None:
    """Take a task into the plan, unless there is nothing in it that a backup could hold."""
    if not task.get("size"):
        plan.remarks.append(f'Task {task["id"]} "{task["name"]}" has no data and stays.')
        return
    plan.things.append(
        Thing("tasks", task["id"], task["name"], 1, task["size"], task["updated_date"])
    )
