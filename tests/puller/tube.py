"""A YouTube account for tests: a whole puller beside a Google, and a clock that both go by."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
from sqlmodel import col, select
from temporalio.testing import ActivityEnvironment

from contentsync.db import drafts, integrations
from contentsync.db.account_models import Channel, Integration, Notice
from contentsync.db.models import Item, Source, Subscriber, Subscription
from contentsync.puller.account import AccountStore
from contentsync.puller.account_activities import AccountActivities, account_kinds
from contentsync.puller.activities import PullerActivities
from contentsync.puller.contract import RemoveAccountInput, SyncResult
from contentsync.puller.work import ClaimDueInput, ClaimIntegrationsInput, ConnectWork, PullBatchInput, SyncBatchInput
from contentsync.puller.youtube_account import YouTubeAccount
from contentsync.settings import Settings
from contentsync.sources.registry import READERS, SOURCES
from contentsync.sources.youtube import SCOPE
from tests.fakes.google import FakeGoogle
from tests.puller.conftest import NOW, World

VERIFIER = "v" * 43


def channel(letter: str) -> str:
    """A channel's id."""
    return "UC" + letter * 22


class Tube:
    """One instance with a Google of its own."""

    def __init__(self, world: World, google: FakeGoogle) -> None:
        self.world = world
        self.google = google
        self.settings = Settings(
            CONTENTSYNC_DATA_DIR=world.data_dir,
            CONTENTSYNC_MIN_PULL_INTERVAL_MINUTES=15,
            **google.settings(),  # type: ignore[arg-type]
        )
        store = AccountStore(db=world.db, data_dir=world.data_dir, readers=READERS)
        self.account = YouTubeAccount(
            db=world.db, vault=world.vault, client=world.client, settings=self.settings, store=store
        )
        self.activities = AccountActivities(
            db=world.db, vault=world.vault, data_dir=world.data_dir, accounts=account_kinds([self.account])
        )
        self._puller = PullerActivities(
            db=world.db, vault=world.vault, client=world.client, settings=self.settings, kinds=SOURCES
        )

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self.google.clock

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.google.now = self.now + timedelta(**time)

    async def code(self) -> str:
        """What the person brings back from Google."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
        params = {
            "client_id": self.google.client_id,
            "redirect_uri": self.settings.oauth_redirect_uri,
            "response_type": "code",
            "scope": SCOPE,
            "access_type": "offline",
            "prompt": "consent",
            "state": uuid4().hex,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        async with httpx.AsyncClient(trust_env=False) as browser:
            answer = await browser.get(self.settings.google_auth_url, params=params)
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    async def connect(self, subscriber_id: int | None = None) -> int | None:
        """Sign in; the account's id, None if it was refused."""
        given = json.dumps({"code": await self.code(), "verifier": VERIFIER})
        async with self.world.db.write() as session:
            draft = await drafts.keep_draft(
                session,
                subscriber_id=subscriber_id or self.world.subscriber_id,
                update_id=-uuid4().int % 2**40,
                text=self.world.vault.encrypt(given),
                now=self.now,
            )
        work = ConnectWork(now=self.now.isoformat(), draft_id=draft.id or 0, kind="youtube", announce=True)
        return (await ActivityEnvironment().run(self.activities.try_account, work)).integration_id

    async def connected(self, subscriber_id: int | None = None) -> int:
        """Sign in with success."""
        integration_id = await self.connect(subscriber_id)
        assert integration_id is not None
        return integration_id

    async def sync(self, *integration_ids: int) -> SyncResult:
        """A tick: sync what is due, or these."""
        lease_id = str(uuid4())
        claim = ClaimIntegrationsInput(self.now.isoformat(), lease_id, 500, 50, list(integration_ids))
        claimed = await self.activities.claim_integrations(claim)
        batch = SyncBatchInput(self.now.isoformat(), lease_id, lease_id, [id for ids in claimed.batches for id in ids])
        return await ActivityEnvironment().run(self.activities.sync_batch, batch)

    async def pull(self) -> None:
        """A tick of the feeds: pull what is due."""
        lease_id = str(uuid4())
        claimed = await self._puller.claim_due(ClaimDueInput(self.now.isoformat(), lease_id, 1000, 1000))
        for source_ids in claimed.batches:
            batch = PullBatchInput(self.now.isoformat(), lease_id, lease_id, source_ids)
            await ActivityEnvironment().run(self._puller.pull_batch, batch)

    async def remove(self, integration_id: int) -> None:
        """Disconnect."""
        await ActivityEnvironment().run(self.activities.drop_account, RemoveAccountInput(integration_id))

    async def integration(self, integration_id: int) -> Integration:
        """The account as stored."""
        async with self.world.db.read() as session:
            found = await integrations.get_integration(session, integration_id=integration_id)
        assert found is not None
        return found

    async def rows(self, statement: Any) -> Sequence[Any]:
        """What a query gives."""
        async with self.world.db.read() as session:
            return list(await session.exec(statement))

    async def followed(self, subscriber_id: int | None = None) -> dict[str, str]:
        """Titles of what the person follows, and because of what."""
        statement = (
            select(Source.title, Subscription.origin)
            .join(Subscription, col(Subscription.source_id) == col(Source.id))
            .where(col(Subscription.subscriber_id) == (subscriber_id or self.world.subscriber_id))
        )
        return dict(await self.rows(statement))

    async def states(self) -> dict[str, str]:
        """Titles of the channels, and how they stand."""
        return dict(await self.rows(select(Channel.title, Channel.state)))

    async def items(self) -> list[Item]:
        """All items by title."""
        return list(await self.rows(select(Item).order_by(col(Item.title))))

    async def notices(self) -> list[str]:
        """The sentences people are to be told."""
        return list(await self.rows(select(Notice.text_key).order_by(col(Notice.id))))

    async def somebody(self, chat_id: int) -> int:
        """Another person."""
        async with self.world.db.write() as session:
            subscriber = Subscriber(chat_id=chat_id)
            session.add(subscriber)
            await session.flush()
        assert subscriber.id is not None
        return subscriber.id


@asynccontextmanager
async def open_tube(world: World) -> AsyncIterator[Tube]:
    """A Google at `NOW` and a puller beside it."""
    async with FakeGoogle(now=NOW.astimezone(UTC)) as google:
        yield Tube(world, google)
