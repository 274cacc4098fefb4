"""The shapes of uploaded backups, for the document."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.schemas.base import Wire


class TaskFileRequest(Wire):
    """A backup of a task."""

    task_file = fields.Raw(metadata={"type": "string", "format": "binary"})


class ProjectFileRequest(Wire):
    """A backup of a project."""

    project_file = fields.Raw(metadata={"type": "string", "format": "binary"})
