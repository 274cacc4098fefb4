"""The media of a task: sent by clients, and read back."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api import bodies, uploads
from cvat_lite.api.declare import (
    BODY,
    CONTEXT,
    FORM_TYPES,
    JSON_TYPES,
    docs,
    header,
    request_schema,
    response_schema,
)
from cvat_lite.api.media import (
    BINARY,
    DATA_PARAMETERS,
    PREVIEW_PARAMETERS,
    send_data,
    send_preview,
)
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import respond
from cvat_lite.errors import ApiError
from cvat_lite.schemas.data import (
    DataMetaRead,
    DataRequest,
    DataResponse,
    PatchedDataMetaWriteRequest,
)
from cvat_lite.services import data_meta, task_creation
from cvat_lite.services.uploads import Place, forget

routes = web.RouteTableDef()
DATA_REQUEST = DataRequest()


@routes.post("/api/tasks/{id}/data/")
@docs(
    tags=["tasks"],
    summary="Attach data to a task",
    consumes=[*JSON_TYPES, *FORM_TYPES],
    request_body={"schema": DataRequest},
    parameters=[
        header(
            "Upload-Start",
            "Initializes data upload. Optionally, can include upload metadata",
            type="boolean",
        ),
        header(
            "Upload-Multiple",
            "Indicates that data with this request are files to be attached",
            type="boolean",
        ),
        header(
            "Upload-Finish",
            "Finishes data upload. Can be combined with Upload-Start header",
            type="boolean",
        ),
    ],
)
@response_schema(DataResponse, 202)
async def tasks_create_data(request: web.Request) -> web.StreamResponse:
    """Files can be sent in one form, in several forms between a start and a finish, or by TUS."""
    context, task_id = request[CONTEXT], number(request)
    await task_creation.may_attach(context, task_id)
    place = Place("tasks/data", task_id)
    received = await uploads.handle(request, place)
    if isinstance(received, web.StreamResponse):
        return received
    received.fields.pop("client_files", None)
    try:
        body = bodies.check(DATA_REQUEST, received.fields)
        rq_id = await task_creation.attach(context, task_id, body)
    except ApiError:
        await forget(context.server, place, received.files)
        raise
    return respond(request, {"rq_id": rq_id})


@routes.route("PATCH", "/api/tasks/{id}/data/{file_id:[0-9]+_[0-9a-f-]+}")
@docs(
    tags=["tasks"],
    summary="Append to a file of a task's upload (TUS)",
    consumes=["application/offset+octet-stream"],
    responses={"204": {"description": "The bytes have been stored"}},
)
async def tasks_append_data_file(request: web.Request) -> web.StreamResponse:
    """``Upload-Offset`` says where the bytes belong, and in the answer where to go on."""
    await task_creation.may_attach(request[CONTEXT], number(request))
    return await uploads.tus_file(request, Place("tasks/data", number(request)))


@routes.route("HEAD", "/api/tasks/{id}/data/{file_id:[0-9]+_[0-9a-f-]+}")
@docs(
    tags=["tasks"],
    summary="Ask how much of a file has arrived (TUS)",
    responses={"200": {"description": "Upload-Offset and Upload-Length tell"}},
)
async def tasks_data_file_info(request: web.Request) -> web.StreamResponse:
    """Where to go on after a dropped connection."""
    await task_creation.may_attach(request[CONTEXT], number(request))
    return await uploads.tus_file(request, Place("tasks/data", number(request)))


@routes.get("/api/tasks/{id}/data/")
@docs(
    tags=["tasks"],
    summary="Get data of a task",
    parameters=DATA_PARAMETERS,
    responses=BINARY,
)
async def tasks_retrieve_data(request: web.Request) -> web.StreamResponse:
    """A chunk, a frame, or the related images of a frame."""
    return await send_data(request, "tasks")


@routes.get("/api/tasks/{id}/data/meta")
@docs(tags=["tasks"], summary="Get metainformation for media files in a task")
@response_schema(DataMetaRead)
async def tasks_retrieve_data_meta(request: web.Request) -> web.Response:
    """Sizes and names of all frames."""
    return respond(request, await data_meta.meta(request[CONTEXT], "tasks", number(request)))


@routes.patch("/api/tasks/{id}/data/meta")
@docs(tags=["tasks"], summary="Update metainformation for media files in a task")
@request_schema(PatchedDataMetaWriteRequest, required=False)
@response_schema(DataMetaRead)
async def tasks_partial_update_data_meta(request: web.Request) -> web.Response:
    """Delete frames, or bring them back."""
    changed = await data_meta.patch_meta(request[CONTEXT], "tasks", number(request), request[BODY])
    return respond(request, changed)


@routes.get("/api/tasks/{id}/preview")
@docs(
    tags=["tasks"],
    summary="Get a preview image for a task",
    parameters=PREVIEW_PARAMETERS,
    responses={
        "200": {"description": "The picture", "content": {"image/jpeg": {}}},
        "204": {"description": "There is none, and handling=empty was preferred"},
    },
)
async def tasks_retrieve_preview(request: web.Request) -> web.StreamResponse:
    """A small picture of the first frame."""
    return await send_preview(request, "tasks")
