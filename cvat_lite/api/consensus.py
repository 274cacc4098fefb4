"""Consensus: how alike annotations have to be, and merging them."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import list_query, respond, respond_page
from cvat_lite.schemas.common import RqId
from cvat_lite.schemas.consensus import (
    ConsensusMergeCreateRequest,
    ConsensusSettings,
    PaginatedConsensusSettingsList,
    PatchedConsensusSettingsRequest,
)
from cvat_lite.services import consensus
from cvat_lite.store.consensus import COLLECTION

routes = web.RouteTableDef()


@routes.get("/api/consensus/settings")
@docs(tags=["consensus"], summary="List consensus settings", parameters=list_parameters(COLLECTION))
@response_schema(PaginatedConsensusSettingsList)
async def consensus_list_settings(request: web.Request) -> web.Response:
    """The settings of the tasks that the asker may see."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await consensus.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.get("/api/consensus/settings/{id}")
@docs(tags=["consensus"], summary="Get consensus settings")
@response_schema(ConsensusSettings)
async def consensus_retrieve_settings(request: web.Request) -> web.Response:
    """The settings of one task."""
    return respond(request, await consensus.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/consensus/settings/{id}")
@docs(tags=["consensus"], summary="Update consensus settings")
@request_schema(PatchedConsensusSettingsRequest, required=False)
@response_schema(ConsensusSettings)
async def consensus_partial_update_settings(request: web.Request) -> web.Response:
    """Say how alike annotations have to be to count as one."""
    changed = await consensus.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.post("/api/consensus/merges")
@docs(tags=["consensus"], summary="Merge the replicas of jobs")
@request_schema(ConsensusMergeCreateRequest, required=False)
@response_schema(RqId, 202)
async def consensus_create_merge(request: web.Request) -> web.Response:
    """Fill the jobs of a task, or one job, with what its annotators agree on."""
    rq_id = await consensus.create_merge(request[CONTEXT], request[BODY])
    return respond(request, {"rq_id": rq_id})
