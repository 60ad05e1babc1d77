"""A kind of account for tests: it does what it is told to, and remembers what was asked of it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlmodel import select

from contentsync.credentials import Vault
from contentsync.db import drafts, integrations, sources
from contentsync.db.account_models import Integration, Notice
from contentsync.db.engine import Database
from contentsync.errors import AccountRefused
from contentsync.puller.account import AccountStore, Answer, Connected, Synced
from contentsync.puller.account_activities import AccountActivities, account_kinds
from contentsync.sources.base import Document, Entry, Fetched
from tests.puller.conftest import NOW, World

KIND = "letters"
PASSWORD = "correct horse battery"


class LetterReader:
    """Reads JSON of ids and titles."""

    kind = KIND

    def parse(self, fetched: Fetched) -> Document:
        return Document(entries=tuple(Entry(id, None, title) for id, title in json.loads(fetched.body).items()))


@dataclass
class Letters:
    """`does` is what happens in a sync: something raised, or awaited before the sync brings `brings`."""

    db: Database
    vault: Vault
    store: AccountStore
    kind: str = KIND
    does: dict[str, Exception | Callable[[Integration], Awaitable[None]]] = field(default_factory=dict)
    """By account; "connect" and "disconnect" stand for those."""
    brings: dict[str, str] = field(default_factory=dict)
    next_sync_at: datetime | None = None
    connected: list[str] = field(default_factory=list)
    synced: list[str] = field(default_factory=list)
    disconnected: list[int | None] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def connect(self, subscriber_id: int, given: str, now: datetime) -> Connected:
        self.connected.append(given)
        await self._do("connect", None)
        if given != PASSWORD:
            raise AccountRefused("https://letters.example.org/login?password=" + given)
        return Connected("me@letters.example.org", json.dumps({"password": given}), {"loud": True})

    async def sync(self, integration: Integration, now: datetime) -> Synced:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0.01)
            if integration.credentials:
                self.vault.decrypt(integration.credentials)
            self.synced.append(integration.account)
            await self._do(integration.account, integration)
            return Synced(await self._keep(integration, now) if self.brings else 0, self.next_sync_at)
        finally:
            self.at_once -= 1

    async def disconnect(self, integration: Integration) -> None:
        self.disconnected.append(integration.id)
        await self._do("disconnect", integration)

    async def _keep(self, integration: Integration, now: datetime) -> int:
        async with self.db.write() as session:
            source_id = await sources.add_owned(
                session, integration_id=integration.id or 0, kind=KIND, key=f"{KIND}/{integration.id}", url="x:y",
                title="Letters", now=now,
            )  # fmt: skip
        body = json.dumps(self.brings).encode()
        fetched = Fetched("x:y", 200, (), body, sha256(body).hexdigest())
        answers = [Answer(source_id, KIND, fetched)]
        cursor = {"seen": sorted(self.brings)}
        return await self.store.keep(integration, answers, name="sync", now=now, cursor=cursor)

    async def _do(self, name: str, integration: Any) -> None:
        what = self.does.get(name)
        if isinstance(what, Exception):
            raise what
        if what is not None:
            await what(integration)


@dataclass
class Desk:
    """The activities around accounts of one instance, with accounts of this kind."""

    world: World
    letters: Letters
    activities: AccountActivities

    @classmethod
    def of(cls, world: World) -> "Desk":
        """The only kind is `Letters`."""
        store = AccountStore(db=world.db, data_dir=world.data_dir, readers={KIND: LetterReader()})
        letters = Letters(world.db, world.vault, store)
        activities = AccountActivities(
            db=world.db, vault=world.vault, data_dir=world.data_dir, accounts=account_kinds([letters])
        )
        return cls(world, letters, activities)

    async def add(self, *names: str, kind: str = KIND, credentials: str = "") -> list[int]:
        """Accounts with these names, due at `NOW`."""
        async with self.world.db.write() as session:
            return [
                await integrations.connect(
                    session, subscriber_id=self.world.subscriber_id, kind=kind, account=name, credentials=credentials,
                    options={}, now=NOW,
                )
                for name in names
            ]  # fmt: skip

    async def draft(self, text: str = PASSWORD) -> int:
        """The id of a draft that holds this."""
        async with self.world.db.write() as session:
            draft = await drafts.keep_draft(
                session, subscriber_id=self.world.subscriber_id, update_id=1, text=self.world.vault.encrypt(text),
                now=NOW,
            )  # fmt: skip
        assert draft.id is not None
        return draft.id

    async def get(self, integration_id: int) -> Integration | None:
        """As stored."""
        async with self.world.db.read() as session:
            return await integrations.get_integration(session, integration_id=integration_id)

    async def stored(self, integration_id: int) -> Integration:
        """As stored; it is there."""
        integration = await self.get(integration_id)
        assert integration is not None
        return integration

    async def notices(self) -> Sequence[Notice]:
        """What people are to be told."""
        async with self.world.db.read() as session:
            return (await session.exec(select(Notice))).all()
