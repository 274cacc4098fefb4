"""What the installed SDK and this server's document say of the same values, in one form."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from cvat_sdk.api_client import apis
from cvat_sdk.api_client.api_client import ApiClient, Endpoint
from cvat_sdk.api_client.model_utils import (
    ModelComposed,
    ModelNormal,
    ModelSimple,
    OpenApiModel,
    file_type,
    none_type,
)

PLAIN = {
    int: "integer",
    float: "number",
    str: "string",
    bool: "boolean",
    datetime: "date-time",
    date: "date",
    file_type: "binary",
}
FORMATS = ("date-time", "date", "binary")


@dataclass(frozen=True)
class Field:
    """A value within an object."""

    shape: Shape
    required: bool


@dataclass(frozen=True)
class Shape:
    """What a value can be; ``name`` is the model's or component's, of objects only.

    ``kind`` is OpenAPI's type, or the format for dates and files, or ``any``.
    """

    kind: str
    nullable: bool = False
    name: str = ""
    items: Shape | None = None
    enum: frozenset[str] | None = None
    source: Any = field(default=None, compare=False, repr=False)

    @property
    def fields(self) -> dict[str, Field]:
        """The fields of an object."""
        return self.source() if self.source else {}


@dataclass(frozen=True)
class Parameter:
    """A parameter outside the body."""

    where: str
    name: str
    shape: Shape
    required: bool


@dataclass
class Call:
    """An operation; None for a body or an answer that nothing is known of."""

    method: str
    path: str
    parameters: list[Parameter]
    body: Shape | None
    answer: Shape | None


def sdk_calls() -> dict[str, Call]:
    """The operations of the SDK by id."""
    return {operation_id: sdk_call(endpoint) for operation_id, endpoint in endpoints()}


def endpoints() -> Iterator[tuple[str, Endpoint]]:
    """The SDK's endpoints, with ids as CVAT's document has them."""
    with ApiClient() as client:
        for name in dir(apis):
            if name.endswith("Api"):
                for endpoint in vars(getattr(apis, name)(client)).values():
                    if isinstance(endpoint, Endpoint):
                        tag = name.removesuffix("Api").lower()
                        yield f"{tag}_{endpoint.settings['operation_id']}", endpoint


def sdk_call(endpoint: Endpoint) -> Call:
    """What the SDK knows of an operation."""
    parameters, form, body = [], {}, None
    for name in endpoint.params_map["all"]:
        where = endpoint.location_map.get(name)
        if where is None:
            continue  # the SDK's own: timeouts and the like
        shape = of_types(
            endpoint.openapi_types[name], enum_of(endpoint.allowed_values.get((name,)))
        )
        required = name in endpoint.params_map["required"]
        if where == "body":
            body = shape
        elif where == "form":
            form[endpoint.attribute_map[name]] = Field(shape, required)
        else:
            wire = endpoint.attribute_map[name]
            parameters.append(Parameter(where, wire, shape, required))
    if form:
        body = Shape("object", name="form", source=lambda: form)
    answer = endpoint.settings["response_schema"]
    return Call(
        endpoint.settings["http_method"],
        endpoint.settings["endpoint_path"],
        parameters,
        body,
        of_types(answer) if answer else None,
    )


def enum_of(values: dict[str, Any] | None) -> frozenset[str] | None:
    """The values of an enumeration, without the null that stands for itself."""
    return (
        frozenset(str(value) for value in values.values() if value is not None) if values else None
    )


def of_types(types: tuple[Any, ...], enum: frozenset[str] | None = None) -> Shape:
    """The shape that the SDK writes as a tuple of types."""
    nullable = none_type in types
    kinds = [kind for kind in types if kind is not none_type]
    if len(kinds) != 1:
        return Shape("any", nullable=True)
    [kind] = kinds
    if isinstance(kind, list):
        return Shape(
            "array",
            nullable,
            items=of_types(tuple(kind[0]) if isinstance(kind[0], tuple) else tuple(kind)),
        )
    if isinstance(kind, dict):
        return Shape("object", nullable)
    if inspect.isclass(kind) and issubclass(kind, OpenApiModel):
        return of_model(kind, nullable=nullable)
    return Shape(PLAIN[kind], nullable, enum=enum)


def of_model(model: type[OpenApiModel], *, nullable: bool) -> Shape:
    """The shape of a model: an object, a plain value, or one of its alternatives."""
    nullable = nullable or model._nullable
    if issubclass(model, ModelSimple):
        found = of_types(
            model.openapi_types["value"], enum_of(model.allowed_values.get(("value",)))
        )
        return Shape(found.kind, nullable or found.nullable, items=found.items, enum=found.enum)
    if issubclass(model, ModelComposed):
        parts = [part for group in model._composed_schemas.values() for part in group]
        models = [part for part in parts if part is not none_type]
        if len(models) != 1:
            return Shape("any", nullable=True)
        return of_model(models[0], nullable=nullable or none_type in parts)
    assert issubclass(model, ModelNormal)
    return Shape("object", nullable, name=model.__name__, source=lambda: fields_of(model))


def fields_of(model: type[ModelNormal]) -> dict[str, Field]:
    """The fields of an object by their names on the wire."""
    signature = inspect.signature(inspect.unwrap(model._from_openapi_data.__func__))
    required = {
        name
        for name, parameter in signature.parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and name != "cls"
    }
    return {
        model.attribute_map[name]: Field(
            of_types(types, enum_of(model.allowed_values.get((name,)))), name in required
        )
        for name, types in model.openapi_types.items()
    }


class Document:
    """This server's document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.components = document["components"]["schemas"]
        self.calls = {
            operation["operationId"]: self.call(method.upper(), path, operation)
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }

    def call(self, method: str, path: str, operation: dict[str, Any]) -> Call:
        """What the document says of an operation; the answer is that of its first success."""
        parameters = [
            Parameter(
                parameter["in"],
                parameter["name"],
                self.shape(parameter["schema"]),
                parameter.get("required", False),
            )
            for parameter in operation.get("parameters", [])
        ]
        answers = operation["responses"]
        success = next((answers[code] for code in sorted(answers) if code < "300"), {})
        return Call(
            method,
            path,
            parameters,
            self.content(operation.get("requestBody", {})),
            self.content(success),
        )

    def content(self, described: dict[str, Any]) -> Shape | None:
        """The shape of a body or answer; all of its media types have the same."""
        for medium in described.get("content", {}).values():
            return self.shape(medium["schema"])
        return None

    def shape(self, schema: dict[str, Any]) -> Shape:
        """The shape of a schema object."""
        nullable = schema.get("nullable", False)
        if "allOf" in schema:
            [schema] = schema["allOf"]
        name = ""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = self.components[name]
        kind = schema.get("type", "any")
        if schema.get("format") in FORMATS:
            kind = schema["format"]
        values = [str(value) for value in schema.get("enum", ()) if value is not None]
        return Shape(
            kind,
            nullable or schema.get("nullable", False),
            name,
            self.shape(schema["items"]) if kind == "array" else None,
            frozenset(values) if values else None,
            (lambda: self.fields(schema)) if kind == "object" else None,
        )

    def fields(self, schema: dict[str, Any]) -> dict[str, Field]:
        """The fields of an object."""
        required = schema.get("required", ())
        return {
            name: Field(self.shape(inner), name in required)
            for name, inner in schema.get("properties", {}).items()
        }
