"""Shapes that several namespaces use."""

from __future__ import annotations

from marshmallow import Schema, fields

from cvat_lite.schemas.base import Choice, Date, Integer, List, Nested, String, Wire


class BasicUser(Wire):
    """A person, as an owner or an assignee is shown."""

    url = fields.Url(dump_only=True)
    id = fields.Integer(dump_only=True)
    username = fields.String(required=True)
    first_name = fields.String()
    last_name = fields.String()


class RqId(Wire):
    """The id of the background request that does the work."""

    rq_id = fields.String(required=True, metadata={"description": "Request id"})


class Storage(Wire):
    """Where exports go to or imports come from."""

    id = fields.Integer(dump_only=True)
    location = Choice(("cloud_storage", "local"))
    cloud_storage_id = fields.Integer(allow_none=True)


class StorageRequest(Wire):
    """Where exports should go to or imports come from."""

    location = Choice(("cloud_storage", "local"))
    cloud_storage_id = Integer(allow_none=True)


class JobsSummary(Wire):
    """How many jobs there are and where they are listed."""

    count = fields.Integer(dump_default=0)
    completed = fields.Integer(required=True, allow_none=True)
    validation = fields.Integer(required=True, allow_none=True)
    url = fields.Url(dump_only=True)


class LabelsSummary(Wire):
    """Where labels are listed."""

    url = fields.Url(dump_only=True)


class IssuesSummary(Wire):
    """How many issues there are and where they are listed."""

    url = fields.Url(dump_only=True)
    count = fields.Integer(dump_only=True)


class Empty(Wire):
    """A body without fields."""


def paginated(schema: type[Schema]) -> type[Schema]:
    """The page of a collection of that shape."""
    name = f"Paginated{schema.__name__}List"
    page = {
        "count": fields.Integer(required=True),
        "next": fields.Url(allow_none=True),
        "previous": fields.Url(allow_none=True),
        "results": fields.List(fields.Nested(schema), required=True),
        "__doc__": f"A page of {schema.__name__}.",
    }
    return type(name, (Wire,), page)


__all__ = [
    "BasicUser",
    "Choice",
    "Date",
    "Empty",
    "Integer",
    "IssuesSummary",
    "JobsSummary",
    "LabelsSummary",
    "List",
    "Nested",
    "RqId",
    "Storage",
    "StorageRequest",
    "String",
    "Wire",
    "paginated",
]
