"""The document itself: apispec fed with the operations' declarations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apispec import APISpec

from cvat_lite import __version__
from cvat_lite.api.declare import Parameter, is_public, path
from cvat_lite.api.openapi.converter import Plugin
from cvat_lite.api.openapi.operations import Operation
from cvat_lite.api.respond import CVAT_JSON

OPENAPI = "3.0.3"
#: The version of CVAT's API that this one follows.
API_VERSION = "2.80"
ABOUT = f"CVAT's REST API, served by CVAT Lite {__version__}."

#: CVAT's names for the ways to say who one is.
SECURITY_SCHEMES: dict[str, dict[str, str]] = {
    "accessTokenAuth": {
        "type": "http",
        "scheme": "bearer",
        "description": "A personal access token: `Authorization: Bearer <token>`.",
    },
    "basicAuth": {"type": "http", "scheme": "basic"},
    "csrfAuth": {
        "type": "apiKey",
        "in": "cookie",
        "name": "csrftoken",
        "description": "The cookie whose value goes into the header `X-CSRFToken`.",
    },
    "csrfHeaderAuth": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRFToken",
        "description": "The value of the cookie `csrftoken`, for what changes anything in a "
        "session.",
    },
    "sessionAuth": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "The session that `POST /api/auth/login` begins.",
    },
    "tokenAuth": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The key that `POST /api/auth/login` answers: `Token <key>`.",
    },
}
SAFE: list[dict[str, list[str]]] = [
    {"accessTokenAuth": []},
    {"basicAuth": []},
    {"sessionAuth": []},
    {"tokenAuth": []},
]
UNSAFE: list[dict[str, list[str]]] = [
    {"sessionAuth": [], "csrfAuth": [], "csrfHeaderAuth": []} if "sessionAuth" in way else way
    for way in SAFE
]

DETAIL = {
    "description": "Why there is no other answer.",
    "type": "object",
    "properties": {"detail": {"type": "string"}},
    "required": ["detail"],
}
MESSAGES = {
    "description": "What is wrong with the request: messages by field, messages of rules that no "
    "field breaks alone, or one message under `detail`.",
    "oneOf": [
        {"type": "object", "additionalProperties": {}},
        {"type": "array", "items": {}},
        {"type": "string"},
    ],
}
#: What stands behind a media type of which nothing more is said.
FILE = {"schema": {"type": "string", "format": "binary"}}
#: What stands behind a media type whose answers are sentences.
WORDS = {"schema": {"type": "string"}}
#: The type of bodies that bring a piece of a file (TUS).
PIECES = "application/offset+octet-stream"
#: The errors that most operations share, and what they mean.
ERRORS = {
    "400": "The request is malformed, or breaks a rule",
    "401": "Nobody is logged in, or the proof of who it is is wrong",
    "403": "The asker may not do this",
    "404": "There is no such object, or the asker may not know of it",
    "406": "Another version of the API is asked for than this server speaks",
    "429": "Too many calls or wrong passwords; `Retry-After` says when to come again",
    "503": "The server is occupied or stops; `Retry-After` says when to come again",
}
#: The errors of operations that take a body.
BODY_ERRORS = {
    "413": "The body is larger than is allowed",
    "415": "The body is of a type that the operation does not read",
    "507": "The server's disk has no room for what was sent",
}
#: The errors of operations that take a piece of a file.
PIECE_ERRORS = {
    "409": "The piece belongs elsewhere; `Upload-Offset` says where the next one does",
    "412": "Another version of TUS is spoken than this server speaks",
}
#: The error of operations that begin a background request.
BACKGROUND_ERRORS = {"409": "The same request is under way already"}
#: The errors that are told in a sentence instead of JSON by some operations, as CVAT does, and to
#: who asks for a host that this server is not; and in which types.
SENTENCES = {"400": ("text/html", "text/plain"), "404": ("text/html",)}


def make(operations: Iterable[Operation]) -> dict[str, Any]:
    """The document of these operations."""
    spec = APISpec(
        title="CVAT REST API",
        version=API_VERSION,
        openapi_version=OPENAPI,
        plugins=[Plugin()],
        info={"description": ABOUT},
    )
    for name, scheme in SECURITY_SCHEMES.items():
        spec.components.security_scheme(name, dict(scheme))
    spec.components.schema("ErrorDetail", DETAIL)
    spec.components.schema("ErrorMessages", MESSAGES)
    for operation in operations:
        spec.path(
            path=operation.path,
            operations={operation.method.lower(): describe(operation)},
        )
    made: dict[str, Any] = spec.to_dict()
    components = made["components"]
    components["schemas"] = dict(sorted(components["schemas"].items()))
    return {"openapi": OPENAPI, "info": made["info"], "paths": made["paths"]} | {
        "components": components
    }


def describe(operation: Operation) -> dict[str, Any]:
    """The operation object; schemas stand in it as classes, for apispec to name."""
    public = is_public(operation.handler)
    ways = SAFE if operation.method in ("GET", "HEAD") else UNSAFE
    described: dict[str, Any] = {
        "operationId": operation.operation_id,
        "tags": list(operation.declared["tags"]),
        "summary": operation.declared["summary"],
        "description": " ".join((operation.handler.__doc__ or "").split()),
        "parameters": [*path_parameters(operation), *other_parameters(operation)],
        "requestBody": request_body(operation.declared),
        "security": [*ways, {}] if public else ways,
        "responses": {**successes(operation), **errors(operation, public=public)},
    }
    return {name: value for name, value in described.items() if value}


def path_parameters(operation: Operation) -> list[Parameter]:
    """The parameters in the path, as they are declared or else by their names."""
    declared = {
        parameter["name"]: dict(parameter)
        for parameter in operation.declared["parameters"]
        if parameter["in"] == "path"
    }
    return [
        declared.get(name) or path(name, "integer" if name == "id" else "string")
        for name in operation.variables
    ]


def other_parameters(operation: Operation) -> list[Parameter]:
    """The parameters outside the path, without what says nothing."""
    return [
        {name: value for name, value in parameter.items() if value not in ("", False)}
        for parameter in operation.declared["parameters"]
        if parameter["in"] != "path"
    ]


def request_body(declared: dict[str, Any]) -> dict[str, Any] | None:
    """The body, from its schema or from what ``docs`` says of it; None where there is none."""
    given = declared.get("x-request-body")
    if declared["schemas"]:
        [first] = declared["schemas"]
        schema, required = first["schema"], first["options"]["required"]
    elif given is None:
        return None
    else:
        schema, required = given["schema"], given.get("required", False)
    content = {kind: {"schema": schema} for kind in declared["consumes"]}
    return {"content": content, "required": bool(required)}


def successes(operation: Operation) -> dict[str, Any]:
    """The answers that the operation declares, errors of its own among them."""
    found: dict[str, Any] = {}
    for status, response in operation.declared["responses"].items():
        text = response.get("description") or operation.declared["summary"]
        found[str(status)] = {"description": text}
        if "schema" in response:
            found[str(status)]["content"] = {CVAT_JSON: {"schema": response["schema"]}}
        elif "content" in response:
            media = response["content"].items()
            found[str(status)]["content"] = {kind: medium or FILE for kind, medium in media}
        elif int(status) >= 400:
            found[str(status)]["content"] = error_content(str(status))
    return found


def errors(operation: Operation, *, public: bool) -> dict[str, Any]:
    """The errors that operations share, where they can happen and are not declared."""
    found = {}
    for status, text in sorted({**ERRORS, **more_errors(operation)}.items()):
        nothing_to_find = status == "404" and public and not operation.variables
        if status in operation.declared["responses"] or nothing_to_find:
            continue
        found[status] = {"description": text, "content": error_content(status)}
    if public and "401" in found:
        found["401"]["description"] = "The proof of who asks is wrong"
    return found


def more_errors(operation: Operation) -> dict[str, str]:
    """The errors that come with what the operation takes and does."""
    declared = operation.declared
    pieces = PIECES in declared["consumes"]
    more: dict[str, str] = {}
    if pieces or request_body(declared) is not None:
        more |= BODY_ERRORS
    if pieces:
        more |= PIECE_ERRORS
    if "202" in map(str, declared["responses"]):
        more |= BACKGROUND_ERRORS
    return more


def error_content(status: str) -> dict[str, Any]:
    """The body of an error."""
    component = "ErrorMessages" if status in ("400", "409") else "ErrorDetail"
    content = {CVAT_JSON: {"schema": {"$ref": f"#/components/schemas/{component}"}}}
    return content | dict.fromkeys(SENTENCES.get(status, ()), WORDS)
