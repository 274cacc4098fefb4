"""Reports as files: their data, and the confusion matrices of their requirements."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from tests.api.test_quality import judged, report_of
from tests.api.test_quality_requirements import PATH, settings_of
from tests.api.test_tasks import make_task
from tests.client import Api
from tests.validation import gt_job, shape


async def confused(api: Api) -> dict[str, Any]:
    """A report of a task where a person was taken for a car, and a car for one of another model."""
    task = await make_task(api, 3)
    truth = await gt_job(api, task["id"], frame_selection_method="manual", frames=[0, 1, 2])
    car, person = (await api.get("/labels", params={"task_id": task["id"]}))["results"]
    await api.patch(f"/labels/{person['id']}", {"name": "=SUM(person)"})
    model = car["attributes"][0]

    def built(frame: int, value: str) -> dict[str, Any]:
        told = [{"spec_id": model["id"], "value": value}]
        return {**shape(car["id"], frame), "attributes": told}

    due = [shape(person["id"], 0), shape(person["id"], 1), built(2, "mazda")]
    given = [shape(person["id"], 0), built(1, "bmw"), built(2, "bmw")]
    [job] = (await api.get("/jobs", params={"task_id": task["id"], "type": "annotation"}))[
        "results"
    ]
    for number, shapes in ((truth["id"], due), (job["id"], given)):
        body = {"shapes": shapes, "tags": [], "tracks": []}
        await api.put(f"/jobs/{number}/annotations/", body)
    await api.patch(f"/jobs/{truth['id']}", {"stage": "acceptance", "state": "completed"})
    return await report_of(api, {"task_id": task["id"]})


async def test_a_matrix_tells_which_label_was_taken_for_which(api: Api) -> None:
    report = await confused(api)
    [item] = report["summary"]["requirements"]["items"]
    where = f"/quality/reports/{report['id']}/confusion/matrix"
    found = await api.get(where, params={"requirement": item["requirement_id"]})
    assert found["labels"] == ["car", "=SUM(person)", "unmatched"]
    assert found["rows"] == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert found["axes"] == {"cols": "gt", "rows": "ds"}
    assert found["precision"] == [0.5, 1.0, 0.0]
    assert found["recall"] == [1.0, 0.5, 0.0]
    assert found["target_metric_summary"]["metric"] == "accuracy"
    assert found["target_metric_summary"]["values"]["micro"] == item["score"] == 2 / 3


async def test_tables_are_safe_to_open_in_a_spreadsheet(api: Api) -> None:
    report = await confused(api)
    [item] = report["summary"]["requirements"]["items"]
    number = item["requirement_id"]
    where = f"/quality/reports/{report['id']}/confusion/matrix"
    table = await api.call("GET", where, params={"requirement": number, "format": "csv"})
    assert table.content_type == "text/csv"
    text = await table.text()
    assert text.splitlines()[0] == ",car,'=SUM(person),unmatched"
    assert text.splitlines()[1] == "car,1,1,0"
    packed = await api.call("GET", f"/quality/reports/{report['id']}/confusion")
    assert "attachment" in packed.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(await packed.read())) as zipped:
        assert zipped.namelist() == [f"{number}_Base_requirement.csv"]
        assert zipped.read(zipped.namelist()[0]).decode() == text


async def test_each_requirement_has_its_own_table_whatever_it_is_called(api: Api) -> None:
    task = await judged(api)
    number = (await settings_of(api, task["id"]))["id"]
    body = {"settings_id": number, "name": "../../etc/passwd", "annotation_type": "rectangle"}
    made = await api.post(PATH, body, expect=201)
    report = await report_of(api, {"task_id": task["id"]})
    packed = await api.call("GET", f"/quality/reports/{report['id']}/confusion")
    with zipfile.ZipFile(io.BytesIO(await packed.read())) as zipped:
        assert zipped.namelist()[1] == f"{made['id']}_.._.._etc_passwd.csv"


async def test_a_matrix_has_to_be_of_a_requirement_in_the_report(api: Api) -> None:
    task = await judged(api)
    report = await report_of(api, {"task_id": task["id"]})
    where = f"/quality/reports/{report['id']}/confusion/matrix"
    await api.get(where, params={"requirement": 999}, expect=404)
    await api.get(where, expect=400)
    await api.get("/quality/reports/999/confusion", expect=404)
    await api.get("/quality/reports/999/data", expect=404)


async def test_conflicts_about_attributes_tell_which(api: Api) -> None:
    report = await confused(api)
    found = await api.get("/quality/conflicts", params={"report_id": report["id"]})
    told = {one["type"]: one["attribute_names"] for one in found["results"]}
    assert told == {"mismatching_label": [], "mismatching_attributes": ["model"]}


async def test_the_data_of_a_report_leads_to_the_annotations(api: Api) -> None:
    task = await judged(api)
    report = await report_of(api, {"task_id": task["id"]})
    data = await api.get(f"/quality/reports/{report['id']}/data")
    assert (data["task_id"], data["comparison_summary"]["frame_share_percent"]) == (
        task["id"],
        report["summary"]["frame_share"] * 100,
    )
    [conflict] = data["frame_results"]["1"]["conflicts"]
    [missed] = conflict["annotation_ids"]
    place = f"/tasks/{task['id']}/jobs/{task['truth']}"
    query = f"?frame=1&type=shape&serverID={missed['obj_id']}"
    assert missed["url"] == f"{api.url}{place}{query}"
    plain = {name: value for name, value in missed.items() if name != "url"}
    assert data["conflicts"] == [{**conflict, "annotation_ids": [plain]}]


async def test_who_asks_as_older_clients_do_gets_the_report_itself(api: Api) -> None:
    task = await judged(api)
    made = await api.post("/quality/reports", {"task_id": task["id"]}, expect=202)
    done = await api.finished(made["rq_id"])
    params = {"rq_id": made["rq_id"]}
    report = await api.post("/quality/reports", expect=201, params=params)
    assert report["id"] == done["result_id"]
    await api.post("/quality/reports", expect=404, params={"rq_id": "nothing"})


async def test_a_request_that_failed_or_makes_something_else_has_no_report(api: Api) -> None:
    task = await make_task(api, 1)
    made = await api.post("/quality/reports", {"task_id": task["id"]}, expect=202)
    failed = await api.finished(made["rq_id"], status="failed")
    answer = await api.post("/quality/reports", expect=400, params={"rq_id": made["rq_id"]})
    assert failed["message"] in str(answer)
    where = f"/tasks/{task['id']}/dataset/export"
    other = await api.post(where, expect=202, params={"format": "COCO 1.0"})
    await api.finished(other["rq_id"])
    await api.post("/quality/reports", expect=400, params={"rq_id": other["rq_id"]})


async def test_reports_without_requirements_can_be_left_out_of_lists(api: Api) -> None:
    task = await judged(api)
    await report_of(api, {"task_id": task["id"]})
    for shown in ("true", "false"):
        found = await api.get("/quality/reports", params={"include_legacy": shown})
        assert found["count"] == 3
