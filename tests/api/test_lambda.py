"""Functions that annotate: called on a frame, run over tasks and jobs, and what goes wrong."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from PIL import Image

from cvat_lite.app import make_app
from cvat_lite.clients import nuclio as nuclio_client
from cvat_lite.config import Config
from cvat_lite.errors import StoreError
from cvat_lite.services.context import Server
from tests.api.people import acting_as, add_user
from tests.api.test_tasks import form
from tests.client import Api
from tests.images import encoded, write_video
from tests.media.sounds import write_wav

SPOTS = Path(__file__).parents[2] / "examples" / "bright_spots.py"
SCORE = round(250 / 255, 6)
LABELS = [
    {
        "name": "spot",
        "attributes": [
            {
                "name": "pixels",
                "mutable": False,
                "input_type": "text",
                "default_value": "",
                "values": [],
            }
        ],
    },
    {
        "name": "star",
        "attributes": [
            {
                "name": "size",
                "mutable": False,
                "input_type": "select",
                "default_value": "unknown",
                "values": ["unknown", "small", "large"],
            }
        ],
    },
    {
        "name": "person",
        "type": "skeleton",
        "svg": '<line data-type="edge" data-node-from="1" data-node-to="2"/>'
        '<circle r="1" cx="1" cy="1" data-type="element node" data-element-id="1" '
        'data-node-id="1" data-label-name="head"/>'
        '<circle r="1" cx="9" cy="9" data-type="element node" data-element-id="2" '
        'data-node-id="2" data-label-name="foot"/>',
        "sublabels": [{"name": "head", "type": "points"}, {"name": "foot", "type": "points"}],
    },
]
STAR = {"label": "star", "type": "rectangle", "points": [1, 2, 3, 4], "confidence": "0.9"}

ODD = """
import os, time
from pathlib import Path
import cvat_sdk.auto_annotation as cvataa

HERE = Path(__file__).parent
spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("spot", 7)])

def detect(context, image):
    how = (HERE / "how").read_text()
    if how == "hang":
        (HERE / "at work").touch()
        time.sleep(600)
    if how == "crash" and "2" in context.frame_name:
        os._exit(5)
    if how == "raise":
        raise RuntimeError("no idea")
    if how == "nonsense":
        return [cvataa.shape(7, type="polygon", points=[1, 2, 3])]
    print("what a function prints must not disturb its answer")
    return [cvataa.rectangle(7, [1, 2, 3, 4])]
"""

FOLLOW = """
import cvat_sdk.auto_annotation as cvataa

spec = cvataa.TrackingFunctionSpec(supported_shape_types=["rectangle"])

def init_tracking_state(context, pp_image, shape):
    return shape

def track(context, pp_image, state):
    if pp_image.getpixel((0, 0)) == (9, 9, 9):
        return None
    points = [value + 1 for value in state.points]
    return type(state)(type=state.type, points=points)
"""

POINT = """
import numpy as np
import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.masks import encode_mask
from cvat_sdk.auto_annotation.interface import InteractionResultShape

spec = cvataa.InteractionFunctionSpec(min_pos_points=1, min_bounding_boxes=0)

def detect(context, pp_image, prompts):
    mask = np.zeros((pp_image.height, pp_image.width), dtype=bool)
    for x, y in prompts.pos_points:
        mask[int(y), int(x)] = True
    box = [0, 0, pp_image.width, pp_image.height]
    return [InteractionResultShape(type="mask", points=encode_mask(mask, box))]
