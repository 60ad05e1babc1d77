"""A day of 24 hours for 50 subscribers, in minutes: real workflows and activities with a simulated `now`, no sleeping.

    python -m tests.simulation.day [HOURS]

The services are stand-ins that enforce their real limits: YouTube's 10,000 units a day for the project, News API's 100
requests in 24 hours (50 in 12) for each key, and one host that allows a request a minute. Prints one JSON line: what
was spent, what was refused, and the worst staleness (minutes from publication until it was stored).
"""

import asyncio
import json
import random
import secrets
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.fernet import Fernet
from sqlmodel import col, select
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from contentsync.bot.client import open_bot
from contentsync.bot.notice_activities import NoticeActivities
from contentsync.credentials import Vault
from contentsync.db import integrations, sources, topics
from contentsync.db.engine import Database
from contentsync.db.models import Item, Source, Subscriber
from contentsync.db.schema import migrate
from contentsync.processor.activities import ProcessorActivities
from contentsync.puller.account import Account, AccountStore
from contentsync.puller.account_activities import AccountActivities, account_kinds
from contentsync.puller.account_workflows import WORKFLOWS as ACCOUNT_WORKFLOWS
from contentsync.puller.activities import PullerActivities
from contentsync.puller.contract import PULL_DUE, SYNC_INTEGRATIONS, PullDueInput, SyncIntegrationsInput
from contentsync.puller.newsapi_account import NewsApiAccount
from contentsync.puller.workflows import WORKFLOWS as PULLER_WORKFLOWS
from contentsync.puller.youtube_account import YouTubeAccount
from contentsync.settings import Settings
from contentsync.sources.http import canonical_key, open_client
from contentsync.sources.oauth import consent_url
from contentsync.sources.registry import READERS, SOURCES
from contentsync.sources.youtube import SCOPE
from tests.conftest import program
from tests.fakes.google import FakeGoogle
from tests.fakes.newsapi import FakeNewsApi
from tests.fakes.telegram import FakeTelegram
from tests.simulation.blogs import STRICT, Blogs, Clock

START = datetime(2026, 3, 1, 8, tzinfo=UTC)  # midnight in California, when YouTube's day begins
PEOPLE = 50
BLOGS = 150
STRICT_BLOGS = 12
FOLLOWED = 12
"""Blogs that each person follows, chosen at random, and two of the strict host's."""
KEYS = 10
"""People with a News API key, each with 2 to 12 topics."""
CHANNELS = 200
VIEWERS = 20
"""People with a YouTube account that subscribes to 30 to 120 of the channels."""
SYNC_MINUTES = 15


@dataclass
class Report:
    """What the day came to."""

    hours: float = 0
    seconds: float = 0
    """How long it took to simulate."""
    youtube_units: int = 0
    youtube_quota_errors: int = 0
    newsapi_requests: int = 0
    newsapi_most_in_24_hours_by_a_key: int = 0
    newsapi_refused: int = 0
    strict_host_requests: int = 0
    strict_host_refused: int = 0
    feed_requests: int = 0
    items: int = 0
    missing: int = 0
    """Entries published more than a day before the end that never arrived."""
    worst_minutes: dict[str, int] = field(default_factory=dict)
    median_minutes: dict[str, int] = field(default_factory=dict)


