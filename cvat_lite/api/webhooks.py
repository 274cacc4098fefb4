"""Webhooks: who is told of what, and what became of it."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import ORGANIZATION, list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, query, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import empty, list_query, respond, respond_page
from cvat_lite.domain.enums import WebhookType
from cvat_lite.domain.webhook_events import ALL
from cvat_lite.schemas.webhooks import (
    Events,
    PaginatedWebhookDeliveryReadList,
    PaginatedWebhookReadList,
    PatchedWebhookWriteRequest,
    WebhookDeliveryRead,
    WebhookRead,
    WebhookWriteRequest,
)
from cvat_lite.services.webhooks import deliveries, hooks
from cvat_lite.store.webhook_deliveries import COLLECTION as DELIVERIES
from cvat_lite.store.webhooks import COLLECTION

routes = web.RouteTableDef()

KIND = query("type", description="Type of webhook", enum=[ALL, *WebhookType])
PAGES = list_parameters(DELIVERIES, organization=())


@routes.get("/api/webhooks")
@docs(tags=["webhooks"], summary="List webhooks", parameters=list_parameters(COLLECTION))
@response_schema(PaginatedWebhookReadList)
async def webhooks_list(request: web.Request) -> web.Response:
    """The webhooks of the asker, of his projects, and of organizations that he maintains."""
    wanted = list_query(request, COLLECTION.simple)
    count, results, selection = await hooks.list_page(request[CONTEXT], wanted)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.post("/api/webhooks")
@docs(tags=["webhooks"], summary="Create a webhook", parameters=ORGANIZATION)
@request_schema(WebhookWriteRequest)
@response_schema(WebhookRead, 201)
async def webhooks_create(request: web.Request) -> web.Response:
    """A webhook of a project, of the organization that the request names, or of the server."""
    return respond(request, await hooks.create(request[CONTEXT], request[BODY]))


@routes.get("/api/webhooks/events")
@docs(
    tags=["webhooks"],
    summary="List available webhook events",
    parameters=[KIND],
)
@response_schema(Events)
async def webhooks_retrieve_events(request: web.Request) -> web.Response:
    """What webhooks of a type can ask to be told of."""
    return respond(request, hooks.events_of(request[CONTEXT], request.query.get("type")))


@routes.get("/api/webhooks/{id}")
@docs(tags=["webhooks"], summary="Get webhook details")
@response_schema(WebhookRead)
async def webhooks_retrieve(request: web.Request) -> web.Response:
    """A webhook, without its secret."""
    return respond(request, await hooks.retrieve(request[CONTEXT], number(request)))


@routes.put("/api/webhooks/{id}")
@docs(tags=["webhooks"], summary="Replace a webhook")
@request_schema(WebhookWriteRequest)
@response_schema(WebhookRead)
async def webhooks_update(request: web.Request) -> web.Response:
    """Change a webhook; its type and its project stay as they are."""
    changed = await hooks.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.patch("/api/webhooks/{id}")
@docs(tags=["webhooks"], summary="Update a webhook")
@request_schema(PatchedWebhookWriteRequest, required=False)
@response_schema(WebhookRead)
async def webhooks_partial_update(request: web.Request) -> web.Response:
    """Change some fields of a webhook."""
    changed = await hooks.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.delete("/api/webhooks/{id}")
@docs(
    tags=["webhooks"],
    summary="Delete a webhook",
    responses={"204": {"description": "The webhook has been deleted"}},
)
async def webhooks_destroy(request: web.Request) -> web.Response:
    """The record of its deliveries goes with it."""
    await hooks.destroy(request[CONTEXT], number(request))
    return empty()


@routes.get("/api/webhooks/{id}/deliveries")
@docs(tags=["webhooks"], summary="List deliveries of a webhook", parameters=PAGES)
@response_schema(PaginatedWebhookDeliveryReadList)
async def webhooks_list_deliveries(request: web.Request) -> web.Response:
    """What was sent or waits to be, the newest first."""
    count, results, selection = await deliveries.list_page(
        request[CONTEXT], number(request), list_query(request, ())
    )
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.get("/api/webhooks/{id}/deliveries/{delivery_id}")
@docs(tags=["webhooks"], summary="Get details of a delivery")
@response_schema(WebhookDeliveryRead)
async def webhooks_retrieve_deliveries(request: web.Request) -> web.Response:
    """What was sent, and the beginning of what came back."""
    found = await deliveries.retrieve(
        request[CONTEXT], number(request), number(request, "delivery_id")
    )
    return respond(request, found)


@routes.post("/api/webhooks/{id}/deliveries/{delivery_id}/redelivery")
@docs(
    tags=["webhooks"],
    summary="Deliver again",
    responses={"200": {"description": "The delivery is made again, as one of its own"}},
)
async def webhooks_create_deliveries_redelivery(request: web.Request) -> web.Response:
    """Send the same once more, in the background."""
    await deliveries.redeliver(request[CONTEXT], number(request), number(request, "delivery_id"))
    return empty(200)


@routes.post("/api/webhooks/{id}/ping")
@docs(tags=["webhooks"], summary="Ping a webhook")
@response_schema(WebhookDeliveryRead)
async def webhooks_create_ping(request: web.Request) -> web.Response:
    """Send the webhook a greeting and show what came of it."""
    return respond(request, await deliveries.ping(request[CONTEXT], number(request)))
