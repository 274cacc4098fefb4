"""Annotations by the SDK: of every type, on tasks and jobs, by every way to change them."""

from __future__ import annotations

import pytest
from cvat_sdk import Client, models
from cvat_sdk.api_client import exceptions
from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction
from cvat_sdk.core.proxies.jobs import Job
from cvat_sdk.core.proxies.tasks import Task

from tests.clients.annotated import OUTLINES, Names, content, create, expected

NOTHING = {"tags": [], "shapes": [], "tracks": []}


@pytest.fixture(scope="module")
def whole(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Task:
    """A task of one job."""
    return create(client, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def names(whole: Task) -> Names:
    return Names(whole)


@pytest.fixture
def task(whole: Task) -> Task:
    """The task, without annotations."""
    whole.remove_annotations()
    return whole


@pytest.fixture
def job(task: Task) -> Job:
    """Its only job."""
    (job,) = task.get_jobs()
    return job


def test_labels_are_as_they_were_asked_for(whole: Task) -> None:
    labels = {label.name: label for label in whole.get_labels()}
    assert sorted(labels) == ["car", "cat", "person"]
    assert labels["car"].color == "#ff00ff"
    kinds = [(spec.name, str(spec.input_type)) for spec in labels["car"].attributes]
    assert kinds == [
        ("color", "select"),
        ("parked", "checkbox"),
        ("speed", "number"),
        ("plate", "text"),
        ("side", "radio"),
    ]
    assert [part.name for part in labels["person"].sublabels] == ["head", "foot"]
    assert 'data-label-name="head"' not in labels["person"].svg
    assert f'data-label-id="{labels["person"].sublabels[0].id}"' in labels["person"].svg


@pytest.mark.parametrize("at", ["task", "job"])
def test_everything_that_was_set_is_read_back(
    at: str, names: Names, request: pytest.FixtureRequest
) -> None:
    target = request.getfixturevalue(at)
    data = names.everything()
    target.set_annotations(data)
    assert content(target, names) == expected(data, names)


def test_a_task_and_its_job_hold_the_same(task: Task, job: Job, names: Names) -> None:
    task.set_annotations(names.everything())
    assert content(job, names) == content(task, names)


@pytest.mark.parametrize("kind", OUTLINES)
def test_a_shape_of_each_type_is_read_back(task: Task, names: Names, kind: str) -> None:
    shape = names.shape(kind, 3, group=2, z_order=-1)
    task.set_annotations(models.LabeledDataRequest(shapes=[shape]))
    (found,) = task.get_annotations().shapes
    assert (str(found.type), found.points) == (kind, OUTLINES[kind])
    assert (found.frame, found.group, found.z_order) == (3, 2, -1)
    assert (found.source, found.outside, found.score) == ("manual", False, 1.0)


def test_values_that_were_not_given_are_the_defaults(task: Task, names: Names) -> None:
    shape = names.shape("rectangle", 0, label_id=names.label["car"])
    task.set_annotations(models.LabeledDataRequest(shapes=[shape]))
    (found,) = task.get_annotations().shapes
    values = {names.spec_name_of[value.spec_id]: value.value for value in found.attributes}
    assert values == {"color": "red", "parked": "false", "speed": "0", "plate": "", "side": "left"}


def test_setting_replaces_what_was_there(task: Task, names: Names) -> None:
    task.set_annotations(names.everything())
    shape = names.shape("rectangle", 5)
    task.set_annotations(models.LabeledDataRequest(shapes=[shape]))
    assert [one.frame for one in task.get_annotations().shapes] == [5]
    assert content(task, names)["tracks"] == []


@pytest.mark.parametrize("at", ["task", "job"])
def test_annotations_are_created_updated_and_deleted(
    at: str, names: Names, request: pytest.FixtureRequest
) -> None:
    target = request.getfixturevalue(at)
    target.set_annotations(names.everything())
    before = content(target, names)
    new = models.PatchedLabeledDataRequest(shapes=[names.shape("rectangle", 11)])
    target.update_annotations(new, action=AnnotationUpdateAction.CREATE)
    (created,) = [one for one in target.get_annotations().shapes if one.frame == 11]

    moved = models.LabeledShapeRequest(
        **{**created.to_dict(), "points": [1.0, 1.0, 9.0, 9.0], "occluded": True}
    )
    target.update_annotations(
        models.PatchedLabeledDataRequest(shapes=[moved]), action=AnnotationUpdateAction.UPDATE
    )
    (changed,) = [one for one in target.get_annotations().shapes if one.frame == 11]
    assert changed.points == [1.0, 1.0, 9.0, 9.0]
    assert changed.occluded is True

    gone = models.PatchedLabeledDataRequest(
        shapes=[models.LabeledShapeRequest(**changed.to_dict())]
    )
    target.update_annotations(gone, action=AnnotationUpdateAction.DELETE)
    assert content(target, names) == before


def test_some_annotations_are_removed_by_id(task: Task, names: Names) -> None:
    task.set_annotations(names.everything())
    found = task.get_annotations()
    gone = [found.tags[0].id, found.shapes[0].id, found.shapes[-1].id, found.tracks[0].id]
    task.remove_annotations(ids=gone)
    left = task.get_annotations()
    assert [tag.id for tag in left.tags] == [found.tags[1].id]
    assert [shape.id for shape in left.shapes] == [one.id for one in found.shapes[1:-1]]
    assert left.tracks == []


@pytest.mark.parametrize("at", ["task", "job"])
def test_all_annotations_are_removed(at: str, names: Names, request: pytest.FixtureRequest) -> None:
    target = request.getfixturevalue(at)
    target.set_annotations(names.everything())
    target.remove_annotations()
    assert content(target, names) == NOTHING


def test_a_track_keeps_its_keyframes_and_where_it_ends(task: Task, names: Names) -> None:
    task.set_annotations(models.LabeledDataRequest(tracks=[names.track(2)]))
    (found,) = task.get_annotations().tracks
    keys = [(one.frame, one.outside, one.occluded) for one in found.shapes]
    assert keys == [(2, False, False), (4, False, True), (6, True, False)]
    values = {names.spec_name_of[value.spec_id]: value.value for value in found.attributes}
    assert values == {"color": "green", "plate": "X 1", "side": "right"}


def test_a_label_of_another_task_is_refused(task: Task, names: Names) -> None:
    task.set_annotations(names.everything())
    before = content(task, names)
    stranger = names.shape("rectangle", 0, label_id=10_000_000)
    with pytest.raises(exceptions.ApiException) as refused:
        task.set_annotations(models.LabeledDataRequest(shapes=[stranger]))
    assert refused.value.status == 400
    assert content(task, names) == before


def test_annotations_of_a_task_are_those_of_its_overlapping_jobs(client: Client, tmp_path) -> None:
    task = create(client, tmp_path, segment_size=5, overlap=2)
    names = Names(task)
    rectangles = [names.shape("rectangle", frame) for frame in range(12)]
    data = models.LabeledDataRequest(shapes=rectangles, tracks=[names.track(1)])
    task.set_annotations(data)
    assert content(task, names)["shapes"] == expected(data, names)["shapes"]
    (track,) = task.get_annotations().tracks
    # The first job ends on frame 4, between two keyframes, and has its own there.
    keys = [(one.frame, one.outside, one.points[0]) for one in track.shapes]
    assert keys == [(1, False, 2.0), (3, False, 4.0), (4, False, 5.0), (5, True, 6.0)]
    held = {
        (job.start_frame, job.stop_frame): sorted(x.frame for x in job.get_annotations().shapes)
        for job in task.get_jobs()
    }
    assert held == {span: list(range(span[0], span[1] + 1)) for span in held}
    first = next(job for job in task.get_jobs() if job.start_frame == 0)
    first.remove_annotations()
    assert sorted(x.frame for x in task.get_annotations().shapes) == list(range(3, 12))
