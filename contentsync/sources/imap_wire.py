"""The way to a mail server: a guarded connection that is always TLS, and bounded in time and bytes."""

import contextlib
import imaplib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from imapclient import IMAPClient
from typing_extensions import override

from contentsync.sources.guard import ForbiddenAddress, Guard

CONNECT_SECONDS = 10.0
CHUNK_BYTES = 65_536
STARTTLS_PORT = 143
MAX_GREETING_BYTES = 65_536


class AnswerTooLarge(Exception):
    """The server sends more than was asked for."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"more than {limit_bytes} bytes")
        self.limit_bytes = limit_bytes


class NoEncryption(Exception):
    """The server does not upgrade the connection to TLS, or says something before it is upgraded."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is read. Port 143 is upgraded by STARTTLS, every other port is TLS from its first byte."""

    host: str
    port: int = 993

    @property
    def url(self) -> str:
        """How errors name it."""
        return f"imaps://{self.host}:{self.port}"


class Wire:
    """Bytes to and from a server until `deadline` (of `time.monotonic`). `allow` says how many may come from now on."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.sock = sock
        self._deadline = deadline
        self._buffer = bytearray()
        self._limit = self._left = MAX_GREETING_BYTES

    def allow(self, limit_bytes: int) -> None:
        """The server may send so much until this is called again."""
        self._limit = self._left = limit_bytes

    def read(self, size: int) -> bytes:
        """So many bytes; fewer if the server hangs up.

        Raises:
            AnswerTooLarge: more than is allowed was announced, or came.
            TimeoutError: the deadline is over.
            OSError: the connection broke.
        """
        if size > len(self._buffer) + self._left:
            raise AnswerTooLarge(self._limit)
        while len(self._buffer) < size and self._fill():
            pass
        return self._take(size)

    def readline(self) -> bytes:
        """A line with its end; without one if the server hangs up. Raises as `read` does."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if not self._fill():
                return self._take(searched)
        return self._take(end + 1)

    def send(self, data: bytes) -> None:
        """Send everything."""
        self.sock.settimeout(self._seconds_left())
        self.sock.sendall(data)

    def upgrade(self, context: ssl.SSLContext, host: str) -> None:
        """From now on speak TLS.

        Raises:
            NoEncryption: something came in clear after the answer; it would be taken for what came encrypted.
            ssl.SSLError, OSError: TLS failed, or the certificate is not the host's.
        """
        if self._buffer:
            raise NoEncryption
        self.sock.settimeout(min(CONNECT_SECONDS, self._seconds_left()))
        self.sock = context.wrap_socket(self.sock, server_hostname=host)

    def put_back(self, line: bytes) -> None:
        """Let this be read next."""
        self._buffer[:0] = line

    def abort(self) -> None:
        """Break off from another thread: whoever waits for the server gets an error at once."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up."""
        self.abort()
        self.sock.close()

    def _fill(self) -> bool:
        self.sock.settimeout(self._seconds_left())
        chunk = self.sock.recv(CHUNK_BYTES)
        self._left -= len(chunk)
        if self._left < 0:
            raise AnswerTooLarge(self._limit)
        self._buffer += chunk
        return bool(chunk)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _seconds_left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for this mailbox is over")
        return left


def open_wire(server: Server, *, guard: Guard, context: ssl.SSLContext, deadline: float) -> Wire:
    """A connection that is encrypted and whose certificate is the host's; the greeting is still to be read.

    Raises:
        ForbiddenAddress: all addresses of the host are forbidden.
        NoEncryption: on port 143, the server does not upgrade.
        ssl.SSLError, OSError, UnicodeError: there is no connection.
    """
    wire = Wire(_connect(server, guard, deadline), deadline)
    try:
        if server.port == STARTTLS_PORT:
            start_tls(wire, context, server.host)
        else:
            wire.upgrade(context, server.host)
    except BaseException:
        wire.close()
        raise
    return wire


class Protocol(imaplib.IMAP4):
    """The standard library's IMAP over a `Wire`, which is why no plain connection can come of it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        super().__init__()

    @override
    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        self.host, self.port, self.sock = host, port, self._wire.sock

    @override
    def read(self, size: int) -> bytes:
        return self._wire.read(size)

    @override
    def readline(self) -> bytes:
        return self._wire.readline()

    @override
    def send(self, data: Any) -> None:
        self._wire.send(bytes(data))

    @override
    def shutdown(self) -> None:
        self._wire.close()


class WiredClient(IMAPClient):  # type: ignore[misc]  # its package has no types
    """IMAPClient, speaking over a `Wire`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        super().__init__("", ssl=True)
        self._imap.debug = 0  # IMAPClient turns on a log of every line, and lines hold other people's mail

    def _create_IMAP4(self) -> Protocol:  # noqa: N802, the library's name for it
        return Protocol(self._wire)


def _connect(server: Server, guard: Guard, deadline: float) -> socket.socket:
    """A connection to the first address that is allowed and answers; the name is looked up once."""
    forbidden: OSError | None = None
    failed: OSError | None = None
    for info in socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM):
        try:
            sock = guard(info)
        except ForbiddenAddress as error:
            forbidden = error
            continue
        try:
            sock.settimeout(max(0.1, min(CONNECT_SECONDS, deadline - time.monotonic())))
            sock.connect(info[4])
        except OSError as error:
            sock.close()
            failed = error
            continue
        return sock
    raise failed or forbidden or OSError("no address")


def start_tls(wire: Wire, context: ssl.SSLContext, host: str) -> None:
    """Upgrade before anything else is said. Source: RFC 9051, section 6.2.1.

    Raises:
        NoEncryption: the server does not upgrade, or tries to speak for the encrypted connection in clear.
    """
    greeting = wire.readline()
    if not greeting.upper().startswith(b"* OK"):
        raise NoEncryption
    wire.send(b"a0 STARTTLS\r\n")
    _read_until(wire, lambda line: line.upper().startswith(b"A0 OK"), tag=b"A0 ")
    wire.upgrade(context, host)
    wire.put_back(b"* OK ready\r\n")  # there is no second greeting, and what the first one said was not protected


def _read_until(wire: Wire, accepted: Callable[[bytes], bool], tag: bytes) -> None:
    while line := wire.readline():
        if line.upper().startswith(tag):
            if accepted(line):
                return
            break
    raise NoEncryption
