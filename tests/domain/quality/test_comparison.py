"""What a report says of a job: hand-made scenes whose answers are known."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

from cvat_lite.domain.annotations import Track, TrackedShape
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.masks import mask_of_bitmap
from cvat_lite.domain.quality.parameters import AttributeRule, Parameters
from tests.domain.quality.scenes import (
    CAR,
    JOB,
    PERSON,
    TRUTH,
    alike,
    body,
    box,
    figures,
    kinds,
    report,
    shape,
    tag,
    value,
)


def test_boxes_that_share_half_of_what_they_cover_are_a_pair_with_low_overlap() -> None:
    found = report([box(0, 0, 10, 10)], [box(0, 0, 10, 20)])
    assert alike(found) == 0.5
    assert figures(found) == (1, 0, 0, 1)
    assert kinds(found) == {"low_overlap": 1}


def test_boxes_below_the_threshold_are_missing_and_too_much() -> None:
    found = report([box(0, 0, 10, 10)], [box(0, 0, 10, 30)])
    assert figures(found) == (0, 1, 1, 2)
    assert found["conflicts"] == [
        {
            "frame_id": 0,
            "type": kind,
            "annotation_ids": [
                {"obj_id": 1, "job_id": whose, "type": "shape", "shape_type": "rectangle"}
            ],
            "severity": "error",
        }
        for kind, whose in (("missing_annotation", TRUTH), ("extra_annotation", JOB))
    ]


def test_a_box_with_another_label_is_a_pair_with_the_wrong_label() -> None:
    found = report([box(0, 0, 10, 10)], [box(0, 0, 10, 10, label_id=PERSON)])
    assert kinds(found) == {"mismatching_label": 1}
    rows = found["comparison_summary"]["annotations"]["confusion_matrix"]["rows"]
    assert rows == [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert found["comparison_summary"]["annotation_components"]["label"]["invalid_count"] == 1


def test_pairs_are_chosen_for_the_greatest_likeness_in_all() -> None:
    # The first box is nearest to the second of the truth, but the other needs that one more.
    job = [box(0, 0, 10, 10), box(0, 0, 10, 15)]
    truth = [box(0, 0, 10, 8), box(0, 0, 10, 11)]
    found = report(job, truth)
    assert figures(found) == (2, 0, 0, 2)
    assert alike(found) == pytest.approx((8 / 10 + 11 / 15) / 2)


def test_a_turned_box_is_compared_by_what_it_covers() -> None:
    found = report([box(40, 20, 60, 80, rotation=90)], [box(20, 40, 80, 60)])
    assert alike(found) > 0.95
    assert figures(report([box(40, 20, 60, 80, rotation=90)], [box(40, 20, 60, 80)]))[0] == 0


def test_a_polygon_a_mask_and_an_ellipse_are_areas_of_the_same_kind() -> None:
    polygon = shape("polygon", [20, 20, 60, 20, 60, 60, 20, 60])
    image = np.zeros((100, 100), dtype=np.bool_)
    image[20:60, 20:60] = True
    assert alike(report([polygon], [shape("mask", mask_of_bitmap(image))])) == 1
    image[20:60, 40:60] = False
    assert alike(report([polygon], [shape("mask", mask_of_bitmap(image))])) == 0.5
    circle = shape("ellipse", [40, 40, 60, 20])
    assert alike(report([polygon], [circle])) == pytest.approx(np.pi / 4, abs=0.03)


def test_polygons_of_one_group_and_label_are_one_thing() -> None:
    halves = [
        shape("polygon", [20, 20, 40, 20, 40, 60, 20, 60], group=1),
        shape("polygon", [40, 20, 60, 20, 60, 60, 40, 60], group=1),
    ]
    whole = shape("polygon", [20, 20, 60, 20, 60, 60, 20, 60])
    found = report([whole], halves)
    assert alike(found) == 1
    assert figures(found) == (2, 0, 0, 2)


def test_panoptic_comparison_compares_what_can_be_seen() -> None:
    below = shape("polygon", [0, 0, 40, 0, 40, 40, 0, 40])
    above = shape("polygon", [20, 0, 60, 0, 60, 40, 20, 40], z_order=1, label_id=PERSON)
    seen = shape("polygon", [0, 0, 20, 0, 20, 40, 0, 40])
    found = report([below, above], [seen, above], Parameters(check_covered_annotations=False))
    assert alike(found) == 1
    whole = Parameters(check_covered_annotations=False, panoptic_comparison=False)
    assert alike(report([below, above], [seen, above], whole)) == 0.75


def test_points_are_compared_by_cocos_similarity_of_keypoints() -> None:
    found = report([shape("points", [10, 10])], [shape("points", [13, 14])])
    assert alike(found) == pytest.approx(exp(-25 / (2 * 100 * 100 * 0.18**2)))


def test_points_of_a_group_are_measured_against_the_box_around_it() -> None:
    def grouped(x: float) -> list[object]:
        return [shape("points", [x, 10], group=1), box(0, 0, 20, 20, group=1)]

    found = report(grouped(10), grouped(12))
    expected = exp(-4 / (2 * 400 * 0.18**2))
    assert alike(found) == pytest.approx((1 + expected) / 2)
    by_image = Parameters(point_size_base="image_size")
    expected = exp(-4 / (2 * 100 * 100 * 0.18**2))
    assert alike(report(grouped(10), grouped(12), by_image)) == pytest.approx((1 + expected) / 2)


def test_the_order_of_points_does_not_matter_and_one_too_many_does() -> None:
    one, other = [10, 10, 40, 40, 70, 10], [70, 10, 10, 10, 40, 40]
    assert alike(report([shape("points", one)], [shape("points", other)])) == 1
    more = [*one, 40, 20]
    found = report([shape("points", one)], [shape("points", more)])
    assert alike(found) == pytest.approx(3 / 4)


def test_skeletons_are_compared_element_by_element() -> None:
    assert alike(report([body([10, 10], [50, 50])], [body([10, 10], [50, 50])])) == 1
    found = report([body([10, 10], [50, 50])], [body([14, 10], [50, 50])])
    # The box's edges are the means of both: 12, 10, 50, 50.
    expected = (1 + exp(-16 / (2 * 38 * 40 * 0.18**2))) / 2
    assert alike(found) == pytest.approx(expected)
    assert alike(report([body([10, 10], [50, 50])], [body([10, 10], [])])) == 0.5
    assert figures(report([body([10, 10], [50, 50])], [body([], [])])) == (0, 1, 1, 2)


def test_lines_may_run_backwards_but_that_is_told() -> None:
    line, back = [10, 10, 50, 10, 90, 50], [90, 50, 50, 10, 10, 10]
    found = report([shape("polyline", line)], [shape("polyline", back)])
    assert alike(found) == pytest.approx(1)
    assert kinds(found) == {"mismatching_direction": 1}
    silent = Parameters(compare_line_orientation=False)
    assert kinds(report([shape("polyline", line)], [shape("polyline", back)], silent)) == {}


def test_lines_are_as_near_as_their_thickness_allows() -> None:
    one, other = [10, 10, 90, 10], [10, 12, 90, 12]
    near = alike(report([shape("polyline", one)], [shape("polyline", other)]))
    assert near == pytest.approx(exp(-4 / (2 * 100 * 100 * 0.02**2)))
    thick = Parameters(line_thickness=0.1)
    assert alike(report([shape("polyline", one)], [shape("polyline", other)], thick)) > near
    assert figures(report([shape("polyline", [1, 1])], [shape("polyline", one)]))[0] == 0


def test_tags_are_compared_by_label() -> None:
    found = report([tag(CAR), tag(CAR)], [tag(CAR), tag(PERSON)])
    assert figures(found) == (1, 1, 1, 3)
    assert found["comparison_summary"]["annotation_components"]["shape"]["total_count"] == 0
    ignored = Parameters(included_annotation_types=("bbox",))
    assert figures(report([tag(CAR)], [tag(CAR)], ignored)) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("ours", "parameters", "told"),
    [
        ("red", Parameters(), {}),
        ("read", Parameters(), {"mismatching_attributes": 1}),
        ("read", Parameters(compare_attributes=False), {}),
        ("read", Parameters(ignored_attributes=(10,)), {}),
        ("read", Parameters(attribute_rules={10: AttributeRule(enabled=False)}), {}),
        ("read", Parameters(attribute_rules={10: AttributeRule(True, "levenshtein", 0.7)}), {}),
        (
            "rusty",
            Parameters(attribute_default=AttributeRule(True, "levenshtein", 0.7)),
            {"mismatching_attributes": 1},
        ),
        (None, Parameters(), {"mismatching_attributes": 1}),
    ],
)
def test_attributes_agree_as_the_rules_say(
    ours: str | None, parameters: Parameters, told: dict[str, int]
) -> None:
    given = [] if ours is None else [value(10, ours)]
    truth = box(0, 0, 9, 9, attributes=[value(10, "red")])
    assert kinds(report([box(0, 0, 9, 9, attributes=given)], [truth], parameters)) == told


def test_groups_that_have_too_little_in_common_are_told() -> None:
    places = [(0, 0), (30, 0), (60, 0), (0, 30)]

    def boxes(*groups: int) -> list[object]:
        pairs = zip(places, groups, strict=True)
        return [box(x, y, x + 20, y + 20, group=group) for (x, y), group in pairs]

    assert kinds(report(boxes(1, 1, 1, 2), boxes(5, 5, 5, 6))) == {}
    assert kinds(report(boxes(1, 1, 2, 2), boxes(5, 5, 5, 0))) == {"mismatching_groups": 1}
    assert (
        kinds(report(boxes(1, 1, 2, 2), boxes(5, 6, 7, 8), Parameters(compare_groups=False))) == {}
    )


def test_what_others_cover_is_told() -> None:
    hidden, over = box(10, 10, 20, 20), box(0, 0, 50, 50, z_order=1, label_id=PERSON)
    found = report([hidden, over], [hidden, over])
    assert kinds(found) == {"covered_annotation": 1}
    assert found["conflicts"][0]["annotation_ids"][0]["obj_id"] == 1
    assert found["conflicts"][0]["severity"] == "warning"
    off = Parameters(check_covered_annotations=False)
    assert kinds(report([hidden, over], [hidden, over], off)) == {}


def test_a_frame_that_both_left_empty_counts_where_the_settings_say_so() -> None:
    assert figures(report([], [])) == (0, 0, 0, 0)
    found = report([], [], Parameters(empty_is_annotated=True))
    assert figures(found) == (1, 0, 0, 1)
    assert found["comparison_summary"]["annotations"]["accuracy"] == 1


def test_tracks_are_compared_where_they_are_on_a_frame() -> None:
    def key(frame: int, left: float, **given: bool) -> TrackedShape:
        points = [left, 0.0, left + 10, 10.0]
        return TrackedShape(type=ShapeType.RECTANGLE, frame=frame, points=points, **given)

    track = Track(label_id=CAR, frame=0, shapes=[key(0, 0), key(4, 40), key(6, 40, outside=True)])
    truth = [box(20, 0, 30, 10, frame=2)]
    found = report([track], truth, frames={2: 2, 7: 7})
    assert figures(found) == (1, 0, 0, 1)
    assert found["frame_results"]["2"]["annotation_components"]["shape"]["mean_iou"] == 1
    extra = report([track], [], frames={2: 2})["conflicts"][0]["annotation_ids"][0]
    assert (extra["type"], extra["obj_id"]) == ("track", 1)


def test_a_honeypot_is_held_against_the_frame_that_it_shows() -> None:
    found = report([box(0, 0, 9, 9, frame=3)], [box(0, 0, 9, 9, frame=8)], frames={3: 8})
    assert figures(found) == (1, 0, 0, 1)
    assert found["comparison_summary"]["frames"] == [3]
    assert found["comparison_summary"]["frame_share"] == 0.1


def test_shapes_beyond_the_image_and_broken_masks_cover_nothing() -> None:
    beyond = shape("polygon", [200, 200, 250, 200, 250, 250])
    broken = shape("mask", [5, 0, 0, 9, 9])
    nowhere = shape("polygon", [])
    found = report([beyond, broken, nowhere, box(200, 200, 250, 250, rotation=10)], [broken])
    assert figures(found) == (0, 1, 4, 5)


def test_cuboids_are_not_compared() -> None:
    assert figures(report([shape("cuboid", range(16))], [])) == (0, 0, 0, 0)