"""


def dark(*spots: tuple[int, int, int, int], size: tuple[int, int] = (40, 30)) -> Image.Image:
    """A dark picture with bright boxes."""
    image = Image.new("RGB", size, (10, 10, 10))
    for box in spots:
        image.paste((250, 250, 250), box)
    return image


@dataclass
class Nuclio:
    """A server of functions, as somebody else runs it; ``answers`` by the names in its paths."""

    url: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    #: Set when somebody has come, and cleared to keep those who come waiting.
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        self.reached.set()
        await self.open.wait()
        answer = self.answers[request.match_info["name"]]
        if callable(answer):
            answer = answer(body)
        if answer == "hang":
            await asyncio.sleep(600)
        if answer == "text":
            return web.Response(text="<html>")
        if answer == "fail":
            return web.Response(status=500, text="out of memory")
        if answer == "close":
            assert request.transport is not None
            request.transport.close()
        if answer == "endless":
            endless = web.StreamResponse()
            await endless.prepare(request)
            while True:
                await endless.write(b"0" * 65536)
        if answer == "redirect":
            raise web.HTTPFound("/elsewhere")
        return web.json_response(answer)


@pytest.fixture
async def nuclio() -> AsyncIterator[Nuclio]:
    found = Nuclio()
    found.open.set()
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/{name}", found.call)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


@pytest.fixture
def config(config: Config, nuclio: Nuclio, tmp_path: Path) -> Config:
    """Functions of all kinds."""
    listed = [
        {"id": "stars", "name": "Stars", "url": f"{nuclio.url}/stars", "labels": [
            {"name": "star", "attributes": [{"name": "size", "input_type": "select",
                                             "values": ["small", "huge"]}]},
            {"name": "person", "type": "skeleton", "svg": "<g/>", "sublabels": [
                {"name": "head", "type": "points"}, {"name": "foot", "type": "points"}]},
        ]},
        {"id": "any", "url": f"{nuclio.url}/any", "timeout": 0.5},
        {"id": "same", "kind": "reid", "url": f"{nuclio.url}/same"},
        {"id": "outline", "kind": "interactor", "url": f"{nuclio.url}/outline",
         "min_pos_points": 1, "min_neg_points": -1},
        {"id": "gone", "url": "http://127.0.0.1:9/"},
    ]  # fmt: skip
    settings = tmp_path / "functions.json"
    settings.write_text(json.dumps({"functions": listed}))
    functions = []
    for name, text in (("odd", ODD), ("follow", FOLLOW), ("point", POINT)):
        (tmp_path / f"{name}.py").write_text(text)
        functions.append(f"{name}={tmp_path / name}.py")
    return replace(
        config,
        functions=settings,
        function=(f"spots={SPOTS}", *functions),
        function_timeout=60.0,
    )


@pytest.fixture
async def task(api: Api) -> dict[str, Any]:
    """Four dark pictures, two a job: a spot, a spot elsewhere, none, and two."""
    made = await api.post("/tasks", {"name": "sky", "labels": LABELS, "segment_size": 2})
    pictures = [
        dark((5, 6, 15, 16)),
        dark((20, 6, 24, 26)),
        dark(),
        dark((0, 0, 4, 4), (30, 20, 40, 30)),
    ]
    files = {f"im{number}.png": encoded(image) for number, image in enumerate(pictures)}
    answer = await api.post(
        f"/tasks/{made['id']}/data", data=form(files, image_quality=70), expect=202
    )
    await api.finished(answer["rq_id"])
    return made


async def batch(
    api: Api, function: str, task: dict[str, Any], *, status: str = "finished", **more: Any
) -> dict[str, Any]:
    """A function run to its end over a task."""
    body = {"function": function, "task": task["id"], **more}
    made = await api.post("/lambda/requests", body, expect=200)
    await api.finished(quote(made["id"], safe=""), status=status)
    return await api.get(f"/lambda/requests/{quote(made['id'], safe='')}")


async def shapes(api: Api, task: dict[str, Any]) -> list[dict[str, Any]]:
    return (await api.get(f"/tasks/{task['id']}/annotations"))["shapes"]


async def label_ids(api: Api, task: dict[str, Any]) -> dict[str, int]:
    found = await api.get("/labels", params={"task_id": task["id"]})
    return {label["name"]: label["id"] for label in found["results"]}


# What functions there are


async def test_functions_are_listed_with_what_they_find(api: Api) -> None:
    found = {one["id"]: one for one in await api.get("/lambda/functions")}
    assert {name: one["kind"] for name, one in found.items()} == {
        "stars": "detector",
        "any": "detector",
        "same": "reid",
        "outline": "interactor",
        "gone": "detector",
        "spots": "detector",
        "odd": "detector",
        "follow": "tracker",
        "point": "interactor",
    }
    assert found["spots"]["labels_v2"] == [
        {
            "name": "spot",
            "type": "rectangle",
            "attributes": [{"name": "pixels", "input_type": "text", "values": []}],
        }
    ]
    assert [one["name"] for one in found["stars"]["labels_v2"][1]["sublabels"]] == ["head", "foot"]
    assert found["follow"]["supported_shape_types"] == ["rectangle"]
    assert found["point"]["min_neg_points"] == -1
    assert await api.get("/lambda/functions/spots") == found["spots"]
    await api.get("/lambda/functions/nothing", expect=404)


async def test_a_function_that_cannot_be_loaded_is_not_listed_and_says_why(
    config: Config, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import nothing_of_the_kind")
    plain = tmp_path / "plain.py"
    plain.write_text("spec = 5")
    config = replace(config, function=(f"broken={broken}", f"plain={plain}"), functions=None)
    async with served(config) as api:
        assert await api.get("/lambda/functions") == []
        answer = await api.get("/lambda/functions/broken", expect=502)
        assert "nothing_of_the_kind" in answer["detail"]
        answer = await api.get("/lambda/functions/plain", expect=502)
        assert "has no 'spec'" in answer["detail"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('[{"id": "a b", "url": "http://x"}]', "id:"),
        ('[{"id": "a"}]', "url:"),
        ('[{"id": "a", "url": "http://x", "kind": "oracle"}]', "kind:"),
        ('[{"id": "a", "url": "http://x", "labels": [{"type": "any"}]}]', "no name"),
        ("- {id: a", "expected"),
    ],
)
async def test_a_server_does_not_start_with_wrong_functions_and_says_what_is_wrong(
    config: Config, tmp_path: Path, settings: str, words: str
) -> None:
    (tmp_path / "functions.json").write_text(settings)
    runner = web.AppRunner(make_app(config))
    with pytest.raises(StoreError, match=words):
        await runner.setup()
    await runner.cleanup()


async def test_a_server_does_not_start_without_the_file_of_a_function(config: Config) -> None:
    runner = web.AppRunner(make_app(replace(config, function=("a=nowhere.py",))))
    with pytest.raises(StoreError, match=r"there is no file .*nowhere\.py"):
        await runner.setup()
    await runner.cleanup()


class served:  # noqa: N801
    """A server with other settings, and its administrator."""

    def __init__(self, config: Config) -> None:
        self.runner = web.AppRunner(make_app(config), access_log=None, shutdown_timeout=1)

    async def __aenter__(self) -> Api:
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        self.api = Api(url, ("admin", "correct horse battery"))
        return await self.api.__aenter__()

    async def __aexit__(self, *error: object) -> None:
        await self.api.__aexit__(*error)
        await self.runner.cleanup()


# Calls on a frame


async def test_a_detector_is_called_on_a_frame_and_nothing_is_written(
    api: Api, task: dict[str, Any]
) -> None:
    found = await api.post("/lambda/functions/spots", {"task": task["id"], "frame": 3}, expect=200)
    assert [(one["label"], one["type"], one["points"]) for one in found] == [
        ("spot", "rectangle", [0, 0, 4, 4]),
        ("spot", "rectangle", [30, 20, 40, 30]),
    ]
    assert found[0]["attributes"] == [{"name": "pixels", "value": "16"}]
    assert found[0]["confidence"] == pytest.approx(SCORE, abs=1e-6)
    sure = {"task": task["id"], "frame": 3, "threshold": 0.999}
    assert await api.post("/lambda/functions/spots", sure, expect=200) == []
    assert await shapes(api, task) == []


async def test_a_region_of_a_frame_is_looked_at_alone(api: Api, task: dict[str, Any]) -> None:
    body = {"task": task["id"], "frame": 3, "roi": [25, 15, 100, 100]}
    found = await api.post("/lambda/functions/spots", body, expect=200)
    assert [one["points"] for one in found] == [[30, 20, 40, 30]]
    nowhere = {**body, "roi": [90, 90, 100, 100]}
    await api.post("/lambda/functions/spots", nowhere, expect=400)


async def test_an_http_function_gets_the_original_image_and_answers_in_the_tasks_names(
    api: Api, task: dict[str, Any], nuclio: Nuclio
) -> None:
    mask = [1, 0, 1, 1, 1, 0, 10, 10, 12, 11]
    nuclio.answers["stars"] = [
        {**STAR, "attributes": [{"name": "size", "value": "small"}, {"name": "age", "value": 5}]},
        {**STAR, "label": "moon"},
        {**STAR, "confidence": "0.1"},
        {"label": "star", "type": "mask", "mask": mask, "points": [1, 1]},
    ]
    mapping = {"star": {"name": "spot", "attributes": {"size": "pixels"}}}
    body = {"task": task["id"], "frame": 1, "threshold": 0.5, "mapping": mapping}
    found = await api.post("/lambda/functions/stars", body, expect=200)
    image = Image.open(io.BytesIO(base64.b64decode(nuclio.asked[0]["image"])))
    assert (image.size, image.format, nuclio.asked[0]["threshold"]) == ((40, 30), "PNG", 0.5)
    assert [(one["label"], one["type"], one["attributes"]) for one in found] == [
        ("spot", "rectangle", [{"name": "pixels", "value": "small"}]),
        ("spot", "mask", []),
    ]
    assert found[1]["mask"] == mask
    assert found[1]["points"] == [0, 1, 1, 3, 1, 10, 10, 12, 11]


async def test_a_picture_that_its_file_says_to_turn_is_given_upright(
    api: Api, nuclio: Nuclio
) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    made = await api.post("/tasks", {"name": "turned", "labels": LABELS})
    files = {"a.jpg": encoded(dark(), "JPEG", exif=turned)}
    answer = await api.post(
        f"/tasks/{made['id']}/data", data=form(files, image_quality=70), expect=202
    )
    await api.finished(answer["rq_id"])
    nuclio.answers["any"] = []
    await api.post("/lambda/functions/any", {"task": made["id"], "frame": 0}, expect=200)
    image = Image.open(io.BytesIO(base64.b64decode(nuclio.asked[0]["image"])))
    assert image.size == (30, 40)


async def test_an_interactor_is_told_what_was_pointed_at(
    api: Api, task: dict[str, Any], nuclio: Nuclio
) -> None:
    nuclio.answers["outline"] = {"mask": [[0, 1], [1, 1]]}
    where = {"task": task["id"], "frame": 0, "pos_points": [[1, 2]]}
    answer = await api.post("/lambda/functions/outline", where, expect=200)
    assert answer == {"mask": [[0, 1], [1, 1]]}
    assert nuclio.asked[0]["pos_points"] == [[1, 2]]
    answer = await api.post("/lambda/functions/point", where, expect=200)
    mask = answer["mask"]
    assert (len(mask), len(mask[0]), sum(map(sum, mask)), mask[2][1]) == (30, 40, 1, 1)
    for wrong in ({"pos_points": []}, {"neg_points": [[1, 1]]}, {"pos_points": [[1]]}):
        for function in ("outline", "point"):
            await api.post(f"/lambda/functions/{function}", {**where, **wrong}, expect=400)


async def test_a_tracker_follows_shapes_from_frame_to_frame(api: Api, task: dict[str, Any]) -> None:
    first = {"task": task["id"], "frame": 0, "shapes": [[1, 2, 3, 4]], "states": []}
    begun = await api.post("/lambda/functions/follow", first, expect=200)
    assert begun["shapes"] == [[1, 2, 3, 4]]
    following = {"task": task["id"], "frame": 1, "states": begun["states"]}
    moved = await api.post("/lambda/functions/follow", following, expect=200)
    assert moved["shapes"] == [[2, 3, 4, 5]]
    shape = {"type": "polygon", "points": [1, 2, 3, 4, 5, 6]}
    wrong = {**first, "shapes": [shape]}
    answer = await api.post("/lambda/functions/follow", wrong, expect=502)
    assert "polygon" in answer["detail"]


async def test_a_state_that_was_made_up_or_is_somebody_elses_is_refused(
    api: Api, task: dict[str, Any]
) -> None:
    first = {"task": task["id"], "frame": 0, "shapes": [[1, 2, 3, 4]]}
    state = (await api.post("/lambda/functions/follow", first, expect=200))["states"][0]
    other = await api.post("/tasks", {"name": "other", "labels": LABELS})
    files = {"a.png": encoded(dark())}
    answer = await api.post(
        f"/tasks/{other['id']}/data", data=form(files, image_quality=70), expect=202
    )
    await api.finished(answer["rq_id"])
    for number, wrong in ((task["id"], "x" + state), (task["id"], 5), (other["id"], state)):
        body = {"task": number, "frame": 0, "states": [wrong]}
        answer = await api.post("/lambda/functions/follow", body, expect=400)
        assert answer == ["Invalid or expired tracking state"]


async def test_boxes_of_two_frames_are_compared_by_a_reid_function(
    api: Api, task: dict[str, Any], nuclio: Nuclio
) -> None:
    nuclio.answers["same"] = [1]
    boxes = {"boxes0": [{"points": [1, 2, 3, 4]}], "boxes1": [{"points": [1, 2, 3, 4]}] * 2}
    body = {"task": task["id"], "frame0": 0, "frame1": 1, **boxes, "max_distance": 9}
    assert await api.post("/lambda/functions/same", body, expect=200) == [1]
    asked = nuclio.asked[0]
    assert (asked["boxes0"], asked["max_distance"]) == (boxes["boxes0"], 9)
    assert asked["image0"] != asked["image1"]
    missing = await api.post("/lambda/functions/same", {"task": task["id"]}, expect=400)
    assert sorted(missing) == ["frame0", "frame1"]


WRONG: list[dict[str, Any]] = [{"frame": 9}, {"frame": -1}, {"frame": None}, {"threshold": 2}, {"roi": [1, 2]},
     {"roi": [5, 5, 1, 1]}, {"mapping": {"x": {"name": "nothing"}}}, {"mapping": {"x": 5}},
     {"mapping": {"star": {"name": "star", "attributes": {"size": "nothing"}}}},
     {"mapping": {"star": {"name": "star", "attributes": {"nothing": "size"}}}},
     {"mapping": {"star": {"name": "person"}}},
     {"mapping": {"person": {"name": "star"}}},
     {"mapping": {"person": {"name": "person", "sublabels": {"nose": {"name": "head"}}}}}]  # fmt: skip


async def test_wrong_calls_are_refused(api: Api, task: dict[str, Any]) -> None:
    for wrong in WRONG:
        body = {"task": task["id"], "frame": 0, **wrong}
        await api.post("/lambda/functions/stars", body, expect=400)


async def test_a_call_names_a_task_or_a_job_and_a_frame_of_it(
    api: Api, task: dict[str, Any]
) -> None:
    where = "/lambda/functions/spots"
    await api.post(where, {"frame": 0}, expect=400)
    await api.post(where, {"task": task["id"]}, expect=400)
    await api.post(where, {"task": 999, "frame": 0}, expect=404)
    job = (await api.get("/jobs", params={"task_id": task["id"], "sort": "id"}))["results"][1]
    await api.post(where, {"job": job["id"], "frame": 0}, expect=400)
    assert len(await api.post(where, {"job": job["id"], "frame": 3}, expect=200)) == 2


NONSENSE: list[tuple[Any, int, str]] = [
    ("hang", 504, "longer than 0.5 seconds"),
    ("text", 502, "no JSON"),
    ("close", 502, "cannot be reached"),
    ("endless", 502, "larger than 1000000 bytes"),
    ("fail", 502, "status 500: out of memory"),
    ("redirect", 502, "status 302"),
    ({"shapes": []}, 502, "a dict instead of a list"),
    ([STAR, 5], 502, "item 1: it is a int"),
    ([{**STAR, "type": "blob"}], 502, "item 0: type: 'blob'"),
    ([{**STAR, "points": [1, 2, 3]}], 502, "item 0: points: 3 numbers do not make"),
    ([{**STAR, "points": [1, 2, 3, "nan"]}], 502, "item 0: points: 'nan'"),
    ([{**STAR, "confidence": 7}], 502, "item 0: confidence: 7"),
    ([{**STAR, "label": None}], 502, "item 0: label"),
    ([{**STAR, "type": "mask", "mask": [1, 1, 0, 0, 5, 5]}], 502, "does not fill its box"),
    ([{**STAR, "attributes": [5]}], 502, "item 0: attributes"),
]


async def test_what_goes_wrong_in_a_function_is_told(
    api: Api, task: dict[str, Any], nuclio: Nuclio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nuclio_client, "MOST_BYTES", 1_000_000)
    for answer, status, words in NONSENSE:
        nuclio.answers["any"] = answer
        where = {"task": task["id"], "frame": 0}
        got = await api.post("/lambda/functions/any", where, expect=status)
        assert words in got["detail"]


async def test_a_function_that_is_nowhere_is_told(api: Api, task: dict[str, Any]) -> None:
    where = {"task": task["id"], "frame": 0}
    got = await api.post("/lambda/functions/gone", where, expect=502)
    assert "cannot be reached" in got["detail"]
    got = await api.post("/lambda/functions/spots", {"task": task["id"], "frame": 0}, expect=200)
    assert len(got) == 1


# Batches


async def test_a_task_is_annotated_in_the_background(api: Api, task: dict[str, Any]) -> None:
    done = await batch(api, "spots", task)
    assert done["function"] == {"id": "spots", "task": task["id"], "threshold": None}
    assert (done["status"], done["progress"], done["exc_info"]) == ("finished", 100, None)
    found = await shapes(api, task)
    assert sorted((one["frame"], *one["points"]) for one in found) == [
        (0, 5, 6, 15, 16),
        (1, 20, 6, 24, 26),
        (3, 0, 0, 4, 4),
        (3, 30, 20, 40, 30),
    ]
    assert {one["source"] for one in found} == {"auto"}
    assert {round(one["score"], 6) for one in found} == {SCORE}
    assert sorted(one["attributes"][0]["value"] for one in found) == ["100", "100", "16", "80"]
    listed = await api.get("/lambda/requests")
    assert [one["id"] for one in listed] == [done["id"]]
    request = await api.get(f"/requests/{quote(done['id'], safe='')}")
    assert request["operation"]["type"] == "autoannotate:task"
    assert request["operation"]["function_id"] == "spots"


async def test_a_job_is_annotated_alone(api: Api, task: dict[str, Any]) -> None:
    jobs = (await api.get("/jobs", params={"task_id": task["id"], "sort": "id"}))["results"]
    done = await batch(api, "spots", task, job=jobs[1]["id"], threshold=0.2)
    assert done["function"]["job"] == jobs[1]["id"]
    assert {one["frame"] for one in await shapes(api, task)} == {3}
    wrong = {"function": "spots", "task": task["id"] + 1, "job": jobs[1]["id"]}
    await api.post("/lambda/requests", wrong, expect=400)


async def test_what_was_there_stays_unless_it_is_to_be_cleaned_up(
    api: Api, task: dict[str, Any]
) -> None:
    await batch(api, "spots", task)
    await batch(api, "spots", task)
    assert len(await shapes(api, task)) == 8
    await batch(api, "spots", task, cleanup=True)
    assert len(await shapes(api, task)) == 4


async def test_deleted_frames_are_left_out(api: Api, task: dict[str, Any]) -> None:
    await api.patch(f"/tasks/{task['id']}/data/meta", {"deleted_frames": [3]})
    await batch(api, "spots", task)
    assert {one["frame"] for one in await shapes(api, task)} == {0, 1}


async def test_labels_and_attributes_are_mapped(
    api: Api, task: dict[str, Any], nuclio: Nuclio
) -> None:
    large = {"attributes": [{"name": "size", "value": "huge"}]}
    nuclio.answers["stars"] = [
        {**STAR, "attributes": [{"name": "size", "value": "small"}]},
        {**STAR, **large},
        {"label": "star", "type": "tag"},
        {"label": "person", "type": "skeleton", "elements": [
            {"label": "head", "type": "points", "points": [3, 4]}]},
    ]  # fmt: skip
    ids = await label_ids(api, task)
    await batch(api, "stars", task)
    found = await api.get(f"/tasks/{task['id']}/annotations")
    first = [one for one in found["shapes"] if one["frame"] == 0]
    assert [one["label_id"] for one in first] == [ids["star"], ids["star"], ids["person"]]
    # A value that the task's attribute has not is left out.
    values = [one["attributes"][0]["value"] for one in first[:2]]
    assert values == ["small", "unknown"]
    assert [(one["points"], one["outside"]) for one in first[2]["elements"]] == [
        ([3, 4], False),
        ([0, 0], True),
    ]
    assert [(one["frame"], one["label_id"]) for one in found["tags"]] == [
        (frame, ids["star"]) for frame in range(4)
    ]
    mapping = {"star": {"name": "spot"}}
    await batch(api, "stars", task, mapping=mapping, cleanup=True)
    assert {one["label_id"] for one in await shapes(api, task)} == {ids["spot"]}


async def test_masks_become_polygons_where_that_is_asked_for(
    api: Api, task: dict[str, Any], nuclio: Nuclio
) -> None:
    mask = {"label": "spot", "type": "mask", "mask": [1, 1, 1, 1, 2, 3, 3, 4]}
    own = {**mask, "points": [[0, 0], [5, 0], [5, 5]]}
    nuclio.answers["any"] = [mask, own]
    await batch(api, "any", task, conv_mask_to_poly=True)
    found = [one for one in await shapes(api, task) if one["frame"] == 0]
    assert [(one["type"], one["points"]) for one in found] == [
        ("polygon", [2, 3, 4, 3, 4, 5, 2, 5]),
        ("polygon", [0, 0, 5, 0, 5, 5]),
    ]
    await batch(api, "any", task, cleanup=True)
    found = await shapes(api, task)
    assert found[0]["type"] == "mask"
    assert found[0]["points"] == [0, 4, 2, 3, 3, 4]


async def test_groups_of_one_frame_are_not_those_of_another(
    api: Api, task: dict[str, Any], nuclio: Nuclio
) -> None:
    nuclio.answers["any"] = [{**STAR, "group_id": 1}, {**STAR, "group_id": 1}, STAR]
    await batch(api, "any", task)
    found = await shapes(api, task)
    assert [one["group"] for one in found if one["frame"] == 0] == [1, 1, 0]
    assert len({one["group"] for one in found}) == 5


async def test_boxes_that_belong_together_become_tracks(
    api: Api, task: dict[str, Any], nuclio: Nuclio
) -> None:
    ids = await label_ids(api, task)
    job = (await api.get("/jobs", params={"task_id": task["id"], "sort": "id"}))["results"][0]
    box = {"type": "rectangle", "label_id": ids["spot"], "points": [1, 1, 5, 5]}
    boxes = [
        {**box, "frame": 0},
        {**box, "frame": 0, "label_id": ids["star"]},
        {**box, "frame": 1, "points": [2, 1, 6, 5]},
        {**box, "frame": 1, "label_id": ids["spot"]},
    ]
    await api.put(f"/jobs/{job['id']}/annotations", {"shapes": boxes})
    nuclio.answers["same"] = [0, 1]
    await batch(api, "same", task, job=job["id"], max_distance=7)
    assert (nuclio.asked[0]["max_distance"], nuclio.asked[0]["threshold"]) == (7, 0.5)
    found = await api.get(f"/jobs/{job['id']}/annotations")
    assert [(one["frame"], one["label_id"]) for one in found["shapes"]] == [
        (0, ids["star"]),
        (1, ids["spot"]),
    ]
    [track] = found["tracks"]
    assert track["source"] == "auto"
    assert [(one["frame"], one["points"]) for one in track["shapes"]] == [
        (0, [1, 1, 5, 5]),
        (1, [2, 1, 6, 5]),
    ]


async def test_tracks_are_not_written_over_what_somebody_did_in_the_meantime(
    api: Api, task: dict[str, Any], nuclio: Nuclio
) -> None:
    ids = await label_ids(api, task)
    job = (await api.get("/jobs", params={"task_id": task["id"], "sort": "id"}))["results"][0]
    box = {"type": "rectangle", "label_id": ids["spot"], "points": [1, 1, 5, 5]}
    await api.put(
        f"/jobs/{job['id']}/annotations", {"shapes": [{**box, "frame": 0}, {**box, "frame": 1}]}
    )
    body = {"function": "same", "task": task["id"]}
    nuclio.answers["same"] = [0]
    nuclio.open.clear()
    made = await api.post("/lambda/requests", body, expect=200)
    await nuclio.reached.wait()
    await api.put(f"/jobs/{job['id']}/annotations", {"shapes": [{**box, "frame": 0}]})
    nuclio.open.set()
    failed = await api.finished(quote(made["id"], safe=""), status="failed")
    assert "changed in the meantime" in failed["message"]
    assert len(await shapes(api, task)) == 1


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("crash", "frame 2: The function's process died with status 5."),
        ("raise", "frame 0: The function raised RuntimeError: no idea"),
        ("nonsense", "frame 0: The function's answer is wrong, item 0: points: 3 numbers"),
    ],
)
async def test_a_function_that_breaks_fails_the_request_and_changes_nothing(
    api: Api, task: dict[str, Any], tmp_path: Path, how: str, words: str
) -> None:
    await batch(api, "spots", task)
    before = await shapes(api, task)
    (tmp_path / "how").write_text(how)
    failed = await batch(api, "odd", task, status="failed", cleanup=True)
    assert words in failed["exc_info"]
    assert failed["function"]["id"] == "odd"
    assert await shapes(api, task) == before
    # Its process is started anew.
    (tmp_path / "how").write_text("well")
    await batch(api, "odd", task, cleanup=True)
    assert len(await shapes(api, task)) == 4


async def test_a_batch_that_is_under_way_can_be_stopped(
    api: Api, task: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "how").write_text("hang")
    body = {"function": "odd", "task": task["id"]}
    made = await api.post("/lambda/requests", body, expect=200)
    await api.post("/lambda/requests", body, expect=409)
    where = f"/lambda/requests/{quote(made['id'], safe='')}"
    while not (tmp_path / "at work").exists():
        await asyncio.sleep(0.02)
    assert (await api.get(where))["status"] == "started"
    await api.delete(where)
    await api.get(where, expect=404)
    assert await shapes(api, task) == []
    (tmp_path / "how").write_text("well")
    await batch(api, "odd", task)
    assert len(await shapes(api, task)) == 4


async def test_a_batch_that_waits_can_be_stopped(
    api: Api, task: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "how").write_text("hang")
    jobs = (await api.get("/jobs", params={"task_id": task["id"], "sort": "id"}))["results"]
    made = []
    for more in ({}, {"job": jobs[0]["id"]}, {"job": jobs[1]["id"]}):
        body = {"function": "odd", "task": task["id"], **more}
        made.append(await api.post("/lambda/requests", body, expect=200))
    assert made[2]["status"] == "queued"
    for one in reversed(made):
        await api.delete(f"/lambda/requests/{quote(one['id'], safe='')}")
    assert await api.get("/lambda/requests") == []


async def test_a_batch_of_a_function_that_is_too_slow_fails(
    api: Api, task: dict[str, Any], nuclio: Nuclio
) -> None:
    nuclio.answers["any"] = lambda body: "hang" if len(nuclio.asked) == 3 else [STAR]
    failed = await batch(api, "any", task, status="failed")
    assert "frame 2: The function took longer than 0.5 seconds." in failed["exc_info"]
    assert await shapes(api, task) == []


async def test_only_detectors_and_reid_functions_run_over_whole_tasks(
    api: Api, task: dict[str, Any]
) -> None:
    for function in ("follow", "point"):
        body = {"function": function, "task": task["id"]}
        await api.post("/lambda/requests", body, expect=400)
    await api.post("/lambda/requests", {"function": "none", "task": task["id"]}, expect=404)
    await api.post("/lambda/requests", {"function": "spots"}, expect=400)
    wrong = {"function": "stars", "task": task["id"], "mapping": {"moon": {"name": "star"}}}
    answer = await api.post("/lambda/requests", wrong, expect=400)
    assert answer == ["The function 'stars' has no label 'moon'"] or "moon" in str(answer)


async def test_a_batch_over_a_video_sees_every_frame(
    api: Api, tmp_path: Path, nuclio: Nuclio
) -> None:
    write_video(tmp_path / "share" / "clip.mp4", 6)
    made = await api.post("/tasks", {"name": "clip", "labels": LABELS})
    data = {"server_files": ["clip.mp4"], "image_quality": 70}
    answer = await api.post(f"/tasks/{made['id']}/data", data, expect=202)
    await api.finished(answer["rq_id"])
    nuclio.answers["any"] = [STAR]
    await batch(api, "any", made)
    assert sorted(one["frame"] for one in await shapes(api, made)) == list(range(6))
    images = {one["image"] for one in nuclio.asked}
    assert len(images) == 6


async def test_a_region_is_looked_at_on_all_frames(
    api: Api, task: dict[str, Any], nuclio: Nuclio
) -> None:
    nuclio.answers["any"] = [STAR, {"label": "spot", "type": "mask", "mask": [1, 1, 0, 0, 1, 0]}]
    await batch(api, "any", task, roi=[10, 20, 30, 25])
    image = Image.open(io.BytesIO(base64.b64decode(nuclio.asked[0]["image"])))
    assert image.size == (20, 5)
    found = [one for one in await shapes(api, task) if one["frame"] == 0]
    assert [one["points"] for one in found] == [[11, 22, 13, 24], [0, 2, 10, 20, 11, 20]]


async def test_functions_do_not_look_at_sounds(api: Api, tmp_path: Path, server: Server) -> None:
    write_wav(tmp_path / "share" / "a.wav", 1)
    made = await api.post("/tasks", {"name": "song", "labels": LABELS})
    data = {"server_files": ["a.wav"], "image_quality": 70}
    answer = await api.post(f"/tasks/{made['id']}/data", data, expect=202)
    await api.finished(answer["rq_id"])
    body = {"function": "spots", "task": made["id"]}
    assert "look at images" in str(await api.post("/lambda/requests", body, expect=400))
    body = {"task": made["id"], "frame": 0}
    await api.post("/lambda/functions/spots", body, expect=400)


async def test_a_batch_of_a_task_that_goes_away_fails(
    api: Api, task: dict[str, Any], nuclio: Nuclio
) -> None:
    nuclio.answers["any"] = [STAR]
    nuclio.open.clear()
    body = {"function": "any", "task": task["id"]}
    made = await api.post("/lambda/requests", body, expect=200)
    await nuclio.reached.wait()
    await api.delete(f"/tasks/{task['id']}")
    nuclio.open.set()
    where = f"/lambda/requests/{quote(made['id'], safe='')}"
    while (await api.call("GET", where, documented=False, expect=200)).status == 200:
        found = await api.get(where)
        if found["status"] == "failed":
            break
        await asyncio.sleep(0.02)
    assert found["exc_info"]


# Who may


async def test_only_who_may_see_a_task_calls_functions_on_it(
    api: Api, url: str, server: Any, task: dict[str, Any]
) -> None:
    done = await batch(api, "spots", task)
    await add_user(server, "stranger")
    await add_user(server, "nobody", "dummy")
    async with acting_as(url, "stranger") as stranger:
        where = {"task": task["id"], "frame": 0}
        await stranger.post("/lambda/functions/spots", where, expect=403)
        body = {"function": "spots", "task": task["id"]}
        await stranger.post("/lambda/requests", body, expect=403)
        await stranger.get(f"/lambda/requests/{quote(done['id'], safe='')}", expect=403)
        await stranger.delete(f"/lambda/requests/{quote(done['id'], safe='')}", expect=403)
        assert await stranger.get("/lambda/requests") == []
        assert len(await stranger.get("/lambda/functions")) == 9


async def test_without_functions_clients_are_told_that_there_are_none(config: Config) -> None:
    async with served(replace(config, functions=None, function=())) as api:
        await api.get("/lambda/functions", expect=503)
        await api.get("/lambda/functions/x", expect=404)


async def test_functions_are_listed_in_yaml_too_and_a_name_is_label_enough(
    config: Config, tmp_path: Path, nuclio: Nuclio
) -> None:
    settings = tmp_path / "functions.yaml"
    settings.write_text(
        "functions:\n"
        "  - id: cars\n"
        "    name: Cars and people\n"
        "    kind: detector\n"
        f"    url: {nuclio.url}/cars\n"
        "    timeout: 120\n"
        "    labels:\n"
        "      - car\n"
        "      - name: person\n"
        "        type: mask\n"
    )
    async with served(replace(config, functions=settings, function=())) as api:
        [found] = await api.get("/lambda/functions")
    assert found["name"] == "Cars and people"
    assert [(one["name"], one["type"]) for one in found["labels_v2"]] == [
        ("car", "any"),
        ("person", "mask"),
    ]
