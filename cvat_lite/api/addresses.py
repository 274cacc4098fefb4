"""From where and to where a request was sent: hosts, origins, schemes and this machine itself."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from aiohttp import web

from cvat_lite.config import Config

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
#: What a proxy adds to a request that it passes on.
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")
HOST = re.compile(r"[\w.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", re.ASCII)

CONFIG: web.AppKey[Config] = web.AppKey("config", Config)


def host_name(request: web.Request) -> str:
    """The host that the request was sent to, without the port; empty for what is no host."""
    if not HOST.fullmatch(request.host):
        return ""
    return (split(f"//{request.host}").hostname or "").rstrip(".")


def split(url: str) -> SplitResult:
    """The parts of an address; empty ones for what is no address."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def is_address(name: str) -> bool:
    """Whether a host is written as a number: names can be pointed elsewhere, numbers cannot."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def host_is_allowed(config: Config, name: str) -> bool:
    """Whether this server answers to that host: DNS rebinding attacks local servers by a name.

    ``.example.com`` allows the domain with all that is below it, ``*`` everything.
    """
    if not name:
        return False
    if name in LOCAL_NAMES or name == config.host.lower() or is_address(name):
        return True
    return any(
        allowed in ("*", name)
        or (allowed.startswith(".") and (name.endswith(allowed) or name == allowed[1:]))
        for allowed in map(str.lower, config.allowed_hosts)
    )


def base_url(request: web.Request) -> str:
    """The address that the caller knows this server by.

    A proxy that speaks https outside says so in ``X-Forwarded-Proto``; where it does not, a
    browser's ``Origin`` with the same host still tells. Addresses made with the wrong scheme
    lose uploads: the client sends them elsewhere.
    """
    scheme = request.headers.get("X-Forwarded-Proto", "").split(",")[0].strip().lower()
    if scheme not in ("http", "https"):
        origin = split(request.headers.get("Origin", ""))
        theirs = origin.scheme if origin.netloc == request.host else ""
        scheme = theirs if theirs in ("http", "https") else request.scheme
    return f"{scheme}://{request.host}"


def comes_from_another_site(request: web.Request) -> bool:
    """Whether a browser sends this on behalf of another site's page.

    Browsers say it themselves in ``Sec-Fetch-Site``; it is theirs, not the page's, and knows of
    proxies that change ``Host``. Where it is missing (plain http to another machine), ``Origin``
    must have our host. Programs that are no browsers send neither.
    """
    origin = request.headers.get("Origin")
    if origin is not None and origin in request.app[CONFIG].trusted_origins:
        return False
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    return origin is not None and split(origin).netloc != request.host


def is_this_machine(request: web.Request) -> bool:
    """Whether both ends of the connection are on this machine, under a name of its own.

    A proxy on this machine speaks for others: what it passes on is not from here.
    """
    if host_name(request) not in LOCAL_NAMES or any(name in request.headers for name in FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(request.remote or "")
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
