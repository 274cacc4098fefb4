"""What a comparison is told: the rules of matching, requirements, and what is compared.

The names are those of CVAT's quality settings and of its requirements. Thresholds and shares are
0 to 1. Everything here can be sent to a worker process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.enums import ShapeType

#: The kinds of annotations that a report compares, in the order and by the names of reports.
ANNOTATION_TYPES = (
    "bbox",
    "points",
    "mask",
    "polygon",
    "polyline",
    "skeleton",
    "label",
    "ellipse",
)
#: What a report calls the missing partner of an annotation in the confusion matrix.
UNMATCHED = "unmatched"


class PointSizeBase(StrEnum):
    """What the size of a point is a share of."""

    IMAGE_SIZE = "image_size"
    GROUP_BBOX_SIZE = "group_bbox_size"


class Metric(StrEnum):
    """What a requirement is judged by: over all, as the mean of labels, or by the worst label."""

    ACCURACY = "accuracy"
    PRECISION = "precision"
    RECALL = "recall"
    JACCARD_INDEX = "jaccard_index"
    DICE = "dice"
    MEAN_ACCURACY = "mean_accuracy"
    MEAN_PRECISION = "mean_precision"
    MEAN_RECALL = "mean_recall"
    MEAN_JACCARD_INDEX = "mean_jaccard_index"
    MEAN_DICE = "mean_dice"
    LABEL_ACCURACY = "label_accuracy"
    LABEL_PRECISION = "label_precision"
    LABEL_RECALL = "label_recall"
    LABEL_JACCARD_INDEX = "label_jaccard_index"
    LABEL_DICE = "label_dice"


class Figure(StrEnum):
    """The figures that a metric can be about."""

    ACCURACY = "accuracy"
    PRECISION = "precision"
    RECALL = "recall"
    JACCARD_INDEX = "jaccard_index"
    DICE = "dice"


class Aggregation(StrEnum):
    """How the figures of labels become one: all annotations alike, their mean, or the worst."""

    MICRO = "micro"
    MEAN = "mean"
    LABEL = "label"


class CalculationStatus(StrEnum):
    """Whether a requirement has a score."""

    COMPUTED = "computed"
    NOT_COMPUTED = "not_computed"


class Target(StrEnum):
    """What a report can be about."""

    JOB = "job"
    TASK = "task"
    PROJECT = "project"


class Comparator(StrEnum):
    """How two values of an attribute are compared."""

    EXACT = "exact"
    LEVENSHTEIN = "levenshtein"


class RequirementKind(StrEnum):
    """The kinds of annotations that a requirement can be about."""

    TAG = "tag"
    RECTANGLE = "rectangle"
    SKELETON = "skeleton"
    SKELETON_KEYPOINT = "skeleton_keypoint"
    POINTS = "points"
    POLYLINE = "polyline"
    MASK = "mask"
    POLYGON = "polygon"
    ELLIPSE = "ellipse"


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """How the values of one attribute are compared.

    ``comparator`` is a name that ``cvat_lite.domain.quality.attributes.COMPARATORS`` has;
    ``threshold`` is read by those that measure.
    """

    enabled: bool = True
    comparator: str = "exact"
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Parameters:
    """The rules of one comparison, with CVAT's defaults.

    ``attribute_default`` is for attributes that no rule names. ``ignored_attributes`` and the keys
    of ``attribute_rules`` are ids of attribute specs.
    """

    included_annotation_types: tuple[str, ...] = ANNOTATION_TYPES
    compare_attributes: bool = True
    ignored_attributes: tuple[int, ...] = ()
    iou_threshold: float = 0.4
    low_overlap_threshold: float = 0.8
    oks_sigma: float = 0.09
    point_size_base: str = PointSizeBase.GROUP_BBOX_SIZE
    line_thickness: float = 0.01
    compare_line_orientation: bool = True
    line_orientation_threshold: float = 0.1
    compare_groups: bool = True
    group_match_threshold: float = 0.5
    check_covered_annotations: bool = True
    object_visibility_threshold: float = 0.05
    panoptic_comparison: bool = True
    empty_is_annotated: bool = False
    inherited: bool = False
    job_filter: str = ""
    attribute_rules: Mapping[int, AttributeRule] = field(default_factory=dict)
    attribute_default: AttributeRule = field(default_factory=AttributeRule)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What annotations of a kind have to reach.

    ``annotation_type`` is None for every kind, else the name of a shape type, ``tag``, or
    ``skeleton_keypoint`` (the elements of skeletons, each by itself). ``filter`` is a rule in
    JSON logic over the facts of an annotation (``selection.facts``), empty for all of them.
    """

    id: int | None
    name: str
    metric: Metric = Metric.ACCURACY
    required_score: float = 0.7
    parameters: Parameters = field(default_factory=Parameters)
    annotation_type: str | None = None
    filter: str = ""
    is_base: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Label:
    """A label of the task; a sublabel names its parent. ``attributes`` are names by spec id."""

    id: int
    name: str
    parent_id: int | None = None
    attributes: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Annotated:
    """A job's annotations; ``last_frame`` is where its tracks end."""

    job_id: int
    data: LabeledData
    last_frame: int


@dataclass(frozen=True, slots=True)
class Scene:
    """What both sides share.

    ``frames`` leads from each frame of the job to be compared to the frame of the ground truth
    that it is held against (the same but for honeypots); ``sizes`` are width and height of the
    job's frames, in pixels; ``total_frames`` is how many frames the job has.
    """

    frames: Mapping[int, int]
    total_frames: int
    labels: tuple[Label, ...]
    sizes: Mapping[int, tuple[int, int]]


#: What the name of a kind in reports is among shape types.
SHAPE_TYPES: Mapping[ShapeType, str] = {
    ShapeType.RECTANGLE: "bbox",
    ShapeType.POINTS: "points",
    ShapeType.MASK: "mask",
    ShapeType.POLYGON: "polygon",
    ShapeType.POLYLINE: "polyline",
    ShapeType.SKELETON: "skeleton",
    ShapeType.ELLIPSE: "ellipse",
}
