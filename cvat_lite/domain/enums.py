"""The enumerations of the API, with the values of the wire."""

from __future__ import annotations

from enum import StrEnum


class ShapeType(StrEnum):
    """The geometry of a shape."""

    RECTANGLE = "rectangle"
    POLYGON = "polygon"
    POLYLINE = "polyline"
    POINTS = "points"
    ELLIPSE = "ellipse"
    CUBOID = "cuboid"
    MASK = "mask"
    SKELETON = "skeleton"


class LabelType(StrEnum):
    """What a label may be put on; ``any`` stands for all but skeletons."""

    ANY = "any"
    CUBOID = "cuboid"
    ELLIPSE = "ellipse"
    INTERVAL = "interval"
    MASK = "mask"
    POINTS = "points"
    POLYGON = "polygon"
    POLYLINE = "polyline"
    RECTANGLE = "rectangle"
    SKELETON = "skeleton"
    TAG = "tag"


class InputType(StrEnum):
    """How an attribute is entered."""

    CHECKBOX = "checkbox"
    RADIO = "radio"
    NUMBER = "number"
    TEXT = "text"
    SELECT = "select"


class Dimension(StrEnum):
    """The dimension of a task: sound, pictures, point clouds."""

    D1 = "1d"
    D2 = "2d"
    D3 = "3d"


class TaskMode(StrEnum):
    """What a task was made of."""

    ANNOTATION = "annotation"
    INTERPOLATION = "interpolation"


class MediaType(StrEnum):
    """The kind of media of a task."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    POINT_CLOUD = "point_cloud"


class JobStage(StrEnum):
    """Where a job stands on its way."""

    ANNOTATION = "annotation"
    VALIDATION = "validation"
    ACCEPTANCE = "acceptance"


class JobState(StrEnum):
    """What has been done in a job's stage."""

    NEW = "new"
    IN_PROGRESS = "in progress"
    COMPLETED = "completed"
    REJECTED = "rejected"


class ReviewStatus(StrEnum):
    """A reviewer's verdict on a job."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVIEW_FURTHER = "review_further"


class JobType(StrEnum):
    """What a job is for."""

    ANNOTATION = "annotation"
    GROUND_TRUTH = "ground_truth"
    CONSENSUS_REPLICA = "consensus_replica"


class ValidationMode(StrEnum):
    """Frames for checking the work stand in a job beside the others, or are a pool of honeypots."""

    GT = "gt"
    GT_POOL = "gt_pool"


class FrameSelectionMethod(StrEnum):
    """How frames for checking the work are chosen."""

    RANDOM_UNIFORM = "random_uniform"
    RANDOM_PER_JOB = "random_per_job"
    MANUAL = "manual"


class StatusChoice(StrEnum):
    """The old status, still answered: what stage and state together come to."""

    ANNOTATION = "annotation"
    VALIDATION = "validation"
    COMPLETED = "completed"


class SegmentType(StrEnum):
    """How a segment names its frames."""

    RANGE = "range"
    SPECIFIC_FRAMES = "specific_frames"


class Storage(StrEnum):
    """Where the files of a data lie."""

    LOCAL = "local"
    SHARE = "share"
    CLOUD_STORAGE = "cloud_storage"


class StorageMethod(StrEnum):
    """CVAT's choice between chunks made at creation and on demand; here all are on demand."""

    CACHE = "cache"
    FILE_SYSTEM = "file_system"


class SortingMethod(StrEnum):
    """The order in which images become frames."""

    LEXICOGRAPHICAL = "lexicographical"
    NATURAL = "natural"
    PREDEFINED = "predefined"
    RANDOM = "random"


class ChunkType(StrEnum):
    """What a chunk is: a zip of images or point clouds, a video, or a sound."""

    IMAGESET = "imageset"
    VIDEO = "video"
    AUDIO_MP3 = "audio_mp3"


class Quality(StrEnum):
    """Which frames are asked for: recoded at the task's quality, or as they came."""

    COMPRESSED = "compressed"
    ORIGINAL = "original"


class RequestStatus(StrEnum):
    """The life of a background request."""

    QUEUED = "queued"
    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"


class WebhookType(StrEnum):
    """Whose events a webhook is told of."""

    ORGANIZATION = "organization"
    PROJECT = "project"
    SERVER = "server"
