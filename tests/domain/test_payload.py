"""What bodies of annotations are read, what they are refused for, and how they are echoed."""

from __future__ import annotations

import gc
import json
from typing import Any

import pytest

from cvat_lite.domain.annotations import AttributeValue, LabeledData, Shape
from cvat_lite.domain.label_rules import LabelRules
from cvat_lite.domain.payload import BATCH, decode, encode
from cvat_lite.errors import ParseError, RuleError, ValidationError
from tests.store.annotation_world import RULES

BOX = {"type": "rectangle", "label_id": 94, "frame": 1, "points": [1.5, 2, 30, 40.25]}
TRACK = {
    "label_id": 94,
    "frame": 0,
    "shapes": [{"type": "rectangle", "frame": 0, "points": [0, 0, 10, 10]}],
}
ELEMENT = {"type": "points", "label_id": 97, "frame": 1, "points": [5, 6]}
SKELETON = {"type": "skeleton", "label_id": 96, "frame": 1, "points": [], "elements": [ELEMENT]}


def body(**lists: Any) -> bytes:
    return json.dumps({"version": 0, **lists}).encode()


def refusal(text: bytes) -> Any:
    with pytest.raises(ValidationError) as caught:
        decode(text)
    return caught.value.body


def box(**changes: Any) -> dict[str, Any]:
    return {**BOX, **changes}


def without(item: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != name}


def test_absent_fields_have_cvats_defaults() -> None:
    shape = decode(body(shapes=[BOX])).shapes[0]
    assert (shape.source, shape.group, shape.z_order, shape.rotation) == ("manual", 0, 0, 0.0)
    assert (shape.score, shape.occluded, shape.outside) == (1.0, False, False)
    assert (shape.id, shape.attributes, shape.elements) == (None, [], [])


def test_absent_lists_are_empty() -> None:
    assert decode(b"{}") == LabeledData()


def test_unknown_fields_are_dropped() -> None:
    assert decode(body(shapes=[box(clientID=7)], extra=[1])) == decode(body(shapes=[BOX]))


def test_no_group_is_the_group_0_everywhere() -> None:
    data = decode(
        body(
            shapes=[{**SKELETON, "group": None, "elements": [{**ELEMENT, "group": None}]}],
            tracks=[{**TRACK, "group": None}],
            tags=[{"label_id": 95, "frame": 0, "group": None}],
        )
    )
    assert data.shapes[0].group == 0
    assert data.shapes[0].elements[0].group == 0
    assert data.tracks[0].group == 0
    assert data.tags[0].group == 0


def test_what_the_rest_framework_coerces_is_coerced() -> None:
    shape = decode(
        body(
            shapes=[
                box(
                    label_id="94",
                    frame=1.0,
                    occluded="true",
                    outside=0,
                    rotation="12.5",
                    group=None,
                    attributes=[{"spec_id": "23", "value": 7}, {"spec_id": 22, "value": True}],
                )
            ]
        )
    ).shapes[0]
    assert (shape.label_id, shape.frame, shape.occluded, shape.outside) == (94, 1, True, False)
    assert (shape.rotation, shape.group) == (12.5, 0)
    assert shape.attributes == [AttributeValue(23, "7"), AttributeValue(22, "true")]


