"""The shapes of what the server says about itself."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.schemas.base import Choice, Wire


class About(Wire):
    """Name and version of the server."""

    name = fields.String(required=True)
    description = fields.String(required=True)
    version = fields.String(required=True)
    logo_url = fields.Url(required=True)
    subtitle = fields.String(required=True)


class DatasetFormat(Wire):
    """A dataset format in one direction."""

    name = fields.String(required=True)
    ext = fields.String(required=True)
    version = fields.String(required=True)
    enabled = fields.Boolean(required=True)
    dimension = fields.String(required=True)


class DatasetFormats(Wire):
    """The formats that can be imported and exported."""

    importers = fields.List(fields.Nested(DatasetFormat), required=True)
    exporters = fields.List(fields.Nested(DatasetFormat), required=True)


class Plugins(Wire):
    """Which optional parts are there."""

    ANALYTICS = fields.Boolean(required=True)
    MODELS = fields.Boolean(required=True)


class FileInfo(Wire):
    """A file or directory of the share."""

    name = fields.String(required=True)
    type = Choice(("REG", "DIR"), required=True)
    mime_type = fields.String(required=True)


class Health(Wire):
    """What was checked and how it is."""

    database = fields.String(required=True)
    media = fields.String(required=True)
