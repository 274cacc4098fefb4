"""The shapes of annotation guides."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.domain.annotations import LARGEST_ID
from cvat_lite.schemas.base import Integer, String, Wire


class AnnotationGuideRead(Wire):
    """A text in Markdown for the annotators of a task or project."""

    id = fields.Integer()
    task_id = fields.Integer(allow_none=True)
    project_id = fields.Integer(allow_none=True)
    created_date = fields.DateTime()
    updated_date = fields.DateTime()
    markdown = fields.String()


class AnnotationGuideWriteRequest(Wire):
    """A guide to be written, for one task or one project."""

    task_id = Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)
    project_id = Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)
    markdown = String(blank=True, trim=False)


class PatchedAnnotationGuideWriteRequest(Wire):
    """Another text for a guide; what it is for does not change."""

    task_id = Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)
    project_id = Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)
    markdown = String(blank=True, trim=False)
