"""Takes answers through the published SDK's own deserializer, as its users' programs do."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from cvat_sdk.api_client.api_client import Endpoint
from cvat_sdk.api_client.exceptions import OpenApiException
from cvat_sdk.api_client.model_utils import file_type

from tests.contract.shapes import endpoints

#: What a body longer than this consists of is known from shorter ones; the SDK takes seconds.
LONGEST = 200_000


@dataclass(frozen=True)
class Answer:
    """What the deserializer asks of an answer."""

    data: bytes
    headers: dict[str, str]


@functools.cache
def known() -> dict[str, Endpoint]:
    """The SDK's endpoints by operation id."""
    return dict(endpoints())


def deserialize(operation_id: str, kind: str, body: bytes) -> None:
    """AssertionError if the SDK has this operation and its deserializer refuses the answer."""
    endpoint = known().get(operation_id)
    if endpoint is None or len(body) > LONGEST:
        return
    if operation_id == "quality_create_report":
        # The SDK declares the report of an older form; a recorded CVAT answers the request's id.
        return
    schema = endpoint.settings["response_schema"]
    if schema is None or schema == (file_type,) or "json" not in kind:
        return
    answer = Answer(body, {"content-type": kind})
    try:
        endpoint.api_client.deserialize(answer, schema, _check_type=True)
    except (OpenApiException, TypeError, ValueError) as error:
        raise AssertionError(
            f"{operation_id}: the SDK refuses the answer: {error} in {body[:2000]!r}"
        ) from error
