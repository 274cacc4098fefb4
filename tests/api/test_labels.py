"""Labels: of every type, with attributes of every kind, changed while annotations have them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cvat_lite.services.context import Server
from tests.api.people import acting_as, add_user
from tests.api.test_project_labels import labels_of, rectangle, skeleton
from tests.api.test_projects import attach
from tests.client import Api

TYPES = (
    "any",
    "cuboid",
    "ellipse",
    "interval",
    "mask",
    "points",
    "polygon",
    "polyline",
    "rectangle",
    "tag",
)
COLOR = re.compile(r"#[0-9a-f]{6}")


def attribute(name: str, kind: str, *values: str, **more: Any) -> dict[str, Any]:
    """An attribute whose first value is the default."""
    return {
        "name": name,
        "mutable": False,
        "input_type": kind,
        "default_value": values[0],
        "values": list(values),
        **more,
    }


ATTRIBUTES = [
    attribute("model", "select", "mazda", "bmw"),
    attribute("side", "radio", "left", "right"),
    attribute("parked", "checkbox", "false", mutable=True),
    attribute("age", "number", "1", "20", "1", mutable=True),
    attribute("note", "text", ""),
]


async def make(api: Api, *labels: dict[str, Any], data: bool = False) -> int:
    """A task with these labels, with pictures if it is to be annotated; its id."""
    task_id: int = (await api.post("/tasks", {"name": "t", "labels": list(labels)}))["id"]
    if data:
        await attach(api, task_id)
    return task_id


async def specs_of(api: Api, label_id: int) -> dict[str, int]:
    """The ids of a label's attributes by name."""
    label = await api.get(f"/labels/{label_id}")
    return {spec["name"]: spec["id"] for spec in label["attributes"]}


async def annotate(api: Api, task_id: int, label_id: int, values: dict[int, str]) -> None:
    """A shape, and a track of two keyframes: the track has the first value, keyframes the rest."""
    given = [{"spec_id": spec, "value": value} for spec, value in values.items()]
    at = {"type": "rectangle", "points": [1, 2, 3, 4]}
    track = {
        "label_id": label_id,
        "frame": 0,
        "attributes": given[:1],
        "shapes": [{**at, "frame": frame, "attributes": given[1:]} for frame in (0, 1)],
    }
    shape = rectangle(label_id, attributes=given)
    await api.put(f"/tasks/{task_id}/annotations/", {"shapes": [shape], "tracks": [track]})


async def held(api: Api, task_id: int) -> tuple[dict[int, str], dict[int, str], dict[int, str]]:
    """The attribute values of the shape, of the track and of its last keyframe."""
    found = await api.get(f"/tasks/{task_id}/annotations/")
    track = found["tracks"][0]
    lists = (found["shapes"][0], track, track["shapes"][-1])
    shape, path, keyframe = (
        {one["spec_id"]: one["value"] for one in item["attributes"]} for item in lists
    )
    return shape, path, keyframe


@pytest.mark.parametrize("owner", ["task_id", "project_id"])
async def test_labels_of_every_type_and_attributes_of_every_kind_are_kept(
    api: Api, owner: str
) -> None:
    wanted = [{"name": f"a {kind}", "type": kind, "attributes": ATTRIBUTES} for kind in TYPES]
    path = "/tasks" if owner == "task_id" else "/projects"
    made = await api.post(path, {"name": "x", "labels": wanted})
    found = await labels_of(api, **{owner: made["id"]})
    assert [(one["name"], one["type"]) for one in found.values()] == [
        (one["name"], one["type"]) for one in wanted
    ]
    assert [one["id"] for one in found.values()] == sorted(one["id"] for one in found.values())
    for label in found.values():
        assert label[owner] == made["id"]
        assert COLOR.fullmatch(label["color"])
        specs = [{k: v for k, v in one.items() if k != "id"} for one in label["attributes"]]
        assert specs == ATTRIBUTES
        assert await api.get(f"/labels/{label['id']}") == label


