"""Comments: what is said about issues."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import ORGANIZATION, list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import empty, list_query, respond, respond_page
from cvat_lite.schemas.comments import (
    CommentRead,
    CommentWriteRequest,
    PaginatedCommentReadList,
    PatchedCommentWriteRequest,
)
from cvat_lite.services import comments
from cvat_lite.store.comments import COLLECTION

routes = web.RouteTableDef()


@routes.get("/api/comments")
@docs(tags=["comments"], summary="List comments", parameters=list_parameters(COLLECTION))
@response_schema(PaginatedCommentReadList)
async def comments_list(request: web.Request) -> web.Response:
    """What was said about the issues that the asker may see."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await comments.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.post("/api/comments")
@docs(tags=["comments"], summary="Create a comment", parameters=ORGANIZATION)
@request_schema(CommentWriteRequest)
@response_schema(CommentRead, 201)
async def comments_create(request: web.Request) -> web.Response:
    """Say something about an issue."""
    return respond(request, await comments.create(request[CONTEXT], request[BODY]))


@routes.get("/api/comments/{id}")
@docs(tags=["comments"], summary="Get comment details")
@response_schema(CommentRead)
async def comments_retrieve(request: web.Request) -> web.Response:
    """A comment."""
    return respond(request, await comments.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/comments/{id}")
@docs(tags=["comments"], summary="Update a comment")
@request_schema(PatchedCommentWriteRequest, required=False)
@response_schema(CommentRead)
async def comments_partial_update(request: web.Request) -> web.Response:
    """Say it in other words."""
    changed = await comments.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.delete("/api/comments/{id}")
@docs(
    tags=["comments"],
    summary="Delete a comment",
    responses={"204": {"description": "The comment has been deleted"}},
)
async def comments_destroy(request: web.Request) -> web.Response:
    """Take back what was said."""
    await comments.destroy(request[CONTEXT], number(request))
    return empty()
