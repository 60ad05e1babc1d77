"""Mailboxes: newsletters are found by their headers, offered once, and read from then on if their owner wants them.

Of everything else in a mailbox nothing is kept: not even who wrote it.
"""

import asyncio
import hashlib
import json
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from contentsync.credentials import Vault
from contentsync.db import channels, sources
from contentsync.db.account_models import Channel, Integration
from contentsync.db.engine import Database
from contentsync.errors import AccountRefused, AddressRefused, SourceError, TimedOut, Unreachable
from contentsync.puller.account import AccountStore, Answer, Connected, Synced
from contentsync.puller.mailbox_letters import (
    Found,
    Seen,
    confirmations,
    found_in,
    known_mails,
    wanted_letters,
)
from contentsync.puller.mailbox_offers import note_confirmations, note_newsletters, note_seen
from contentsync.sources.base import Fetched
from contentsync.sources.guard import Guard
from contentsync.sources.imap_wire import Server
from contentsync.sources.mailbox import Examined, Mailbox, MailLogin, mail_context, open_mailbox
from contentsync.sources.newsletter import confirmation_of, fingerprint, mail_url, read_mail
from contentsync.sources.newsletter_headers import FIELDS, read_letter, short_hash

KIND = "mailbox"
SOURCE_KIND = "newsletter"

CONNECT_SECONDS = 18.0
"""For each server that is tried; a person waits."""
SYNC_SECONDS = 100.0
LOOK_BACK_DAYS = 14
MAX_LETTERHEADS = 500
BATCH_MAILS = 10
BATCH_BYTES = 5_000_000
"""Mails that are in memory together, but for the last one."""
THREADS = 10
SOON = timedelta(minutes=1)
CONTENT_TYPE = "message/rfc822"


@dataclass(frozen=True, slots=True)
class Round:
    """What one sync looks at. `new`: UIDs that no sync has looked at before."""

    examined: Examined
    new: frozenset[int]
    found: Sequence[Found]
    last_uid: int
    is_more: bool