async def test_a_skeletons_drawing_names_its_sublabels_by_id(api: Api) -> None:
    label = (await labels_of(api, task_id=await make(api, skeleton("head", "foot"))))["body"]
    ids = [one["id"] for one in label["sublabels"]]
    assert [one["name"] for one in label["sublabels"]] == ["head", "foot"]
    assert re.findall(r'data-label-id="(\d+)"', label["svg"]) == [str(one) for one in ids]
    assert "data-label-name" not in label["svg"]
    assert all(one["has_parent"] and one["type"] == "points" for one in label["sublabels"])
    sublabel = await api.get(f"/labels/{ids[0]}")
    assert (sublabel["parent_id"], sublabel["has_parent"]) == (label["id"], True)


async def test_a_drawing_that_would_run_in_a_page_is_refused(api: Api) -> None:
    wanted = {**skeleton("head"), "svg": '<circle onload="alert(1)"></circle>'}
    error = await api.post("/tasks", {"name": "t", "labels": [wanted]}, expect=400)
    assert list(error["labels"][0]) == ["svg"]


@pytest.mark.parametrize(
    ("labels", "error"),
    [
        ([{"name": "a"}, {"name": "a"}], ["All label names must be unique"]),
        ([{"name": ""}], {"labels": [{"name": ["This field may not be blank."]}]}),
        ([{"color": "#ffffff"}], {"labels": [{"name": ["This field is required."]}]}),
        (
            [{"name": "a", "type": "blob"}],
            {"labels": [{"type": ['"blob" is not a valid choice.']}]},
        ),
        (
            [
                {"name": "b"},
                {"name": "a", "attributes": [{**ATTRIBUTES[0], "input_type": "magic"}]},
            ],
            {
                "labels": [
                    {},
                    {"attributes": [{"input_type": ['"magic" is not a valid choice.']}]},
                ]
            },
        ),
        (
            [{"name": "a", "attributes": [{"name": "m"}]}],
            {
                "labels": [
                    {
                        "attributes": [
                            {
                                name: ["This field is required."]
                                for name in ("mutable", "input_type", "values")
                            }
                        ]
                    }
                ]
            },
        ),
        (
            [{"name": "a", "attributes": [ATTRIBUTES[0]] * 2}],
            ["All attribute names must be unique"],
        ),
        (
            "car",
            {"labels": {"non_field_errors": ['Expected a list of items but got type "str".']}},
        ),
        (
            [{"name": "b"}, {"name": "a", "deleted": True}],
            {"labels": [{}, {"non_field_errors": ["Deleted label must have an ID"]}]},
        ),
        ([skeleton("head", "head")], ["All label names must be unique"]),
    ],
)
async def test_wrong_labels_are_refused(api: Api, labels: Any, error: Any) -> None:
    assert await api.post("/tasks", {"name": "x", "labels": labels}, expect=400) == error
    assert (await api.get("/tasks"))["count"] == 0


async def test_ids_that_were_copied_with_labels_mean_nothing_to_a_new_task(api: Api) -> None:
    first = await labels_of(api, task_id=await make(api, {"name": "car"}))
    second = await labels_of(api, task_id=await make(api, {**first["car"], "name": "cart"}))
    assert list(second) == ["cart"]
    assert second["cart"]["id"] != first["car"]["id"]


async def test_labels_are_asked_for_by_task_job_or_project_but_not_by_two(api: Api) -> None:
    task_id = await make(api, {"name": "car"}, {"name": "cat"}, data=True)
    await make(api, {"name": "dog"})
    job = (await api.get("/jobs", params={"task_id": task_id}))["results"][0]
    assert list(await labels_of(api, task_id=task_id)) == ["car", "cat"]
    assert list(await labels_of(api, job_id=job["id"])) == ["car", "cat"]
    assert sorted(await labels_of(api)) == ["car", "cat", "dog"]
    error = await api.get("/labels", params={"task_id": task_id, "job_id": job["id"]}, expect=400)
    assert error == ["job_id, task_id and project_id parameters cannot be used together"]
    error = await api.get("/labels", params={"task_id": "x"}, expect=400)
    assert error == {"task_id": ["Enter a number."]}
    await api.get("/labels", params={"task_id": "9" * 30}, expect=400)
    await api.get("/labels", params={"project_id": 999999}, expect=404)
    found = await api.get("/labels", params={"task_id": task_id, "search": "at"})
    assert [one["name"] for one in found["results"]] == ["cat"]


