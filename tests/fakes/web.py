"""A misbehaving web server on loopback, for everything that fetches.

    async with FakeWeb() as web:
        web.serve("/feed.xml", body, content_type="application/rss+xml", etag='"1"')
        web.redirect("/old", "/feed.xml", status=301)
        ... web.url("/feed.xml") ...
        assert web.hits("/feed.xml") == 1

It speaks HTTP/1.1 by hand, because a well-behaved server library cannot misbehave. A path that begins with `//host`
is served for that host alone; with `FakeInternet` as resolver, one server stands for all the hosts there are.
"""

import asyncio
import contextlib
import gzip
import socket
import ssl
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typing_extensions import override

_CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in. Header names are lower case; `target` is path and query."""

    method: str
    target: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, and the ways in which it is bad. Times in seconds."""

    body: bytes = b""
    status: int = 200
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    compression: str = ""
    """gzip, deflate or raw-deflate: the body is sent compressed, whether the client accepts that or not."""
    delay_seconds: float = 0
    """Before the first byte."""
    drip_bytes: int = 0
    """If set, the body is sent in pieces of this many bytes …"""
    drip_seconds: float = 0.05
    """… with this pause after each."""
    cut_bytes: int = 0
    """If set, the connection is dropped this many bytes before the end of the body."""
    chunked: bool = False
    raw: bytes | None = None
    """If set, these bytes are sent instead of an answer, and the connection is closed."""
    again: bytes = b""
    """If set, these bytes follow `raw` over and over, with a pause of `again_seconds`, until the client goes."""
    again_seconds: float = 0
    hang: bool = False
    """If set, no byte is ever sent."""


