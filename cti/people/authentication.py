"""Who sends a request, told by the session's cookie or by a bearer token."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from cti.http.principal import Principal
from cti.people.sessions import ABSOLUTE_SECONDS, Sessions
from cti.people.throttle import SignInThrottle

COOKIE: Final = "cti_session"
_LONGEST_TOKEN: Final = 200

SESSIONS = web.AppKey("sessions", Sessions)
THROTTLE = web.AppKey("throttle", SignInThrottle)


class SiteSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How people reach us: the address they type when a proxy stands before us, else None."""

    external_base_url: str | None = None

    @property
    def secure(self) -> bool:
        """Whether people come by https."""
        return (self.external_base_url or "").startswith("https://")


SITE = web.AppKey("site", SiteSettings)


async def authenticate(request: web.Request) -> Principal | None:
    """The sender; an `Authorization` header decides alone when it is there."""
    sessions = request.app[SESSIONS]
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST_TOKEN:
            return None
        return await sessions.of_bearer(token)
    token = request.cookies.get(COOKIE, "")
    return await sessions.of_cookie(token) if 0 < len(token) <= _LONGEST_TOKEN else None


def session_cookie(token: str, site: SiteSettings) -> str:
    """The Set-Cookie value that begins a session; an empty token ends it."""
    age = int(ABSOLUTE_SECONDS) if token else 0
    secure = "; Secure" if site.secure else ""
    return f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}"


def is_same_origin(request: web.Request) -> bool:
    """Whether the page that sends this is ours, by its Origin; a sender without one is no browser's page."""
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    site = request.app[SITE]
    expected = {request.host.lower()}
    if site.external_base_url is not None:
        expected.add(urlsplit(site.external_base_url).netloc.lower())
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc.lower() in expected


def client_address(request: web.Request) -> str:
    """The sender's address; behind a proxy on this machine, the one that the proxy names."""
    peer = request.remote or ""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if request.app[SITE].external_base_url is None or not forwarded:
        return peer
    try:
        return str(ip_address(forwarded)) if ip_address(peer).is_loopback else peer
    except ValueError:
        return peer
