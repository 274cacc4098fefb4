"""What CVAT has to do with others: webhooks, their deliveries, and cloud storages."""

from __future__ import annotations

from typing import Any

from cvat_lite.services.cvat_dump.records import KEY, model, table, user
from cvat_lite.services.cvat_dump.values import (
    date,
    flag,
    integer,
    json_text,
    optional,
    text,
    words,
)


def answer_text(value: Any) -> str:
    """What came back to a webhook: as it came, or as JSON where it was read as such."""
    return text(value) if isinstance(value, str) else json_text(value)


MODELS = (
    model(
        "webhooks.webhook",
        table(
            "webhooks",
            id=KEY,
            target_url=text,
            description=text,
            type=text,
            content_type=text,
            secret=text,
            is_active=flag,
            enable_ssl=flag,
            events=words,
            owner_id=user("owner"),
            organization_id=("organization", optional(integer)),
            project_id=("project", optional(integer)),
            created_date=date,
            updated_date=date,
        ),
    ),
    model(
        "webhooks.webhookdelivery",
        table(
            "webhook_deliveries",
            id=KEY,
            webhook_id=("webhook", integer),
            event=text,
            status_code=optional(integer),
            redelivery=flag,
            attempt=optional(integer),
            request_duration=optional(integer),
            changed_fields=text,
            request=json_text,
            response=answer_text,
            created_date=date,
            updated_date=date,
        ),
    ),
    model(
        "engine.cloudstorage",
        table(
            "cloud_storages",
            id=KEY,
            provider_type=text,
            resource=text,
            display_name=text,
            owner_id=user("owner"),
            organization_id=("organization", optional(integer)),
            credentials_type=text,
            credentials=text,
            specific_attributes=text,
            description=text,
            created_date=date,
            updated_date=date,
        ),
    ),
    model(
        "engine.manifest",
        table(
            "cloud_storage_manifests",
            id=KEY,
            cloud_storage_id=("cloud_storage", integer),
            filename=text,
        ),
    ),
)
