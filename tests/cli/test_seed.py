"""``cvat-lite seed``: one file becomes users, organizations, projects, tasks and annotations."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cvat_lite import testing
from cvat_lite.cli import main
from tests.images import png, write_video
from tests.process import CHECKOUT

PICTURE = "name: a, labels: [b], images: {}"
TAG = "{frame: 0, label: b, attributes: {c: 1}}"
EXAMPLE = CHECKOUT / "examples" / "seed.yaml"


@pytest.fixture(scope="module")
def world():
    """A server that was started from the example."""
    with testing.server(seed=EXAMPLE) as server:
        yield server


def get(server: testing.Server, path: str) -> list[dict]:
    return server.call("GET", f"/api{path}")["results"]


def seed(path: Path, data: Path) -> int:
    return main(["seed", str(path), "--data-dir", str(data)])


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def count(data: Path, table: str) -> int:
    connection = sqlite3.connect(data / "cvat_lite.sqlite3")
    found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    connection.close()
    return found


class TestTheExample:
    def test_its_people_can_log_in_and_work_together(self, world) -> None:
        assert {user["username"] for user in get(world, "/users")} == {"admin", "alice", "bob"}
        alice = world.call(
            "POST", "/api/auth/login", {"username": "alice", "password": "purple otter 9"}
        )
        assert alice["key"]
        members = get(world, "/memberships?org=acme")
        roles = {(member["user"]["username"], member["role"]) for member in members}
        assert roles == {("alice", "owner"), ("bob", "worker")}

    def test_its_tasks_have_labels_jobs_and_images(self, world) -> None:
        [crossing] = get(world, "/tasks?org=acme")
        assert (crossing["name"], crossing["size"], crossing["project_name"]) == (
            "crossing",
            6,
            "Traffic",
        )
        assert crossing["assignee"]["username"] == "bob"
        assert crossing["jobs"]["count"] == 2
        meta = world.call("GET", f"/api/tasks/{crossing['id']}/data/meta")
        assert {(frame["width"], frame["height"]) for frame in meta["frames"]} == {(320, 240)}
        labels = {label["name"]: label for label in get(world, f"/labels?task_id={crossing['id']}")}
        assert labels.keys() == {"person", "car"}
        assert labels["car"]["color"] == "#2080c0"
        assert [spec["name"] for spec in labels["car"]["attributes"]] == ["color", "parked"]

    def test_its_annotations_are_there_with_their_attributes(self, world) -> None:
        [crossing] = get(world, "/tasks?org=acme")
        found = world.call("GET", f"/api/tasks/{crossing['id']}/annotations")
        assert [len(found[kind]) for kind in ("tags", "shapes", "tracks")] == [1, 2, 1]
        car = next(shape for shape in found["shapes"] if shape["type"] == "rectangle")
        assert car["points"] == [10, 20, 110, 90]
        assert "red" in [value["value"] for value in car["attributes"]]
        [track] = found["tracks"]
        parked = [shape["attributes"][0]["value"] for shape in track["shapes"][:2]]
        assert parked == ["true", "false"]


def test_a_task_can_be_made_of_files_named_from_where_the_seed_file_is(tmp_path) -> None:
    (tmp_path / "pictures").mkdir()
    for number in range(3):
        (tmp_path / "pictures" / f"{number}.png").write_bytes(png(40 + number, 30, number))
    write_video(tmp_path / "video.mp4", 5)
    (tmp_path / "seeds").mkdir()
    path = write(
        tmp_path / "seeds" / "seed.yaml",
        "tasks:\n"
        "- {name: stills, labels: [cat], files: ['../pictures/*.png']}\n"
        "- {name: film, labels: [cat], files: [../video.mp4]}\n"
        "- {name: empty, labels: [cat]}\n",
    )
    with testing.server(seed=path) as server:
        sizes = {task["name"]: task.get("size") for task in get(server, "/tasks")}
        assert sizes == {"stills": 3, "film": 5, "empty": None}
        stills = next(task for task in get(server, "/tasks") if task["name"] == "stills")
        meta = server.call("GET", f"/api/tasks/{stills['id']}/data/meta")
        assert [frame["name"] for frame in meta["frames"]] == ["0.png", "1.png", "2.png"]


def test_made_up_images_are_the_same_each_time_and_differ_from_each_other(tmp_path) -> None:
    path = write(tmp_path / "seed.yaml", "tasks: [{name: t, labels: [a], images: {count: 3}}]")
    found = []
    for data in (tmp_path / "one", tmp_path / "two"):
        assert seed(path, data) == 0
        found.append([file.read_bytes() for file in sorted(data.glob("media/*/raw/*.png"))])
    assert len(set(found[0])) == 3
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("tasks: [{}]", "tasks[0]", "missing required field `name`"),
        ("taks: []", "seed.yaml", "unknown field `taks`"),
        ("tasks: [{name: a, images: {count: many}}]", "tasks[0].images.count", "Expected `int`"),
        ("tasks: [{name: a, images: {count: 0}}]", "tasks[0]", "images.count"),
        ("tasks: [{name: a, images: {count: 2, name: x.png}}]", "tasks[0]", "one name"),
        ("tasks: [{name: a, images: {}, files: [b]}]", "tasks[0]", "exclude each other"),
        ("tasks: [{name: a, project: p, labels: [b]}]", "tasks[0]", "leave out 'labels'"),
        ("tasks: [{name: a, annotations: {}}]", "tasks[0]", "can have annotations"),
        ("tasks: [{name: a}, {name: b, project: p}]", "tasks[1]", "no project p"),
        ("tasks: [{name: a, files: [b.png]}]", "tasks[0]", "no file b.png"),
        ("tasks: [{name: a, owner: carol}]", "tasks[0]", "no user carol"),
        ("tasks: [{name: a, labels: [b, b]}]", "tasks[0]", "unique"),
        (
            f"tasks: [{{{PICTURE}, annotations: {{tags: [{{frame: 0, label: c}}]}}}}]",
            "tasks[0]",
            "no label 'c'",
        ),
        (
            f"tasks: [{{{PICTURE}, annotations: {{tags: [{TAG}]}}}}]",
            "tasks[0]",
            "no attribute 'c'",
        ),
        (
            "users: [{username: bobby, password: x y z 1}, {username: bobby, password: x}]",
            "users[1]",
            "already",
        ),
        ("tasks: [", "line 1", ""),
        ("organizations: [{slug: a, members: {admin: king}}]", "organizations[0]", "king"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_nothing_is_made(
    tmp_path, capsys, text, place, why
) -> None:
    data = tmp_path / "data"
    assert seed(write(tmp_path / "seed.yaml", text), data) == 1
    said = capsys.readouterr().err
    assert place in said
    assert why in said
    assert said.count("\n") == 1
    assert (count(data, "tasks"), count(data, "data"), count(data, "users")) == (0, 0, 1)
    assert list((data / "media").iterdir()) == []


def test_a_file_that_is_not_there_is_named(tmp_path, capsys) -> None:
    assert seed(tmp_path / "none.yaml", tmp_path / "data") == 1
    assert "none.yaml" in capsys.readouterr().err


def test_a_mistake_leaves_what_was_in_the_store_before(tmp_path, capsys) -> None:
    data = tmp_path / "data"
    assert seed(write(tmp_path / "one.yaml", "tasks: [{name: a}]"), data) == 0
    (data / "uploads" / "kept").mkdir()
    assert seed(write(tmp_path / "two.yaml", "tasks: [{name: b}, {name: c, owner: d}]"), data) == 1
    assert "tasks[1]" in capsys.readouterr().err
    assert count(data, "tasks") == 1
    assert (data / "uploads" / "kept").is_dir()
