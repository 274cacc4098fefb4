"""What annotators agree on."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cvat_lite.domain.annotations import (
    AttributeValue,
    Element,
    Interval,
    LabeledData,
    Shape,
    Tag,
    Track,
    TrackedShape,
)
from cvat_lite.domain.consensus import merge
from cvat_lite.domain.enums import ShapeType

CAT, DOG = 1, 2
FIGURES = {
    ShapeType.RECTANGLE: [10.0, 10.0, 40.0, 40.0],
    ShapeType.POLYGON: [10.0, 10.0, 40.0, 12.0, 30.0, 45.0],
    ShapeType.POLYLINE: [10.0, 10.0, 40.0, 12.0, 30.0, 45.0],
    ShapeType.POINTS: [10.0, 10.0, 40.0, 12.0],
    ShapeType.ELLIPSE: [30.0, 30.0, 45.0, 20.0],
    ShapeType.MASK: [0.0, 4.0, 1.0, 4.0, 5.0, 6.0, 7.0, 8.0],
    ShapeType.CUBOID: [float(value) for value in range(10, 26)],
}


def box(x: float = 10.0, label: int = CAT, **more) -> Shape:
    points = [x, 10.0, x + 30.0, 40.0]
    return Shape(label_id=label, type=ShapeType.RECTANGLE, frame=0, points=points, **more)


def agreed(*replicas: list[Shape], threshold: float = 0.4) -> list[Shape]:
    return merge([LabeledData(shapes=shapes) for shapes in replicas], 9, threshold).shapes


def test_two_who_mark_the_same_thing_agree() -> None:
    (shape,) = agreed([box(10)], [box(12)])
    assert shape.points == box(10).points
    assert (shape.score, shape.source) == (1.0, "consensus")


def test_the_shape_most_like_the_others_is_taken() -> None:
    (shape,) = agreed([box(4)], [box(10)], [box(14)])
    assert shape.points == box(10).points


def test_what_less_than_half_have_seen_is_left_out() -> None:
    assert agreed([box(10), box(200)], [box(10)], [box(11)]) == agreed(
        [box(10)], [box(10)], [box(11)]
    )


def test_half_are_enough_and_the_score_says_so() -> None:
    (shape,) = agreed([box(10)], [])
    assert shape.score == 0.5


def test_the_label_is_put_to_the_vote() -> None:
    (shape,) = agreed([box(10, DOG)], [box(10, CAT)], [box(10, DOG)])
    assert shape.label_id == DOG
    assert round(shape.score, 3) == 0.667


def test_of_three_who_all_differ_nobody_is_right() -> None:
    assert agreed([box(10, 1)], [box(10, 2)], [box(10, 3)]) == []


def test_shapes_that_lie_apart_are_two_things() -> None:
    assert [shape.score for shape in agreed([box(10)], [box(100)])] == [0.5, 0.5]


def test_one_annotator_counts_once_for_a_thing() -> None:
    found = agreed([box(10), box(11)], [box(10)])
    assert [shape.score for shape in found] == [1.0, 0.5]


def test_the_threshold_says_how_much_has_to_overlap() -> None:
    assert len(agreed([box(10)], [box(25)], threshold=0.3)) == 1
    assert len(agreed([box(10)], [box(25)], threshold=0.5)) == 2


def test_attributes_are_put_to_the_vote_one_by_one() -> None:
    given = [[("1", "a"), ("2", "x")], [("1", "b"), ("2", "y")], [("1", "b"), ("2", "x")]]
    replicas = [
        [box(attributes=[AttributeValue(int(spec), value) for spec, value in values])]
        for values in given
    ]
    (shape,) = agreed(*replicas)
    assert {one.spec_id: one.value for one in shape.attributes} == {1: "b", 2: "x"}


def test_hidden_is_what_most_call_hidden() -> None:
    (shape,) = agreed([box(occluded=True)], [box(occluded=True)], [box()])
    assert shape.occluded is True


def test_groups_of_two_annotators_are_not_mixed_up() -> None:
    found = agreed([box(10, group=1), box(60, group=1)], [box(200, group=1)])
    assert [shape.group for shape in found] == [1, 1, 2]


def test_every_type_of_shape_is_merged() -> None:
    for kind, points in FIGURES.items():
        shape = Shape(label_id=CAT, type=kind, frame=3, points=list(points))
        (found,) = agreed([shape], [shape])
        assert (found.type, found.points, found.score) == (kind, points, 1.0)


def test_a_turned_box_is_not_an_upright_one() -> None:
    long = Shape(label_id=CAT, type=ShapeType.RECTANGLE, frame=0, points=[0.0, 40.0, 100.0, 50.0])
    turned = Shape(
        label_id=CAT,
        type=ShapeType.RECTANGLE,
        frame=0,
        points=[0.0, 40.0, 100.0, 50.0],
        rotation=90.0,
    )
    assert len(agreed([long], [turned])) == 2
    assert len(agreed([turned], [turned])) == 1


def test_skeletons_are_merged_with_their_elements() -> None:
    def body(shift: float) -> Shape:
        elements = [
            Element(label_id=11, type=ShapeType.POINTS, frame=0, points=[10 + shift, 10.0]),
            Element(label_id=12, type=ShapeType.POINTS, frame=0, points=[90 + shift, 90.0]),
        ]
        return Shape(label_id=10, type=ShapeType.SKELETON, frame=0, elements=elements)

    (found,) = agreed([body(0)], [body(1)])
    assert [element.points for element in found.elements] == [[10.0, 10.0], [90.0, 90.0]]
    assert {element.source for element in found.elements} == {"consensus"}


def test_tracks_count_by_their_shapes_on_each_frame() -> None:
    keys = [
        TrackedShape(type=ShapeType.RECTANGLE, frame=0, points=[10.0, 10.0, 40.0, 40.0]),
        TrackedShape(type=ShapeType.RECTANGLE, frame=2, points=[30.0, 10.0, 60.0, 40.0]),
    ]
    data = LabeledData(tracks=[Track(label_id=CAT, frame=0, shapes=keys)])
    found = merge([data, data], 2, 0.4)
    assert found.tracks == []
    assert [(shape.frame, shape.points[0]) for shape in found.shapes] == [
        (0, 10.0),
        (1, 20.0),
        (2, 30.0),
    ]


def test_tags_need_half_of_the_annotators() -> None:
    replicas = [
        LabeledData(tags=[Tag(label_id=CAT, frame=1), Tag(label_id=DOG, frame=1)]),
        LabeledData(tags=[Tag(label_id=CAT, frame=1)]),
        LabeledData(),
    ]
    assert [(tag.label_id, tag.source) for tag in merge(replicas, 9, 0.4).tags] == [
        (CAT, "consensus")
    ]


def test_spans_of_a_sound_are_merged() -> None:
    replicas = [
        LabeledData(intervals=[Interval(label_id=CAT, start=0, stop=1000)]),
        LabeledData(intervals=[Interval(label_id=CAT, start=100, stop=1000)]),
        LabeledData(intervals=[Interval(label_id=CAT, start=5000, stop=6000)]),
    ]
    found = merge(replicas, 9999, 0.4).intervals
    assert [(one.start, one.stop, round(one.score, 3)) for one in found] == [(0, 1000, 0.667)]


coordinates = st.integers(0, 50).map(float)
some_shapes = st.lists(
    st.builds(box, coordinates, st.sampled_from([CAT, DOG])),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(some_shapes)
def test_everybody_agrees_with_themselves(shapes: list[Shape]) -> None:
    found = agreed(shapes, shapes, threshold=1.0)
    assert len(found) == len(shapes)
    assert all(shape.score == 1.0 for shape in found)


@settings(max_examples=60, deadline=None)
@given(st.lists(some_shapes, min_size=1, max_size=4), st.floats(0, 1))
def test_scores_are_shares_and_nothing_is_made_up(replicas: list[list[Shape]], iou: float) -> None:
    found = agreed(*replicas, threshold=iou)
    known = {tuple(shape.points) for shapes in replicas for shape in shapes}
    assert all(tuple(shape.points) in known for shape in found)
    assert all(0.5 <= shape.score <= 1 for shape in found)
    assert len(found) <= sum(len(shapes) for shapes in replicas)