class MailboxAccount:
    """All mailboxes. Each is read over a connection of its own, which changes nothing at the server."""

    kind = KIND

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        store: AccountStore,
        context: ssl.SSLContext | None = None,
        allow_private_networks: bool = False,
    ) -> None:
        self._db = db
        self._vault = vault
        self._store = store
        self._context = context or mail_context()
        self._guard = Guard(allow_private_networks)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mailbox")

    def close(self) -> None:
        """Let the threads go; those that wait for a server end with its time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def connect(self, subscriber_id: int, given: str, now: datetime) -> Connected:
        """Log in at the first of the given servers that is there. See `Account.connect` for what it raises."""
        wanted = json.loads(given)
        servers = [Server(host, port) for host, port in wanted["servers"]]
        first: SourceError | None = None
        for server in servers:
            login = MailLogin(wanted["address"], wanted["password"], server)
            try:
                async with self._open(login, CONNECT_SECONDS) as mailbox:
                    await mailbox.examine()
            except (Unreachable, TimedOut, AddressRefused) as error:
                first = first or error
                continue
            credentials = {
                "address": login.address,
                "password": login.password,
                "host": server.host,
                "port": server.port,
            }
            return Connected(account=login.address, credentials=json.dumps(credentials), options={})
        raise first or AccountRefused("", "no server was given")

    async def sync(self, integration: Integration, now: datetime) -> Synced:
        """Offer new newsletters, and bring in new issues of those that are followed."""
        known, accepted = await self._channels(integration)
        async with self._open(self._login(integration), SYNC_SECONDS) as mailbox:
            looked = await self._look(mailbox, integration, accepted, now)
            letters = [found for found in looked.found if found.is_newsletter]
            await note_newsletters(self._db, self._vault, integration, letters, known=known, new=looked.new, now=now)
            wanted, left = wanted_letters(letters, accepted, new=looked.new, unfilled=_unfilled(integration, accepted))
            new_items = await self._bring(mailbox, integration, wanted, accepted, now)
            await self._offer_confirmations(mailbox, integration, looked, now)
        waiting = [found.uid - 1 for found in left if found.uid in looked.new]
        cursor = {
            "uid_validity": looked.examined.uid_validity,
            "last_uid": min([looked.last_uid, *waiting]),
            "filled": _filled(integration) if left else sorted(channel.id or 0 for channel in accepted.values()),
        }
        await self._store.keep(integration, [], name="", now=now, cursor=cursor)
        return Synced(new_items, next_sync_at=now + SOON if looked.is_more or left else None)

    async def disconnect(self, integration: Integration) -> None:
        """There is nothing to give back: an app password is revoked where it was made."""

    def _open(self, login: MailLogin, seconds: float) -> Any:
        return open_mailbox(login, guard=self._guard, context=self._context, executor=self._threads, seconds=seconds)

    def _login(self, integration: Integration) -> MailLogin:
        stored = json.loads(self._vault.decrypt(integration.credentials))
        return MailLogin(stored["address"], stored["password"], Server(stored["host"], stored["port"]))

    async def _channels(self, integration: Integration) -> tuple[dict[str, Channel], dict[str, Channel]]:
        """All newsletters that were found before, and those of them that are followed, by their lasting names."""
        async with self._db.read() as session:
            known = await channels.list_channels(session, integration_id=integration.id or 0)
            followed = await sources.list_followed(session, subscriber_id=integration.subscriber_id)
        followed_ids = {source.id for source in followed}
        accepted = [channel for channel in known if channel.source_id in followed_ids]
        return _by_name(known), _by_name(accepted)

    async def _look(
        self, mailbox: Mailbox, integration: Integration, accepted: Mapping[str, Channel], now: datetime
    ) -> Round:
        """Read the headers of what is new; of two weeks, if the mailbox or one of its newsletters is."""
        examined = await mailbox.examine()
        cursor = _cursor(integration, examined)
        last_uid = cursor.get("last_uid")
        recent: list[int] = []
        if last_uid is None or _unfilled(integration, accepted):
            since = (now - timedelta(days=LOOK_BACK_DAYS)).date()
            recent = (await mailbox.search_since(since))[-MAX_LETTERHEADS:]
        after = recent if last_uid is None else await mailbox.search_after(last_uid)
        new = after[:MAX_LETTERHEADS]
        heads = await mailbox.letterheads(sorted({*recent, *new}), FIELDS)
        found = await asyncio.to_thread(lambda: [found_in(head, read_letter(head.fields)) for head in heads])
        reached = max([examined.uid_next - 1 if last_uid is None else last_uid, 0, *new])
        return Round(examined, frozenset(new), found, reached, is_more=len(after) > len(new))

    async def _bring(
        self,
        mailbox: Mailbox,
        integration: Integration,
        wanted: Sequence[Found],
        accepted: Mapping[str, Channel],
        now: datetime,
    ) -> int:
        """Read these issues whole and store them, a few at a time; gives how many items are new."""
        seen = {name: known_mails(channel) for name, channel in accepted.items()}
        new_items, size_bytes = 0, 0
        answers: list[Answer] = []
        for found in wanted:
            body = await mailbox.mail(found.uid)
            if body and await self._is_unseen(found, body, seen[found.letter.list_id]):
                source_id = accepted[found.letter.list_id].source_id or 0
                answers.append(Answer(source_id, SOURCE_KIND, _fetched(found, body)))
                size_bytes += len(body)
            if len(answers) >= BATCH_MAILS or size_bytes >= BATCH_BYTES or found is wanted[-1]:
                new_items += await self._keep(integration, answers, now)
                await note_seen(self._db, integration, accepted, seen)
                answers, size_bytes = [], 0
        return new_items

    async def _keep(self, integration: Integration, answers: Sequence[Answer], now: datetime) -> int:
        if not answers:
            return 0
        name = f"{integration.id}-{uuid4().hex}"  # a sync that is tried again must not meet its own files
        return await self._store.keep(integration, answers, name=name, now=now)

    async def _is_unseen(self, found: Found, body: bytes, seen: Seen) -> bool:
        """Whether this is no copy of an issue that is there; from now on it is."""
        print_ = await asyncio.to_thread(lambda: fingerprint(read_mail(body)))
        return seen.add(found.mail_hash, print_)

    async def _offer_confirmations(
        self, mailbox: Mailbox, integration: Integration, looked: Round, now: datetime
    ) -> None:
        offers = []
        for found in confirmations(looked.found, new=looked.new, now=now):
            body = await mailbox.mail(found.uid)
            link = await asyncio.to_thread(confirmation_of, body) if body else None
            if link:
                offers.append((found, link))
        await note_confirmations(self._db, self._vault, integration, offers, now=now)


def _cursor(integration: Integration, examined: Examined) -> dict[str, Any]:
    """Where the last sync ended; nothing if UIDs are counted anew since. Source: RFC 9051, section 2.3.1.1."""
    cursor = integration.cursor
    return cursor if cursor.get("uid_validity") == examined.uid_validity else {}


def _filled(integration: Integration) -> list[int]:
    """Ids of the newsletters whose issues of the last two weeks were brought in when they were accepted."""
    return list(integration.cursor.get("filled", []))


def _unfilled(integration: Integration, accepted: Mapping[str, Channel]) -> frozenset[str]:
    filled = set(_filled(integration))
    return frozenset(name for name, channel in accepted.items() if channel.id not in filled)


def _by_name(listed: Sequence[Channel]) -> dict[str, Channel]:
    return {channel.external_id: channel for channel in listed}


def _fetched(found: Found, body: bytes) -> Fetched:
    """The mail as the archive keeps it and its reader takes it."""
    return Fetched(
        url=mail_url(found.letter.message_id or f"{short_hash(str(found.uid))}@mailbox.invalid"),
        status=200,
        headers=(("content-type", CONTENT_TYPE),),
        body=body,
        body_hash=hashlib.sha256(body).hexdigest(),
        content_type=CONTENT_TYPE,
    )