@dataclass
class FakeWeb:
    """The server. `host` may be any address of 127.0.0.0/8; the port is chosen by the system unless given."""

    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    """How many connections were accepted so far."""

    def __post_init__(self) -> None:
        self._replies: dict[str, Callable[[Request], Reply]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self.host, self.port, ssl=self.tls, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def origin(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    def url(self, path: str = "/") -> str:
        """The address of a path on this server."""
        return self.origin + path

    def hits(self, target: str) -> int:
        """How often a path (with its query, if any) was asked for."""
        return sum(request.target == target for request in self.requests)

    def serve(
        self,
        path: str,
        body: bytes | str = b"",
        *,
        content_type: str = "application/rss+xml",
        status: int = 200,
        headers: tuple[tuple[str, str], ...] = (),
        etag: str | None = None,
        last_modified: str | None = None,
        compression: str = "",
    ) -> None:
        """Answer `path` with a body; with 304 when the validators match. Called again, it replaces the answer."""
        data = body.encode() if isinstance(body, str) else body
        self.reply(path, Reply(data, status, content_type, headers, etag, last_modified, compression))

    def redirect(self, path: str, to: str, *, status: int = 302) -> None:
        """Answer `path` with a redirect to a URL or path."""
        self.reply(path, Reply(status=status, headers=(("Location", to),)))

    def fail(self, path: str, status: int, *, retry_after: str | None = None) -> None:
        """Answer `path` with a status that is no success."""
        headers = (("Retry-After", retry_after),) if retry_after is not None else ()
        self.reply(path, Reply(b"<h1>sorry</h1>", status, "text/html", headers))

    def hang(self, path: str) -> None:
        """Accept requests for `path` and never answer."""
        self.reply(path, Reply(hang=True))

    def raw(self, path: str, data: bytes) -> None:
        """Answer `path` with these very bytes, then close the connection."""
        self.reply(path, Reply(raw=data))

    def bomb(self, path: str, size_bytes: int, *, content_type: str = "application/rss+xml") -> None:
        """Answer `path` with a small gzip body that becomes `size_bytes` of spaces."""
        self.serve(path, b" " * size_bytes, content_type=content_type, compression="gzip")

    def reply(self, path: str, reply: Reply) -> None:
        """Answer `path` as `reply` says."""
        prepared = replace(reply, body=_compress(reply.body, reply.compression))
        self._replies[path] = lambda _: prepared

    def handle(self, path: str, handler: Callable[[Request], Reply]) -> None:
        """Answer `path` with what a function of the request gives. The body is sent as it is."""
        self._replies[path] = handler

    def drop_connections(self) -> None:
        """Reset every open connection, as a server does that is tired of idle ones."""
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._answer(reader, writer):
                    pass
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Handle one request; tell whether the connection stays open."""
        first_byte = await reader.readexactly(1)
        if first_byte == b"\x16":  # a TLS handshake, and nobody here to shake hands
            return False
        head = (first_byte + await reader.readuntil(b"\r\n\r\n")).decode(errors="surrogateescape")
        first, *lines = head.split("\r\n")[:-2]
        method, target, _ = first.split(" ")
        request = Request(method, target, {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)})
        self.requests.append(request)
        of_host = f"//{request.headers.get('host', '')}{target}"
        tries = (of_host, of_host.partition("?")[0], target, target.partition("?")[0])
        handler = next((self._replies[key] for key in tries if key in self._replies), None)
        reply = handler(request) if handler else Reply(b"<h1>not found</h1>", 404, "text/html")
        return await self._send(writer, request, reply)

    async def _send(self, writer: asyncio.StreamWriter, request: Request, reply: Reply) -> bool:
        if reply.hang:
            await asyncio.Event().wait()
        await asyncio.sleep(reply.delay_seconds)
        if reply.raw is not None:
            writer.write(reply.raw)
            await writer.drain()
            while reply.again:
                writer.write(reply.again)
                await writer.drain()
                await asyncio.sleep(reply.again_seconds)
            writer.close()
            await writer.wait_closed()
            return False
        if _unchanged(request, reply):
            reply = replace(reply, status=304, body=b"", compression="")
        writer.write(_head(reply))
        data = reply.body[: len(reply.body) - reply.cut_bytes]
        size = reply.drip_bytes or _CHUNK_BYTES
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" if reply.chunked else piece)
            await writer.drain()
            if reply.drip_bytes:
                await asyncio.sleep(reply.drip_seconds)
        if reply.chunked and not reply.cut_bytes:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        if reply.cut_bytes:
            writer.close()
            await writer.wait_closed()
        return not reply.cut_bytes


class FakeNames(AbstractResolver):
    """A name server that knows the given names only; `asked` tells how often each was looked up."""

    def __init__(self, addresses: dict[str, list[str]]) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host not in self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.addresses[host]
        ]

    @override
    async def close(self) -> None:
        return


class FakeInternet(FakeNames):
    """Leads every name to one server, whatever port was asked for."""

    def __init__(self, web: FakeWeb) -> None:
        super().__init__({})
        self._web = web

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.addresses[host] = [self._web.host]
        return await super().resolve(host, self._web.port, family)


def self_signed(directory: Path, *names: str, days: int = 1) -> tuple[ssl.SSLContext, Path]:
    """Give a server's TLS context with a certificate made for `names`, and the file of that certificate.

    A negative `days` makes it one that has expired.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fake web")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_subject_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file = directory / "certificate.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file = directory / "key.pem"
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return context, certificate_file


def _subject_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _compress(body: bytes, compression: str) -> bytes:
    if compression == "gzip":
        return gzip.compress(body)
    if compression == "deflate":
        return zlib.compress(body)
    if compression == "raw-deflate":
        deflater = zlib.compressobj(wbits=-15)
        return deflater.compress(body) + deflater.flush()
    return body


def _unchanged(request: Request, reply: Reply) -> bool:
    """Whether a validator matches; If-None-Match goes before If-Modified-Since (RFC 9110, section 13.2.2)."""
    if reply.status != 200:
        return False
    if "if-none-match" in request.headers:
        return reply.etag is not None and request.headers["if-none-match"] == reply.etag
    return reply.last_modified is not None and request.headers.get("if-modified-since") == reply.last_modified


def _head(reply: Reply) -> bytes:
    try:
        reason = HTTPStatus(reply.status).phrase
    except ValueError:
        reason = "Unknown"
    headers = [("Date", format_datetime(datetime.now(UTC), usegmt=True)), *reply.headers]
    if reply.content_type:
        headers.append(("Content-Type", reply.content_type))
    if reply.etag is not None:
        headers.append(("ETag", reply.etag))
    if reply.last_modified is not None:
        headers.append(("Last-Modified", reply.last_modified))
    if reply.compression:
        headers.append(("Content-Encoding", reply.compression.removeprefix("raw-")))
    if reply.chunked:
        headers.append(("Transfer-Encoding", "chunked"))
    elif reply.status != 304:
        headers.append(("Content-Length", str(len(reply.body))))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {reply.status} {reason}\r\n{lines}\r\n".encode()
