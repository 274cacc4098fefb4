"""Functions of cvat-sdk's protocol, as their process loads, describes and calls them."""

from __future__ import annotations

import io
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from PIL import Image

from cvat_lite.background.function_process import LENGTH
from cvat_lite.domain.findings import read_findings
from cvat_lite.domain.functions import read_function
from cvat_lite.errors import FunctionError
from cvat_lite.services.lambdas import sdk_functions, sdk_tracking, worker
from cvat_lite.services.lambdas.sdk_functions import load
from tests.images import encoded, png

pytest.importorskip("cvat_sdk")

LARGEST = 1_000_000
HEAD = "import cvat_sdk.auto_annotation as cvataa\n"
DETECTOR = (
    HEAD
    + """
import numpy as np
from cvat_sdk.masks import encode_mask

spec = cvataa.DetectionFunctionSpec(labels=[
    cvataa.label_spec("cat", 7, type="rectangle", attributes=[
        cvataa.select_attribute_spec("colour", 3, ["black", "white"]),
    ]),
    cvataa.label_spec("dog", 8),
    cvataa.skeleton_label_spec("body", 9, [
        cvataa.keypoint_spec("head", 1, attributes=[cvataa.checkbox_attribute_spec("seen", 5)]),
        cvataa.keypoint_spec("foot", 2),
    ]),
])

def detect(context, image):
    how = context.frame_name
    if how == "all":
        cat = cvataa.rectangle(7, [1, 2, 3, 4], rotation=30, occluded=True, group=2)
        cat.attributes = [attribute(3, "white")]
        mask = np.zeros((48, 64), dtype=bool)
        mask[2:4, 1:3] = True
        body = cvataa.skeleton(9, [
            cvataa.keypoint(1, [5, 6], attributes=[attribute(5, "true")]),
            cvataa.keypoint(2, [7, 8], outside=True),
        ])
        return [
            cat,
            cvataa.polygon(8, [0, 0, 9, 0, 9, 9]),
            cvataa.mask(8, encode_mask(mask, [1, 2, 3, 4])),
            cvataa.tag(8),
            body,
        ]
    if how == "label":
        return [cvataa.tag(99)]
    if how == "part":
        return [cvataa.skeleton(9, [cvataa.keypoint(3, [5, 6])])]
    if how == "attribute":
        cat = cvataa.rectangle(7, [1, 2, 3, 4])
        cat.attributes = [attribute(4, "white")]
        return [cat]
    if how == "none":
        return None
    if how == "raise":
        raise ValueError("no idea")
    if how == "exit":
        raise SystemExit(3)
    return []

def attribute(number, value):
    from cvat_sdk.api_client.models import AttributeValRequest
    return AttributeValRequest(number, value)
"""
)
INTERACTOR = (
    HEAD
    + """
from cvat_sdk.auto_annotation.interface import InteractionResultShape

spec = cvataa.InteractionFunctionSpec(min_pos_points=1, min_neg_points=2, min_bounding_boxes=0)

def preprocess_image(context, image):
    return "prepared"

def detect(context, pp_image, prompts):
    assert pp_image == "prepared"
    (x, y), *more = prompts.pos_points
    if prompts.bounding_box is not None:
        (left, top), (right, bottom) = prompts.bounding_box
        return [InteractionResultShape(
            type="polygon", points=[left, top, right, top, right, bottom, left, bottom])]
    if more:
        return odd()
    # One pixel that was pointed at, and one beyond the image.
    return [
        InteractionResultShape(type="mask", points=[0, 1, x, y, x, y]),
        InteractionResultShape(type="mask", points=[0, 1, 99, 99, 99, 99]),
    ]

def odd():
    class Shape:
        type = "ellipse"
        points = [1, 2, 3, 4]
    return [Shape()]
"""
)
TRACKER = (
    HEAD
    + """
spec = cvataa.TrackingFunctionSpec(supported_shape_types=["rectangle", "polygon"])

def preprocess_image(context, image):
    return image.getpixel((0, 0))

def init_tracking_state(context, pp_image, shape):
    assert context.original_shape_type == shape.type
    return shape

def track(context, pp_image, state):
    if pp_image == (0, 0, 0):
        return None
    return cvataa.TrackableShape(type=state.type, points=[value + 1 for value in state.points])
"""
)


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    """What a function's module changes in the interpreter goes with the test."""
    before, path = set(sys.modules), list(sys.path)
    yield
    for name in set(sys.modules) - before:
        if not name.startswith(("cvat_sdk", "cvat_lite", "tests")):
            del sys.modules[name]
    sys.path[:] = path


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[str], Any]:
    """Load a function from its text."""

    def load_text(text: str) -> Any:
        path = tmp_path / "somebodys_function.py"
        path.write_text(text)
        return load(str(path))

    return load_text


