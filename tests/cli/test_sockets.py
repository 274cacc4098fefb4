"""The sockets that a server listens on."""

from __future__ import annotations

import socket

import pytest

from cvat_lite.cli import sockets
from cvat_lite.cli.settings import SettingError


def test_port_zero_takes_one_free_port_for_all_addresses_of_a_host() -> None:
    opened = sockets.listen("localhost", 0)
    try:
        ports = {sockets.port_of(one) for one in opened}
        assert len(ports) == 1
        assert ports != {0}
        socket.create_connection(opened[0].getsockname()[:2]).close()
    finally:
        sockets.close(opened)


def test_a_port_in_use_is_said_in_one_line() -> None:
    opened = sockets.listen("127.0.0.1", 0)
    try:
        with pytest.raises(SettingError, match="in use") as error:
            sockets.listen("127.0.0.1", sockets.port_of(opened[0]))
        assert "\n" not in str(error.value)
    finally:
        sockets.close(opened)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(SettingError, match="not an address of this machine"):
        sockets.listen("192.0.2.1", 0)


def test_a_host_that_is_not_known_is_refused() -> None:
    with pytest.raises(SettingError, match="not known"):
        sockets.listen("no-such-host.invalid", 0)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("cvat.example", "http://cvat.example:80"),
    ],
)
def test_the_printed_address_can_be_typed_into_a_browser(host, url) -> None:
    assert sockets.url_of(host, 80) == url
