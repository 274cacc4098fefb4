"""Exports and imports as a worker process does them: from a real store, whole or not at all."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pictures

from cvat_lite.config import Config
from cvat_lite.domain import payload
from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.dataset import Frame, Target
from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError, MediaError, NotFoundError
from cvat_lite.formats.registry import UnknownFormatError
from cvat_lite.services.context import Server
from cvat_lite.services.dataset_parts import gather
from cvat_lite.services.dataset_work import Export, Images, Import, read_archive, write_archive
from tests.api.test_backups import Members
from tests.api.test_project_import import imported
from tests.api.test_project_labels import labels_of, rectangle
from tests.api.test_projects import add_member, make_project
from tests.api.test_tasks import form, make_task
from tests.client import Api
from tests.images import png, write_video
from tests.media.clouds import ascii_pcd
from tests.media.sounds import write_wav
from tests.services.archives import BOX, cvat, cvat_image, pack

CVAT = "CVAT for images 1.1"
LABELS = (Label(7, "cat"),)
FRAMES = (Frame(0, "a.png", 64, 48),)


@pytest.fixture
def export(server: Server, config: Config, tmp_path: Path) -> Callable[..., Awaitable[Path]]:
    """Write an archive as a worker does."""

    async def write(kind: str, number: int, form: str, *, images: bool = False) -> Path:
        gathered = await gather(server, kind, number, "http://localhost")
        out = tmp_path / "out.zip"
        work = Export(
            database=config.database,
            out=out,
            format=form,
            save_images=images,
            labels=gathered.labels,
            parts=gathered.parts,
            project=gathered.project,
        )
        write_archive(work)
        return out

    return write


def members(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def read(path: Path, form: str, *, polygons: bool = True) -> LabeledData:
    """What a worker reads of a file, as the request it is written with."""
    return payload.decode(read_archive(Import(path, form, polygons, Target(LABELS, FRAMES))))


async def annotated(api: Api, task_id: int) -> None:
    """A box on the first frame, of the task's first label."""
    labels = await labels_of(api, task_id=task_id)
    first = min(one["id"] for one in labels.values())
    await api.put(f"/tasks/{task_id}/annotations/", {"shapes": [rectangle(first, 0)]})


# Exports


async def test_an_export_holds_annotations_and_the_images_that_were_sent(
    api: Api, export: Callable[..., Awaitable[Path]]
) -> None:
    task = await make_task(api, 2)
    await annotated(api, task["id"])
    plain = members(await export("tasks", task["id"], CVAT))
    assert list(plain) == ["annotations.xml"]
    assert plain["annotations.xml"].count(b"<box ") == 1
    whole = members(await export("tasks", task["id"], CVAT, images=True))
    assert whole["images/im1.png"] == png(65, 48, 1)


async def test_one_job_is_exported_alone(api: Api, export: Callable[..., Awaitable[Path]]) -> None:
    task = await make_task(api, 4, segment_size=2)
    found = await api.get("/jobs", params={"task_id": str(task["id"]), "sort": "id"})
    second = found["results"][1]["id"]
    names = set(members(await export("jobs", second, CVAT, images=True)))
    assert names == {"annotations.xml", "images/im2.png", "images/im3.png"}


async def test_frames_of_a_video_are_decoded_in_order_and_out_of_it(
    api: Api, export: Callable[..., Awaitable[Path]], server: Server, tmp_path: Path
) -> None:
    write_video(tmp_path / "v.mp4", 6)
    task = await api.post("/tasks", {"name": "v", "labels": [{"name": "a"}]})
    body = form({"v.mp4": (tmp_path / "v.mp4").read_bytes()}, image_quality=70)
    answer = await api.post(f"/tasks/{task['id']}/data/", expect=202, data=body)
    await api.finished(answer["rq_id"])
    await api.patch(f"/tasks/{task['id']}/data/meta", {"deleted_frames": [2]})
    found = members(await export("tasks", task["id"], CVAT, images=True))
    pictures = sorted(name for name in found if name.endswith(".PNG"))
    assert pictures == [f"images/frame_00000{number}.PNG" for number in (0, 1, 3, 4, 5)]
    (part,) = (await gather(server, "tasks", task["id"], "")).parts
    images = Images(part.source, part.frames)
    for place in (3, 0, 1, 1, 4):
        params = {"type": "frame", "number": str(part.frames[place].number), "quality": "original"}
        expected = await api.get(f"/tasks/{task['id']}/data", params=params)
        content = images(part.frames[place]).content
        assert content is not None
        assert pixels(content) == pixels(expected)