def call(adapter: Any, *, image: bytes = b"", **request: Any) -> Any:
    """What the server is answered to a call."""
    message = {"method": "call", **request}
    return worker.reply(adapter, message, [image or png()], LARGEST)


def color(red: int, green: int, blue: int) -> bytes:
    """A picture of one colour."""
    return encoded(Image.new("RGB", (8, 8), (red, green, blue)))


# Loading


def test_a_function_is_a_file_or_a_module_or_what_its_create_makes(
    tmp_path: Path, loaded: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert loaded(DETECTOR).describe()["kind"] == "detector"
    assert loaded(INTERACTOR).describe()["kind"] == "interactor"
    assert loaded(TRACKER).describe()["kind"] == "tracker"
    (tmp_path / "made_anew.py").write_text(
        HEAD
        + "class Function:\n"
        + "    spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec('made', 1)])\n"
        + "def create():\n    return Function()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    described = load("made_anew").describe()
    assert [label["name"] for label in described["labels"]] == ["made"]


def test_a_file_may_import_what_lies_beside_it(
    tmp_path: Path, loaded: Callable[[str], Any]
) -> None:
    (tmp_path / "names_of_things.py").write_text("NAME = 'thing'\n")
    text = "from names_of_things import NAME\n" + HEAD
    text += "spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec(NAME, 1)])\n"
    assert loaded(text).describe()["labels"][0]["name"] == "thing"


@pytest.mark.parametrize("text", ["", "spec = 5\n", "spec = None\n"])
def test_a_module_without_a_spec_is_no_function(text: str, loaded: Callable[[str], Any]) -> None:
    with pytest.raises(FunctionError, match="has no 'spec' of cvat-sdk's"):
        loaded(text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FunctionError, match=r"gone\.py' is not there"):
        load(str(tmp_path / "gone.py"))


def test_without_the_sdk_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cvat_sdk", None)
    with pytest.raises(FunctionError, match="pip install"):
        load("anything")


def test_why_a_module_cannot_be_loaded_is_told_in_a_line() -> None:
    told = worker.loading_error("f.py", ZeroDivisionError("division by zero"))
    assert told == "The function 'f.py' cannot be loaded: ZeroDivisionError: division by zero"
    missing = ModuleNotFoundError("No module named 'torch'", name="torch")
    assert "No module named 'torch'" in worker.loading_error("f.py", missing)
    sdk = ModuleNotFoundError("No module named 'cvat_sdk.x'", name="cvat_sdk.x")
    assert "pip install" in worker.loading_error("f.py", sdk)
    assert worker.loading_error("f.py", FunctionError("clear")) == "clear"


# Detectors


def test_a_detector_tells_its_labels_in_the_form_of_settings(loaded: Callable[[str], Any]) -> None:
    told = worker.reply(loaded(DETECTOR), {"method": "describe"}, [], LARGEST)["result"]
    function = read_function({"id": "f", "name": "f", **told})
    assert [label.name for label in function.labels] == ["cat", "dog", "body"]
    cat, _, body = told["labels"]
    assert cat["attributes"] == [
        {"name": "colour", "input_type": "select", "values": ["black", "white"]}
    ]
    assert (body["type"], [one["name"] for one in body["sublabels"]]) == (
        "skeleton",
        ["head", "foot"],
    )


def test_what_a_detector_finds_is_answered_by_names(loaded: Callable[[str], Any]) -> None:
    answer = call(loaded(DETECTOR), frame_name="all")["result"]
    cat, polygon, mask, tag, body = read_findings(orjson.loads(orjson.dumps(answer)))
    assert (cat.label, cat.type, cat.points) == ("cat", "rectangle", (1.0, 2.0, 3.0, 4.0))
    assert (cat.rotation, cat.occluded, cat.group) == (30.0, True, 2)
    assert cat.attributes == (("colour", "white"),)
    assert (polygon.label, polygon.type) == ("dog", "polygon")
    assert mask.type == "mask"
    assert (tag.label, tag.type, tag.points) == ("dog", "tag", ())
    head, foot = body.elements
    assert (head.label, head.points, head.attributes) == ("head", (5.0, 6.0), (("seen", "true"),))
    assert (foot.label, foot.outside) == ("foot", True)


def test_a_detector_is_told_of_the_frame_and_gets_it_in_colours(
    tmp_path: Path, loaded: Callable[[str], Any]
) -> None:
    adapter = loaded(
        HEAD
        + "spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec('cat', 1)])\n"
        + "def detect(context, image):\n"
        + "    raise RuntimeError(str((context.frame_name, context.conf_threshold,\n"
        + "        context.conv_mask_to_poly, image.mode, image.size)))\n"
    )
    gray = encoded(Image.new("LA", (3, 2), (9, 9)))
    told = call(adapter, image=gray, frame_name="a.png", threshold=0.5, conv_mask_to_poly=1)
    assert "('a.png', 0.5, True, 'RGB', (3, 2))" in told["error"]
    assert "('', None, False, 'RGB', (3, 2))" in call(adapter, image=gray)["error"]


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("label", "a label with the id 99"),
        ("part", "a label with the id 3"),
        ("attribute", "an attribute with the id 4"),
        ("none", "The function raised TypeError"),
        ("raise", "The function raised ValueError: no idea"),
    ],
)
def test_what_goes_wrong_in_a_detector_is_an_answer(
    how: str, why: str, loaded: Callable[[str], Any]
) -> None:
    adapter = loaded(DETECTOR)
    assert why in call(adapter, frame_name=how)["error"]
    assert call(adapter)["result"] == []


