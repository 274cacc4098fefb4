"""Who sends a request: session, token, password or access token, in which organization."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

from cvat_lite.errors import ForbiddenError, UnauthorizedError
from cvat_lite.services import organizations
from cvat_lite.services.context import Context, Identity, Server

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
SESSION_COOKIE = "sessionid"
CSRF_COOKIE = "csrftoken"
CSRF_HEADER = "X-CSRFTOKEN"
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


def csrf_token(session: str) -> str:
    """The CSRF value that belongs to a session; nobody without the session can tell it."""
    return hashlib.sha256(f"csrf {session}".encode()).hexdigest()


def host_name(request: web.Request) -> str:
    """The host that the request was sent to, without the port."""
    return (urlsplit(f"//{request.host}").hostname or "").rstrip(".")


def is_address(name: str) -> bool:
    """Whether a host is written as a number: names can be pointed elsewhere, numbers cannot."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def host_is_allowed(server: Server, name: str) -> bool:
    """Whether this server answers to that host: DNS rebinding attacks local servers by a name."""
    config = server.config
    if name in LOCAL_NAMES or name == config.host or is_address(name):
        return True
    return any(
        allowed == "*" or name == allowed or (allowed.startswith(".") and name.endswith(allowed))
        for allowed in config.allowed_hosts
    )


def base_url(request: web.Request) -> str:
    """The address that the caller knows this server by.

    A proxy that speaks https outside says so in ``X-Forwarded-Proto``; where it does not, a
    browser's ``Origin`` with the same host still tells. Addresses made with the wrong scheme
    lose uploads: the client sends them elsewhere.
    """
    scheme = request.headers.get("X-Forwarded-Proto", "").split(",")[0].strip().lower()
    if scheme not in ("http", "https"):
        origin = urlsplit(request.headers.get("Origin", ""))
        scheme = origin.scheme if origin.netloc == request.host else request.scheme
    return f"{scheme}://{request.host}"


def comes_from_another_site(request: web.Request, server: Server) -> bool:
    """Whether a browser sends this on behalf of another site's page."""
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    return urlsplit(origin).netloc != request.host and origin not in server.config.trusted_origins


async def authenticate(request: web.Request, server: Server) -> tuple[Identity | None, str]:
    """Who sends the request, or None, and the session it came with.

    Raises UnauthorizedError for a proof that is wrong, ForbiddenError for a session's unsafe
    request without its CSRF value.
    """
    proof = request.headers.get("Authorization")
    if proof:
        return await by_header(server, proof), ""
    session = request.cookies.get(SESSION_COOKIE, "")
    if session:
        identity = await server.identities.session(session)
        if identity is not None:
            check_csrf(request, server, session)
            return identity, session
    if server.config.no_login and is_this_machine(request):
        if comes_from_another_site(request, server):
            raise ForbiddenError("CSRF Failed: Origin checking failed.")
        return await server.identities.administrator(), ""
    return None, ""


async def by_header(server: Server, proof: str) -> Identity:
    """The identity that an ``Authorization`` header proves."""
    kind, _, value = proof.partition(" ")
    value = value.strip()
    match kind.lower():
        case "token":
            return await server.identities.token(value)
        case "bearer":
            return await server.identities.access_token(value)
        case "basic":
            try:
                text = base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                raise UnauthorizedError(
                    "Invalid basic header. Credentials not correctly base64 encoded."
                ) from None
            username, _, password = text.partition(":")
            return await server.identities.password(username, password)
    raise UnauthorizedError


def check_csrf(request: web.Request, server: Server, session: str) -> None:
    """Refuse an unsafe request of a session that does not carry its CSRF value."""
    if request.method in SAFE_METHODS:
        return
    if comes_from_another_site(request, server):
        raise ForbiddenError("CSRF Failed: Origin checking failed.")
    sent = request.headers.get(CSRF_HEADER)
    if sent is None:
        raise ForbiddenError("CSRF Failed: CSRF token missing.")
    if not hmac.compare_digest(sent.encode(), csrf_token(session).encode()):
        raise ForbiddenError("CSRF Failed: CSRF token incorrect.")


def is_this_machine(request: web.Request) -> bool:
    """Whether both ends of the connection are on this machine, under a name of its own."""
    name = host_name(request)
    try:
        return name in LOCAL_NAMES and ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False


async def make_context(request: web.Request, server: Server) -> Context:
    """The context of the request: who, in which organization, under which address."""
    identity, session = await authenticate(request, server)
    slug = request.query.get("org", request.headers.get("X-Organization"))
    number = request.query.get("org_id")
    subject, organization_id = await organizations.subject(server, identity, slug, number)
    return Context(
        server=server,
        identity=identity,
        subject=subject,
        base_url=base_url(request),
        session=session,
        organization_id=organization_id,
    )
