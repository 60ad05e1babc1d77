"""Keeps the local chat local: only programs of this machine may speak to it, and no page of another site."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from contentsync.localchat.errors import ApiError

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""On every answer: the page runs its own script only, and no other site can show or read any of it."""

_NAMES = ("localhost", "127.0.0.1", "::1")
_PLAIN_HTTP_PORT = 80


def check_local(request: web.Request) -> None:
    """Refuse who is not of this machine. A foreign name that resolves to loopback (DNS rebinding) is foreign.

    Raises:
        ApiError: 403, with a sentence that says what was wrong.
    """
    if request.remote is None or not ip_address(request.remote).is_loopback:
        raise _forbidden("the local chat answers this machine only")
    port = request.transport.get_extra_info("sockname")[1] if request.transport is not None else None
    if not _is_local(f"//{request.headers.get('Host', '')}", port):
        raise _forbidden(f"open the local chat as http://localhost:{port}/chat; this Host is not served")
    origin = request.headers.get("Origin")
    if origin is not None and not (origin.startswith("http://") and _is_local(origin, port)):
        raise _forbidden("requests from pages of other sites are refused")


def _is_local(url: str, port: int | None) -> bool:
    """Whether a URL's host is this machine by name, at exactly this port."""
    try:
        parts = urlsplit(url)
        return parts.hostname in _NAMES and (parts.port or _PLAIN_HTTP_PORT) == port and parts.username is None
    except ValueError:  # a malformed address or port
        return False


def _forbidden(reason: str) -> ApiError:
    return ApiError(403, f"Forbidden: {reason}")