async def test_a_page_of_labels_goes_on_where_the_last_one_ended(api: Api) -> None:
    task_id = await make(api, *({"name": f"l{number}"} for number in range(5)))
    params = {"task_id": task_id, "page_size": 2}
    names = []
    for page in (1, 2, 3):
        found = await api.get("/labels", params={**params, "page": page})
        names += [one["name"] for one in found["results"]]
    assert names == [f"l{number}" for number in range(5)]


async def test_labels_are_for_those_who_may_see_their_task(
    api: Api, server: Server, url: str
) -> None:
    await add_user(server, "eve")
    task_id = await make(api, {"name": "car"})
    path = f"/labels/{(await labels_of(api, task_id=task_id))['car']['id']}"
    async with acting_as(url, "eve") as hers:
        assert await labels_of(hers) == {}
        await hers.get("/labels", params={"task_id": task_id}, expect=403)
        await hers.get(path, expect=403)
        await hers.patch(path, {"name": "no"}, expect=403)
        await hers.delete(path, expect=403)
    assert (await api.get(path))["name"] == "car"


async def test_a_renamed_label_gets_the_color_that_was_asked_for_or_one_of_its_own(
    api: Api,
) -> None:
    task_id = await make(api, {"name": "car", "color": "#ff00ff"})
    label = (await labels_of(api, task_id=task_id))["car"]
    path = f"/labels/{label['id']}"
    renamed = await api.patch(path, {"name": "auto"})
    assert renamed["name"] == "auto"
    assert COLOR.fullmatch(renamed["color"])
    assert renamed["color"] != "#ff00ff"
    painted = await api.patch(path, {"name": "bus", "color": "#123456"})
    assert (painted["name"], painted["color"]) == ("bus", "#123456")
    assert await api.patch(path, {"name": ""}, expect=400) == {
        "name": ["This field may not be blank."]
    }
    await api.patch(path, {"type": "skeleton"}, expect=400)


async def test_a_deleted_label_takes_what_it_labels_along(api: Api) -> None:
    task_id = await make(api, {"name": "car"}, {"name": "cat"}, data=True)
    found = await labels_of(api, task_id=task_id)
    shapes = [rectangle(one["id"]) for one in found.values()]
    await api.put(f"/tasks/{task_id}/annotations/", {"shapes": shapes})
    await api.delete(f"/labels/{found['car']['id']}")
    error = await api.get(f"/labels/{found['car']['id']}", expect=404)
    assert error == {"detail": "No Label matches the given query."}
    left = (await api.get(f"/tasks/{task_id}/annotations/"))["shapes"]
    assert [one["label_id"] for one in left] == [found["cat"]["id"]]


# Attributes of what is annotated already


async def test_new_attributes_come_with_their_defaults(api: Api) -> None:
    task_id = await make(api, {"name": "car", "attributes": ATTRIBUTES[:1]}, data=True)
    label = (await labels_of(api, task_id=task_id))["car"]["id"]
    model = (await specs_of(api, label))["model"]
    await annotate(api, task_id, label, {model: "bmw"})
    await api.patch(f"/labels/{label}", {"attributes": ATTRIBUTES[2:4]})
    specs = await specs_of(api, label)
    assert list(specs) == ["model", "parked", "age"]
    more = {specs["parked"]: "false", specs["age"]: "1"}
    assert await held(api, task_id) == ({model: "bmw", **more}, {model: "bmw"}, more)


async def test_deleted_attributes_are_gone_from_annotations(api: Api) -> None:
    task_id = await make(api, {"name": "car", "attributes": ATTRIBUTES[:3:2]}, data=True)
    label = (await labels_of(api, task_id=task_id))["car"]["id"]
    specs = await specs_of(api, label)
    await annotate(api, task_id, label, {specs["model"]: "bmw", specs["parked"]: "true"})
    gone = {**ATTRIBUTES[2], "id": specs["parked"], "deleted": True}
    await api.patch(f"/labels/{label}", {"attributes": [gone]})
    left = {specs["model"]: "bmw"}
    assert await held(api, task_id) == (left, left, {})


