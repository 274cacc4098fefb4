"""Tasks, jobs and labels by the SDK: listed, changed and searched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cvat_sdk import Client, models
from cvat_sdk.api_client import exceptions
from cvat_sdk.core.filters import F, all_, not_
from cvat_sdk.core.proxies.tasks import Task

from tests.clients.annotated import create


@pytest.fixture(scope="module")
def task(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Task:
    """A task of three jobs."""
    return create(client, tmp_path_factory.mktemp("jobs"), segment_size=4)


def test_a_job_is_given_to_a_user_and_goes_through_its_stages(client: Client, task: Task) -> None:
    job = task.get_jobs()[0]
    user = client.users.retrieve_current_user()
    assert (job.assignee, job.stage, job.state) == (None, "annotation", "new")
    job.update(models.PatchedJobWriteRequest(assignee=user.id, state="in progress"))
    assert job.assignee.username == "admin"
    assert (job.stage, job.state) == ("annotation", "in progress")
    job.update({"stage": "acceptance", "state": "completed"})
    again = client.jobs.retrieve(job.id)
    assert (again.stage, str(again.state), again.assignee.id) == (
        "acceptance",
        "completed",
        user.id,
    )
    job.update({"assignee": None, "stage": "annotation", "state": "new"})
    assert client.jobs.retrieve(job.id).assignee is None


def test_the_jobs_of_a_task_are_counted_by_their_progress(client: Client, task: Task) -> None:
    job = task.get_jobs()[0]
    job.update({"stage": "validation"})
    task.fetch()
    assert (task.jobs.count, task.jobs.completed, task.jobs.validation) == (3, 0, 1)
    job.update({"stage": "acceptance", "state": "completed"})
    task.fetch()
    assert (task.jobs.count, task.jobs.completed, task.jobs.validation) == (3, 1, 0)
    job.update({"stage": "annotation", "state": "new"})


def test_jobs_are_listed_by_task_and_state(client: Client, task: Task) -> None:
    first = min(job.id for job in task.get_jobs())
    client.jobs.retrieve(first).update({"state": "rejected"})
    found = client.jobs.list(task_id=task.id, state="rejected")
    assert [job.id for job in found] == [first]
    others = client.jobs.list(task_id=task.id, state__ne="rejected", sort="-id")
    assert [job.id for job in others] == [first + 2, first + 1]
    client.jobs.retrieve(first).update({"state": "new"})


def test_a_task_is_found_in_the_list_and_by_its_name(client: Client, task: Task) -> None:
    task.update(models.PatchedTaskWriteRequest(name="to be found", bug_tracker="https://a.example"))
    assert task.id in [one.id for one in client.tasks.list()]
    (found,) = client.tasks.list(name="to be found")
    assert (found.id, found.size, found.bug_tracker) == (task.id, 12, "https://a.example")
    as_json = json.loads(client.tasks.list(return_json=True, name="to be found"))
    assert [one["id"] for one in as_json] == [task.id]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (F.name == "night", ["night"]),
        (F.name != "night", ["day", "daybreak"]),
        (F.name.contains("ay"), ["day", "daybreak"]),
        (F.name.one_of(["day", "night", "noon"]), ["day", "night"]),
        (F.subset.is_set(), ["day", "daybreak", "night"]),
        ((F.name == "day") | (F.subset == "Train"), ["day", "night"]),
        (not_(F.name.contains("day") & F.name.contains("break")), ["day", "night"]),
        (F.id < 0, []),
        (F.updated_date >= "2020-01-01", ["day", "daybreak", "night"]),
        (F.id.between(0, 10**9), ["day", "daybreak", "night"]),
    ],
    ids=str,
)
def test_conditions_of_the_sdk_are_understood(client: Client, three, condition, found) -> None:
    tasks = client.tasks.list(filter=all_(condition, F.tracker_link == three), sort="name")
    assert [task.name for task in tasks] == found


@pytest.fixture(scope="module")
def three(client: Client) -> Iterator[str]:
    """The bug tracker that three tasks have in common."""
    tracker = "https://three.example"
    made = [
        client.tasks.create(
            models.TaskWriteRequest(name=name, labels=[], bug_tracker=tracker, subset=subset)
        ).id
        for name, subset in (("day", "Test"), ("daybreak", "Test"), ("night", "Train"))
    ]
    yield tracker
    client.tasks.remove_by_ids(made)


def test_every_page_of_a_long_list_is_read(client: Client) -> None:
    made = [
        client.tasks.create(models.TaskWriteRequest(name="many", labels=[])).id for _ in range(12)
    ]
    assert sorted(task.id for task in client.tasks.list(name="many", page_size=5)) == made
    client.tasks.remove_by_ids(made)


def test_a_task_is_given_to_a_user(client: Client, task: Task) -> None:
    user = client.users.retrieve_current_user()
    task.update({"assignee_id": user.id})
    assert task.assignee.id == user.id
    assert task.id in [one.id for one in client.tasks.list(assignee=user.username)]
    task.update({"assignee_id": None})
    assert task.assignee is None


def test_labels_are_renamed_added_and_removed(client: Client) -> None:
    spec = models.TaskWriteRequest(name="labels", labels=[{"name": "car"}, {"name": "cat"}])
    task = client.tasks.create(spec)
    car, cat = task.get_labels()
    changes = [
        {"id": car.id, "name": "auto", "color": "#010203"},
        {"id": cat.id, "deleted": True},
        {"name": "dog"},
    ]
    task.update({"labels": changes})
    auto, dog = task.get_labels()
    assert (auto.id, auto.name, auto.color) == (car.id, "auto", "#010203")
    assert (dog.name, dog.id in (car.id, cat.id)) == ("dog", False)
    changed, _ = client.api_client.labels_api.partial_update(
        car.id, patched_label_request=models.PatchedLabelRequest(name="lorry", color="#040506")
    )
    assert (changed.name, changed.color) == ("lorry", "#040506")
    assert [label.name for label in task.get_labels()] == ["lorry", "dog"]


def test_labels_of_a_job_are_those_of_its_task(task: Task) -> None:
    assert [x.id for x in task.get_jobs()[0].get_labels()] == [x.id for x in task.get_labels()]


def test_what_is_not_there_is_not_found(client: Client) -> None:
    with pytest.raises(exceptions.NotFoundException):
        client.tasks.retrieve(999_999)
    with pytest.raises(exceptions.NotFoundException):
        client.jobs.retrieve(999_999)


def test_requests_tell_how_a_task_was_made(client: Client, tmp_path: Path) -> None:
    task = create(client, tmp_path)
    found, _ = client.api_client.requests_api.list(task_id=task.id)
    (request,) = found.results
    assert (str(request.status), request.operation.type) == ("finished", "create:task")
    assert (request.operation.task_id, request.owner.username) == (task.id, "admin")