class Day:
    """Everything that lives through it."""

    def __init__(self, folder: Path, client: Client, web: tuple[Blogs, FakeNewsApi, FakeGoogle], bot: Any) -> None:
        self.blogs, self.newsapi, self.google = web
        self.clock = self.blogs.clock
        self.db = Database(f"sqlite+aiosqlite:///{folder / 'day.db'}")
        self.vault = Vault([Fernet.generate_key().decode()])
        self.settings = Settings(
            CONTENTSYNC_DATA_DIR=folder,
            CONTENTSYNC_ALLOW_PRIVATE_NETWORKS=True,
            NEWSAPI_BASE_URL=self.newsapi.base_url,
            **self.google.settings(),  # type: ignore[arg-type]
        )
        self.http = open_client(allow_private_networks=True, trusted_hosts=self.settings.trusted_hosts)
        self.temporal = client
        self.bot = bot
        self.published: dict[str, dict[str, datetime]] = defaultdict(dict)
        """When each link was published, by kind of source."""
        self._chance = random.Random(1)
        self._followed: set[int] = set()
        self._channels: set[int] = set()
        self._topics: set[int] = set()

    async def live(self, hours: float) -> Report:
        """Set everything up, go through the day minute by minute, and look back."""
        began = time.monotonic()
        await migrate(self.db)
        accounts = self._accounts()
        puller = PullerActivities(
            db=self.db,
            vault=self.vault,
            client=self.http,
            settings=self.settings,
            kinds=SOURCES,
            gap_seconds=0.0,  # that gap is real time, and YouTube's feeds are one host here
        )
        syncing = AccountActivities(db=self.db, vault=self.vault, data_dir=self.settings.data_dir, accounts=accounts)
        await self._settle(accounts)
        worker = Worker(
            self.temporal,
            task_queue="day",
            workflows=[*PULLER_WORKFLOWS, *ACCOUNT_WORKFLOWS],
            activities=[
                *puller.all(),
                *syncing.all(),
                *ProcessorActivities(self.db).all(),
                *NoticeActivities(db=self.db, vault=self.vault, bot=self.bot).all(),
            ],
        )
        async with worker:
            for minute in range(int(hours * 60)):
                await self._tick(minute)
        await puller.close()
        report = await self._look_back(hours)
        report.seconds = round(time.monotonic() - began, 1)
        await self.http.aclose()
        await self.db.close()
        return report

    def _accounts(self) -> dict[str, Account]:
        store = AccountStore(db=self.db, data_dir=self.settings.data_dir, readers=READERS)
        wired: dict[str, Any] = {"db": self.db, "vault": self.vault, "client": self.http, "store": store}
        return account_kinds(
            [
                NewsApiAccount(**wired, base_url=self.settings.newsapi_base_url),
                YouTubeAccount(**wired, settings=self.settings),
            ]
        )

    async def _tick(self, minute: int) -> None:
        self.clock.now = START + timedelta(minutes=minute)
        self.newsapi.now = self.google.now = self.clock.now
        self._publish(minute)
        now = self.clock.now.isoformat()
        if minute % SYNC_MINUTES == 0:
            await self.temporal.execute_workflow(
                SYNC_INTEGRATIONS, SyncIntegrationsInput(now=now), id=f"sync-{minute}", task_queue="day"
            )
        await self.temporal.execute_workflow(PULL_DUE, PullDueInput(now=now), id=f"pull-{minute}", task_queue="day")

    # What the world does

    def _publish(self, minute: int) -> None:
        """Channels upload a few videos an hour between them; every topic has an article now and then."""
        if self._chance.random() < 0.5:
            channel = self._chance.choice(sorted(self._channels))
            video = f"v{minute:09d}xx"[:11]
            self.google.publish(_channel(channel), video)
            self.published["youtube"][f"https://www.youtube.com/watch?v={video}"] = self.clock.now
        if minute % 10 == 0:
            topic = self._chance.choice(sorted(self._topics))
            link = f"https://news.example/{minute}"
            # A free key sees it a day late: it can be found from now on.
            self.newsapi.publish(f"topic {topic}", "en", f"News {minute}", link, self.clock.now - self.newsapi.delay)
            self.published["newsapi"][link] = self.clock.now

    async def _settle(self, accounts: dict[str, Account]) -> None:
        """People follow blogs, connect accounts, add topics."""
        self.newsapi.now = self.google.now = self.clock.now
        async with self.db.write() as session:
            people = [Subscriber(chat_id=1000 + number) for number in range(PEOPLE)]
            session.add_all(people)
            await session.flush()
            ids = [person.id or 0 for person in people]
        for person in ids:
            chosen = self._chance.sample(range(BLOGS), FOLLOWED)
            strict = self._chance.sample(range(BLOGS, BLOGS + STRICT_BLOGS), 2)
            for number in [*chosen, *strict]:
                self._followed.add(number)
                await self._follow(person, number)
        for number in sorted(self._followed):
            for index, at in enumerate(self.blogs.published(number)):
                if at >= START:
                    kind = "strict host" if number >= BLOGS else "feed"
                    self.published[kind][f"http://{self.blogs.host(number)}/{number}/{index}"] = at
        for number, person in enumerate(ids[:KEYS]):
            key = f"{number:032x}"
            self.newsapi.more_keys.add(key)
            await self._connect(accounts["newsapi"], person, key)
            async with self.db.write() as session:
                for topic in range(number * 12, number * 12 + 2 + number):
                    self._topics.add(topic)
                    await topics.add_topic(
                        session, subscriber_id=person, text=f"topic {topic}", language="en", now=START
                    )
        for person in ids[-VIEWERS:]:
            for channel in self._chance.sample(range(CHANNELS), self._chance.randrange(30, 121)):
                self._channels.add(channel)
                self.google.subscribe(_channel(channel), f"Channel {channel}", person=str(person))
            await self._connect(accounts["youtube"], person, await self._sign_in(str(person)))

    async def _follow(self, person: int, number: int) -> None:
        url = self.blogs.url(number)
        async with self.db.write() as session:
            source_id = await sources.upsert_found(
                session, kind="feed", key=canonical_key(url), url=url, title=f"Blog {number}", site_url=None,
                language=None, preview=[], now=START,
            )  # fmt: skip
            await sources.follow(session, subscriber_id=person, source_id=source_id, now=START)

    async def _connect(self, account: Account, person: int, given: str) -> None:
        connected = await account.connect(person, given, START)
        async with self.db.write() as session:
            await integrations.connect(
                session,
                subscriber_id=person,
                kind=account.kind,
                account=connected.account,
                credentials=self.vault.encrypt(connected.credentials),
                options=dict(connected.options),
                now=START,
            )

    async def _sign_in(self, person: str) -> str:
        """What the callback page hands over after this person said yes."""
        self.google.person = person
        verifier = secrets.token_urlsafe(48)
        consent = consent_url(self.settings, state="s", verifier=verifier, scope=SCOPE)
        async with httpx.AsyncClient(trust_env=False) as browser:
            answer = await browser.get(consent)
        (code,) = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
        return json.dumps({"code": code, "verifier": verifier})

    # What became of it

    async def _look_back(self, hours: float) -> Report:
        end = self.clock.now
        async with self.db.read() as session:
            rows = list(
                await session.exec(
                    select(Source.kind, Source.url, Item.link, Item.first_seen_at).where(
                        col(Item.source_id) == col(Source.id)
                    )
                )
            )
        seen: dict[str, datetime] = {}
        for _, _, link, at in rows:
            if link:
                seen[link] = min(at, seen.get(link, at))
        report = Report(hours=hours, items=len(rows))
        for kind, links in self.published.items():
            wanted = {link: at for link, at in links.items() if at <= end}
            ages = sorted(int((seen.get(link, end) - at).total_seconds() // 60) for link, at in wanted.items())
            report.missing += sum(link not in seen and end - at > timedelta(days=1) for link, at in wanted.items())
            if ages:
                report.worst_minutes[kind], report.median_minutes[kind] = ages[-1], ages[len(ages) // 2]
        report.youtube_units = sum(self.google.units_by_day.values())
        report.youtube_quota_errors = self.google.quota_errors
        report.newsapi_requests = len(self.newsapi.requests)
        report.newsapi_most_in_24_hours_by_a_key = self.newsapi.most_in(timedelta(hours=24))
        report.newsapi_refused = len(self.newsapi.refused)
        report.strict_host_requests = self.blogs.requests[STRICT]
        report.strict_host_refused = self.blogs.refused
        report.feed_requests = self.blogs.requests.total() + self.google.feed_hits.total()
        return report


def _channel(number: int) -> str:
    return f"UC{number:022d}"


async def simulate(hours: float, folder: Path) -> Report:
    """Live through so many hours in this directory."""
    clock = Clock(START)
    async with (
        await WorkflowEnvironment.start_local(
            dev_server_existing_path=program("temporal"), dev_server_log_level="error"
        ) as temporal,
        Blogs(clock, BLOGS, STRICT_BLOGS) as blogs,
        FakeNewsApi(key="", now=START) as newsapi,
        FakeGoogle(now=START) as google,
        FakeTelegram(folder) as telegram,
    ):
        bot = open_bot(telegram.token, telegram.base_url)
        try:
            return await Day(folder, temporal.client, (blogs, newsapi, google), bot).live(hours)
        finally:
            await bot.session.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        wanted_hours = float(sys.argv[1]) if len(sys.argv) > 1 else 24.0
        print(json.dumps(asdict(asyncio.run(simulate(wanted_hours, Path(directory))))))