@pytest.mark.parametrize(
    ("image", "why"),
    [(b"text", "cannot identify image"), (png(1100, 1000), "a.png")],
    ids=["text", "large"],
)
def test_an_image_that_cannot_be_shown_to_a_function_is_no_fault_of_it(
    image: bytes, why: str, loaded: Callable[[str], Any]
) -> None:
    told = call(loaded(DETECTOR), image=image, frame_name="a.png")
    assert why in told["error"]
    assert "The function" not in told["error"]


def test_the_confidence_of_what_was_found_is_passed_on() -> None:
    class Found:
        score = "0.25"

    assert sdk_functions.score_of(Found()) == 0.25
    assert sdk_functions.score_of(object()) is None


# Interactors


def test_an_interactor_answers_the_pixels_of_a_thing(loaded: Callable[[str], Any]) -> None:
    adapter = loaded(INTERACTOR)
    mask = call(adapter, pos_points=[[3, 2]])["result"]["mask"]
    assert (len(mask), len(mask[0])) == (48, 64)
    assert [(x, y) for y, row in enumerate(mask) for x, one in enumerate(row) if one] == [(3, 2)]
    box = call(adapter, pos_points=[[3, 2]], obj_bbox=[[10, 20], [14, 23]])["result"]["mask"]
    assert sum(map(sum, box)) == 12
    assert box[21][12] == 1


def test_an_interactor_says_what_it_needs(loaded: Callable[[str], Any]) -> None:
    told = loaded(INTERACTOR).describe()
    assert told == {
        "kind": "interactor",
        "min_pos_points": 1,
        "min_neg_points": 2,
        "boxes": 0,
    }
    without = loaded(HEAD + "spec = cvataa.InteractionFunctionSpec(min_pos_points=0)\n").describe()
    assert (without["min_neg_points"], without["boxes"]) == (-1, None)


def test_an_interactor_finds_masks_and_polygons_only(loaded: Callable[[str], Any]) -> None:
    told = call(loaded(INTERACTOR), pos_points=[[3, 2], [4, 2]])
    assert told == {"error": "It found a ellipse: only masks and polygons count."}


# Trackers


def test_a_tracker_follows_what_it_was_shown_as_the_caller_writes_it(
    loaded: Callable[[str], Any],
) -> None:
    adapter = loaded(TRACKER)
    shapes = [[1, 2, 3, 4], {"type": "polygon", "points": [0, 0, 9, 0, 9, 9]}]
    first = call(adapter, shapes=shapes)["result"]
    assert first["shapes"] == shapes
    second = call(adapter, states=first["states"], image=color(9, 9, 9))["result"]
    assert second["states"] == first["states"]
    assert second["shapes"] == [
        [2.0, 3.0, 4.0, 5.0],
        {"type": "polygon", "points": [1.0, 1.0, 10.0, 1.0, 10.0, 10.0]},
    ]
    third = call(adapter, states=first["states"], image=color(0, 0, 0))["result"]
    assert third["shapes"] == [None, None]


def test_new_shapes_may_stand_beside_followed_ones(loaded: Callable[[str], Any]) -> None:
    adapter = loaded(TRACKER)
    (state,) = call(adapter, shapes=[[1, 2, 3, 4]])["result"]["states"]
    both = call(adapter, states=[state, None], shapes=[None, [5, 6, 7, 8]], image=color(9, 9, 9))[
        "result"
    ]
    assert both["shapes"] == [[2.0, 3.0, 4.0, 5.0], [5, 6, 7, 8]]
    assert both["states"][0] == state
    assert both["states"][1] not in (None, state)


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"states": ["made up"]}, "no longer known"),
        ({"shapes": [{"type": "ellipse", "points": [1, 2, 3, 4]}]}, "type 'ellipse'"),
        ({"shapes": [{"type": "polygon"}]}, "has no points"),
        ({"shapes": ["nonsense"]}, "is no shape"),
        ({"shapes": [[1, 2, "x", 4]]}, "has no points"),
        ({"shapes": [{"type": "polygon", "points": 5}]}, "has no points"),
    ],
)
def test_what_cannot_be_followed_is_told(
    request_: dict[str, Any], why: str, loaded: Callable[[str], Any]
) -> None:
    assert why in call(loaded(TRACKER), **request_)["error"]


