"""Requirements: what annotations of a kind have to reach, and what they inherit."""

from __future__ import annotations

from typing import Any

import pytest

from cvat_lite.services.context import Server
from tests.api.people import acting_as, add_user
from tests.api.test_quality import judged
from tests.api.test_tasks import make_task
from tests.client import Api

PATH = "/quality/settings/requirements"


async def settings_of(api: Api, task_id: int) -> dict[str, Any]:
    found = await api.get("/quality/settings", params={"task_id": task_id})
    settings: dict[str, Any] = found["results"][0]
    return settings


async def settings(api: Api) -> int:
    task = await make_task(api, 1)
    return int((await settings_of(api, task["id"]))["id"])


async def test_the_base_requirement_is_the_settings_themselves(api: Api) -> None:
    number = await settings(api)
    where = f"/quality/settings/{number}"
    (base,) = (await api.get(where))["requirements"]
    assert (base["is_base"], base["metric"], base["required_score"]) == (True, "accuracy", 0.7)
    assert base["attribute_comparison"] == {"default": {"enabled": True}}
    await api.patch(where, {"iou_threshold": 0.6, "compare_attributes": False})
    shown = await api.get(f"{PATH}/{base['id']}")
    assert shown["iou_threshold"] == shown["effective"]["iou_threshold"] == 0.6
    assert shown["attribute_comparison"]["default"]["enabled"] is False
    changed = {"metric": "mean_recall", "point_size": 0.2, "match_groups": False}
    changed["attribute_comparison"] = {"default": {"enabled": True}}
    await api.patch(f"{PATH}/{base['id']}", changed)
    found = await api.get(where)
    assert (found["target_metric"], found["oks_sigma"]) == ("mean_recall", 0.2)
    assert (found["compare_groups"], found["compare_attributes"]) == (False, True)


async def test_what_a_requirement_does_not_say_is_its_parents(api: Api) -> None:
    number = await settings(api)
    tree = {
        "name": "boxes",
        "annotation_type": "rectangle",
        "iou_threshold": 0.8,
        "children": [
            {"name": "cats", "required_score": 0.9, "filter": '{"==":[{"var":"label"},"cat"]}'}
        ],
    }
    body = {
        "settings_id": number,
        "requirements": [tree, {"name": "tags", "annotation_type": "tag"}],
    }
    boxes, cats, tags = await api.post(f"{PATH}/bulk", body, expect=201)
    assert [one["name"] for one in (boxes, cats, tags)] == ["boxes", "cats", "tags"]
    assert cats["parent_requirement"] == boxes["id"]
    assert cats["iou_threshold"] is None
    assert cats["effective"]["iou_threshold"] == 0.8
    assert cats["effective"]["required_score"] == 0.9
    assert tags["effective"]["iou_threshold"] == 0.4
    await api.patch(f"{PATH}/{boxes['id']}", {"iou_threshold": 0.3})
    assert (await api.get(f"{PATH}/{cats['id']}"))["effective"]["iou_threshold"] == 0.3
    await api.delete(f"{PATH}/{boxes['id']}")
    left = await api.get(PATH, params={"settings_id": number, "sort": "-id"})
    assert [one["name"] for one in left["results"]] == ["tags", "Base requirement"]
    only = await api.get(PATH, params={"settings_id": number, "annotation_type": "tag"})
    assert only["count"] == 1


async def test_rules_for_attributes_are_inherited_one_by_one(api: Api) -> None:
    attribute = {"name": "age", "mutable": False, "input_type": "text", "values": [""]}
    labels = [{"name": "owl", "attributes": [attribute, {**attribute, "name": "coat"}]}]
    task = await make_task(api, 1)
    await api.patch(f"/tasks/{task['id']}", {"labels": labels})
    *_, label = (await api.get("/labels", params={"task_id": task["id"]}))["results"]
    age, coat = (one["id"] for one in label["attributes"])
    number = (await settings_of(api, task["id"]))["id"]
    rule = {"spec_id": age, "enabled": True, "comparator": "levenshtein", "threshold": 0.5}
    parent = {"settings_id": number, "name": "a", "attribute_comparison": {"rules": [rule]}}
    made = await api.post(PATH, parent, expect=201)
    mine = {"spec_id": coat, "enabled": False}
    child = {"settings_id": number, "name": "b", "parent_requirement": made["id"]}
    child["attribute_comparison"] = {"rules": [mine]}
    found = await api.post(PATH, child, expect=201)
    assert found["effective"]["attribute_comparison"]["rules"] == [rule, mine]
    unknown = {"attribute_comparison": {"rules": [{"spec_id": 999, "enabled": True}]}}
    assert "attribute_comparison" in await api.patch(f"{PATH}/{made['id']}", unknown, expect=400)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"filter": "{"}, "filter"),
        ({"filter": '{"%": [1, 2]}'}, "filter"),
        ({"parent_requirement": 999}, "parent_requirement"),
        ({"iou_threshold": 1.5}, "iou_threshold"),
        ({"metric": "beauty"}, "metric"),
        ({"annotation_type": "cuboid"}, "annotation_type"),
        ({"name": ""}, "name"),
        ({"settings_id": 999}, "settings_id"),
    ],
)
async def test_what_cannot_be_required_is_refused_by_its_field(
    api: Api, body: dict[str, Any], field: str
) -> None:
    number = await settings(api)
    made = await api.post(PATH, {"settings_id": number, "name": "a"}, expect=201)
    assert list(await api.patch(f"{PATH}/{made['id']}", body, expect=400)) == [field]
    assert await api.get(f"{PATH}/{made['id']}") == made


