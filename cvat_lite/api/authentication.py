"""Who sends a request: session, token, password or access token, in which organization."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from aiohttp import web

from cvat_lite.api import rate_limit
from cvat_lite.api.addresses import base_url, comes_from_another_site, is_this_machine
from cvat_lite.errors import ForbiddenError, NotFoundError, UnauthorizedError
from cvat_lite.services import organizations
from cvat_lite.services.context import Context, Identity, Server

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
SESSION_COOKIE = "sessionid"
CSRF_COOKIE = "csrftoken"
CSRF_HEADER = "X-CSRFTOKEN"
#: Browsers keep cookies for 400 days at most. Sessions end earlier: the server alone knows when,
#: because each use makes them last longer.
COOKIE_SECONDS = 400 * 24 * 3600
SCHEMES = ("token", "bearer", "basic")
FOREIGN = "CSRF Failed: Origin checking failed."


def csrf_token(session: str) -> str:
    """The CSRF value that belongs to a session; nobody without the session can tell it."""
    return hashlib.sha256(f"csrf {session}".encode()).hexdigest()


def set_cookies(request: web.Request, response: web.Response, session: str) -> web.Response:
    """Give the browser its session, and the CSRF value that its pages read and send along."""
    secure = base_url(request).startswith("https:")
    response.set_cookie(
        SESSION_COOKIE,
        session,
        max_age=COOKIE_SECONDS,
        httponly=True,
        secure=secure,
        samesite="Lax",
    )
    response.set_cookie(
        CSRF_COOKIE, csrf_token(session), max_age=COOKIE_SECONDS, secure=secure, samesite="Lax"
    )
    return response


def drop_cookies(response: web.Response) -> web.Response:
    """Take session and CSRF value from the browser."""
    response.del_cookie(SESSION_COOKIE, httponly=True, samesite="Lax")
    response.del_cookie(CSRF_COOKIE, samesite="Lax")
    return response


async def authenticate(request: web.Request, server: Server) -> tuple[Identity | None, str]:
    """Who sends the request, or None, and the session it came with.

    Raises UnauthorizedError for a proof that is wrong, ForbiddenError for a session's unsafe
    request without its CSRF value, TooManyRequestsError for too many wrong passwords.
    """
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() in SCHEMES:
        return await by_header(request, server, kind.lower(), value.strip()), ""
    session = request.cookies.get(SESSION_COOKIE, "")
    if session and session.isascii():
        identity = await server.identities.session(session)
        if identity is not None:
            check_csrf(request, session)
            return identity, session
    if server.config.no_login and is_this_machine(request):
        check_site(request)
        return await server.identities.administrator(), ""
    return None, ""


async def by_header(request: web.Request, server: Server, kind: str, value: str) -> Identity:
    """The identity that an ``Authorization`` header proves."""
    what = "basic" if kind == "basic" else "token"
    content = "Credentials" if kind == "basic" else "Token"
    if not value:
        raise UnauthorizedError(f"Invalid {what} header. No credentials provided.")
    if " " in value:
        raise UnauthorizedError(
            f"Invalid {what} header. {content} string should not contain spaces."
        )
    if not value.isascii():
        raise UnauthorizedError(
            f"Invalid {what} header. {content} string should not contain invalid characters."
        )
    if kind == "token":
        return await server.identities.token(value)
    if kind == "bearer":
        return await server.identities.access_token(value)
    username, password = decode_basic(value)
    rate_limit.check(request, "basic")
    try:
        return await server.identities.password(username, password)
    except UnauthorizedError:
        # Only wrong ones are counted: programs send the right one with each of many calls.
        rate_limit.knock(request, "basic")
        raise


def decode_basic(value: str) -> tuple[str, str]:
    """Username and password of a ``Basic`` proof."""
    try:
        raw = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise UnauthorizedError(
            "Invalid basic header. Credentials not correctly base64 encoded."
        ) from None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        # Older clients write what they have in their own alphabet.
        text = raw.decode("latin-1")
    username, _, password = text.partition(":")
    return username, password


def check_site(request: web.Request) -> None:
    """Refuse what a browser sends on behalf of another site's page."""
    if comes_from_another_site(request):
        raise ForbiddenError(FOREIGN)


def check_csrf(request: web.Request, session: str) -> None:
    """Refuse an unsafe request of a session that does not carry its CSRF value."""
    if request.method in SAFE_METHODS:
        return
    check_site(request)
    sent = request.headers.get(CSRF_HEADER)
    if sent is None:
        raise ForbiddenError("CSRF Failed: CSRF token missing.")
    if not sent.isascii() or not hmac.compare_digest(sent, csrf_token(session)):
        raise ForbiddenError("CSRF Failed: CSRF token incorrect.")


async def make_context(request: web.Request, server: Server) -> Context:
    """The context of the request: who, in which organization, under which address."""
    identity, session = await authenticate(request, server)
    slug = request.query.get("org", request.headers.get("X-Organization"))
    number = request.query.get("org_id")
    if not f"{slug}{number}".isprintable():
        # Bytes that are no text cannot be looked up, and no slug holds control characters.
        raise NotFoundError("There is no such organization.")
    subject, organization_id = await organizations.subject(server, identity, slug, number)
    return Context(
        server=server,
        identity=identity,
        subject=subject,
        base_url=base_url(request),
        session=session,
        organization_id=organization_id,
    )