def pixels(content: bytes) -> bytes:
    with Pictures.open(io.BytesIO(content)) as image:
        return image.convert("RGB").tobytes()


async def test_images_of_one_name_in_two_tasks_are_told_apart(
    api: Api, export: Callable[..., Awaitable[Path]]
) -> None:
    project = (await make_project(api))["id"]
    for subset in ("train", "val"):
        await add_member(api, project, subset=subset)
    apart = members(await export("projects", project, CVAT, images=True))
    assert {name for name in apart if name.endswith(".png")} == {
        f"images/{subset}/im{number}.png" for subset in ("train", "val") for number in (0, 1)
    }
    together = members(await export("projects", project, "PASCAL VOC 1.1", images=True))
    assert {name for name in together if name.endswith(".png")} == {
        f"JPEGImages/{name}.png" for name in ("im0", "im1", "im0_1", "im1_1")
    }


async def test_related_images_keep_their_names_unless_two_have_one(
    api: Api, export: Callable[..., Awaitable[Path]], config: Config, tmp_path: Path
) -> None:
    files = {
        "a/1.pcd": ascii_pcd(),
        "a/related_images/1_pcd/front.png": png(),
        "a/related_images/1_pcd/deep/front.png": png(32, 32),
    }
    task = await api.post("/tasks", {"name": "t", "labels": [{"name": "a"}]})
    body = form({"a.zip": pack(tmp_path / "a.zip", files).read_bytes()}, image_quality=70)
    answer = await api.post(f"/tasks/{task['id']}/data/", expect=202, data=body)
    await api.finished(answer["rq_id"])
    found = members(await export("tasks", task["id"], "Datumaro 3D 1.0", images=True))
    related = sorted(name for name in found if "related_images" in name)
    assert len(related) == 2
    assert {found[name] for name in related} == {png(), png(32, 32)}
    kept = next(config.media.glob("*/raw/a/related_images/1_pcd/front.png"))
    kept.unlink()
    with pytest.raises(MediaError, match=r"Related image .* does not exist"):
        await export("tasks", task["id"], "Datumaro 3D 1.0", images=True)


async def test_a_format_that_is_no_archive_is_one_file(
    api: Api, export: Callable[..., Awaitable[Path]], tmp_path: Path
) -> None:
    write_wav(tmp_path / "s.wav", 0.2)
    task = await api.post("/tasks", {"name": "t", "labels": [{"name": "a"}]})
    body = form({"s.wav": (tmp_path / "s.wav").read_bytes()}, image_quality=70)
    answer = await api.post(f"/tasks/{task['id']}/data/", expect=202, data=body)
    await api.finished(answer["rq_id"])
    label = (await labels_of(api, task_id=task["id"]))["a"]["id"]
    interval = {"label_id": label, "start": 10, "stop": 100}
    await api.put(f"/tasks/{task['id']}/annotations/", {"intervals": [interval]})
    out = await export("tasks", task["id"], "Generic TSV 1.0")
    assert not zipfile.is_zipfile(out)
    assert len(out.read_text().splitlines()) == 2


async def test_an_export_that_fails_leaves_nothing_half_written(
    api: Api, export: Callable[..., Awaitable[Path]], config: Config, tmp_path: Path
) -> None:
    task = await make_task(api, 2)
    before = (await export("tasks", task["id"], CVAT)).read_bytes()
    shutil.rmtree(config.media / str(task["data"]))
    with pytest.raises((MediaError, OSError)):
        await export("tasks", task["id"], CVAT, images=True)
    assert [path.name for path in tmp_path.glob("out*")] == ["out.zip"]
    assert (tmp_path / "out.zip").read_bytes() == before


