"""A person with a News API key and topics, the real account code, and a News API on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from uuid import uuid4

from sqlmodel import col, select
from temporalio.testing import ActivityEnvironment

from contentsync.db import drafts, integrations, sources, topics
from contentsync.db.account_models import Integration, Notice, Quota
from contentsync.db.models import Item, Source
from contentsync.puller.account import AccountStore, Synced
from contentsync.puller.account_activities import AccountActivities, account_kinds
from contentsync.puller.newsapi_account import NewsApiAccount
from contentsync.puller.work import ClaimIntegrationsInput, ConnectWork, SyncBatchInput
from contentsync.sources.registry import READERS
from tests.fakes.newsapi import FakeNewsApi
from tests.puller.conftest import World

KEY = "0123456789abcdef0123456789abcdef"
BEGIN = datetime.fromisoformat("2026-03-01T12:00:00+00:00")


@dataclass
class NewsWorld:
    """`now` is the clock of both sides."""

    world: World
    api: FakeNewsApi
    now: datetime = BEGIN
    integration_id: int = 0
    _updates: list[int] = field(default_factory=list)

    def account(self) -> NewsApiAccount:
        """The account code, freshly wired as after a restart."""
        store = AccountStore(db=self.world.db, data_dir=self.world.data_dir, readers=READERS)
        return NewsApiAccount(
            db=self.world.db,
            vault=self.world.vault,
            client=self.world.client,
            store=store,
            base_url=self.api.base_url,
        )

    def activities(self) -> AccountActivities:
        """The activities around it."""
        return AccountActivities(
            db=self.world.db,
            vault=self.world.vault,
            data_dir=self.world.data_dir,
            accounts=account_kinds([self.account()]),
        )

    def pass_time(self, **spans: float) -> None:
        """Move both clocks."""
        self.now = self.api.now = self.now + timedelta(**spans)

    async def connect(self, key: str = KEY) -> int | None:
        """Connect with this key, as the bot has it done; the account's id, or None."""
        self._updates.append(1)
        async with self.world.db.write() as session:
            draft = await drafts.keep_draft(
                session,
                subscriber_id=self.world.subscriber_id,
                update_id=len(self._updates),
                text=self.world.vault.encrypt(key),
                now=self.now,
            )
        work = ConnectWork(now=self.now.isoformat(), draft_id=draft.id or 0, kind="newsapi", announce=False)
        result = await ActivityEnvironment().run(self.activities().try_account, work)
        self.integration_id = result.integration_id or self.integration_id
        return result.integration_id

    async def reason(self) -> str:
        """Why the last try to connect failed."""
        async with self.world.db.read() as session:
            draft = await drafts.find_draft(
                session, subscriber_id=self.world.subscriber_id, update_id=len(self._updates)
            )
        assert draft is not None
        return str(draft.outcome["reason_key"])

    async def add_topic(self, text: str, language: str = "en") -> int:
        """The id of a topic of the person."""
        async with self.world.db.write() as session:
            topic = await topics.add_topic(
                session, subscriber_id=self.world.subscriber_id, text=text, language=language, now=self.now
            )
        return topic.id or 0

    async def sync(self) -> Synced:
        """Sync the account directly, so that what it raises is seen."""
        return await self.account().sync(await self.lease(), self.now)

    async def lease(self) -> Integration:
        """The account, leased."""
        async with self.world.db.write() as session:
            claimed = await integrations.claim_due(
                session,
                now=self.now,
                lease_id=str(uuid4()),
                lease_seconds=300,
                limit=1,
                integration_ids=[self.integration_id],
            )
        assert claimed == [self.integration_id]
        return await self.integration()

    async def tick(self) -> int:
        """What the schedule does: claim what is due and sync it; gives how many accounts that were."""
        lease_id = str(uuid4())
        activities = self.activities()
        claim = ClaimIntegrationsInput(self.now.isoformat(), lease_id, 10, 10, [])
        claimed = await ActivityEnvironment().run(activities.claim_integrations, claim)
        for ids in claimed.batches:
            batch = SyncBatchInput(self.now.isoformat(), lease_id, lease_id, ids)
            await ActivityEnvironment().run(activities.sync_batch, batch)
        return sum(map(len, claimed.batches))

    async def live(self, **spans: float) -> None:
        """Let time pass, with a tick whenever the account is due; ticks come every 15 minutes."""
        end = self.now + timedelta(**spans)
        while self.now < end:
            await self.tick()
            due_at = (await self.integration()).next_sync_at or end
            self.pass_time(minutes=15 * max(1, ceil((due_at - self.now) / timedelta(minutes=15))))

    async def integration(self) -> Integration:
        """The account as stored."""
        async with self.world.db.read() as session:
            found = await integrations.get_integration(session, integration_id=self.integration_id)
        assert found is not None
        return found

    async def source(self, topic: str) -> Source:
        """The source of a topic's search."""
        async with self.world.db.read() as session:
            views = await topics.list_topics(session, subscriber_id=self.world.subscriber_id)
        (found,) = [view.source for view in views if view.topic.text == topic]
        assert found is not None
        return found

    async def followed(self) -> list[str]:
        """The titles of what the person follows."""
        async with self.world.db.read() as session:
            followed = await sources.list_followed(session, subscriber_id=self.world.subscriber_id)
        return [source.title for source in followed]

    async def items(self) -> list[Item]:
        """Everything that came in, the oldest publication first."""
        async with self.world.db.read() as session:
            return list(await session.exec(select(Item).order_by(col(Item.published_at))))

    async def spendings(self) -> list[Quota]:
        """The ledger."""
        async with self.world.db.read() as session:
            return list(await session.exec(select(Quota).order_by(col(Quota.id))))

    async def notices(self) -> list[Notice]:
        """What the person is to be told."""
        async with self.world.db.read() as session:
            return list(await session.exec(select(Notice).order_by(col(Notice.id))))


@asynccontextmanager
async def news_world(world: World) -> AsyncIterator[NewsWorld]:
    """One, with both clocks at `BEGIN`."""
    async with FakeNewsApi(key=KEY) as api:
        api.now = BEGIN
        yield NewsWorld(world, api)


def publish(news: NewsWorld, topic: str, count: int, *, hours_ago: float = 25, step_minutes: float = 1) -> None:
    """Articles of a topic, each older than the one before."""
    for number in range(count):
        published_at = news.now - timedelta(hours=hours_ago) - number * timedelta(minutes=step_minutes)
        slug = f"{topic}-{published_at:%d%H%M%S}"
        news.api.publish(topic, "en", f"Title {slug}", f"https://example.org/{slug}", published_at)
