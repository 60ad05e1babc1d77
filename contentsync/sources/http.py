"""The way out: a guarded HTTP client, a conditional GET, and what counts as a link."""

import asyncio
import hashlib
import ipaddress
import logging
import re
import ssl
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from typing import NamedTuple
from urllib.parse import urljoin

import aiohttp
import httpx
import idna
from aiohttp.abc import AbstractResolver

from contentsync.errors import (
    BadRedirect,
    ForbiddenPort,
    InvalidLink,
    LinkWithPassword,
    TooManyRedirects,
    Unreachable,
)
from contentsync.sources.addresses import canonical_ipv4, is_web_port, looks_like_ipv4
from contentsync.sources.base import Fetched, Hints, SourceRef, Unchanged
from contentsync.sources.compression import ACCEPT_ENCODING, UndecodableBody, decoded_body
from contentsync.sources.failures import http_failure, transport_failure
from contentsync.sources.guard import CookielessClient, Guard, GuardedTransport
from contentsync.sources.hints import fresh_seconds, quiet_seconds

CONTACT_LINK = "https://github.com/contentsync/contentsync"
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, text/html;q=0.5, */*;q=0.1"
)
MAX_BODY_BYTES = 10_000_000
MAX_REDIRECTS = 10
MAX_LINK_CHARACTERS = 4096
CONNECT_SECONDS = 10.0
READ_SECONDS = 15.0
"""The longest pause within a body."""
FIRST_BYTE_SECONDS = 20.0
"""From the begin of a request, connecting included, to the end of the answer's headers."""
TOTAL_SECONDS = 30.0

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_NOT_OF_THE_DECODED_BODY = frozenset({"content-encoding", "transfer-encoding", "content-length"})
_FEED_SCHEMES = frozenset({"feed", "rss", "itpc", "pcast", "podcast"})
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(?!\d+(?:[/?#]|$))", re.IGNORECASE)  # "example.com:8080/x" has none
_LINK = re.compile(
    r"(?P<scheme>[a-z]+)://(?P<userinfo>[^/?#]*@)?(?P<host>\[[^\]]*\]|[^/?#@:]*)(?::(?P<port>\d*))?(?P<rest>[/?].*)?",
    re.IGNORECASE | re.DOTALL,
)
_HOST = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")


def open_client(
    *,
    allow_private_networks: bool = False,
    max_connections: int = 64,
    trusted_hosts: frozenset[str] = frozenset(),
    resolver: AbstractResolver | None = None,
    ssl_context: ssl.SSLContext | None = None,
) -> httpx.AsyncClient:
    """Give a client whose every connection passes the address guard. Close it when done.

    It keeps no cookies, takes no proxy or netrc from the environment, and follows no redirects by itself.
    `trusted_hosts` (`host` or `host:port`) are set by the operator and may lie anywhere; `max_connections` holds for
    them and for all other hosts separately. More requests at once than that wait, and their `total_seconds` run.
    """
    # httpx logs every URL at INFO, and the URL of a feed can hold its reader's private token.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    transport = GuardedTransport(
        Guard(allow_private_networks),
        trusted_hosts=trusted_hosts,
        max_connections=max_connections,
        resolver=resolver,
        ssl_context=ssl_context or _public_authorities(),
    )
    return CookielessClient(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, pool=None),
        headers={
            "User-Agent": f"contentsync/{version('contentsync')} (+{CONTACT_LINK})",
            "Accept-Encoding": ACCEPT_ENCODING,
        },
    )


@cache
def _public_authorities() -> ssl.SSLContext:
    """What public certificates are checked against: the same for every client, and slow to read (30 ms)."""
    return httpx.create_ssl_context(trust_env=False)


async def fetch(
    client: httpx.AsyncClient,
    ref: SourceRef,
    *,
    accept: str = ACCEPT,
    headers: tuple[tuple[str, str], ...] = (),
    limit_bytes: int = MAX_BODY_BYTES,
    first_byte_seconds: float = FIRST_BYTE_SECONDS,
    total_seconds: float = TOTAL_SECONDS,
) -> Fetched | Unchanged:
    """Get `ref.url`, following at most `MAX_REDIRECTS`; `Unchanged` after 304, or for a body with the same hash.

    `limit_bytes` counts the body after decompression; `first_byte_seconds` holds for each request, up to the end of
    the answer's headers; `total_seconds` covers everything, redirects included.
    `headers` (keys, cookies) go to the origin of `ref.url` only, never to where it redirects.

    Raises:
        InvalidLink: the link is none that `normalise_link` accepts; BadRedirect: what it redirects to.
        AddressRefused: it leads to an address that the guard refuses.
        Unreachable, TimedOut, TooLarge, TooManyRedirects: as their names say.
        NotFound, RateLimited, Refused, ServerFailed: the server answered with a failure.
    """
    try:
        async with asyncio.timeout(total_seconds):
            way = _Way(client, ref, _request_headers(client, ref, accept), headers, limit_bytes, first_byte_seconds)
            return await _follow(way)
    except UndecodableBody as error:
        raise Unreachable(ref.url, str(error)) from error
    except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError) as error:
        raise transport_failure(ref.url, error) from error


def normalise_link(text: str) -> str:
    """Turn what a person pasted into an absolute http(s) URL: host in lower-case ASCII, no fragment.

    A missing scheme becomes https, `feed:` and its like are taken off, an IPv4 number is written in dotted form. Odd
    ports are accepted, because feeds do live on them, but not those on which other services listen.

    Raises:
        InvalidLink: no http(s) link; `detail` says why not.
        LinkWithPassword: it holds a user name or password.
        ForbiddenPort: it names the port of a service that is no web server.
    """
    return str(_parse_link(text))


def canonical_key(url: str) -> str:
    """Give the identity of a source: its http and https forms are the same, and so is a spelled-out default port.

    Raises:
        InvalidLink: see `normalise_link`.
    """
    return str(_parse_link(url).copy_with(scheme="https"))  # parsing has dropped the default port of its own scheme


def _parse_link(text: str) -> httpx.URL:
    link = _INVISIBLE.sub("", text).strip().strip("<>\"'").strip()
    if not 0 < len(link) <= MAX_LINK_CHARACTERS:
        raise InvalidLink(text[:MAX_LINK_CHARACTERS], "it is empty or too long")
    had_scheme, link = _with_scheme(link.partition("#")[0])
    match = _LINK.fullmatch(link)
    if match is None or match["scheme"].lower() not in ("http", "https"):
        raise InvalidLink(text, "it does not begin with http:// or https://")
    if match["userinfo"]:
        raise LinkWithPassword(text, "it holds a user name or password")
    host = _ascii_host(match["host"])
    if host is None or not (had_scheme or match["port"] or "." in host):  # "hello" is a word, not a link
        raise InvalidLink(text, "it holds no host name")
    if match["port"] and not 0 < int(match["port"][:6]) < 65_536:
        raise InvalidLink(text, "there is no such port")
    if match["port"] and not is_web_port(int(match["port"])):
        raise ForbiddenPort(text, "no web server listens on that port")
    port = f":{match['port']}" if match["port"] else ""
    path = "/" + (match["rest"] or "").removeprefix("/")
    try:
        return httpx.URL(f"{match['scheme'].lower()}://{host}{port}{path}")
    except httpx.InvalidURL as error:
        raise InvalidLink(text, "it is not well-formed") from error


class _Way(NamedTuple):
    """What holds for all requests of one fetch."""

    client: httpx.AsyncClient
    ref: SourceRef
    headers: list[tuple[bytes, bytes]]
    private_headers: tuple[tuple[str, str], ...]
    limit_bytes: int
    first_byte_seconds: float


async def _follow(way: _Way) -> Fetched | Unchanged:
    client, ref, headers = way.client, way.ref, way.headers
    url = first = _parse_link(ref.url)
    extensions = {"timeout": client.timeout.as_dict()}
    private = [(name.encode(), value.encode()) for name, value in way.private_headers]
    visited: set[httpx.URL] = set()
    statuses: set[int] = set()
    while url not in visited and len(visited) <= MAX_REDIRECTS:
        visited.add(url)
        same_origin = (url.scheme, url.netloc) == (first.scheme, first.netloc)
        told = headers + private if same_origin else headers
        request = httpx.Request("GET", url, headers=told, extensions=extensions)
        async with asyncio.timeout(way.first_byte_seconds):
            response = await client.send(request, stream=True)
        try:
            location = response.headers.get("location") if response.status_code in _REDIRECTS else None
            if not location:
                moved_to = str(url) if statuses and statuses <= _PERMANENT else None
                return await _take(ref, response, way.limit_bytes, moved_to)
        finally:
            await response.aclose()
        statuses.add(response.status_code)
        url = _redirected(ref, url, location)
    raise TooManyRedirects(ref.url)


def _request_headers(client: httpx.AsyncClient, ref: SourceRef, accept: str) -> list[tuple[bytes, bytes]]:
    headers = [pair for pair in client.headers.raw if pair[0].lower() != b"accept"]
    headers.append((b"Accept", accept.encode()))
    if ref.etag:
        headers.append((b"If-None-Match", ref.etag.encode()))
    if ref.last_modified:
        headers.append((b"If-Modified-Since", ref.last_modified.encode()))
    return headers


def _redirected(ref: SourceRef, url: httpx.URL, location: str) -> httpx.URL:
    try:
        given = httpx.URL(location)
        if given.scheme and not given.host:  # "http:/path" is in use; "http:name/path" leads nobody knows where
            given.copy_with(host=url.host)
    except httpx.InvalidURL as error:
        raise Unreachable(ref.url, "the answer is not valid HTTP") from error
    try:
        return _parse_link(urljoin(str(url), location.strip()))
    except InvalidLink as error:
        raise BadRedirect(ref.url, f"it redirects, and the new link is no use: {error.detail}") from error
    except ValueError as error:  # urljoin, at a broken IPv6 address
        raise BadRedirect(ref.url, "it redirects, and the new link is not well-formed") from error


async def _take(
    ref: SourceRef, response: httpx.Response, limit_bytes: int, moved_to: str | None
) -> Fetched | Unchanged:
    status = response.status_code
    headers = tuple(response.headers.multi_items())
    known = _by_name(headers)
    hints = Hints(moved_to, fresh_seconds(known), quiet_seconds(known))
    if status == 304 and (ref.etag or ref.last_modified):
        return Unchanged(hints)
    if not 200 <= status < 300:
        raise http_failure(ref.url, status, response.headers)
    fields = dict(headers)
    encoding = fields.get("content-encoding", "")
    body = await decoded_body(response.aiter_raw(), encoding, url=ref.url, limit_bytes=limit_bytes)
    body_hash = hashlib.sha256(body).hexdigest()
    if body_hash == ref.body_hash:
        return Unchanged(hints)
    return Fetched(
        url=str(response.url),
        status=status,
        headers=tuple(pair for pair in headers if pair[0] not in _NOT_OF_THE_DECODED_BODY),
        body=body,
        body_hash=body_hash,
        etag=fields.get("etag"),
        last_modified=fields.get("last-modified"),
        content_type=fields.get("content-type", ""),
        hints=hints,
    )


def _by_name(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each header's values, joined as RFC 9110, section 5.3 lets us; httpx goes through all headers for each name."""
    fields: dict[str, str] = {}
    for name, value in headers:
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def _with_scheme(link: str) -> tuple[bool, str]:
    """Tell whether the link came with a scheme, and give it with one."""
    scheme = _SCHEME.match(link)
    if scheme is None:
        return link.startswith("//"), "https://" + link.removeprefix("//")
    name, rest = scheme[1].lower(), link[scheme.end() :]
    if name in ("http", "https"):
        return True, f"{name}://{rest.lstrip('/')}"
    if name not in _FEED_SCHEMES:
        return True, link
    if _SCHEME.match(rest):  # feed:https://example.com/rss
        return True, rest
    return True, "http://" + rest.removeprefix("//")


def _ascii_host(host: str) -> str | None:
    """Give a host as it is sent over the wire, or None if there can be no such host."""
    try:
        if host.startswith("["):
            return f"[{ipaddress.IPv6Address(host[1:-1])}]" if "%" not in host else None
        ascii_host = host.lower() if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except ValueError:  # idna.IDNAError is one, too
        return None
    if looks_like_ipv4(ascii_host):
        return canonical_ipv4(ascii_host)
    return ascii_host if _HOST.fullmatch(ascii_host) else None