async def test_a_format_that_is_not_written_is_refused(
    api: Api, export: Callable[..., Awaitable[Path]]
) -> None:
    task = await make_task(api, 1)
    with pytest.raises(UnknownFormatError):
        await export("tasks", task["id"], "CVAT 1.1")
    with pytest.raises(UnknownFormatError):
        await export("tasks", task["id"], "Magic 1.0")


@pytest.mark.parametrize("kind", ["tasks", "jobs", "projects"])
async def test_what_has_gone_is_not_exported(
    kind: str, export: Callable[..., Awaitable[Path]]
) -> None:
    with pytest.raises(NotFoundError):
        await export(kind, 77, CVAT)


# Imports


def box(name: str = "a.png", label: str = "cat") -> str:
    return f'<annotations><image name="{name}">{BOX.format(label)}</image></annotations>'


@pytest.mark.parametrize("packed", [True, False])
def test_a_document_may_come_in_an_archive_or_alone(packed: bool, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    if packed:
        pack(path, {"deep/annotations.xml": box()})
    else:
        path = tmp_path / "upload.xml"
        path.write_text(box())
    (shape,) = read(path, "CVAT 1.1").shapes
    assert (shape.label_id, shape.frame, shape.points) == (7, 0, [1.0, 2.0, 30.0, 40.0])


@pytest.mark.parametrize(("polygons", "kind"), [(True, "polygon"), (False, "mask")])
def test_pictures_of_masks_become_what_was_asked_for(
    polygons: bool, kind: str, tmp_path: Path
) -> None:
    target = io.BytesIO()
    Pictures.new("RGB", (64, 48), (128, 0, 0)).save(target, "PNG")
    files = {
        "SegmentationClass/a.png": target.getvalue(),
        "SegmentationObject/a.png": target.getvalue(),
        "labelmap.txt": "cat:128,0,0::\n",
    }
    found = read(pack(tmp_path / "a.zip", files), "Segmentation mask 1.1", polygons=polygons)
    assert [shape.type for shape in found.shapes] == [kind]


WRONG: dict[str, tuple[str, dict[str, Any] | bytes, str]] = {
    "another label": ("CVAT 1.1", {"a.xml": box(label="dog")}, "Label 'dog' is not registered"),
    "another image": ("CVAT 1.1", {"a.xml": box("b.png")}, "no frame of the task matches 'b.png'"),
    "nothing": ("CVAT 1.1", {}, "annotations.xml: there is no such file in the archive"),
    "text": ("COCO 1.0", b"no JSON", "JSON"),
    "an archive that is cut off": (
        "CVAT 1.1",
        b"PK\x03\x04 and no more",
        "upload: this is not a zip archive, or it is cut off",
    ),
    "a huge number of a frame": (
        "COCO 1.0",
        {
            "annotations/a.json": json.dumps(
                {
                    "images": [{"id": 1, "file_name": f"frame_{'9' * 5000}.png"}],
                    "categories": [{"id": 1, "name": "cat"}],
                    "annotations": [
                        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}
                    ],
                }
            )
        },
        "no frame of the task matches",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_is_told(name: str, tmp_path: Path) -> None:
    form, content, why = WRONG[name]
    path = tmp_path / "upload"
    path.write_bytes(content) if isinstance(content, bytes) else pack(path, content)
    with pytest.raises(DatasetError) as raised:
        read(path, form)
    assert why in str(raised.value)


def test_a_broken_member_is_a_fault_of_the_archive(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"annotations.xml": box() * 500}, zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    content[60:80] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"^annotations\.xml: the file cannot be unpacked"):
        read(path, "CVAT 1.1")


async def test_a_message_does_not_grow_with_what_it_quotes(api: Api) -> None:
    content = cvat(cvat_image("a.png", "x" * 200_000), "cat")
    files = {"annotations.xml": content, "a.png": png()}
    project = (await api.post("/projects", {"name": "empty"}))["id"]
    request = await imported(api, project, "CVAT 1.1", files, status="failed")
    assert "xxx ... xxx" in request["message"]
    assert len(request["message"]) < 5000


def test_a_format_that_is_not_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError):
        read(pack(tmp_path / "a.zip", {}), CVAT)
