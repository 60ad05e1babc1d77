"""STARTTLS: nothing is said in clear but the wish for TLS, and nobody can keep us from it unnoticed."""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from contentsync.sources import imap_wire
from contentsync.sources.guard import Guard
from contentsync.sources.imap_wire import NoEncryption, Server, Wire, WiredClient
from tests.fakes.imap import FakeImap
from tests.fakes.web import self_signed


def _upgraded(port: int, context: ssl.SSLContext) -> Wire:
    """What `open_wire` does for port 143, which a test may not listen on."""
    deadline = time.monotonic() + 3
    sock = socket.create_connection(("127.0.0.1", port), 3)
    wire = Wire(sock, deadline)
    try:
        imap_wire.start_tls(wire, context, "127.0.0.1")
    except BaseException:
        wire.close()
        raise
    return wire


def _in_clear(tmp_path: Path, fault: str = "") -> tuple[FakeImap, ssl.SSLContext]:
    tls, certificate = self_signed(tmp_path, "127.0.0.1")
    imap = FakeImap(
        tls, implicit_tls=False, strips_starttls=fault == "strips", injects_after_starttls=fault == "injects"
    )
    return imap, ssl.create_default_context(cafile=str(certificate))


async def test_the_connection_is_encrypted_before_anybody_logs_in(tmp_path: Path) -> None:
    imap, context = _in_clear(tmp_path)

    def log_in(port: int) -> str:
        wire = _upgraded(port, context)
        client = WiredClient(wire)
        assert isinstance(wire.sock, ssl.SSLSocket)
        client.plain_login(imap.user, imap.password)
        client.logout()
        wire.close()
        return "done"

    async with imap:
        assert await asyncio.to_thread(log_in, imap.port) == "done"
        assert imap.commands[0] == "STARTTLS"
        assert imap.count("AUTHENTICATE") == 1


@pytest.mark.parametrize("fault", ["strips", "injects"])
async def test_a_server_that_does_not_upgrade_hears_no_password(tmp_path: Path, fault: str) -> None:
    imap, context = _in_clear(tmp_path, fault)
    async with imap:
        with pytest.raises(NoEncryption):
            await asyncio.to_thread(_upgraded, imap.port, context)
        assert imap.commands == ["STARTTLS"]


async def test_every_port_but_143_is_tls_from_the_first_byte(tmp_path: Path) -> None:
    imap, context = _in_clear(tmp_path)

    def connect(port: int) -> Wire:
        return imap_wire.open_wire(
            Server("127.0.0.1", port), guard=Guard(True), context=context, deadline=time.monotonic() + 2
        )

    async with imap:
        with pytest.raises(OSError):
            await asyncio.to_thread(connect, imap.port)
        assert not [command for command in imap.commands if "LOGIN" in command]


def _pair() -> tuple[Wire, socket.socket]:
    ours, theirs = socket.socketpair()
    return Wire(ours, time.monotonic() + 2), theirs


def test_lines_and_literals_come_as_they_were_sent() -> None:
    wire, server = _pair()
    server.sendall(b"one\r\ntwo\r\nlit")
    assert (wire.readline(), wire.readline()) == (b"one\r\n", b"two\r\n")
    server.sendall(b"eral rest")
    assert wire.read(7) == b"literal"
    server.close()
    assert wire.readline() == b" rest"
    assert wire.readline() == b""
    wire.close()


@pytest.mark.parametrize("read", [lambda wire: wire.readline(), lambda wire: wire.read(200)], ids=["line", "literal"])
def test_no_more_is_read_than_was_allowed(read: Callable[[Wire], bytes]) -> None:
    wire, server = _pair()
    wire.allow(100)
    server.sendall(b"x" * 101)
    with pytest.raises(imap_wire.AnswerTooLarge):
        read(wire)
    wire.close()
    server.close()
