"""Marshmallow's schemas as OpenAPI components: what apispec does not know of ours and of 3.26."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

import marshmallow
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.field_converter import DEFAULT_FIELD_MAPPING
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from cvat_lite.schemas.base import Email

Mapping = dict[type[fields.Field], tuple[str | None, str | None]]


class Converter(OpenAPIConverter):  # type: ignore[misc]  # apispec has no types
    """Types, defaults, enumerations and descriptions as this API's document has them."""

    #: Ids are larger than an ``int32`` may be, and numbers are doubles.
    field_mapping: ClassVar[Mapping] = {
        **DEFAULT_FIELD_MAPPING,
        fields.Integer: ("integer", None),
        fields.Float: ("number", "double"),
        fields.Url: ("string", "uri"),
        fields.Nested: (None, None),
        Email: ("string", "email"),
    }

    def field2default(self, field: fields.Field, **_: Any) -> dict[str, Any]:
        """What stands for a field that the body does not have.

        apispec asks for ``missing``, which marshmallow calls ``load_default`` now.
        """
        default = field.load_default
        if default is marshmallow.missing or callable(default):
            return {}
        return {"default": default}

    def field2choices(self, field: fields.Field, **more: Any) -> dict[str, Any]:
        """The values of an enumeration, null among them where it is allowed."""
        found: dict[str, Any] = super().field2choices(field, **more)
        if "enum" in found and field.allow_none:
            found["enum"] = [*found["enum"], None]
        return found

    def schema2jsonschema(self, schema: Schema) -> dict[str, Any]:
        """The component, described by the docstring of its class."""
        found: dict[str, Any] = super().schema2jsonschema(schema)
        if schema.unknown == marshmallow.INCLUDE:
            found["additionalProperties"] = {}
        about = inspect.cleandoc(type(schema).__doc__ or "")
        return {"description": about, **found} if about else found


class Plugin(MarshmallowPlugin):  # type: ignore[misc]  # apispec has no types
    """apispec's plugin for marshmallow with our converter; components are called as classes."""

    Converter = Converter

    def __init__(self) -> None:
        super().__init__(schema_name_resolver=component_name)


def component_name(schema: Schema | type[Schema]) -> str:
    """The name of the component: the class's."""
    return schema.__name__ if isinstance(schema, type) else type(schema).__name__