async def test_an_attribute_that_becomes_mutable_keeps_its_value_on_every_keyframe(
    api: Api,
) -> None:
    task_id = await make(api, {"name": "car", "attributes": ATTRIBUTES[:3:2]}, data=True)
    label = (await labels_of(api, task_id=task_id))["car"]["id"]
    specs = await specs_of(api, label)
    model, parked = specs["model"], specs["parked"]
    await annotate(api, task_id, label, {model: "bmw", parked: "true"})
    change = {**ATTRIBUTES[0], "id": model, "mutable": True}
    await api.patch(f"/labels/{label}", {"attributes": [change]})
    both = {model: "bmw", parked: "true"}
    assert await held(api, task_id) == (both, {}, both)
    changes = [
        {**ATTRIBUTES[2], "id": parked, "mutable": False},
        attribute("note", "text", "-", mutable=True),
    ]
    await api.patch(f"/tasks/{task_id}", {"labels": [{"id": label, "attributes": changes}]})
    note = {(await specs_of(api, label))["note"]: "-"}
    assert await held(api, task_id) == (
        {**both, **note},
        {parked: "true"},
        {model: "bmw", **note},
    )


async def test_attributes_exchange_their_names_but_never_share_one(api: Api) -> None:
    task_id = await make(api, {"name": "car", "attributes": ATTRIBUTES[:2]})
    label = (await labels_of(api, task_id=task_id))["car"]["id"]
    specs = await specs_of(api, label)
    swapped = [
        {**ATTRIBUTES[0], "id": specs["model"], "name": "side"},
        {**ATTRIBUTES[1], "id": specs["side"], "name": "model"},
    ]
    await api.patch(f"/labels/{label}", {"attributes": swapped})
    assert await specs_of(api, label) == {"side": specs["model"], "model": specs["side"]}
    for wrong in (swapped[0] | {"name": "model"}, ATTRIBUTES[0]):
        error = await api.patch(f"/labels/{label}", {"attributes": [wrong]}, expect=400)
        assert error == ["All attribute names must be unique"]
    stranger = {**ATTRIBUTES[0], "id": 999999}
    await api.patch(f"/labels/{label}", {"attributes": [stranger]}, expect=404)


# Skeletons


async def test_sublabels_are_changed_with_their_skeleton(api: Api) -> None:
    task_id = await make(api, skeleton("head", "foot"))
    label = (await labels_of(api, task_id=task_id))["body"]
    head, foot = label["sublabels"]
    renamed = [
        {"id": head["id"], "name": "top", "color": "#010203", "attributes": ATTRIBUTES[:1]},
        {"name": "foot", "color": "#040506"},
    ]
    changed = await api.patch(f"/labels/{label['id']}", {"sublabels": renamed})
    assert [(one["id"], one["name"], one["color"]) for one in changed["sublabels"]] == [
        (head["id"], "top", "#010203"),
        (foot["id"], "foot", "#040506"),
    ]
    assert [one["name"] for one in changed["sublabels"][0]["attributes"]] == ["model"]
    assert changed["svg"] == label["svg"]


@pytest.mark.parametrize("wrong", [{"name": "hand"}, {"id": 999999, "name": "foot"}])
async def test_a_skeleton_gets_no_points_that_its_annotations_lack(
    api: Api, wrong: dict[str, Any]
) -> None:
    task_id = await make(api, skeleton("head", "foot"))
    label = (await labels_of(api, task_id=task_id))["body"]
    await api.patch(f"/labels/{label['id']}", {"sublabels": [wrong]}, expect=400)


async def test_sublabels_have_names_of_their_own_and_stay_with_their_skeleton(api: Api) -> None:
    task_id = await make(api, skeleton("head", "foot"))
    label = (await labels_of(api, task_id=task_id))["body"]
    head = label["sublabels"][0]["id"]
    same = {"sublabels": [{"id": head, "name": "foot"}]}
    error = await api.patch(f"/labels/{label['id']}", same, expect=400)
    assert error == ["All label names must be unique"]
    await api.patch(f"/labels/{head}", {"name": "top"}, expect=400)
    await api.delete(f"/labels/{head}", expect=400)
    assert await labels_of(api, task_id=task_id) == {"body": label}
