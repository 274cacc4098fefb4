"""The shapes of events."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.domain.annotations import LARGEST_ID
from cvat_lite.schemas.base import INT_LIMIT, Choice, Date, Integer, Nested, String, Wire


class Event(Wire):
    """Something that happened; ``payload`` is JSON text."""

    scope = fields.String(required=True)
    timestamp = fields.DateTime(required=True)
    obj_name = fields.String(allow_none=True)
    obj_id = fields.Integer(allow_none=True)
    obj_val = fields.String(allow_none=True)
    source = fields.String(allow_none=True)
    count = fields.Integer(allow_none=True)
    duration = fields.Integer()
    project_id = fields.Integer(allow_none=True)
    task_id = fields.Integer(allow_none=True)
    job_id = fields.Integer(allow_none=True)
    user_id = fields.Integer(allow_none=True)
    user_name = fields.String(allow_none=True)
    user_email = fields.String(allow_none=True)
    org_id = fields.Integer(allow_none=True)
    org_slug = fields.String(allow_none=True)
    payload = fields.String(allow_none=True)


class EventRequest(Wire):
    """What a client says that its user did; durations are milliseconds."""

    scope = String(required=True)
    timestamp = Date(required=True)
    obj_name = String(allow_none=True)
    obj_id = Integer(allow_none=True, minimum=-INT_LIMIT, maximum=INT_LIMIT)
    obj_val = String(allow_none=True)
    source = String(allow_none=True)
    count = Integer(allow_none=True, minimum=-INT_LIMIT, maximum=INT_LIMIT)
    duration = Integer(minimum=-INT_LIMIT, maximum=INT_LIMIT)
    project_id = Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)
    task_id = Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)
    job_id = Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)
    user_id = Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)
    user_name = String(allow_none=True)
    user_email = String(allow_none=True)
    org_id = Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)
    org_slug = String(allow_none=True)
    payload = String(allow_none=True)


class ClientEvents(Wire):
    """The events as they were recorded."""

    events = fields.List(fields.Nested(Event))
    previous_event = fields.Nested(Event, allow_none=True)
    timestamp = fields.DateTime(required=True)


class ClientEventsRequest(Wire):
    """Events of a client, and its own idea of the time at which it sends them."""

    events = Nested(EventRequest, many=True)
    previous_event = Nested(EventRequest, allow_none=True)
    timestamp = Date(required=True)


class EventFilters(Wire):
    """Which events to export."""

    org_id = Integer(minimum=0, maximum=LARGEST_ID)
    project_id = Integer(minimum=0, maximum=LARGEST_ID)
    task_id = Integer(minimum=0, maximum=LARGEST_ID)
    job_id = Integer(minimum=0, maximum=LARGEST_ID)
    user_id = Integer(minimum=0, maximum=LARGEST_ID)
    since = Date(data_key="from", attribute="from")
    to = Date()
    filename = String(longest=255)
    location = Choice(("cloud_storage", "local"))
    cloud_storage_id = Integer(minimum=0, maximum=LARGEST_ID)
