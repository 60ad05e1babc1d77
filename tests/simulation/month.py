"""A month of digests: real feeds' histories replayed, people with a taste, and what they are shown week by week.

`python -m tests.simulation.month [days]`, with CORPUS set, prints it and exits 1 if anything was broken that must hold.
Everything goes the product's own way: rows of entries as a pull stores them, the processor's activity, the activities
that open, choose, freeze and send digests, to a Telegram on this machine. Only the clock is made.
"""

import asyncio
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from sqlmodel import col, select
from temporalio.testing import ActivityEnvironment

from contentsync.bot.client import open_bot
from contentsync.bot.contract import OpenDueSlotsInput, SendDigestsInput
from contentsync.bot.digest_activities import DigestActivities
from contentsync.db import feedback, items
from contentsync.db.engine import Database
from contentsync.db.models import Digest, DigestEntry, Item, Source, Subscriber, Subscription
from contentsync.processor.activities import ProcessorActivities
from contentsync.processor.canonical import link_key
from contentsync.processor.contract import ProcessItemsInput
from contentsync.puller.arrival import item_row
from tests.fakes.telegram import FakeTelegram
from tests.filling import sqlite_database
from tests.simulation.histories import History, Told, edited, read_corpus, stretched
from tests.simulation.personas import Persona, people, topics_of

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""
DAYS, PAIRS = 30, 8
WEEKS = 4
"""The last one has the two days more."""
DIGEST_AT = time(8)
DIGEST_SIZE = 10
PULLS_A_DAY = 3
CORPUS = Path(os.environ.get("CORPUS", Path(__file__).parents[2] / "../shared/corpus")) / "feeds"


@dataclass
class Week:
    """Of everything shown to those who tap, and to their controls: how many items they like and dislike."""

    shown: Counter[bool] = field(default_factory=Counter)
    liked: Counter[bool] = field(default_factory=Counter)
    disliked: Counter[bool] = field(default_factory=Counter)
    possible: int = 0
    """Liked items that came in the week and would have fit, of those who tap."""

    def share(self, of: Counter[bool], *, taps: bool) -> float:
        """A part of what was shown."""
        return of[taps] / (self.shown[taps] or 1)


@dataclass
class Report:
    """What became of it."""

    items: int = 0
    digests: int = 0
    entries: int = 0
    updates: int = 0
    repeated_links: int = 0
    repeated_stories: int = 0
    """Not marked as updates."""
    sources: list[float] = field(default_factory=list)
    """For each person, the part of the followed sources that told anything in time and were shown."""
    weeks: list[Week] = field(default_factory=list)

    def broken(self) -> list[str]:
        """What does not hold and must."""
        last, is_long = self.weeks[-1], len(self.weeks) == WEEKS
        musts = {
            "every digest holds something": self.digests > 0 and self.entries >= self.digests,
            "no canonical link comes twice": self.repeated_links == 0,
            "no story comes twice unless it is marked as an update": self.repeated_stories == 0,
            "who taps gets more of what they like than who does not": not is_long
            or last.share(last.liked, taps=True) > last.share(last.liked, taps=False),
            "who taps gets less of what they dislike than who does not": not is_long
            or last.share(last.disliked, taps=True) <= last.share(last.disliked, taps=False),
        }
        return [must for must, holds in musts.items() if not holds]


@dataclass
class Reader:
    """A persona in the database, and what they were sent."""

    persona: Persona
    id: int
    chat_id: int
    items: set[int] = field(default_factory=set)
    sources: set[int] = field(default_factory=set)


