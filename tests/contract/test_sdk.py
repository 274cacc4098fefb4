"""This server's document against the installed cvat-sdk, which was made from CVAT's own.

``missing_operations.txt`` lists what the SDK can call and this server has not; it only shrinks.
``differences.txt`` lists, with reasons, where an operation that is there differs on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cvat_lite.api import openapi
from cvat_lite.app import make_app
from cvat_lite.config import Config
from tests.contract import comparing
from tests.contract.shapes import Call, Document, sdk_calls

HERE = Path(__file__).parent
Pair = tuple[str, Call, Call]
#: Operations that the SDK does not have, because CVAT's document leaves them out.
EXTRAS = {
    "events_retrieve_download",
    "jobs_annotations_file_info",
    "jobs_append_annotations_file",
    "jobs_retrieve_dataset_download",
    "projects_append_backup_file",
    "projects_append_dataset_file",
    "projects_backup_file_info",
    "projects_dataset_file_info",
    "projects_retrieve_backup_download",
    "projects_retrieve_dataset_download",
    "reviews_create",
    "reviews_destroy",
    "reviews_list",
    "reviews_retrieve",
    "server_retrieve_health",
    "snapshots_create",
    "snapshots_destroy",
    "snapshots_list",
    "snapshots_restore",
    "tasks_annotations_file_info",
    "tasks_append_annotations_file",
    "tasks_backup_file_info",
    "tasks_append_backup_file",
    "tasks_append_data_file",
    "tasks_data_file_info",
    "tasks_list_jobs",
    "tasks_retrieve_backup_download",
    "tasks_retrieve_dataset_download",
}


@pytest.fixture(scope="module")
def sdk() -> dict[str, Call]:
    """What the SDK can call."""
    return sdk_calls()


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Call]:
    """What this server's document describes."""
    app = make_app(Config(data_dir=tmp_path_factory.mktemp("data")))
    return Document(openapi.document(app)).calls


@pytest.fixture(scope="module")
def both(sdk: dict[str, Call], ours: dict[str, Call]) -> list[Pair]:
    """The operations of both sides, by id."""
    return [(name, sdk[name], ours[name]) for name in sorted(sdk.keys() & ours.keys())]


def lines(name: str) -> list[str]:
    """The lines of a file beside this one, without comments."""
    text = (HERE / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_operations_that_are_missing_are_those_listed(
    sdk: dict[str, Call], ours: dict[str, Call]
) -> None:
    listed = set(lines("missing_operations.txt"))
    missing = sdk.keys() - ours.keys()
    assert sorted(missing - listed) == [], "no longer there"
    assert sorted(listed - missing) == [], "there now: take them off missing_operations.txt"


def test_what_the_sdk_does_not_have_is_listed(sdk: dict[str, Call], ours: dict[str, Call]) -> None:
    assert sorted(ours.keys() - sdk.keys() - EXTRAS) == []


def test_the_sdk_is_read_whole(sdk: dict[str, Call]) -> None:
    assert len(sdk) == 166
    task = sdk["tasks_retrieve"].answer
    assert task is not None
    assert task.fields["jobs"].required
    assert not task.fields["id"].required
    assert task.fields["owner"].shape.nullable
    assert task.fields["owner"].shape.fields["username"].shape.kind == "string"
    assert task.fields["created_date"].shape.kind == "date-time"


def test_paths_and_methods_are_the_sdks(both: list[Pair]) -> None:
    wrong = [name for name, sdk, ours in both if (sdk.method, sdk.path) != (ours.method, ours.path)]
    assert wrong == []


def test_parameters_bodies_and_answers_are_the_sdks_but_for_those_listed(both: list[Pair]) -> None:
    listed = {line.partition("  #")[0].strip() for line in lines("differences.txt")}
    found = set(differences(both))
    assert sorted(found - listed) == [], "neither the SDK's nor in differences.txt"
    assert sorted(listed - found) == [], "gone: take them off differences.txt"


def test_every_difference_has_a_reason() -> None:
    assert [line for line in lines("differences.txt") if not line.partition("  # ")[2]] == []


def differences(both: list[Pair]) -> Iterator[str]:
    """All differences; those of models are told once, however many operations use them."""
    for name, sdk, ours in both:
        yield from (f"{name}: {found}" for found in comparing.parameters(sdk, ours))
        if (sdk.body is None) != (ours.body is None):
            yield f"{name}: only one side has a body"
        elif sdk.body is not None and ours.body is not None:
            yield from comparing.bodies(f"{name}: body", sdk.body, ours.body)
        # Where the SDK knows no answer, CVAT's document has not said it.
        if sdk.answer is not None and ours.answer is None:
            yield f"{name}: the answer is not described"
        elif sdk.answer is not None and ours.answer is not None:
            yield from comparing.answers(f"{name}: answer", sdk.answer, ours.answer)
