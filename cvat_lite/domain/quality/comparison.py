"""A job held against its ground truth: the data of the job's report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from cvat_lite.domain.quality.conflicts import Conflict, Place, conflicts, written
from cvat_lite.domain.quality.items import item_of, items_by_frame
from cvat_lite.domain.quality.matching import Found, Frame, match_shapes, match_tags
from cvat_lite.domain.quality.matrix import Counts, components, matrix, share
from cvat_lite.domain.quality.parameters import Annotated, Parameters, Requirement, Scene
from cvat_lite.domain.quality.reports import Report, data_of_parameters, summarized
from cvat_lite.domain.quality.scores import Names, label_names, tally

#: What is taken for the size of a frame that is not told.
UNKNOWN_SIZE = (1, 1)


def compare(
    job: Annotated,
    truth: Annotated,
    scene: Scene,
    parameters: Parameters,
    requirements: Sequence[Requirement] = (),
) -> Report:
    """The data of a job's report, keys as CVAT stores them; requirements that are enabled as well.

    ValueError if the filter of a requirement is no rule.
    """
    given = items_by_frame(job, scene.frames)
    due = items_by_frame(truth, set(scene.frames.values()))
    names = label_names(scene.labels)
    attributes = {key: name for one in scene.labels for key, name in one.attributes.items()}
    tallies = [tally(one, scene.labels) for one in requirements if one.enabled]
    results: dict[str, Any] = {}
    for frame, truth_frame in sorted(scene.frames.items()):
        ours = [item_of(one) for one in given.pop(frame, ())]
        theirs = [item_of(one) for one in due.get(truth_frame, ())]
        size = scene.sizes.get(frame, UNKNOWN_SIZE)
        compared = Frame(theirs, ours, size, parameters)
        found = match_shapes(compared), match_tags(compared)
        place = Place(frame, job.job_id, truth.job_id, attributes)
        results[str(frame)] = _frame_result(compared, place, names, found)
        for one in tallies:
            if one.is_about_all(parameters):
                one.take(compared, *found)
            else:
                one.add(frame, theirs, ours, size)
    return {
        "parameters": data_of_parameters(parameters),
        "comparison_summary": summarized(
            results, sorted(scene.frames), scene.total_frames, names.names
        ),
        "frame_results": results,
        "conflicts": [one for result in results.values() for one in result["conflicts"]],
        "requirements": [one.result() for one in tallies],
        "requirement_count": len(requirements),
    }


def _frame_result(
    frame: Frame, place: Place, names: Names, matched: tuple[Found, Found]
) -> dict[str, Any]:
    """What a report has of a frame."""
    shapes, tags = matched
    counts = names.empty()
    names.count(counts, shapes)
    names.count(counts, tags)
    found = [written(one, place, frame.parameters) for one in conflicts(frame, shapes, tags)]
    empty = not frame.truth and not frame.job and frame.parameters.empty_is_annotated
    return {
        **conflict_counts(found),
        "conflicts": found,
        "annotations": frame_figures(names.names, counts, empty=empty),
        "annotation_components": _components(shapes, tags, empty=empty),
    }


def conflict_counts(found: Sequence[Conflict]) -> dict[str, Any]:
    """How many conflicts there are, by their kinds and severities."""
    errors = sum(one["severity"] == "error" for one in found)
    return {
        "conflict_count": len(found),
        "warning_count": len(found) - errors,
        "error_count": errors,
        "conflicts_by_type": dict(Counter(str(one["type"]) for one in found)),
    }


def frame_figures(labels: Sequence[str], counts: Counts, *, empty: bool = False) -> dict[str, Any]:
    """The figures of all annotations of a frame.

    ``empty`` makes a frame that both sides left empty one annotation that agrees.
    """
    found = components(counts)
    if empty:
        for name in ("valid_count", "total_count", "ds_count", "gt_count"):
            found[name] += 1
    return {
        **found,
        "confusion_matrix": matrix(labels, counts),
        "precision": share(found["valid_count"], found["ds_count"]),
        "recall": share(found["valid_count"], found["gt_count"]),
        "accuracy": share(found["valid_count"], found["total_count"]),
    }


def _components(shapes: Found, tags: Found, *, empty: bool) -> dict[str, Any]:
    """How the shapes agree whatever their labels, and how the labels of pairs do."""
    extra = int(empty)
    pairs, missing, alone = len(shapes.pairs) + extra, len(shapes.missing), len(shapes.extra)
    total = pairs + missing + alone
    right = len(shapes.matches) + len(tags.matches) + extra
    wrong = len(shapes.mismatches)
    alike = [pair.alike for pair in shapes.pairs]
    alike += [value for _, value in (*shapes.missing, *shapes.extra)]
    return {
        "shape": {
            "valid_count": pairs,
            "missing_count": missing,
            "extra_count": alone,
            "total_count": total,
            "ds_count": pairs + alone,
            "gt_count": pairs + missing,
            "mean_iou": share(sum(alike), len(alike)),
            "accuracy": share(pairs, total),
        },
        "label": {
            "valid_count": right,
            "invalid_count": wrong,
            "total_count": right + wrong,
            "accuracy": share(right, right + wrong),
        },
    }
