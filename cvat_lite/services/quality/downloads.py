"""Reports as files: all that they hold, and the confusion matrices of their requirements."""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import msgspec
import orjson

from cvat_lite.errors import NotFoundError
from cvat_lite.services.context import Context
from cvat_lite.services.quality.reading import DATES, assignee, stored

Data = dict[str, Any]
#: The name of the matrix of a report that was made before there were requirements.
OVERALL = "confusion_matrix"
LONGEST_NAME = 100


async def data(context: Context, number: int) -> bytes:
    """All that a report holds, as JSON; dates as CVAT writes them there."""
    found, text = await stored(context, number)
    kind = f"{found['target']}_id"
    head = {
        "id": number,
        kind: found[kind],
        **{name: plain_date(found[name]) for name in DATES},
        "assignee": assignee(context, found),
    }
    link = context.link(f"/tasks/{found['task_id']}/jobs/")
    return await asyncio.to_thread(whole, head, text, link)


def plain_date(value: str | None) -> str | None:
    """``2026-11-23 18:02:48.638502+00:00``."""
    return None if value is None else value.replace("T", " ").replace("Z", "+00:00")


def whole(head: Data, text: str, link: str) -> bytes:
    """The data of a report with where to look at each conflict, and with all conflicts once more.

    ``link`` is where the jobs of the task are. Takes long: to be called in a thread.
    """
    # Frames are read and written one by one: as a whole they would take ten times their text.
    raw = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    frames = msgspec.json.decode(raw.pop("frame_results"), type=dict[str, msgspec.Raw] | None)
    raw.pop("conflicts", None)
    summed = orjson.loads(bytes(raw.pop("comparison_summary")))
    summed["frame_share_percent"] = summed.get("frame_share", 0.0) * 100
    report: Data = {name: orjson.Fragment(bytes(value)) for name, value in raw.items()}
    body = bytearray(orjson.dumps({**head, "comparison_summary": summed, **report})[:-1])
    conflicts = bytearray()
    body += b', "frame_results": ' + (b"null" if frames is None else b"{")
    for place, number in enumerate(sorted(frames or {}, key=int)):
        result = orjson.loads(bytes((frames or {})[number]))
        for one in result["conflicts"]:
            conflicts += (b", " if conflicts else b"") + orjson.dumps(one)
        add_links(result, link)
        body += (b", " if place else b"") + b'"%s": ' % number.encode() + orjson.dumps(result)
    body += (b"" if frames is None else b"}") + b', "conflicts": [' + conflicts + b"]}"
    return bytes(body)


def add_links(result: Data, link: str) -> None:
    """Tell of each annotation in the conflicts of a frame where it can be seen."""
    for one in result["conflicts"]:
        for each in one["annotation_ids"]:
            query = f"frame={one['frame_id']}&type={each['type']}&serverID={each['obj_id']}"
            each["url"] = f"{link}{each['job_id']}?{query}"


async def confusion(context: Context, number: int) -> tuple[bytes, str]:
    """An archive of the confusion matrices of a report, a table for each requirement; its name."""
    found, text = await stored(context, number)
    target = found["target"]
    name = f"quality-report-{target}_{found[f'{target}_id']}-{number}-confusion.zip"
    return await asyncio.to_thread(archive, text), name


def archive(text: str) -> bytes:
    """A zip of tables from the data of a report. Takes long: to be called in a thread."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, matrix in matrices(orjson.loads(text)):
            zipped.writestr(f"{name}.csv", table(matrix))
    return kept.getvalue()


def matrices(report: Data) -> Iterator[tuple[str, Data]]:
    """The matrices of a report by names for files; the one over all where it has no requirements."""
    required = report.get("requirements") or []
    for one in required:
        plain = re.sub(r"[^\w.-]+", "_", one["name"])[:LONGEST_NAME]
        yield f"{one['requirement_id']}_{plain}", one["confusion_matrix"]
    if not required:
        yield OVERALL, report["comparison_summary"]["annotations"]["confusion_matrix"]


async def matrix(context: Context, number: int, requirement: int) -> Data:
    """The confusion matrix of one requirement in a report."""
    _, text = await stored(context, number)
    report = await asyncio.to_thread(orjson.loads, text)
    for one in report.get("requirements") or []:
        if one["requirement_id"] == requirement:
            found: Data = one["confusion_matrix"]
            return found
    raise NotFoundError("The report is not about this requirement")


async def matrix_csv(context: Context, number: int, requirement: int) -> bytes:
    """The same as a table of comma separated values."""
    return await asyncio.to_thread(table, await matrix(context, number, requirement))


def table(found: Data) -> bytes:
    """A matrix as comma separated values. The first call takes long: to be called in a thread."""
    from cvat_lite.domain.quality.matrix import confusion_csv  # noqa: PLC0415

    return confusion_csv(found).encode()