async def test_no_requirement_inherits_from_itself(api: Api) -> None:
    number = await settings(api)
    tree = {"name": "a", "children": [{"name": "b"}]}
    body = {"settings_id": number, "requirements": [tree]}
    first, second = await api.post(f"{PATH}/bulk", body, expect=201)
    for parent in (first["id"], second["id"]):
        wrong = await api.put(f"{PATH}/{first['id']}", {"parent_requirement": parent}, expect=400)
        assert list(wrong) == ["parent_requirement"]


async def test_trees_are_added_whole_or_not_at_all(api: Api) -> None:
    number = await settings(api)
    trees = [{"name": "a"}, {"name": "b", "children": [{"name": "c", "filter": "no"}]}]
    await api.post(f"{PATH}/bulk", {"settings_id": number, "requirements": trees}, expect=400)
    assert (await api.get(PATH, params={"settings_id": number}))["count"] == 1
    deep: dict[str, Any] = {"name": "z"}
    for _ in range(300):
        deep = {"name": "y", "children": [deep]}
    wrong = {"settings_id": number, "requirements": [deep]}
    assert list(await api.post(f"{PATH}/bulk", wrong, expect=400)) == ["requirements"]


async def test_the_base_requirement_stays_and_is_about_all(api: Api) -> None:
    number = await settings(api)
    (base,) = (await api.get(f"/quality/settings/{number}"))["requirements"]
    await api.delete(f"{PATH}/{base['id']}", expect=400)
    wrong = {"annotation_type": "tag", "iou_threshold": None}
    found = await api.patch(f"{PATH}/{base['id']}", wrong, expect=400)
    assert sorted(found) == ["annotation_type", "iou_threshold"]


async def test_settings_take_all_their_requirements_at_once(api: Api) -> None:
    number = await settings(api)
    where = f"/quality/settings/{number}"
    await api.post(PATH, {"settings_id": number, "name": "old"}, expect=201)
    found = await api.patch(where, {"requirements": [{"name": "new", "metric": "dice"}]})
    assert [one["name"] for one in found["requirements"]] == ["Base requirement", "new"]
    await api.patch(where, {"requirements": [{"metric": "dice"}]}, expect=400)
    assert await api.get(where) == found


async def test_a_wrong_filter_of_jobs_is_refused_when_it_is_set(api: Api) -> None:
    number = await settings(api)
    await api.patch(f"/quality/settings/{number}", {"job_filter": "{no}"}, expect=400)


async def test_strangers_neither_see_nor_change_requirements(
    api: Api, server: Server, url: str
) -> None:
    number = await settings(api)
    made = await api.post(PATH, {"settings_id": number, "name": "a"}, expect=201)
    await add_user(server, "stranger")
    async with acting_as(url, "stranger") as stranger:
        assert (await stranger.get(PATH))["count"] == 0
        await stranger.get(f"{PATH}/{made['id']}", expect=403)
        await stranger.patch(f"{PATH}/{made['id']}", {"name": "b"}, expect=403)
        await stranger.delete(f"{PATH}/{made['id']}", expect=403)
        await stranger.post(PATH, {"settings_id": number, "name": "b"}, expect=403)


async def test_a_report_tells_which_requirements_were_reached(api: Api) -> None:
    task = await judged(api)
    number = (await settings_of(api, task["id"]))["id"]
    body = {"settings_id": number, "name": "tags", "annotation_type": "tag"}
    await api.post(PATH, body, expect=201)
    off = {"settings_id": number, "name": "off", "enabled": False}
    await api.post(PATH, off, expect=201)
    made = await api.post("/quality/reports", {"task_id": task["id"]}, expect=202)
    done = await api.finished(made["rq_id"])
    report = await api.get(f"/quality/reports/{done['result_id']}")
    base, tags = report["summary"]["requirements"]["items"]
    assert (base["name"], base["score"], base["threshold"]) == ("Base requirement", 0.0, 0.7)
    assert base["score_components"] == {"valid_count": 0, "missing_count": 1, "extra_count": 0}
    assert (tags["score"], tags["calculation"]["status"]) == (None, "not_computed")
    assert report["summary"]["requirements"]["completed"] == 0


async def test_reports_are_made_again_when_the_requirements_have_changed(api: Api) -> None:
    task = await judged(api)
    settings = await settings_of(api, task["id"])

    async def jobs() -> list[int]:
        made = await api.post("/quality/reports", {"task_id": task["id"]}, expect=202)
        done = await api.finished(made["rq_id"])
        found = await api.get("/quality/reports", params={"parent_id": done["result_id"]})
        return sorted(one["id"] for one in found["results"])

    before = await jobs()
    assert await jobs() == before
    body = {"settings_id": settings["id"], "name": "boxes", "annotation_type": "rectangle"}
    await api.post(PATH, body, expect=201)
    assert not set(before) & set(await jobs())
