"""What one kind of account has to be able to do; and archiving and storing what its sources brought."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from contentsync.db import integrations, items, sources
from contentsync.db.account_models import Integration
from contentsync.db.engine import Database
from contentsync.db.items import ItemRow
from contentsync.puller.archive import ArchiveFile, Place
from contentsync.puller.arrival import Arrival, take_in
from contentsync.puller.intake import raw_row
from contentsync.sources.base import Fetched, Reader


class LeaseLost(Exception):
    """Somebody else syncs this account now, or it was removed: nothing was stored."""


@dataclass(frozen=True, slots=True)
class Connected:
    """An account that works: what is stored of it."""

    account: str
    """What tells the owner which account it is. A second one with the same takes the place of the first."""
    credentials: str
    """JSON, in clear; whoever stores it encrypts it."""
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Synced:
    """How a sync went. `next_sync_at`: when the next one is due; None is the usual time."""

    new_items: int = 0
    next_sync_at: datetime | None = None


class Account(Protocol):
    """A kind of account. One instance serves all accounts of its kind, several at once."""

    kind: str

    async def connect(self, subscriber_id: int, given: str, now: datetime) -> Connected:
        """Try what the person gave (the draft's text, in clear) with as few requests as will do.

        Raises:
            AccountRefused: the service does not accept it.
            SourceError: by class, see `contentsync.errors`.
        """
        ...

    async def sync(self, integration: Integration, now: datetime) -> Synced:
        """Bring in what is new. What was stored before a failure stays, and the next sync goes on from there.

        Raises:
            AccountRefused: the owner has to connect anew; until then nothing is asked of the service.
            QuotaSpent: the next sync is due at its `retry_at`.
            SourceError: the next sync comes later and later.
            LeaseLost: see there.
        """
        ...

    async def disconnect(self, integration: Integration) -> None:
        """Give back to the service what can be given back (a token); the account is deleted whatever comes of it.

        Raises:
            SourceError: the service did not take it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A document that came through an account, and the source it belongs to."""

    source_id: int
    kind: str
    fetched: Fetched


class AccountStore:
    """Keeps what accounts bring: archive → parse → store, everything of one call in one transaction."""

    def __init__(self, *, db: Database, data_dir: Path, readers: Mapping[str, Reader]) -> None:
        self._db = db
        self._data_dir = data_dir
        self._readers = readers

    async def keep(
        self,
        integration: Integration,
        answers: Sequence[Answer],
        *,
        name: str,
        now: datetime,
        cursor: dict[str, Any] | None = None,
        shared: bool = False,
    ) -> int:
        """Store the answers' items, and with them the account's cursor; gives how many items are new.

        The archive file's name begins with `name`. Without answers only the cursor is stored. What is `shared`
        belongs to sources that others follow, too, and stays in the archive when the account goes.

        Raises:
            LeaseLost: nothing was stored.
            NotAFeed: an answer is not what its kind reads; nothing was stored.
        """
        arrivals = [await self._take_in(answer, now) for answer in answers]
        # What was done before a crash is done once more, and the file of the first time may be there.
        own_name, owner_id = f"{name}-{uuid4().hex[:8]}", None if shared else integration.id
        archive = ArchiveFile(self._data_dir, own_name, now, owner_id=owner_id)
        places = await asyncio.to_thread(archive.append, [arrival.record for arrival in arrivals])
        async with self._db.write() as session:
            if not await integrations.lock_leased(
                session, integration_id=integration.id or 0, lease_id=integration.lease_id
            ):
                raise LeaseLost
            new_items = 0
            for answer, arrival, place in zip(answers, arrivals, places, strict=True):
                new_items += await _store(session, answer, arrival, place, now)
            if cursor is not None:
                await integrations.change(session, integration_id=integration.id or 0, cursor=cursor)
        return new_items

    async def _take_in(self, answer: Answer, now: datetime) -> Arrival:
        reader = self._readers[answer.kind]
        work = partial(take_in, reader, answer.fetched, source_id=answer.source_id, now=now)
        return await asyncio.to_thread(work)


async def _store(session: Any, answer: Answer, arrival: Arrival, place: Place, now: datetime) -> int:
    row = raw_row(arrival, place, source_id=answer.source_id, now=now)
    raw_id = (await items.add_raw_documents(session, rows=[row]))[answer.source_id]
    rows = [ItemRow(**{**item, "raw_document_id": raw_id}) for item in arrival.rows]
    new = await items.upsert_items(session, rows=rows)
    await sources.note_success(session, source_id=answer.source_id, now=now, is_new=bool(new.total()))
    return new.total()
