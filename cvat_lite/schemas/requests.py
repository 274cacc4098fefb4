"""The shapes of background requests."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.domain.enums import RequestStatus
from cvat_lite.schemas.base import Choice, Wire
from cvat_lite.schemas.common import paginated


class RequestDataOperation(Wire):
    """What a request does, and to what."""

    type = fields.String(required=True)
    target = fields.String(required=True)
    project_id = fields.Integer(allow_none=True)
    task_id = fields.Integer(allow_none=True)
    job_id = fields.Integer(allow_none=True)
    org_id = fields.Integer(allow_none=True)
    format = fields.String(allow_none=True)
    function_id = fields.String(allow_none=True)
    lightweight = fields.Boolean(allow_none=True)


class UserIdentifiers(Wire):
    """Who asked for the work."""

    id = fields.Integer(required=True)
    username = fields.String(required=True)


class Request(Wire):
    """A background request and what became of it."""

    status = Choice(RequestStatus, required=True)
    message = fields.String()
    id = fields.String(required=True)
    operation = fields.Nested(RequestDataOperation, required=True)
    progress = fields.Float(allow_none=True)
    created_date = fields.DateTime(required=True)
    started_date = fields.DateTime(allow_none=True)
    finished_date = fields.DateTime(allow_none=True)
    expiry_date = fields.DateTime(allow_none=True)
    owner = fields.Nested(UserIdentifiers, allow_none=True)
    result_url = fields.Url(allow_none=True)
    result_id = fields.Integer(allow_none=True)


PaginatedRequestList = paginated(Request)
