"""The SDK proves who its user is."""

from __future__ import annotations

import pytest
from cvat_sdk import Client, make_client
from cvat_sdk.api_client import exceptions, models

from tests.client import ADMIN_PASSWORD
from tests.clients.conftest import Running


def test_a_user_logs_in_by_password_and_logs_out(running: Running) -> None:
    with make_client(running.url, credentials=("admin", ADMIN_PASSWORD)) as client:
        assert client.users.retrieve_current_user().username == "admin"
        client.logout()
        with pytest.raises(exceptions.UnauthorizedException):
            client.users.retrieve_current_user()


def test_a_wrong_password_is_refused(running: Running) -> None:
    with pytest.raises(exceptions.ApiException) as refused:
        make_client(running.url, credentials=("admin", "wrong"))
    assert refused.value.status == 400


def test_an_access_token_takes_the_place_of_a_password(running: Running, client: Client) -> None:
    token, _ = client.api_client.auth_api.create_access_tokens(
        access_token_write_request=models.AccessTokenWriteRequest(name="script", read_only=False)
    )
    with make_client(running.url, access_token=token.value) as other:
        assert other.users.retrieve_current_user().username == "admin"
        task = other.tasks.create(models.TaskWriteRequest(name="by token", labels=[]))
        assert task.owner.username == "admin"
        task.remove()


def test_a_token_that_only_reads_does_not_write(running: Running, client: Client) -> None:
    token, _ = client.api_client.auth_api.create_access_tokens(
        access_token_write_request=models.AccessTokenWriteRequest(name="reader", read_only=True)
    )
    with make_client(running.url, access_token=token.value) as other:
        assert other.users.retrieve_current_user().username == "admin"
        with pytest.raises(exceptions.ForbiddenException):
            other.tasks.create(models.TaskWriteRequest(name="by token", labels=[]))


def test_the_server_is_of_a_version_that_the_sdk_supports(client: Client) -> None:
    client.check_server_version(fail_if_unsupported=True)


def test_users_are_listed_and_retrieved(client: Client) -> None:
    current = client.users.retrieve_current_user()
    assert current.username in [user.username for user in client.users.list()]
    assert client.users.retrieve(current.id).username == current.username
