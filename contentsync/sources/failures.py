"""Names what went wrong with a fetch: from an HTTP status or a transport's exception to the error tree."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

import aiohttp
import httpx

from contentsync.errors import (
    AddressRefused,
    HTTPFailure,
    NameNotFound,
    NotFound,
    RateLimited,
    Refused,
    ServerFailed,
    SourceError,
    TimedOut,
    Unreachable,
)
from contentsync.sources.guard import ForbiddenAddress
from contentsync.sources.hints import http_date, quiet_seconds

MAX_RETRY_AFTER_SECONDS = 31 * 86_400

_DETAILS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((aiohttp.ClientConnectorCertificateError, ssl.SSLCertVerificationError), "TLS certificate is not valid"),
    ((aiohttp.ClientSSLError, ssl.SSLError), "TLS failed"),
    ((ConnectionRefusedError,), "connection refused"),
    ((aiohttp.ClientPayloadError,), "the answer broke off"),
    ((aiohttp.ClientResponseError, httpx.RemoteProtocolError), "the answer is not valid HTTP"),
    ((aiohttp.ServerDisconnectedError, ConnectionResetError, BrokenPipeError), "connection dropped"),
    ((aiohttp.ClientConnectionError, OSError), "no connection"),
)
"""Why there was no answer, in words; the first line wins that fits the exception or one of its causes."""


def transport_failure(url: str, error: BaseException) -> SourceError:
    """Name a failure without an HTTP status by the classes of its causes.

    The class httpx gives is no help: with the aiohttp transport even a refused connection is a `ConnectTimeout`.
    """
    causes = tuple(_causes(error))
    if any(isinstance(cause, ForbiddenAddress) for cause in causes):
        return AddressRefused(url)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return TimedOut(url)
    if any(isinstance(cause, (aiohttp.ClientConnectorDNSError, socket.gaierror)) for cause in causes):
        return NameNotFound(url, "name not found")
    for classes, detail in _DETAILS:
        if any(isinstance(cause, classes) for cause in causes):
            return Unreachable(url, detail)
    return Unreachable(url, "no answer")


def http_failure(url: str, status: int, headers: httpx.Headers) -> HTTPFailure:
    """Name a status that is no success. A 403 that says when to come back is a refusal for now, like a 429."""
    retry_after = retry_after_seconds(headers)
    wait = quiet_seconds(headers) if retry_after is None else retry_after
    if status == 429 or (status == 503 and retry_after is not None) or (status == 403 and wait is not None):
        return RateLimited(url, status, wait)
    if status in (404, 410):
        return NotFound(url, status, retry_after)
    if status >= 500:
        return ServerFailed(url, status, retry_after)
    return Refused(url, status, retry_after)


def retry_after_seconds(headers: httpx.Headers) -> int | None:
    """Give the wait a server asks for, 0 to `MAX_RETRY_AFTER_SECONDS`, or None; a date counts from the answer's Date.

    Source: RFC 9110, section 10.2.3.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:12]), MAX_RETRY_AFTER_SECONDS)
    until = http_date(value)
    if until is None:
        return None
    now = http_date(headers.get("date", "")) or datetime.now(UTC)
    return min(max(0, round((until - now).total_seconds())), MAX_RETRY_AFTER_SECONDS)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
