"""The address guard at work: an httpx transport that connects only where `addresses.is_allowed` lets it.

The verdict falls in aiohttp's socket factory, which sees every address really connected to. aiohttp does not resolve
literal addresses, and a name is not looked up again between the check and the connection. Names that are reserved for
local networks are refused before they are looked up.
"""

import errno
import socket
import ssl
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream, map_aiohttp_exceptions
from typing_extensions import override

from contentsync.sources.addresses import is_allowed, is_public_name
from contentsync.sources.names import NameThreads

_MAX_HEADER_LINE_BYTES = 32_768  # some sites send 10 KB of Content-Security-Policy
_MAX_HEADERS = 200
_DNS_CACHE_SECONDS = 60


class ForbiddenAddress(OSError):
    """The guard's verdict. Its text never varies, because aiohttp merges the errors of a name's addresses by text."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "address not allowed")


class SocketFactory(Protocol):
    """What aiohttp calls for each address it is about to connect to, with one row of `getaddrinfo`."""

    def __call__(self, info: tuple[Any, ...], /) -> socket.socket: ...


@dataclass(frozen=True, slots=True)
class Guard:
    """A socket factory that makes sockets for allowed addresses only."""

    allow_private_networks: bool

    def __call__(self, info: tuple[Any, ...], /) -> socket.socket:
        """Make a socket.

        Raises:
            ForbiddenAddress: the address in `info` may not be connected to.
        """
        family, address = info[0], info[4][0]
        if family not in (socket.AF_INET, socket.AF_INET6):
            raise ForbiddenAddress
        if not is_allowed(address, allow_private_networks=self.allow_private_networks):
            raise ForbiddenAddress
        return open_socket(info)


def open_socket(info: tuple[Any, ...], /) -> socket.socket:
    """Make a socket without asking: the socket factory for hosts that the operator has set."""
    family, kind, protocol = info[:3]
    return socket.socket(family=family, type=kind, proto=protocol)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Carries requests to trusted hosts over unguarded connections, and all others over guarded ones."""

    def __init__(
        self,
        guard: Guard,
        *,
        trusted_hosts: frozenset[str],
        max_connections: int,
        resolver: AbstractResolver | None,
        ssl_context: ssl.SSLContext,
    ) -> None:
        self._guard = guard
        self._names = resolver or NameThreads()
        self._guarded = _transport(guard, max_connections, self._names, ssl_context)
        self._unguarded = _transport(open_socket, max_connections, self._names, ssl_context)
        self._trusted_hosts = frozenset(host.lower() for host in trusted_hosts)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._is_trusted(request.url):
            return await self._unguarded.handle_async_request(request)
        if not (self._guard.allow_private_networks or is_public_name(request.url.raw_host.decode("ascii"))):
            raise ForbiddenAddress
        return await self._guarded.handle_async_request(request)

    @override
    async def aclose(self) -> None:
        await self._guarded.aclose()
        await self._unguarded.aclose()
        await self._names.close()

    def _is_trusted(self, url: httpx.URL) -> bool:
        if not self._trusted_hosts:
            return False
        host = url.raw_host.decode("ascii")
        port = url.port or (443 if url.scheme == "https" else 80)
        return host in self._trusted_hosts or f"{host}:{port}" in self._trusted_hosts


class _NoCookies(httpx.Cookies):
    @override
    def extract_cookies(self, response: httpx.Response) -> None:
        return


class CookielessClient(httpx.AsyncClient):
    """An httpx client that keeps no cookies between requests, and spends no time on looking for them."""

    def __init__(self, *, transport: GuardedTransport, **options: Any) -> None:
        super().__init__(transport=transport, **options)
        self._no_cookies = _NoCookies()
        self._guarded = transport

    @override
    async def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        """Send a request. An answer whose body is still to be read comes as it is: no redirects, no authentication.

        httpx spends half as long as the network on these, and on measuring how long the answer took.
        """
        if not stream or options:
            return await super().send(request, stream=stream, **options)
        return await self._guarded.handle_async_request(request)

    @property  # type: ignore[misc]  # read-only on purpose
    @override
    def cookies(self) -> httpx.Cookies:
        return self._no_cookies


class _Carrier(AiohttpTransport):
    """The transport of httpx-aiohttp, with a short way for requests without a body.

    It would look up each header by name and decode all of them for that, and open a request in two steps.
    """

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        session = self.client
        if request.method != "GET" or not isinstance(session, aiohttp.ClientSession):
            return await super().handle_async_request(request)
        encoding = request.headers.encoding
        with map_aiohttp_exceptions():
            response = await session.request(
                "GET",
                str(request.url),
                headers=[(name.decode(encoding), value.decode(encoding)) for name, value in request.headers.raw],
                allow_redirects=False,
                auto_decompress=False,
                timeout=_timeout(**request.extensions["timeout"]),
            )
        return httpx.Response(
            status_code=response.status,
            headers=response.raw_headers,
            stream=AiohttpResponseStream(response),
            request=request,
        )


@lru_cache(maxsize=16)
def _timeout(
    connect: float | None = None, read: float | None = None, pool: float | None = None, write: float | None = None
) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(sock_connect=connect, sock_read=read, connect=pool)


def _transport(
    socket_factory: SocketFactory, max_connections: int, resolver: AbstractResolver, ssl_context: ssl.SSLContext
) -> _Carrier:
    def open_session() -> aiohttp.ClientSession:  # called with the first request, because it wants a running loop
        connector = aiohttp.TCPConnector(
            limit=max_connections,
            socket_factory=socket_factory,
            resolver=resolver,
            ssl=ssl_context,
            ttl_dns_cache=_DNS_CACHE_SECONDS,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            max_line_size=_MAX_HEADER_LINE_BYTES,
            max_field_size=_MAX_HEADER_LINE_BYTES,
            max_headers=_MAX_HEADERS,
        )

    return _Carrier(client=open_session, verify=ssl_context, trust_env=False)
