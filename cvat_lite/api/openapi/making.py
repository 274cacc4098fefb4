"""The document itself: apispec fed with the operations' declarations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apispec import APISpec

from cvat_lite import __version__
from cvat_lite.api.declare import Parameter, is_public, success
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
UNSAFE = [
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
    "anyOf": [
        {"type": "object", "additionalProperties": {}},
        {"type": "array", "items": {}},
    ],
}
#: Errors: status, the component of the body, what it means.
ERRORS = {
    "400": ("ErrorMessages", "The request is malformed, or breaks a rule"),
    "401": ("ErrorDetail", "Nobody is logged in, or the proof of who it is is wrong"),
    "403": ("ErrorDetail", "The asker may not do this"),
    "404": ("ErrorDetail", "There is no such object, or the asker may not know of it"),
}
INTEGERS = frozenset(("id",))


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
    declared = operation.handler.__apispec__  # type: ignore[attr-defined]  # set by decorators
    described: dict[str, Any] = {
        "operationId": operation.operation_id,
        "tags": list(declared["tags"]),
        "summary": declared["summary"],
        "description": " ".join((operation.handler.__doc__ or "").split()),
    }
    parameters = path_parameters(operation) + given_parameters(operation)
    if parameters:
        described["parameters"] = parameters
    body = request_body(declared)
    if body is not None:
        described["requestBody"] = body
    public = is_public(operation.handler)
    safe = operation.method in ("GET", "HEAD")
    described["security"] = [*(SAFE if safe else UNSAFE), *([{}] if public else [])]
    described["responses"] = responses(operation, public=public)
    return described


def path_parameters(operation: Operation) -> list[Parameter]:
    """The parameters in the path, as they are declared or else by their names."""
    declared = {
        parameter["name"]: parameter
        for parameter in operation.handler.__apispec__["parameters"]  # type: ignore[attr-defined]
        if parameter["in"] == "path"
    }
    return [
        dict(declared[name])
        if name in declared
        else {
            "in": "path",
            "name": name,
            "schema": {"type": "integer" if name in INTEGERS else "string"},
            "required": True,
        }
        for name in operation.variables
    ]


def given_parameters(operation: Operation) -> list[Parameter]:
    """The parameters outside the path, without what says nothing."""
    return [
        {key: value for key, value in parameter.items() if value not in ("", False)}
        for parameter in operation.handler.__apispec__["parameters"]  # type: ignore[attr-defined]
        if parameter["in"] != "path"
    ]


def request_body(declared: dict[str, Any]) -> dict[str, Any] | None:
    """The body, from its schema or from what ``docs`` says of it; None where there is none."""
    kinds = declared["consumes"]
    given = declared.get("x-request-body")
    if declared["schemas"]:
        [first] = declared["schemas"]
        schema, required = first["schema"], first["options"]["required"]
    elif given is not None:
        if "content" in given:
            return dict(given)
        schema, required = given["schema"], given.get("required", False)
    else:
        return None
    body: dict[str, Any] = {"content": {kind: {"schema": schema} for kind in kinds}}
    return {**body, "required": True} if required else body


def responses(operation: Operation, *, public: bool) -> dict[str, Any]:
    """What can be answered: what is declared, and the errors that all operations share."""
    declared: dict[str, Any] = {}
    for status, response in operation.handler.__apispec__["responses"].items():  # type: ignore[attr-defined]
        text = response.get("description") or operation.handler.__apispec__["summary"]  # type: ignore[attr-defined]
        described: dict[str, Any] = {"description": text}
        if "schema" in response:
            described["content"] = {CVAT_JSON: {"schema": response["schema"]}}
        elif "content" in response:
            described["content"] = response["content"]
        declared[str(status)] = described
    if not any(status.startswith("2") for status in declared):
        declared[str(success(operation.handler))] = {"description": "Done"}
    for status, (component, text) in ERRORS.items():
        if status in declared or (status == "404" and not operation.variables):
            continue
        if public and status == "401":
            text = "The proof of who asks is wrong"  # noqa: PLW2901
        reference = {"$ref": f"#/components/schemas/{component}"}
        declared[status] = {
            "description": text,
            "content": {CVAT_JSON: {"schema": reference}},
        }
    return dict(sorted(declared.items()))
