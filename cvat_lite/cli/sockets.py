"""The sockets a server listens on, bound before anything else is touched.

A start that fails because of its address must not have made a store or an administrator whose
password nobody has seen.
"""

from __future__ import annotations

import contextlib
import errno
import socket

from cvat_lite.cli.settings import SettingError


def listen(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of the host; port 0 takes a free one, the same for all.

    Raises SettingError where no address can be had.
    """
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except socket.gaierror:
        raise SettingError(f"The host {host!r} is not known.") from None
    opened: list[socket.socket] = []
    failed: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(found):
        wanted = port or (port_of(opened[0]) if opened else 0)
        try:
            opened.append(socket.create_server((address[0], wanted), family=family, backlog=128))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                close(opened)
                raise SettingError(
                    f"The port {wanted} on {host} is in use by another program; "
                    "choose another with --port."
                ) from None
            failed = error
    if not opened:
        raise SettingError(f"Cannot listen on {host}, port {port}: {why(failed)}.")
    return opened


def why(error: OSError | None) -> str:
    """The reason of a failure in words."""
    if error is None:
        return "it has no address"
    if error.errno == errno.EACCES:
        return "that port needs more rights than you have"
    if error.errno == errno.EADDRNOTAVAIL:
        return "it is not an address of this machine"
    return (error.strerror or str(error)).lower()


def port_of(opened: socket.socket) -> int:
    """The port that a socket is bound to."""
    return int(opened.getsockname()[1])


def close(opened: list[socket.socket]) -> None:
    """Close all of them."""
    for one in opened:
        with contextlib.suppress(OSError):
            one.close()


def url_of(host: str, port: int) -> str:
    """The address to type into a browser on this machine."""
    if host in ("", "0.0.0.0", "::"):  # noqa: S104  # recognized, not bound
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
