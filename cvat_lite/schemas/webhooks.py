"""The shapes of webhooks and of what they have delivered."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields

from cvat_lite.domain.annotations import LARGEST_ID
from cvat_lite.domain.enums import WebhookType
from cvat_lite.domain.webhook_events import ALL, KNOWN
from cvat_lite.schemas.base import Boolean, Choice, Integer, List, String, Wire
from cvat_lite.schemas.common import BasicUser, paginated

CONTENT_TYPES = ("application/json",)
EVENTS = tuple(sorted(KNOWN))


class WebhookRead(Wire):
    """A webhook; its secret is never shown."""

    id = fields.Integer(dump_only=True)
    url = fields.Url(dump_only=True)
    target_url = fields.Url(dump_only=True)
    description = fields.String(dump_only=True)
    type = Choice(WebhookType, required=True)
    content_type = Choice(CONTENT_TYPES, required=True)
    is_active = fields.Boolean(dump_only=True)
    enable_ssl = fields.Boolean(dump_only=True)
    created_date = fields.DateTime(dump_only=True)
    updated_date = fields.DateTime(dump_only=True)
    owner = fields.Nested(BasicUser, allow_none=True)
    project_id = fields.Integer(allow_none=True)
    organization = fields.Integer(allow_none=True, dump_only=True)
    events = fields.List(Choice(EVENTS), dump_only=True)
    last_status = fields.Integer(dump_only=True)
    last_delivery_date = fields.DateTime(dump_only=True)


class TargetUrl(String):
    """Where events are posted to: an http or https address."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            parts = urlsplit(text)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname)
            sound = sound and (parts.port is None or parts.port > 0)
        except ValueError:
            sound = False
        if not sound or any(letter.isspace() for letter in text):
            raise ValidationError("Enter a valid URL.")
        return text


class WebhookEvents(List):
    """The names of events."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) or not isinstance(value, list | tuple):
            raise ValidationError(
                f'Expected a list of items but got type "{type(value).__name__}".'
            )
        for event in value:
            if not isinstance(event, str) or event not in KNOWN:
                raise ValidationError(f'"{event}" is not a valid choice.')
        return sorted(set(value))


class PatchedWebhookWriteRequest(Wire):
    """What is to be changed of a webhook; its type and project stay."""

    target_url = TargetUrl(longest=8192)
    description = String(blank=True, longest=128)
    content_type = Choice(CONTENT_TYPES)
    secret = String(blank=True, longest=64)
    is_active = Boolean()
    enable_ssl = Boolean()
    events = WebhookEvents(Choice(EVENTS))


class WebhookWriteRequest(PatchedWebhookWriteRequest):
    """A webhook to be made."""

    target_url = TargetUrl(required=True, longest=8192)
    type = Choice(WebhookType, required=True)
    events = WebhookEvents(Choice(EVENTS), required=True)
    project_id = Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)


class WebhookDeliveryRead(Wire):
    """Something that was sent, or is to be, and what came back."""

    id = fields.Integer(dump_only=True)
    webhook_id = fields.Integer(dump_only=True)
    event = fields.String(dump_only=True)
    status_code = fields.Integer(allow_none=True, dump_only=True)
    redelivery = fields.Boolean(dump_only=True)
    attempt = fields.Integer(allow_none=True, dump_only=True)
    request_duration = fields.Integer(allow_none=True, dump_only=True)
    created_date = fields.DateTime(dump_only=True)
    updated_date = fields.DateTime(dump_only=True)
    changed_fields = fields.String(dump_only=True)
    request = fields.Raw(dump_only=True)
    response = fields.Raw(dump_only=True)


class WebhooksEventGroup(Wire):
    """What events are shown under."""

    display_name = fields.String(dump_only=True)


class WebhooksEvent(Wire):
    """An event that can be asked for."""

    key = fields.String(dump_only=True)
    group = fields.Nested(WebhooksEventGroup)


class Events(Wire):
    """The events that webhooks of a type can ask for."""

    webhook_type = Choice((*WebhookType, ALL), required=True)
    events = fields.List(fields.Nested(WebhooksEvent), required=True)


PaginatedWebhookReadList = paginated(WebhookRead)
PaginatedWebhookDeliveryReadList = paginated(WebhookDeliveryRead)
