"""A mailbox over IMAP, for reading only: it is opened with EXAMINE, and mails are read with BODY.PEEK.

Neither changes anything at the server: no mail is deleted, moved or marked. IMAPClient is a blocking library, so every
step runs in a thread of its own pool; breaking off hangs up, and the thread ends.
"""

import asyncio
import imaplib
import logging
import re
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, TypeVar

import httpx
from imapclient.exceptions import LoginError

from contentsync.errors import AccountRefused, SourceError, TimedOut, TooLarge, Unreachable
from contentsync.sources.failures import transport_failure
from contentsync.sources.guard import Guard
from contentsync.sources.imap_wire import AnswerTooLarge, NoEncryption, Server, Wire, WiredClient, open_wire

FOLDER = "INBOX"
MAX_HEADER_BYTES = 16_384
"""Of each mail's header fields no more is read."""
HEADERS_AT_ONCE = 50
MAX_MAIL_BYTES = 5_000_000
"""Of each mail no more is read; what a newsletter says comes before its attachments."""
MAX_ANSWER_BYTES = 2_000_000
"""What any other command may be answered with: a search names some 200,000 mails in that."""
SLACK_BYTES = 65_536

# Not the person's fault: the server is busy or broken, and a later try may succeed. Source: RFC 5530, section 3.
_TEMPORARY = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN|OVERQUOTA)\]", re.IGNORECASE)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class MailLogin:
    """Whose mailbox, and where it may be. The password shows in no log."""

    address: str
    password: str = field(repr=False)
    server: Server


