"""HTTP: one module is one namespace of the API, and this is their list."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api import requests, server

NAMESPACES: tuple[web.RouteTableDef, ...] = (
    server.routes,
    requests.routes,
)