def test_of_too_many_states_the_one_not_used_for_longest_is_forgotten(
    loaded: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk_tracking, "MOST_STATES", 2)
    adapter = loaded(TRACKER)
    first, second = call(adapter, shapes=[[1, 2, 3, 4]] * 2)["result"]["states"]
    call(adapter, states=[first], image=color(9, 9, 9))
    call(adapter, shapes=[[1, 2, 3, 4]])
    assert "result" in call(adapter, states=[first], image=color(9, 9, 9))
    assert "no longer known" in call(adapter, states=[second], image=color(9, 9, 9))["error"]


# The pipe


def framed(*parts: bytes) -> bytes:
    """Parts of a message as they go through a pipe."""
    return b"".join(len(part).to_bytes(LENGTH) + part for part in parts)


def answers(content: bytes) -> list[Any]:
    """The answers that were written into a pipe."""
    stream, found = io.BytesIO(content), []
    while stream.tell() < len(content):
        found.append(orjson.loads(worker.part(stream)))
    return found


def test_what_cannot_be_sent_is_answered_as_an_error() -> None:
    out = io.BytesIO()
    worker.answer(out, {"result": object()})
    worker.answer(out, {"error": "a lone \ud800 surrogate"})
    worker.answer(out, {"result": [1.5]})
    first, second, third = answers(out.getvalue())
    assert "cannot be sent" in first["error"]
    assert "cannot be sent" in second["error"]
    assert third == {"result": [1.5]}


@pytest.mark.parametrize("content", [b"", b"\0\0", framed(b"whole")[:-1]])
def test_a_message_that_is_cut_off_is_the_end(content: bytes) -> None:
    with pytest.raises(EOFError):
        worker.part(io.BytesIO(content))


def test_messages_are_taken_until_the_server_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(os, "_exit", leave)
    came: queue.Queue[worker.Message] = queue.Queue()
    request = orjson.dumps({"method": "call", "images": 2})
    with pytest.raises(SystemExit) as ended:
        worker.follow(io.BytesIO(framed(request, b"one", b"two", b"not JSON")), came)
    assert ended.value.code == 0
    message, images = came.get_nowait()
    assert (message["method"], images) == ("call", [b"one", b"two"])
    assert came.empty()


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Be the process of a function in this one: its pipes are ours, and its end is an exception."""
    read, write = os.pipe()
    out = tmp_path / "out"
    kept = os.dup(1)
    ignored: list[int] = []

    def leave(code: int) -> None:
        raise SystemExit(code)

    def run(text: str, *requests: dict[str, Any]) -> tuple[int, list[Any]]:
        path = tmp_path / "somebodys_function.py"
        path.write_text(text)
        for request in requests:
            os.write(write, framed(orjson.dumps({"images": 1, **request}), png(4, 4)))
        place = os.open(out, os.O_CREAT | os.O_WRONLY)
        os.dup2(place, 1)
        os.close(place)
        try:
            with pytest.raises(SystemExit) as ended:
                worker.run(str(path), LARGEST)
        finally:
            os.dup2(kept, 1)
        assert {signal.SIGINT, signal.SIGTERM} <= set(ignored)
        return ended.value.code, answers(out.read_bytes())

    stdin = os.fdopen(read, "rb")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stdin))
    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(signal, "signal", lambda number, _: ignored.append(number))
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    yield run
    os.dup2(kept, 1)
    os.close(kept)
    os.close(write)
    for thread in threading.enumerate():
        if "follow" in thread.name:
            thread.join(10)


def test_a_process_says_when_it_is_ready_and_answers_until_its_function_ends_it(
    process: Callable[..., Any],
) -> None:
    code, told = process(
        DETECTOR,
        {"method": "call", "frame_name": ""},
        {"method": "call", "frame_name": "raise"},
        {"method": "call", "frame_name": "exit"},
    )
    assert code == 3
    assert told == [
        {"result": True},
        {"result": []},
        {"error": "The function raised ValueError: no idea"},
    ]


def test_a_process_whose_function_cannot_be_loaded_says_why_and_ends(
    process: Callable[..., Any],
) -> None:
    code, (told,) = process("import nothing_of_that_name")
    assert code == 1
    assert "No module named 'nothing_of_that_name'" in told["error"]


def test_a_module_that_ends_its_process_ends_it(process: Callable[..., Any]) -> None:
    assert process("raise SystemExit(4)") == (4, [])
    assert process("raise SystemExit('enough')") == (1, [])
    assert process("raise KeyboardInterrupt") == (1, [])