class Month:
    """Lives through the days, one after another."""

    def __init__(self, db: Database, digesting: DigestActivities, histories: Sequence[History], days: int) -> None:
        self._db = db
        self._digesting = digesting
        self._processing = ProcessorActivities(db)
        self._environment = ActivityEnvironment()
        self._histories = histories
        self._days = days
        self._topics = {one.key: topics_of(one, history.title) for history in histories[:-1] for one in history.told}
        self._source_ids: list[int] = []
        self._readers: list[Reader] = []
        self._keys: dict[tuple[int, str], str] = {}
        self._report = Report()

    async def live(self, pairs: int) -> Report:
        """So many people and as many controls follow feeds and get a digest each morning."""
        await self._settle(pairs)
        coming = sorted(self._publications(), key=lambda one: (one[1].at, one[0]))
        at = START
        while at < START + timedelta(days=self._days):
            at += timedelta(days=1) / PULLS_A_DAY
            due = [one for one in coming if at - timedelta(days=1) / PULLS_A_DAY < one[1].at <= at]
            await self._pull(due, at)
            if at.time() == DIGEST_AT:
                await self._send(at)
        await self._look_back()
        return self._report

    async def _settle(self, pairs: int) -> None:
        async with self._db.write() as session:
            for number, history in enumerate(self._histories):
                url = f"https://{number}.feeds.example/feed"
                source = Source(kind="feed", key=url, url=url, title=history.title, language=history.language)
                session.add(source)
                await session.flush()
                self._source_ids.append(source.id or 0)
            for number, persona in enumerate(people(self._histories[:-1], self._topics, pairs), start=1):
                reader = Subscriber(
                    chat_id=number,
                    time_zone="UTC",
                    digest_minute=8 * 60,
                    digest_size=DIGEST_SIZE,
                    next_digest_at=datetime.combine(START.date(), DIGEST_AT, UTC),
                )
                session.add(reader)
                await session.flush()
                self._readers.append(Reader(persona, reader.id or 0, number))
                session.add_all(
                    Subscription(subscriber_id=reader.id or 0, source_id=self._source_ids[feed], created_at=START)
                    for feed in (*persona.feeds, len(self._histories) - 1)
                )

    def _publications(self) -> Iterable[tuple[int, Told]]:
        for number, history in enumerate(self._histories):
            for one in (*history.told, *edited(history)):
                yield number, one

    async def _pull(self, due: Sequence[tuple[int, Told]], now: datetime) -> None:
        rows = []
        for number, told in due:
            source_id = self._source_ids[number]
            self._keys[source_id, told.entry.external_id] = told.key
            rows.append(item_row(told.entry, source_id=source_id, now=now))
        async with self._db.write() as session:
            await items.upsert_items(session, rows=rows)
        await self._environment.run(self._processing.process_items, ProcessItemsInput(now=now.isoformat()))

    async def _send(self, now: datetime) -> None:
        lease = f"tick/{now.isoformat()}"
        opened = await self._environment.run(
            self._digesting.open_due_slots, OpenDueSlotsInput(now=now.isoformat(), lease_id=lease)
        )
        before = {reader.id: await self._shown_before(reader) for reader in self._readers}
        for ids in opened.batches:
            await self._environment.run(
                self._digesting.build_and_send,
                SendDigestsInput(digest_ids=ids, lease_id=lease, now=now.isoformat()),
            )
            self._report.digests += len(ids)
        number = min((now - START).days // 7, WEEKS - 1)
        if number == len(self._report.weeks):
            self._report.weeks.append(Week())
        for reader in self._readers:
            await self._read(reader, before[reader.id], self._report.weeks[number], now)

    async def _shown_before(self, reader: Reader) -> tuple[set[str], set[int]]:
        """Links and stories of everything the reader was sent, as they are understood now."""
        async with self._db.read() as session:
            found = await session.exec(
                select(Item.canonical_link, Item.story_id)
                .join(DigestEntry, col(DigestEntry.item_id) == col(Item.id))
                .where(col(DigestEntry.subscriber_id) == reader.id)
            )
            rows = list(found)
        links = {key for link, _ in rows if (key := link_key(link))}
        return links, {story for _, story in rows if story is not None}

    async def _read(self, reader: Reader, before: tuple[set[str], set[int]], week: Week, now: datetime) -> None:
        """Look at what came today, and say what one thinks of it."""
        async with self._db.read() as session:
            found = await session.exec(
                select(Item, DigestEntry)
                .join(DigestEntry, col(DigestEntry.item_id) == col(Item.id))
                .where(col(DigestEntry.subscriber_id) == reader.id, col(Item.id).not_in(reader.items))
                .order_by(col(DigestEntry.digest_id), col(DigestEntry.position))
            )
            rows = list(found)
        links, stories = set(before[0]), set(before[1])
        taps, opinions = reader.persona.gives_feedback, dict[int, int]()
        for item, entry in rows:
            self._count(item, entry, links, stories)
            reader.items.add(item.id or 0)
            reader.sources.add(item.source_id)
            opinion = self._opinion(reader, item)
            week.shown[taps] += 1
            week.liked[taps] += opinion > 0
            week.disliked[taps] += opinion < 0
            if taps and opinion:
                opinions[item.id or 0] = opinion
        if taps:
            week.possible += min(DIGEST_SIZE, self._liked_today(reader, now))
            await self._tap(reader, opinions, now)

    async def _tap(self, reader: Reader, opinions: Mapping[int, int], now: datetime) -> None:
        """Open the cards of these items, and say 👍 or 👎."""
        async with self._db.write() as session:
            for item_id, opinion in opinions.items():
                for kind, value in ((feedback.OPENED, 1), (feedback.RATING, opinion)):
                    await feedback.give(
                        session, subscriber_id=reader.id, item_id=item_id, kind=kind, value=value, now=now
                    )

    def _count(self, item: Item, entry: DigestEntry, links: set[str], stories: set[int]) -> None:
        key = link_key(item.canonical_link)
        self._report.entries += 1
        self._report.updates += entry.is_update
        self._report.repeated_links += key is not None and key in links
        self._report.repeated_stories += item.story_id in stories and not entry.is_update
        if key is not None:
            links.add(key)
        if item.story_id is not None:
            stories.add(item.story_id)

    def _opinion(self, reader: Reader, item: Item) -> int:
        return reader.persona.opinion(self._topics[self._keys[item.source_id, item.external_id]])

    def _liked_today(self, reader: Reader, now: datetime) -> int:
        day = timedelta(days=1)
        return sum(
            now - day < one.at <= now and reader.persona.opinion(self._topics[one.key]) > 0
            for feed in reader.persona.feeds
            for one in self._histories[feed].told
        )

    async def _look_back(self) -> None:
        async with self._db.read() as session:
            told = set(await session.exec(select(Item.source_id).distinct()))
            self._report.items = len(list(await session.exec(select(Item.id))))
            unsent = list(await session.exec(select(Digest.id).where(col(Digest.state).not_in(["sent", "empty"]))))
        assert not unsent, "every digest came to its end"
        for reader in self._readers:
            followed = {self._source_ids[feed] for feed in reader.persona.feeds} & told
            self._report.sources.append(len(followed & reader.sources) / len(followed))


async def simulate(days: int, folder: Path, *, pairs: int = PAIRS, corpus: Path = CORPUS) -> Report:
    """Live through the first so many days of the month in this directory."""
    histories = stretched(read_corpus(corpus), start=START, days=DAYS)
    async with FakeTelegram(folder) as telegram, sqlite_database(folder) as db:
        bot = open_bot(telegram.token, telegram.base_url)
        try:
            for chat_id in range(1, 2 * pairs + 1):
                await telegram.say("/start", from_id=chat_id)
            return await Month(db, DigestActivities(db, bot), histories, days).live(pairs)
        finally:
            await bot.session.close()


def table(report: Report) -> str:
    """The report as a person reads it."""
    lines = ["week  shown  liked  control  could be  disliked  control"]
    for number, week in enumerate(report.weeks, start=1):
        lines.append(
            f"{number:>4}  {week.shown[True]:>5}  {week.share(week.liked, taps=True):>5.1%}"
            f"  {week.share(week.liked, taps=False):>7.1%}  {week.possible / (week.shown[True] or 1):>8.1%}"
            f"  {week.share(week.disliked, taps=True):>8.1%}  {week.share(week.disliked, taps=False):>7.1%}"
        )
    sources = sorted(report.sources)
    lines += [
        f"{report.items} items, {report.digests} digests, {report.entries} entries, {report.updates} of them updates",
        f"repeated canonical links: {report.repeated_links}",
        f"repeated stories not marked as updates: {report.repeated_stories}",
        f"sources shown of those followed: {sources[0]:.0%} to {sources[-1]:.0%}, half of the people"
        f" {sources[len(sources) // 2]:.0%} or more",
    ]
    return "\n".join(lines)


def main(arguments: Mapping[int, str]) -> int:
    """The command; gives its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(simulate(int(arguments.get(1, DAYS)), Path(folder)))
    print(table(report))
    for must in report.broken():
        print(f"BROKEN: {must}", file=sys.stderr)
    return 1 if report.broken() else 0


if __name__ == "__main__":
    sys.exit(main(dict(enumerate(sys.argv))))
