"""A misbehaving mail server on loopback: IMAP4rev1 over TLS, or upgraded by STARTTLS.

    server_tls, certificate = self_signed(tmp_path, "localhost", "127.0.0.1")
    async with FakeImap(server_tls) as imap:
        imap.add(mail_bytes)
        ... Server("127.0.0.1", imap.port) ...
        assert imap.changes == []

It knows what a reader needs, refuses everything that changes a mailbox, and writes every command down.
Source: RFC 3501.
"""

import asyncio
import base64
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from typing import Self

READS = {"CAPABILITY", "NOOP", "LOGIN", "AUTHENTICATE", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT", "STARTTLS"}
"""Commands that change nothing; FETCH only with PEEK."""


@dataclass(slots=True)
class StoredMail:
    """A mail in the inbox."""

    uid: int
    body: bytes
    arrived_at: datetime
    flags: set[str] = field(default_factory=set)


@dataclass
class FakeImap:
    """The server. `implicit_tls` False: it begins in clear and offers STARTTLS, unless `strips_starttls`."""

    tls: ssl.SSLContext
    host: str = "127.0.0.1"
    user: str = "me@example.org"
    password: str = "app password"
    implicit_tls: bool = True
    strips_starttls: bool = False
    injects_after_starttls: bool = False
    with_plain: bool = True
    """Whether AUTHENTICATE PLAIN is offered; else LOGIN has to do."""
    uid_validity: int = 1
    refuses_login_with: str = "NO [AUTHENTICATIONFAILED] Invalid credentials"
    answers_with: dict[str, str] = field(default_factory=dict)
    """By command: a tagged answer such as "NO [UNAVAILABLE] later" or "BAD what?" instead of doing it."""
    drops_in: set[str] = field(default_factory=set)
    """Commands in the middle of whose answer the connection is dropped."""
    hangs_in: set[str] = field(default_factory=set)
    """Commands that are never answered; "GREETING" is the greeting."""
    raw_answer: dict[str, bytes] = field(default_factory=dict)
    """By command: bytes that are sent before its tagged answer."""
    ignores_partial: bool = False
    """Whether a whole mail is sent although only its beginning was asked for."""
    drip_seconds: float = 0
    """A pause after each 1,000 bytes of a mail."""
    commands: list[str] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self.mails: list[StoredMail] = []
        self.next_uid = 1
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        context = self.tls if self.implicit_tls else None
        self._server = await asyncio.start_server(self._accept, self.host, 0, ssl=context)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def add(self, body: bytes, *, arrived_at: datetime | None = None) -> int:
        """A mail arrives; its UID."""
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.mails.append(StoredMail(uid, body, arrived_at or datetime.now(UTC)))
        return uid

    def renumber(self) -> None:
        """The mailbox is rebuilt: all UIDs are new."""
        self.uid_validity += 1
        for mail in self.mails:
            mail.uid, self.next_uid = self.next_uid, self.next_uid + 1

    @property
    def changes(self) -> list[str]:
        """Commands that would change something."""
        return [
            command
            for command in self.commands
            if _name(command) not in READS or (_name(command) == "UID FETCH" and "BODY[" in command.upper())
        ]

    def count(self, name: str) -> int:
        """How often a command came."""
        return sum(_name(command) == name for command in self.commands)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await Session(self, reader, writer).run()
        finally:
            writer.close()
            self._tasks.discard(task)


class Hangup(ConnectionError):
    """The server drops the connection."""


class Session:
    """One connection."""

    def __init__(self, server: FakeImap, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._encrypted = server.implicit_tls
        self._logged_in = False

    async def run(self) -> None:
        """Greet, and answer until the other side leaves."""
        if "GREETING" in self._server.hangs_in:
            await asyncio.sleep(60)
        await self._send(b"* OK ready\r\n")
        while line := await self._reader.readline():
            tag, _, command = line.decode("utf-8", "replace").strip().partition(" ")
            self._server.commands.append(command)
            if not await self._answer(tag, command):
                return

    async def _answer(self, tag: str, command: str) -> bool:
        name = _name(command)
        server = self._server
        if name in server.hangs_in:
            await asyncio.sleep(60)
        if name in server.raw_answer:
            await self._send(server.raw_answer[name])
        if name in server.answers_with:
            await self._send(f"{tag} {server.answers_with[name]}\r\n".encode())
            return True
        if name in server.drops_in:
            await self._send(b"* 1 FETCH (UID 1 BODY[] {5000}\r\nhalf")
            raise Hangup
        if name == "STARTTLS":
            return await self._start_tls(tag)
        if name == "AUTHENTICATE":
            return await self._authenticate(tag)
        answer = {
            "CAPABILITY": self._capability,
            "NOOP": lambda _: b"",
            "LOGIN": self._login,
            "EXAMINE": self._examine,
            "UID SEARCH": self._search,
        }.get(name)
        if name == "UID FETCH" and self._logged_in:
            await self._fetch(command)
        elif answer is None or (name in ("EXAMINE", "UID SEARCH") and not self._logged_in):
            if name == "LOGOUT":
                await self._send(f"* BYE bye\r\n{tag} OK done\r\n".encode())
                return False
            await self._send(f"{tag} BAD unknown or too early\r\n".encode())
            return True
        else:
            untagged = answer(command)
            if name == "LOGIN" and not self._logged_in:
                await self._send(f"{tag} {server.refuses_login_with}\r\n".encode())
                return True
            await self._send(untagged)
        await self._send(f"{tag} OK done\r\n".encode())
        return True

    def _capability(self, _command: str) -> bytes:
        extra = " AUTH=PLAIN" if self._server.with_plain and self._encrypted else ""
        if not self._encrypted:
            extra = " LOGINDISABLED" if self._server.strips_starttls else " STARTTLS LOGINDISABLED"
        return f"* CAPABILITY IMAP4rev1{extra}\r\n".encode()

    async def _start_tls(self, tag: str) -> bool:
        if self._server.strips_starttls or self._encrypted:
            await self._send(f"{tag} BAD no such command\r\n".encode())
            return True
        injected = "* OK injected\r\n" if self._server.injects_after_starttls else ""
        await self._send(f"{tag} OK begin\r\n{injected}".encode())
        await self._writer.start_tls(self._server.tls)
        self._encrypted = True
        return True

    async def _authenticate(self, tag: str) -> bool:
        await self._send(b"+ \r\n")
        line = await self._reader.readline()
        _, user, password = base64.b64decode(line).decode().split("\0")
        self._logged_in = (user, password) == (self._server.user, self._server.password)
        answer = "OK welcome" if self._logged_in else self._server.refuses_login_with
        await self._send(f"{tag} {answer}\r\n".encode())
        return True

    def _login(self, command: str) -> bytes:
        found = re.fullmatch(r'LOGIN "?([^" ]+)"? "?(.*?)"?', command, re.IGNORECASE)
        assert found is not None, command
        self._logged_in = (found[1], found[2]) == (self._server.user, self._server.password)
        return b""

    def _examine(self, _command: str) -> bytes:
        server = self._server
        return (
            f"* {len(server.mails)} EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen \\Deleted)\r\n"
            f"* OK [UIDVALIDITY {server.uid_validity}] valid\r\n* OK [UIDNEXT {server.next_uid}] next\r\n"
        ).encode()

    def _search(self, command: str) -> bytes:
        criteria = command.upper().removeprefix("UID SEARCH").strip()
        mails = self._server.mails
        if since := re.fullmatch(r"SINCE \"?(\d{1,2}-[A-Z]{3}-\d{4})\"?", criteria):
            day = datetime.strptime(since[1].title(), "%d-%b-%Y").replace(tzinfo=UTC)
            uids = [mail.uid for mail in mails if mail.arrived_at.date() >= day.date()]
        else:
            found = re.fullmatch(r"UID (\d+):\*", criteria)
            assert found is not None, command
            uids = [mail.uid for mail in mails if mail.uid >= int(found[1])] or [mail.uid for mail in mails[-1:]]
        return f"* SEARCH{''.join(f' {uid}' for uid in uids)}\r\n".encode()

    async def _fetch(self, command: str) -> None:
        found = re.fullmatch(r"UID FETCH ([\d,:]+) \((.*)\)", command, re.IGNORECASE)
        assert found is not None, command
        wanted = _uids(found[1])
        for number, mail in enumerate(self._server.mails, 1):
            if mail.uid in wanted:
                await self._send_mail(number, mail, found[2])

    async def _send_mail(self, number: int, mail: StoredMail, items: str) -> None:
        section = re.search(r"BODY(\.PEEK)?\[(.*?)\](?:<(\d+)\.(\d+)>)?", items)
        assert section is not None, items
        if section[1] is None:
            mail.flags.add("\\Seen")
        body = _header_fields(mail.body, section[2]) if section[2] else mail.body
        partial = ""
        if section[3] is not None and not self._server.ignores_partial:
            body, partial = body[int(section[3]) : int(section[3]) + int(section[4])], f"<{section[3]}>"
        size = f"RFC822.SIZE {len(mail.body)} " if "RFC822.SIZE" in items else ""
        head = f"* {number} FETCH (UID {mail.uid} {size}BODY[{section[2]}]{partial} {{{len(body)}}}\r\n"
        await self._send(head.encode())
        step = 1_000 if self._server.drip_seconds else len(body) or 1
        for start in range(0, len(body), step):
            await self._send(body[start : start + step])
            await asyncio.sleep(self._server.drip_seconds)
        await self._send(b")\r\n")

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()


def _name(command: str) -> str:
    words = command.upper().split()
    return " ".join(words[:2]) if words[:1] == ["UID"] else "".join(words[:1])


def _uids(text: str) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition(":")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def _header_fields(body: bytes, section: str) -> bytes:
    wanted = {name.lower() for name in section.partition("(")[2].rstrip(")").split()}
    header = BytesHeaderParser().parsebytes(body)
    lines = [f"{name}: {value}" for name, value in header.raw_items() if name.lower() in wanted]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
