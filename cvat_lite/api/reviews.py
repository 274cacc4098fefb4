"""Reviews: verdicts of reviewers on jobs."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import ORGANIZATION, list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import empty, list_query, respond, respond_page
from cvat_lite.schemas.reviews import PaginatedReviewReadList, ReviewRead, ReviewWriteRequest
from cvat_lite.services import reviews
from cvat_lite.store.reviews import COLLECTION

routes = web.RouteTableDef()


@routes.get("/api/reviews")
@docs(tags=["reviews"], summary="List reviews", parameters=list_parameters(COLLECTION))
@response_schema(PaginatedReviewReadList)
async def reviews_list(request: web.Request) -> web.Response:
    """The reviews of the jobs, tasks and projects that are in some way the asker's."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await reviews.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.post("/api/reviews")
@docs(tags=["reviews"], summary="Create a review", parameters=ORGANIZATION)
@request_schema(ReviewWriteRequest)
@response_schema(ReviewRead, 201)
async def reviews_create(request: web.Request) -> web.Response:
    """Give a verdict on a job, with its issues.

    An accepted job is completed in the stage of acceptance, a rejected one goes back to be
    annotated, and one to be reviewed further is validated by the next reviewer.
    """
    return respond(request, await reviews.create(request[CONTEXT], request[BODY]))


@routes.get("/api/reviews/{id}")
@docs(tags=["reviews"], summary="Get review details")
@response_schema(ReviewRead)
async def reviews_retrieve(request: web.Request) -> web.Response:
    """A review with the ids of its issues."""
    return respond(request, await reviews.retrieve(request[CONTEXT], number(request)))


@routes.delete("/api/reviews/{id}")
@docs(
    tags=["reviews"],
    summary="Delete a review",
    responses={"204": {"description": "The review has been deleted"}},
)
async def reviews_destroy(request: web.Request) -> web.Response:
    """The job stays where the verdict took it, and its issues stay as well."""
    await reviews.destroy(request[CONTEXT], number(request))
    return empty()
