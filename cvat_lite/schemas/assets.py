"""The shapes of assets."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.domain.annotations import LARGEST_ID
from cvat_lite.schemas.base import Integer, Wire
from cvat_lite.schemas.common import BasicUser


class AssetRead(Wire):
    """A file that a guide shows."""

    uuid = fields.String()
    filename = fields.String(required=True)
    created_date = fields.DateTime()
    owner = fields.Nested(BasicUser, allow_none=True)
    guide_id = fields.Integer()


class AssetWriteRequest(Wire):
    """The fields of the form beside the file."""

    guide_id = Integer(required=True, minimum=0, maximum=LARGEST_ID)


class AssetForm(AssetWriteRequest):
    """The whole form, for the document."""

    file = fields.String(required=True, metadata={"format": "binary"})