@pytest.mark.parametrize(
    ("item", "error"),
    [
        (box(type="blob"), {"type": ['"blob" is not a valid choice.']}),
        (box(points=[1, 2, 3]), {"points": ["invalid length for shape type 'rectangle'"]}),
        (
            box(points="x"),
            {
                "points": {
                    "0": "[ErrorDetail(string='Value must be a float or an integer',"
                    " code='invalid')]"
                }
            },
        ),
        (box(frame=-1), {"frame": ["Ensure this value is greater than or equal to 0."]}),
        (box(rotation=400), {"rotation": ["Ensure this value is less than or equal to 360."]}),
        (without(BOX, "frame"), {"frame": ["This field is required."]}),
        (box(source=""), {"source": ["This field may not be blank."]}),
        (
            box(type="polygon", points=[1, 1, 2]),
            {"points": ["invalid length for shape type 'polygon'"]},
        ),
        (box(type="mask", points=[1, 2]), {"points": ["invalid length for shape type 'mask'"]}),
        (box(label_id=None), {"label_id": ["This field may not be null."]}),
        (box(group=-1), {"group": ["Ensure this value is greater than or equal to 0."]}),
        (box(elements=[BOX]), {"elements": ["not allowed for non-skeleton shape"]}),
        (box(frame=2**31), {"frame": ["Ensure this value is less than or equal to 2147483647."]}),
        (box(id=10**20), {"id": [f"Ensure this value is less than or equal to {2**63 - 1}."]}),
        (box(frame=1.5), {"frame": ["A valid integer is required."]}),
        (box(frame=True), {"frame": ["A valid integer is required."]}),
        (box(occluded="maybe"), {"occluded": ["Must be a valid boolean."]}),
        (box(score=1.5), {"score": ["Ensure this value is less than or equal to 1."]}),
        (box(rotation="nan"), {"rotation": ["A valid number is required."]}),
        (
            box(attributes=[{"spec_id": 1}]),
            {"attributes": [{"value": ["This field is required."]}]},
        ),
        (
            box(attributes=[{"spec_id": 1, "value": "x" * 4097}]),
            {"attributes": [{"value": ["Ensure this field has no more than 4096 characters."]}]},
        ),
        (
            {**SKELETON, "elements": [ELEMENT, {**ELEMENT, "points": [1]}]},
            {"elements": [{}, {"points": ["invalid length for shape type 'points'"]}]},
        ),
        ("box", {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}),
        (None, ["This field may not be null."]),
    ],
)
def test_a_wrong_shape_is_refused_in_cvats_words(item: Any, error: Any) -> None:
    assert refusal(body(shapes=[item])) == {"shapes": [error]}


def test_a_wrong_keyframe_is_named_within_its_track() -> None:
    keyframe = {"type": "rectangle", "frame": 0, "points": [0, 0, 10]}
    assert refusal(body(tracks=[{**TRACK, "shapes": [keyframe]}])) == {
        "tracks": [{"shapes": [{"points": ["invalid length for shape type 'rectangle'"]}]}]
    }


def test_good_items_beside_a_wrong_one_have_empty_errors() -> None:
    wrong = refusal(body(shapes=[BOX, box(frame=-1), BOX], tags=[{"label_id": 1, "frame": 0}]))
    message = "Ensure this value is greater than or equal to 0."
    assert wrong == {"shapes": [{}, {"frame": [message]}, {}]}


def test_errors_of_all_batches_are_told_at_their_places() -> None:
    items = [BOX] * (2 * BATCH + 1)
    items[3] = without(BOX, "frame")
    items[2 * BATCH] = without(BOX, "type")
    errors = refusal(body(shapes=items))["shapes"]
    assert len(errors) == len(items)
    assert {place: error for place, error in enumerate(errors) if error} == {
        3: {"frame": ["This field is required."]},
        2 * BATCH: {"type": ["This field is required."]},
    }


def test_all_wrong_lists_are_told_at_once() -> None:
    assert refusal(body(shapes={}, tags=None, tracks=[{}], version="x")) == {
        "version": ["A valid integer is required."],
        "tags": ["This field may not be null."],
        "shapes": {"non_field_errors": ['Expected a list of items but got type "dict".']},
        "tracks": [{name: ["This field is required."] for name in ("label_id", "frame", "shapes")}],
    }