@dataclass(frozen=True, slots=True)
class Examined:
    """The state of the folder. Source: RFC 9051, section 2.3.1.1."""

    uid_validity: int
    """Another value than before: all UIDs that were known mean nothing any more."""
    uid_next: int
    """Every mail that is there has a smaller UID; 0 if the server does not say."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """A mail as its header fields show it."""

    uid: int
    fields: bytes
    size_bytes: int


class Mailbox:
    """An open mailbox; see `open_mailbox`."""

    def __init__(self, server: Server, wire: Wire, client: WiredClient, executor: Executor) -> None:
        self._server = server
        self._wire = wire
        self._client = client
        self._executor = executor

    async def examine(self) -> Examined:
        """Open the inbox for reading only.

        Raises:
            SourceError: as for all of these, by class, see `contentsync.errors`.
        """
        answer = await self._run(partial(self._client.select_folder, FOLDER, readonly=True))
        if b"UIDVALIDITY" not in answer:
            raise Unreachable(self._server.url, "the mail server gives its mails no lasting numbers")
        return Examined(int(answer[b"UIDVALIDITY"]), int(answer.get(b"UIDNEXT", 0)))

    async def search_since(self, day: date) -> list[int]:
        """UIDs of what arrived since that day, the oldest first."""
        return sorted(await self._run(partial(self._client.search, ["SINCE", day])))

    async def search_after(self, uid: int) -> list[int]:
        """UIDs after this one, the oldest first."""
        found = await self._run(partial(self._client.search, ["UID", f"{uid + 1}:*"]))
        return sorted(number for number in found if number > uid)  # "n:*" always names the last mail

    async def letterheads(self, uids: Sequence[int], fields: Iterable[str]) -> list[Letterhead]:
        """Some header fields of these mails, by UID; mails that are gone meanwhile are left out."""
        section = f"BODY.PEEK[HEADER.FIELDS ({' '.join(fields)})]<0.{MAX_HEADER_BYTES}>"
        found: list[Letterhead] = []
        for start in range(0, len(uids), HEADERS_AT_ONCE):
            some = list(uids[start : start + HEADERS_AT_ONCE])
            limit_bytes = len(some) * (MAX_HEADER_BYTES + 1_000) + SLACK_BYTES
            answer = await self._run(partial(self._client.fetch, some, [section, "RFC822.SIZE"]), limit_bytes)
            found += [Letterhead(uid, _body(parts), int(parts.get(b"RFC822.SIZE", 0))) for uid, parts in answer.items()]
        return sorted(found, key=lambda letterhead: letterhead.uid)

    async def mail(self, uid: int) -> bytes | None:
        """The first `MAX_MAIL_BYTES` of a mail; None if it is gone meanwhile."""
        section = f"BODY.PEEK[]<0.{MAX_MAIL_BYTES}>"
        answer = await self._run(partial(self._client.fetch, [uid], [section]), MAX_MAIL_BYTES + SLACK_BYTES)
        return _body(answer[uid]) or None if uid in answer else None

    async def log_in(self, login: MailLogin) -> None:
        """Say who we are.

        Raises:
            AccountRefused: the server does not accept it.
            SourceError: see `examine`.
        """
        await self._run(partial(self._log_in, login))

    async def leave(self) -> None:
        """Say goodbye, if the server still listens, and hang up."""
        with suppress(SourceError):
            await self._run(self._client.logout)
        self._wire.close()

    def _log_in(self, login: MailLogin) -> None:
        url = self._server.url
        try:
            if self._client.has_capability("AUTH=PLAIN"):
                self._client.plain_login(login.address, login.password)
            else:
                self._client.login(login.address, login.password)
        except UnicodeEncodeError as error:  # LOGIN knows ASCII only
            raise AccountRefused(url, "the password holds letters that the mail server cannot read") from error
        except LoginError as error:
            # IMAPClient gives a connection that broke off the same class as a wrong password.
            if isinstance(error.__context__, imaplib.IMAP4.abort) or _TEMPORARY.search(str(error)):
                raise Unreachable(url, "the mail server does not let anybody in at the moment") from None
            raise AccountRefused(url, "the mail server does not accept the address or the password") from None

    async def _run(self, step: Callable[[], Any], limit_bytes: int = MAX_ANSWER_BYTES) -> Any:
        self._wire.allow(limit_bytes)
        try:
            return await _in_thread(self._executor, step)
        except asyncio.CancelledError:
            self._wire.abort()
            raise
        except SourceError:
            raise
        except Exception as error:
            raise failure(self._server, error) from error


@asynccontextmanager
async def open_mailbox(
    login: MailLogin, *, guard: Guard, context: ssl.SSLContext, executor: Executor, seconds: float
) -> AsyncIterator[Mailbox]:
    """A mailbox that is logged in to. Everything together may take so many seconds.

    Raises:
        AccountRefused: the server does not accept the login.
        AddressRefused: the server's address is a private one.
        SourceError: by class, see `contentsync.errors`.
    """
    # IMAPClient logs what it receives, and most of that is other people's mail.
    logging.getLogger("imapclient").setLevel(logging.WARNING)
    server = login.server
    deadline = time.monotonic() + seconds

    abandoned = threading.Event()

    def connect() -> tuple[Wire, WiredClient]:
        wire = open_wire(server, guard=guard, context=context, deadline=deadline)
        try:
            client = WiredClient(wire)
        except BaseException:
            wire.close()
            raise
        if abandoned.is_set():  # nobody waits for it any more, so nobody would close it
            wire.close()
        return wire, client

    try:
        async with asyncio.timeout(seconds):
            wire, client = await _in_thread(executor, connect)
    except BaseException as error:
        abandoned.set()
        if isinstance(error, Exception):
            raise failure(server, error) from error
        raise
    mailbox = Mailbox(server, wire, client, executor)
    try:
        await mailbox.log_in(login)
        yield mailbox
        await mailbox.leave()
    finally:
        wire.close()


def mail_context() -> ssl.SSLContext:
    """How servers' certificates are verified: by the same authorities as for the web, or those in SSL_CERT_FILE."""
    return httpx.create_ssl_context(trust_env=True)


def failure(server: Server, error: Exception) -> SourceError:
    """What a person is told of whatever went wrong at the mail server."""
    url = server.url
    if isinstance(error, AnswerTooLarge):
        return TooLarge(url, error.limit_bytes)
    if isinstance(error, NoEncryption):
        return Unreachable(url, "the mail server does not encrypt")
    if isinstance(error, UnicodeError):
        return Unreachable(url, "name not found")
    if isinstance(error, imaplib.IMAP4.error):
        if isinstance(error.__context__, TimeoutError):
            return TimedOut(url)
        broke_off = isinstance(error, imaplib.IMAP4.abort)
        return Unreachable(url, "connection dropped" if broke_off else "the mail server answers with an error")
    if isinstance(error, OSError):
        return transport_failure(url, error)
    # What the library cannot parse surfaces as whatever its parser stumbled over.
    return Unreachable(url, "the answer is not valid IMAP")


async def _in_thread(executor: Executor, step: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(executor, step)


def _body(parts: dict[bytes, Any]) -> bytes:
    """The one section that was asked for; its name comes back in ways that differ from server to server."""
    return next((value for name, value in parts.items() if name.startswith(b"BODY[") and value), b"")
