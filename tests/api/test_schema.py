"""The OpenAPI document, and the pages that show it."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest
import yaml
from aiohttp import web
from openapi_spec_validator import OpenAPIV30SpecValidator, validate

from cvat_lite.api import openapi
from cvat_lite.api.openapi.operations import Operation, operations
from cvat_lite.app import make_app
from cvat_lite.config import Config
from tests.client import Api
from tests.contract.shapes import sdk_calls
from tests.contract.test_sdk import EXTRAS

#: Answered by handlers without declarations: no part of the API.
PAGES = ("/api/swagger/", "/api/docs/", "/static/")
#: Operations that can only fail on this server.
FAILING = {"lambda_list_functions"}
#: The errors that every operation may answer with.
ERRORS = {"400", "401", "403", "404", "406", "429", "503"}
SECURITY = {
    "accessTokenAuth",
    "basicAuth",
    "csrfAuth",
    "csrfHeaderAuth",
    "sessionAuth",
    "tokenAuth",
}


@pytest.fixture(scope="module")
def still() -> web.Application:
    """An application that does not run."""
    return make_app(Config(data_dir=Path("never-made")))


@pytest.fixture(scope="module")
def document(still: web.Application) -> openapi.Document:
    """Its document."""
    return openapi.document(still)


@pytest.fixture(scope="module")
def declared(still: web.Application) -> tuple[Operation, ...]:
    """Its operations."""
    return operations(still.router)


def test_the_document_is_valid(document: openapi.Document) -> None:
    assert document["openapi"] == "3.0.3"
    validate(document, cls=OpenAPIV30SpecValidator)


def test_components_are_called_as_their_schemas_and_stand_there_once(
    document: openapi.Document,
) -> None:
    names = set(document["components"]["schemas"])
    assert {"TaskRead", "PaginatedTaskReadList", "TaskWriteRequest", "LabeledData"} <= names
    # What apispec does with a second schema of the same name.
    assert [name for name in names if re.sub(r"\d+$", "", name) in names - {name}] == []


def test_components_tell_types_limits_defaults_and_descriptions(
    document: openapi.Document,
) -> None:
    task = document["components"]["schemas"]["TaskRead"]
    fields = task["properties"]
    assert task["description"]
    assert task["required"] == ["jobs", "labels"]
    assert fields["id"] == {"type": "integer"}
    assert fields["url"] == {"type": "string", "format": "uri"}
    assert fields["created_date"] == {"type": "string", "format": "date-time"}
    assert fields["guide_id"] == {"type": "integer", "nullable": True}
    assert fields["status"]["enum"] == ["annotation", "validation", "completed"]
    assert fields["owner"]["nullable"]
    assert fields["owner"]["allOf"] == [{"$ref": "#/components/schemas/BasicUser"}]
    name = document["components"]["schemas"]["TaskWriteRequest"]["properties"]["name"]
    assert name == {"type": "string", "minLength": 1, "maxLength": 256}


def test_an_enumeration_that_may_be_null_says_so(document: openapi.Document) -> None:
    created_via = document["components"]["schemas"]["MetaUser"]["properties"]["created_via"]
    assert created_via["nullable"]
    assert None in created_via["enum"]


def test_every_way_to_say_who_one_is_is_there(document: openapi.Document) -> None:
    assert set(document["components"]["securitySchemes"]) == SECURITY
    create = document["paths"]["/api/tasks"]["post"]
    assert {"sessionAuth": [], "csrfAuth": [], "csrfHeaderAuth": []} in create["security"]
    assert {} not in create["security"]
    assert {} in document["paths"]["/api/server/about"]["get"]["security"]


def test_errors_are_documented(document: openapi.Document) -> None:
    assert set(document["paths"]["/api/tasks"]["get"]["responses"]) == {"200", *ERRORS}
    answers = document["paths"]["/api/tasks/{id}"]["patch"]["responses"]
    assert set(answers) == {"200", *ERRORS, "413", "415", "507"}
    exported = document["paths"]["/api/tasks/{id}/dataset/export"]["post"]["responses"]
    assert set(exported) == {"202", *ERRORS, "409"}
    piece = document["paths"]["/api/tasks/{id}/data/{file_id}"]["patch"]["responses"]
    assert {"204", "409", "412", "413"} <= set(piece)
    assert set(answers["404"]["content"]) == {"application/vnd.cvat+json", "text/html"}
    assert answers["200"]["content"] == {
        "application/vnd.cvat+json": {"schema": {"$ref": "#/components/schemas/TaskRead"}}
    }


def test_each_path_is_documented_once_in_the_form_that_clients_use(
    document: openapi.Document,
) -> None:
    paths = list(document["paths"])
    assert len({path.rstrip("/") for path in paths}) == len(paths)
    assert {"/api/schema/", "/api/tasks/{id}/annotations/", "/api/auth/login"} <= set(paths)


def test_operation_ids_are_used_once(declared: tuple[Operation, ...]) -> None:
    ids = [operation.operation_id for operation in declared]
    assert sorted(set(ids)) == sorted(ids)


def test_every_route_is_declared_or_a_page(still: web.Application) -> None:
    undeclared = {
        route.resource.canonical
        for route in still.router.routes()
        if route.resource is not None
        and not hasattr(route.handler, "__apispec__")
        # No operations: what answers which methods a path takes, and refuses all others.
        and route.method not in ("OPTIONS", "*")
    }
    wild = {path for path in undeclared if not path.startswith(PAGES)}
    assert wild - {"/", "/api/swagger", "/api/docs"} == set()


def test_every_operation_is_declared_in_full(declared: tuple[Operation, ...]) -> None:
    known = sdk_calls().keys() | EXTRAS
    for operation in declared:
        name = operation.operation_id
        assert name in known, name
        assert operation.handler.__doc__, f"{name} has no docstring"
        assert operation.declared["summary"], f"{name} has no summary"
        [tag] = operation.declared["tags"]
        assert name.startswith(f"{tag}_"), f"{name} stands under {tag}"
        answers = operation.declared["responses"]
        assert name in FAILING or any(str(code) < "300" for code in answers), name


async def test_the_document_comes_as_yaml_or_json(nobody: Api, document: openapi.Document) -> None:
    as_yaml = await nobody.call("GET", "/schema/")
    assert as_yaml.content_type == "application/vnd.oai.openapi"
    assert yaml.load(await as_yaml.read(), Loader=yaml.CSafeLoader) == document
    for how in (
        {"params": {"scheme": "json"}},
        {"headers": {"Accept": "application/vnd.oai.openapi+json"}},
    ):
        as_json = await nobody.call("GET", "/schema/", **how)
        assert as_json.content_type == "application/vnd.oai.openapi+json"
        assert await as_json.json(content_type=None) == document
    await nobody.get("/schema/", params={"scheme": "xml"}, expect=400)


async def test_a_document_that_is_known_is_not_sent_again(nobody: Api) -> None:
    first = await nobody.call("GET", "/schema/")
    known = {"If-None-Match": first.headers["ETag"]}
    await nobody.call("GET", "/schema/", headers=known, expect=304)


@pytest.mark.parametrize("page", ["/swagger/", "/docs/"])
async def test_a_page_asks_nothing_of_other_hosts(nobody: Api, page: str) -> None:
    response = await nobody.call("GET", page)
    text = await response.text()
    policy = response.headers["Content-Security-Policy"]
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", text)
    assert "http" not in policy
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'self' 'sha256-", policy)
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    assert "validator.swagger.io" not in text


@pytest.mark.parametrize("page", ["/swagger/", "/docs/"])
async def test_what_a_page_loads_is_there(
    nobody: Api, page: str, document: openapi.Document
) -> None:
    text = (await nobody.get(page)).decode()
    files = re.findall(r"(?:src|href)=[\"']\./([^\"']+)", text)
    assert len(files) > 3
    for file in files:
        loaded = await nobody.call("GET", f"{page}{file}")
        assert loaded.headers["X-Content-Type-Options"] == "nosniff"
        if file.endswith(".js"):
            assert loaded.content_type == "text/javascript"
    assert "./swagger.json" in text
    assert await nobody.get(f"{page}swagger.json") == document
    await nobody.get(f"{page}../schema.json", expect=404)
    await nobody.get(f"{page}no-such-file.js", expect=404)


async def test_a_page_is_found_without_the_slash_at_its_end(nobody: Api) -> None:
    response = await nobody.call("GET", "/swagger")
    assert response.url.path == "/api/swagger/"


async def test_swagger_ui_gets_the_script_that_sends_the_csrf_value(nobody: Api) -> None:
    text = (await nobody.get("/swagger/")).decode()
    script = text.index("./swagger-session.js")
    assert text.index("swagger-ui-bundle.js") < script < text.index("SwaggerUIBundle({")
    assert "X-CSRFTOKEN" in (await nobody.get("/swagger/swagger-session.js")).decode()


async def test_a_call_from_the_page_changes_something_only_with_the_csrf_value(
    url: str, api: Api
) -> None:
    login = {"username": "admin", "password": "correct horse battery"}
    here = {"Origin": url, "Sec-Fetch-Site": "same-origin", "Referer": f"{url}/api/swagger/"}
    async with aiohttp.ClientSession(
        url, headers=here, cookie_jar=aiohttp.CookieJar(unsafe=True)
    ) as browser:
        async with browser.post("/api/auth/login", json=login) as response:
            value = response.cookies["csrftoken"]
        assert not value["httponly"]
        async with browser.post("/api/tasks", json={"name": "cats"}) as response:
            assert response.status == 403
        sent = {"X-CSRFTOKEN": value.value}
        async with browser.post("/api/tasks", json={"name": "cats"}, headers=sent) as response:
            assert response.status == 201
    assert (await api.get("/tasks"))["count"] == 1