def test_a_body_that_is_no_object_is_refused() -> None:
    message = "Invalid data. Expected a dictionary, but got list."
    assert refusal(b"[]") == {"non_field_errors": [message]}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"shapes": [1,]}',
        b'{"shapes": [NaN]}',
        b"\xff",
        b"[" * 100_000,
        b'{"shapes": [{"points": [Infinity]}]}',
        b'{"tags": [{"source": "\xff"}]}',
        b'{"tags": [{"source": "\\ud800"}]}',
    ],
)
def test_a_body_that_is_no_json_is_a_parse_error(text: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        decode(text)
    assert caught.value.body["detail"].startswith("JSON parse error - ")


def test_the_words_for_bad_json_are_the_standard_librarys() -> None:
    with pytest.raises(ParseError) as caught:
        decode(b"{bad")
    expected = "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    assert caught.value.body == {"detail": f"JSON parse error - {expected}"}


def test_a_number_too_large_for_a_float_is_refused() -> None:
    text = body(shapes=[BOX]).replace(b"40.25", b"1e999")
    assert list(refusal(text)["shapes"][0]) == ["points"]


def test_the_collector_is_on_again_after_good_and_bad_bodies() -> None:
    decode(body(shapes=[BOX]))
    refusal(body(shapes=[{}]))
    assert gc.isenabled()


def test_the_echo_is_the_payload_with_its_ids() -> None:
    sent = decode(body(shapes=[BOX] * (BATCH + 1), tracks=[TRACK]))
    for number, shape in enumerate(sent.shapes, 5):
        shape.id = number
    echo = json.loads(encode(sent))
    assert list(echo) == ["version", "tags", "shapes", "tracks", "intervals"]
    assert [shape["id"] for shape in echo["shapes"]] == list(range(5, BATCH + 6))
    assert echo["shapes"][0] == {
        "id": 5,
        **BOX,
        "group": 0,
        "source": "manual",
        "score": 1,
        "occluded": False,
        "outside": False,
        "z_order": 0,
        "rotation": 0,
        "attributes": [],
        "elements": [],
    }


def test_the_echo_of_a_deletion_has_no_elements_where_none_were_sent() -> None:
    echo = json.loads(encode(decode(body(shapes=[BOX, SKELETON], tracks=[TRACK])), deleted=True))
    assert "elements" not in echo["shapes"][0]
    assert len(echo["shapes"][1]["elements"]) == 1
    assert "elements" not in echo["tracks"][0]


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ({"shapes": [box(label_id=999999)]}, "label_id `999999` is invalid"),
        ({"tags": [{"label_id": 97, "frame": 0}]}, "label_id `97` is invalid"),
        (
            {"shapes": [box(attributes=[{"spec_id": 999999, "value": "1"}])]},
            "spec_id `999999` is invalid",
        ),
        (
            {"shapes": [box(label_id=95, attributes=[{"spec_id": 21, "value": "1"}])]},
            "spec_id `21` is invalid",
        ),
        (
            {"shapes": [{**SKELETON, "elements": [{**ELEMENT, "label_id": 94}]}]},
            "label_id `94` is invalid",
        ),
        ({"shapes": [{**SKELETON, "label_id": 95}]}, "label_id `95` is invalid"),
        (
            {"tracks": [{**TRACK, "attributes": [{"spec_id": 22, "value": "true"}]}]},
            "spec_id `22` is invalid",
        ),
    ],
)
def test_labels_and_attributes_of_others_are_refused(lists: Any, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        RULES.check(decode(body(**lists)))
    assert caught.value.body == [message]


def test_labels_sublabels_and_attributes_of_ones_own_are_accepted() -> None:
    RULES.check(
        decode(
            body(
                shapes=[box(attributes=[{"spec_id": 21, "value": "tesla"}]), SKELETON],
                tracks=[{**TRACK, "attributes": [{"spec_id": 21, "value": "bmw"}]}],
                tags=[{"label_id": 95, "frame": 3}],
            )
        )
    )


def test_attributes_are_filled_up_in_the_order_of_their_ids() -> None:
    given = [AttributeValue(23, " 5 "), AttributeValue(21, "bmw")]
    assert json.loads(RULES.by_id[94].every.filled(given)) == [
        {"spec_id": 21, "value": "bmw"},
        {"spec_id": 22, "value": "false"},
        {"spec_id": 23, "value": "5"},
        {"spec_id": 24, "value": ""},
    ]
    assert LabelRules([]).by_id == {}


def test_a_shape_made_in_the_program_is_echoed_too() -> None:
    data = LabeledData(shapes=[Shape(label_id=1, type="rectangle", frame=0, points=[1, 2, 3, 4])])
    assert json.loads(encode(data))["shapes"][0]["points"] == [1, 2, 3, 4]
