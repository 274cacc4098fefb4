"""The shapes of snapshots."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.schemas.base import Boolean, Wire
from cvat_lite.schemas.common import paginated


class Snapshot(Wire):
    """A state of the server under a name; ``size`` is in bytes, without media."""

    name = fields.String(required=True)
    created_date = fields.DateTime(required=True)
    size = fields.Integer(required=True)


PaginatedSnapshotList = paginated(Snapshot)


class SnapshotWriteRequest(Wire):
    """A snapshot to be saved; one of the same name stays unless it may be replaced."""

    name = fields.String(required=True)
    replace = Boolean(load_default=False)
