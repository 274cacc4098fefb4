"""The shape of an uploaded dataset, for the document."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.schemas.base import Wire


class DatasetFileRequest(Wire):
    """A dataset for a project."""

    dataset_file = fields.Raw(metadata={"type": "string", "format": "binary"})
