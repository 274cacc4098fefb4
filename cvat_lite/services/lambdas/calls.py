"""Functions listed, and called on one frame for somebody who waits for the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson

from cvat_lite.domain.finding_labels import LabelTarget, Targets, kept, shown, targets_of
from cvat_lite.domain.findings import Finding, read_findings
from cvat_lite.domain.functions import Function, FunctionKind
from cvat_lite.errors import FunctionError, RuleError, UnavailableError, ValidationError
from cvat_lite.media.source import MediaSource
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services import data as data_service
from cvat_lite.services import targets
from cvat_lite.services.context import Context
from cvat_lite.services.lambdas import states
from cvat_lite.services.lambdas.pictures import Region, pictures
from cvat_lite.store import data as data_store
from cvat_lite.store import labels as label_store

REQUIRED = "This field is required."


async def functions(context: Context) -> list[dict[str, Any]]:
    """All functions; UnavailableError where none are connected.

    Clients take that, as from a CVAT without Nuclio, for a server without models.
    """
    engine.authorize(context.subject, "list", Resource.here(context.subject, "lambda"))
    if not len(context.server.functions):
        raise UnavailableError("No functions are connected to this server.")
    return [function.view() for function in await context.server.functions.described()]


async def function(context: Context, function_id: str) -> dict[str, Any]:
    """One function."""
    engine.authorize(context.subject, "view", Resource.here(context.subject, "lambda"))
    found, _ = await context.server.functions.find(function_id)
    return found.view()


async def call(context: Context, function_id: str, body: dict[str, Any]) -> bytes:
    """What a function answers on a frame of a task or job, as JSON text."""
    engine.authorize(context.subject, "call:online", Resource.here(context.subject, "lambda"))
    found, connection = await context.server.functions.find(function_id)
    kind = "jobs" if "job" in body else "tasks"
    if "job" not in body and "task" not in body:
        raise RuleError("Either task or job must be specified")
    number = body["job"] if kind == "jobs" else body["task"]
    frames = wanted_frames(found, body)
    async with context.database.snapshot() as db:
        media = await data_service.of_target(db, context, kind, number, "view:data")
        check_pictures(media.data.kind)
        unknown = [frame for frame in frames if frame not in media.held]
        if unknown:
            raise RuleError(f"frame `{unknown[0]}` is invalid")
        source = await data_service.source_of(db, context.server, media.data, frames)
        names = await data_store.names(db, media.data.id, frames[:1])
        target = await targets.find(db, context, kind, number)
        task_id = number if kind == "tasks" else target.task_id or 0
        labels = await label_store.of_task(db, task_id)
    mapping = targets_of(found, labels, body.get("mapping"))
    about = f"{function_id}\n{context.user.id}\n{task_id}"
    request = request_of(context, found, body, about)
    request["frame_name"] = names.get(frames[0], "")
    # Only what a detector finds is moved back to where it is on the whole frame.
    region = region_of(body) if found.kind is FunctionKind.DETECTOR else None
    images = await data_service.guarded(source, read_all, source, frames, region)
    answer = await connection.call(request, images)
    return await asyncio.to_thread(answered, context, found, body, answer, (mapping, about))


def check_pictures(kind: str) -> None:
    """RuleError for media that functions cannot look at."""
    if kind in ("audio", "point_cloud"):
        raise RuleError("Functions look at images, and this task has none")


def wanted_frames(found: Function, body: dict[str, Any]) -> list[int]:
    """The frames of a call, in their order."""
    names = ("frame0", "frame1") if found.kind is FunctionKind.REID else ("frame",)
    missing = {name: [REQUIRED] for name in names if name not in body}
    if missing:
        raise ValidationError(missing)
    return [body[name] for name in names]


def region_of(body: dict[str, Any]) -> Region | None:
    """The region of interest, checked."""
    roi = body.get("roi")
    if roi is None:
        return None
    left, top, right, bottom = roi
    if not (0 <= left < right and 0 <= top < bottom):
        raise ValidationError({"roi": ["The region has to be left, top, right and bottom."]})
    return left, top, right, bottom


def read_all(source: MediaSource, frames: Sequence[int], region: Region | None) -> list[bytes]:
    """The frames of a call, which need not be in order."""
    return [next(pictures(source, [frame], region)) for frame in frames]


def request_of(
    context: Context, found: Function, body: dict[str, Any], about: str
) -> dict[str, Any]:
    """What a function is told besides the image; RuleError for what it cannot be asked so."""
    request = {key: body[key] for key in ("threshold",) if key in body}
    if found.kind is FunctionKind.DETECTOR:
        request["conv_mask_to_poly"] = body.get("conv_mask_to_poly", False)
    elif found.kind is FunctionKind.INTERACTOR:
        positive, negative = body.get("pos_points") or [], body.get("neg_points") or []
        check_prompts(found, positive, negative, body.get("obj_bbox"))
        request |= {"pos_points": positive, "neg_points": negative}
        request["obj_bbox"] = body.get("obj_bbox")
    elif found.kind is FunctionKind.TRACKER:
        given = body.get("states") or []
        known = [states.opened(one, context.server.functions.secret, about) for one in given]
        shapes = body.get("shapes") or []
        if any(one is None for one in known[len(shapes) :]):
            raise RuleError("A shape or a state is needed for each that is to be tracked")
        request |= {"shapes": shapes, "states": known}
    else:
        request |= {"boxes0": body.get("boxes0") or [], "boxes1": body.get("boxes1") or []}
        if body.get("max_distance") is not None:
            request["max_distance"] = body["max_distance"]
    return request


def check_prompts(
    found: Function, positive: list[Any], negative: list[Any], box: list[Any] | None
) -> None:
    """RuleError unless an interactor was shown what it needs."""
    if len(positive) < found.min_pos_points:
        raise RuleError(f"At least {found.min_pos_points} positive points are needed")
    if len(negative) < found.min_neg_points:
        raise RuleError(f"At least {found.min_neg_points} negative points are needed")
    if negative and found.min_neg_points < 0:
        raise RuleError("The function takes no negative points")
    if box is None and found.boxes == 1:
        raise RuleError("A box is needed")
    if box is not None and found.boxes is None:
        raise RuleError("The function takes no box")


def found_by(
    answer: Any, asked: dict[str, Any], mapping: Targets
) -> list[tuple[Finding, LabelTarget]]:
    """What a detector answers, where it is on the whole frame; FunctionError if it is wrong."""
    findings = read_findings(answer, polygons=asked.get("conv_mask_to_poly", False))
    region = region_of(asked)
    if region is not None:
        findings = [one.moved(region[0], region[1]) for one in findings]
    return kept(findings, mapping, asked.get("threshold"))


def answered(
    context: Context,
    found: Function,
    body: dict[str, Any],
    answer: Any,
    place: tuple[Targets, str],
) -> bytes:
    """A function's answer as the caller gets it; ``place`` is the mapping, and what states are of."""
    mapping, about = place
    if found.kind is FunctionKind.DETECTOR:
        answer = [shown(*one) for one in found_by(answer, body, mapping)]
    elif found.kind is FunctionKind.TRACKER:
        given = answer.get("states") if isinstance(answer, dict) else None
        if not isinstance(given, list) or not isinstance(answer.get("shapes"), list):
            raise FunctionError("The tracker answered no lists of shapes and states.")
        secret = context.server.functions.secret
        answer = {**answer, "states": [states.sign(one, secret, about) for one in given]}
    elif found.kind is FunctionKind.REID and not isinstance(answer, list):
        raise FunctionError("The function answered no list of matches.")
    elif found.kind is FunctionKind.INTERACTOR and not isinstance(answer, dict | list):
        raise FunctionError("The interactor answered no mask.")
    return orjson.dumps(answer)
