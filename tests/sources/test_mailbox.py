"""A mailbox over real IMAP and real TLS, with a server that misbehaves."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from contentsync.errors import AccountRefused, AddressRefused, SourceError, TimedOut, TooLarge, Unreachable
from contentsync.sources.guard import Guard
from contentsync.sources.imap_wire import Server
from contentsync.sources.mailbox import MAX_MAIL_BYTES, Mailbox, MailLogin, open_mailbox
from contentsync.sources.newsletter_headers import FIELDS, read_letter
from tests.fakes.imap import FakeImap
from tests.fakes.mails import letter, newsletter
from tests.fakes.web import self_signed


@dataclass
class Post:
    """A server, and the way to it."""

    imap: FakeImap
    context: ssl.SSLContext
    executor: ThreadPoolExecutor

    def open(
        self,
        *,
        password: str = "app password",
        port: int = 0,
        host: str = "127.0.0.1",
        private: bool = True,
        seconds: float = 4,
        context: ssl.SSLContext | None = None,
    ) -> AbstractAsyncContextManager[Mailbox]:
        login = MailLogin(self.imap.user, password, Server(host, port or self.imap.port))
        return open_mailbox(
            login, guard=Guard(private), context=context or self.context, executor=self.executor, seconds=seconds
        )


async def _read_first(post: Post, seconds: float = 4) -> bytes | None:
    async with post.open(seconds=seconds) as mailbox:
        await mailbox.examine()
        (uid, *_) = await mailbox.search_after(0)
        return await mailbox.mail(uid)


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    tls, certificate = self_signed(tmp_path, "localhost", "127.0.0.1")
    with ThreadPoolExecutor(4) as executor:
        async with FakeImap(tls) as imap:
            yield Post(imap, ssl.create_default_context(cafile=str(certificate)), executor)


@pytest.mark.parametrize("with_plain", [True, False], ids=["AUTHENTICATE", "LOGIN"])
async def test_mails_are_found_and_read_and_nothing_changes(post: Post, with_plain: bool) -> None:
    post.imap.with_plain = with_plain
    first = post.imap.add(letter(), arrived_at=datetime(2026, 11, 1, tzinfo=UTC))
    second = post.imap.add(newsletter(), arrived_at=datetime(2026, 11, 20, tzinfo=UTC))
    async with post.open() as mailbox:
        examined = await mailbox.examine()
        assert (examined.uid_validity, examined.uid_next) == (1, 3)
        assert await mailbox.search_since(date(2026, 11, 10)) == [second]
        assert await mailbox.search_after(first) == [second]
        assert await mailbox.search_after(second) == []
        heads = await mailbox.letterheads([first, second], FIELDS)
        assert [head.uid for head in heads] == [first, second]
        assert read_letter(heads[1].fields).list_id == "tin.example.org"
        assert heads[1].size_bytes == len(newsletter())
        assert b"week 1" not in heads[1].fields
        assert await mailbox.mail(second) == newsletter()
        assert await mailbox.mail(99) is None
    assert post.imap.changes == []
    assert post.imap.count("LOGOUT") == 1
    assert [mail.flags for mail in post.imap.mails] == [set(), set()]


async def test_a_wrong_password_is_refused(post: Post) -> None:
    for with_plain in (True, False):
        post.imap.with_plain = with_plain
        with pytest.raises(AccountRefused) as refused:
            async with post.open(password="wrong-SECRET"):
                pass
        assert "SECRET" not in f"{refused.value} {refused.value.params} {refused.value.__cause__}"


async def test_a_password_beyond_ascii_works_where_the_server_can_read_it(post: Post) -> None:
    post.imap.password = "pässwörd"
    async with post.open(password="pässwörd"):
        pass
    post.imap.with_plain = False
    with pytest.raises(AccountRefused):
        async with post.open(password="pässwörd"):
            pass


async def _unavailable(imap: FakeImap) -> None:
    imap.refuses_login_with, imap.password = "NO [UNAVAILABLE] try later", "another"


async def _drops_login(imap: FakeImap) -> None:
    imap.drops_in.add("AUTHENTICATE")


async def _drops_fetch(imap: FakeImap) -> None:
    imap.drops_in.add("UID FETCH")


async def _says_no(imap: FakeImap) -> None:
    imap.answers_with["UID SEARCH"] = "NO not now"


async def _says_bad(imap: FakeImap) -> None:
    imap.answers_with["EXAMINE"] = "BAD what?"


async def _talks_rubbish(imap: FakeImap) -> None:
    imap.raw_answer["UID FETCH"] = b"* 1 FETCH (UID x BODY[ ((( \r\n"


async def _has_no_uid_validity(imap: FakeImap) -> None:
    imap.answers_with["EXAMINE"] = "OK there you are"


async def _never_answers(imap: FakeImap) -> None:
    imap.hangs_in.add("UID FETCH")


async def _never_greets(imap: FakeImap) -> None:
    imap.hangs_in.add("GREETING")


async def _drips(imap: FakeImap) -> None:
    imap.drip_seconds = 0.2
    imap.mails[0].body += b"x" * 100_000


async def _announces_a_flood(imap: FakeImap) -> None:
    imap.raw_answer["UID FETCH"] = b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n"


async def _sends_a_flood(imap: FakeImap) -> None:
    imap.raw_answer["UID SEARCH"] = b"* SEARCH" + b" 1" * 2_000_000 + b"\r\n"


@pytest.mark.parametrize(
    ("misbehave", "expected"),
    [
        (_unavailable, Unreachable),
        (_drops_login, Unreachable),
        (_drops_fetch, Unreachable),
        (_says_no, Unreachable),
        (_says_bad, Unreachable),
        (_talks_rubbish, Unreachable),
        (_has_no_uid_validity, Unreachable),
        (_never_answers, TimedOut),
        (_never_greets, TimedOut),
        (_drips, TimedOut),
        (_announces_a_flood, TooLarge),
        (_sends_a_flood, TooLarge),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_a_bad_server_ends_in_one_error_and_in_time(
    post: Post, misbehave: object, expected: type[SourceError]
) -> None:
    post.imap.add(newsletter())
    await misbehave(post.imap)  # type: ignore[operator]
    began = time.monotonic()
    with pytest.raises(expected):
        await _read_first(post, seconds=1.5)
    assert time.monotonic() - began < 3


async def test_of_a_huge_mail_only_the_beginning_is_read(post: Post) -> None:
    uid = post.imap.add(newsletter() + b"x" * (MAX_MAIL_BYTES + 1_000_000))
    async with post.open() as mailbox:
        await mailbox.examine()
        body = await mailbox.mail(uid)
    assert body is not None
    assert len(body) == MAX_MAIL_BYTES
    post.imap.ignores_partial = True
    with pytest.raises(TooLarge):
        await _read_first(post)


async def test_private_addresses_are_refused_before_anything_is_said(post: Post) -> None:
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(AddressRefused):
            async with post.open(host=host, private=False):
                pass
    assert post.imap.connections == 0


@pytest.mark.parametrize("case", ["unknown issuer", "other name", "expired"])
async def test_certificates_are_verified(post: Post, tmp_path: Path, case: str) -> None:
    other = tmp_path / "other"
    other.mkdir()
    names = ["mail.example.org"] if case == "other name" else ["127.0.0.1"]
    tls, certificate = self_signed(other, *names, days=-1 if case == "expired" else 1)
    context = post.context if case == "unknown issuer" else ssl.create_default_context(cafile=str(certificate))
    async with FakeImap(tls) as imap:
        with pytest.raises(Unreachable) as refused:
            async with post.open(port=imap.port, context=context):
                pass
        assert "TLS" in refused.value.detail
        assert imap.commands == []


async def test_no_connection_is_named(post: Post) -> None:
    with pytest.raises(Unreachable) as refused:
        async with post.open(port=9):
            pass
    assert refused.value.detail == "connection refused"
    with pytest.raises(Unreachable) as unknown:
        async with post.open(host="imap.nowhere.invalid"):
            pass
    assert unknown.value.detail in ("name not found", "no connection")
    with pytest.raises(Unreachable):
        async with post.open(host="imap..example.org"):
            pass


async def test_breaking_off_ends_the_thread(post: Post) -> None:
    post.imap.hangs_in.add("EXAMINE")

    async def read() -> None:
        async with post.open(seconds=30) as mailbox:
            await mailbox.examine()

    reading = asyncio.create_task(read())
    async with asyncio.timeout(5):
        while post.imap.count("EXAMINE") == 0:
            await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    began = time.monotonic()
    await asyncio.to_thread(post.executor.shutdown)
    assert time.monotonic() - began < 2


async def test_the_password_does_not_show() -> None:
    assert "hush" not in repr(MailLogin("me@example.org", "hush", Server("imap.example.org")))
