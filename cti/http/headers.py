"""Headers that every answer carries: what a browser may do with our pages, and nothing more."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

#: Scripts come from our own files only; styles may be inline because the client's widgets set them.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}


async def add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Signal for `Application.on_response_prepare`."""
    # A WebSocket has no document to protect, and keeps its headers for as long as it lives.
    if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
    response.headers["Server"] = "cti"
