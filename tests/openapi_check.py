"""Holds answers against the server's own document: status, type, and every field of the body.

Fields that the document does not name are errors here, so that nothing is answered undocumented.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastjsonschema

from cvat_lite.api import openapi
from cvat_lite.app import make_app
from cvat_lite.config import Config

Validate = Callable[[Any], Any]
#: What no operation answers, for none is reached.
NO_OPERATION = 405
#: The answers to who has asked before and says so, and to who asks for a part of a file.
KNOWN, PART = 304, 206
#: The type that documents bytes of whatever kind was stored.
ANY_BYTES = "*/*"
FORMATS = ("date-time",)


class Checks:
    """The validators of a document, each made when it is first needed."""

    def __init__(self, document: openapi.Document) -> None:
        self.definitions = {
            name: json_schema(schema) for name, schema in document["components"]["schemas"].items()
        }
        # The paths without variables first: ``/users/self`` is no user's number.
        paths = sorted(document["paths"], key=lambda path: path.count("{"))
        self.paths = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path.rstrip("/")) + "/?"), path)
            for path in paths
        ]
        self.document = document
        self.validators: dict[str, Validate] = {}

    def check(self, method: str, path: str, status: int, kind: str, body: bytes) -> None:
        """AssertionError if the document does not describe this answer."""
        operation = self.operation(method, path)
        if operation is None or status == NO_OPERATION:
            return
        if status == KNOWN:
            assert not body, f"{operation['operationId']} answered {status} with a body"
            return
        if status == PART:
            status = 200
        about = f"{operation['operationId']} answered {status}"
        assert str(status) in operation["responses"], f"{about}, which is not documented"
        content = operation["responses"][str(status)].get("content", {})
        if method == "HEAD":
            assert not body, f"{about} with a body"
        elif not content:
            assert not body, f"{about} with a body that is not documented: {body[:200]!r}"
        elif "json" in kind:
            self.check_body(about, content, kind, body)
        else:
            assert kind in content or ANY_BYTES in content, f"{about} as {kind}"

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """The operation that a request reaches, None for one that is not there."""
        for pattern, known in self.paths:
            operations = self.document["paths"][known]
            if method.lower() in operations and pattern.fullmatch(path):
                found: dict[str, Any] = operations[method.lower()]
                return found
        return None

    def check_body(self, about: str, content: dict[str, Any], kind: str, body: bytes) -> None:
        """AssertionError if the body is not as its schema says."""
        schema = content.get(kind, next(iter(content.values())))["schema"]
        if schema.get("format") == "binary":
            return
        try:
            self.validator(schema)(json.loads(body))
        except (ValueError, fastjsonschema.JsonSchemaValueException) as error:
            raise AssertionError(f"{about}: {error} in {body[:2000]!r}") from None

    def validator(self, schema: dict[str, Any]) -> Validate:
        """The function that raises for a value which is not as the schema says."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            root = {**json_schema(schema), "definitions": self.definitions}
            self.validators[key] = fastjsonschema.compile(root, use_default=False)
        return self.validators[key]


def json_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of OpenAPI 3.0 as JSON Schema has it: null is a type of its own there."""
    schema = dict(schema)
    nullable = schema.pop("nullable", False)
    if "$ref" in schema:
        return {"$ref": "#/definitions/" + schema["$ref"].rpartition("/")[2]}
    if "allOf" in schema:
        [only] = schema["allOf"]
        return {"anyOf": [json_schema(only), {"type": "null"}]} if nullable else json_schema(only)
    for words in ("description", "example", "readOnly", "writeOnly", "default"):
        schema.pop(words, None)
    if schema.get("format") not in FORMATS:
        schema.pop("format", None)
    if "oneOf" in schema:
        schema["oneOf"] = [json_schema(one) for one in schema["oneOf"]]
    if "items" in schema:
        schema["items"] = json_schema(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = json_schema(schema["additionalProperties"])
    if "properties" in schema:
        schema["properties"] = {
            name: json_schema(inner) for name, inner in schema["properties"].items()
        }
        schema.setdefault("additionalProperties", False)
    if nullable and "type" in schema:
        schema["type"] = [schema["type"], "null"]
    return schema


@functools.cache
def checks() -> Checks:
    """The checks of this server's document, made once for all tests."""
    return Checks(openapi.document(make_app(Config(data_dir=Path("never-made")))))
