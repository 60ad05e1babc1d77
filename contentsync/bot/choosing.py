"""What goes into a digest, and what became of everything else: rules, then ranking, then one verdict for each item."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from contentsync.bot.offering import OfferPool, Shelf, candidate_of
from contentsync.db import feedback, offers, rules, stories, topics, updates
from contentsync.db.digests import Entry
from contentsync.db.engine import Database
from contentsync.db.feedback import SignalRow
from contentsync.db.models import Subscriber
from contentsync.db.offers import Follow, OfferRow, SentRow
from contentsync.db.stories import Telling
from contentsync.db.updates import SentStory
from contentsync.processor.background import BACKGROUND_ITEMS, Background, background_of
from contentsync.processor.canonical import link_key
from contentsync.processor.decisions import Row, pack, row_of
from contentsync.processor.ranking import RECENT_DAYS, Candidate, Ranked, Reason, rank
from contentsync.processor.rules import Rule, RuleSet, Text
from contentsync.processor.taste import IGNORED_AFTER, Signal, Topic, learn
from contentsync.processor.terms import terms_of
from contentsync.processor.updates import Later, update_of

CANDIDATES = 10_000
"""Of more, the newest."""
LATEST_OF_NEW_SOURCE = 10
"""Items that a newly followed source offers however old they are: as many as a digest usually holds."""
SIGNAL_DAYS = 180
SIGNALS = 1_000
"""The latest of each: what was told, and what was ignored. Older ones weigh nothing that would be noticed."""

SLOT_REASONS = {"explore": "explore", "rare": "rare_source", "topic": "topic", "kept": "kept"}
"""By the places that are set apart, which part of the score speaks for them."""


@dataclass(frozen=True, slots=True)
class Person:
    """All of the database that decides about one person's digest."""

    follows: Sequence[Follow]
    latest: Sequence[OfferRow]
    """Older items of sources that are followed newly."""
    sent: Sequence[SentRow]
    rules: Sequence[Rule]
    signals: Sequence[SignalRow]
    topics: Sequence[Topic]
    told_again: Sequence[SentStory] = ()
    """Looked up only where a candidate tells a story that was sent."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of every candidate: `chosen` in their order, and one verdict for each, the chosen ones among them.

    `since`, `of`: as in `contentsync.processor.decisions.Decisions`.
    """

    chosen: Sequence[Ranked]
    updates: frozenset[int]
    """Items that come as the update of a story."""
    verdicts: Sequence[Row]
    since: datetime
    of: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A digest to be: its entries, each with what is shown of it, and the packed verdicts."""

    entries: list[Entry]
    tellings: list[Telling]
    packed: bytes
    topics: Mapping[int, str]
    """The person's topics, which reasons may name."""
    follows_any: bool


class CommonWords:
    """What the items of all sources say about words, as of the day before: the same for everybody and all day long."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._by_day: dict[datetime, Background] = {}
        self._turn = asyncio.Lock()

    async def at(self, now: datetime) -> Background:
        """What is known at this moment."""
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        async with self._turn:
            if day not in self._by_day:
                async with self._db.read() as session:
                    features = await offers.list_features(session, before=day, limit=BACKGROUND_ITEMS)
                self._by_day = {day: await asyncio.to_thread(background_of, features)}
            return self._by_day[day]


class Chooser:
    """Chooses for every digest of a process, out of one pool of items."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._pool = OfferPool(db)
        self._words = CommonWords(db)

    async def choose(self, subscriber: Subscriber, now: datetime) -> Choice:
        """What the subscriber's digest would hold at this moment."""
        since = now - timedelta(days=RECENT_DAYS)
        background = await self._words.at(now)
        while True:
            person = await load_person(self._db, subscriber.id or 0, now)
            shelves = await self._pool.shelves([follow.source_id for follow in person.follows], since=since)
            candidates, begin = await asyncio.to_thread(gather, person, shelves, since)
            person = await self._with_updates(person, candidates, subscriber.id or 0, since)
            texts = await self._pool.texts([one.item_id for one in candidates]) if person.rules else {}
            decided, packed = await asyncio.to_thread(
                _decide_and_pack, candidates, person, texts, begin, now, subscriber, background
            )
            async with self._db.read() as session:
                tellings = await stories.list_tellings(
                    session, subscriber_id=subscriber.id or 0, item_ids=[chosen.item_id for chosen in decided.chosen]
                )
            if len(tellings) == len(decided.chosen):
                named = {topic.id: topic.words for topic in person.topics}
                return Choice(entries_of(decided), tellings, packed, named, bool(person.follows))
            self._pool.forget()  # an item is gone since it was put there

    async def _with_updates(
        self, person: Person, candidates: Sequence[Candidate], subscriber_id: int, since: datetime
    ) -> Person:
        """The person, with the stories that were told again since they were sent; mostly there is none."""
        items = {row.item_id for row in person.sent}
        told = {row.story_id for row in person.sent}
        if not any(one.story_id in told and one.item_id not in items for one in candidates):
            return person
        async with self._db.read() as session:
            told_again = await updates.list_told_again(session, subscriber_id=subscriber_id, since=since)
        return replace(person, told_again=told_again)


async def load_person(db: Database, subscriber_id: int, now: datetime) -> Person:
    """What the database knows of one person at this moment, but for `told_again`."""
    since = now - timedelta(days=RECENT_DAYS)
    async with db.read() as session:
        follows = await offers.list_follows(session, subscriber_id=subscriber_id)
        sent = await offers.list_sent(session, subscriber_id=subscriber_id)
        is_new = any(follow.followed_at >= since for follow in follows)
        return Person(
            follows=follows,
            latest=await offers.list_latest(
                session, subscriber_id=subscriber_id, followed_since=since, before=since, count=LATEST_OF_NEW_SOURCE
            )
            if is_new
            else (),
            sent=sent,
            rules=[
                Rule(view.rule.id or 0, view.rule.action, view.rule.kind, view.rule.pattern, view.rule.source_id)
                for view in await rules.list_active(session, subscriber_id=subscriber_id, now=now)
            ],
            signals=await feedback.list_signals(
                session,
                subscriber_id=subscriber_id,
                since=now - timedelta(days=SIGNAL_DAYS),
                ignored_before=now - IGNORED_AFTER,
                limit=SIGNALS,
            ),
            topics=[
                Topic(view.topic.id or 0, view.topic.text, view.topic.language)
                for view in await topics.list_topics(session, subscriber_id=subscriber_id)
            ],
        )


def gather(person: Person, shelves: Sequence[Shelf], since: datetime) -> tuple[list[Candidate], datetime]:
    """What a person's sources offer from `since` on, the newest `CANDIDATES` of it, and since when that is complete."""
    found: list[Candidate] = []
    recent: dict[int, int] = {}
    for follow, shelf in zip(person.follows, shelves, strict=True):
        offered = shelf.candidates(follow, since)
        recent[follow.source_id] = len(offered)
        found += offered
    followed_at = {follow.source_id: follow.followed_at for follow in person.follows}
    found += [
        candidate_of(row, recent=recent[row.source_id], followed_at=followed_at[row.source_id])
        for row in person.latest
        if row.source_id in recent
    ]
    if len(found) <= CANDIDATES:
        return found, since
    found.sort(key=lambda one: (-one.sort_at.timestamp(), one.item_id))
    return found[:CANDIDATES], max(since, found[CANDIDATES - 1].sort_at)


def decide(
    candidates: Sequence[Candidate],
    person: Person,
    texts: Mapping[int, Text],
    *,
    since: datetime,
    now: datetime,
    size: int,
    minutes: int | None,
    background: Background,
) -> Decided:
    """What becomes of each candidate; the same for the same input, in whatever order the candidates come."""
    updated = {story.story_id: item_id for story in person.told_again if (item_id := _update(story)) is not None}
    open_ones, verdicts = _unsent(candidates, person.sent, updated)
    competing, muted = _ruled(open_ones, person.rules, texts)
    verdicts += muted
    competing = _told_by_many(competing, candidates)
    updates = frozenset(updated.values())
    if updates:
        competing = [replace(one, is_update=True) if one.item_id in updates else one for one in competing]
    profile = learn((_signal(row) for row in person.signals), topics=person.topics, now=now, background=background)
    ranking = rank(competing, profile=profile, now=now, size=size, minutes=minutes)
    verdicts += [(chosen.item_id, "shown", place) for place, chosen in enumerate(ranking.chosen, start=1)]
    verdicts += [row_of(passed.item_id, passed.key, passed.params) for passed in ranking.passed]
    return Decided(
        chosen=ranking.chosen,
        updates=updates,
        verdicts=verdicts,
        since=since,
        of=next((passed.params["of"] for passed in ranking.passed if passed.key == "ranked"), len(ranking.chosen)),
    )


def entries_of(decided: Decided) -> list[Entry]:
    """The chosen items as they are stored."""
    return [
        Entry(
            item_id=chosen.item_id,
            story_id=chosen.story_id,
            position=position,
            score=chosen.score,
            reasons=[_stored(reason, chosen.slot) for reason in chosen.reasons],
            is_update=chosen.item_id in decided.updates,
        )
        for position, chosen in enumerate(decided.chosen, start=1)
    ]


def _stored(reason: Reason, slot: str) -> dict[str, Any]:
    """A part of a score as it is stored; marked where it is why the item has a place though others are worth more."""
    stored = {"key": reason.key, "value": reason.value, "params": reason.params}
    return stored | {"place": True} if SLOT_REASONS.get(slot) == reason.key else stored


def _decide_and_pack(
    candidates: Sequence[Candidate],
    person: Person,
    texts: Mapping[int, Text],
    since: datetime,
    now: datetime,
    subscriber: Subscriber,
    background: Background,
) -> tuple[Decided, bytes]:
    decided = decide(
        candidates,
        person,
        texts,
        since=since,
        now=now,
        size=subscriber.digest_size,
        minutes=subscriber.reading_minutes,
        background=background,
    )
    return decided, pack(decided.verdicts, since=decided.since, of=decided.of)


def _unsent(
    candidates: Sequence[Candidate], sent: Sequence[SentRow], updated: Mapping[int, int]
) -> tuple[list[Candidate], list[Row]]:
    """What may still be sent, and the verdicts about what was, or tells what was. `updated`: the item of each story
    that comes back."""
    items = {row.item_id for row in sent}
    told = {row.story_id: row.item_id for row in reversed(sent) if row.story_id is not None}
    free = [one for one in candidates if one.story_id not in told and one.item_id not in items]
    if len(free) == len(candidates):
        return free, []
    verdicts: list[Row] = []
    for one in candidates:
        if one.item_id in items:
            verdicts.append((one.item_id, "sent", 0))
        elif one.story_id in told and updated.get(one.story_id) == one.item_id:
            free.append(one)
        elif one.story_id in told:
            verdicts.append((one.item_id, "duplicate", told[one.story_id]))
    return free, verdicts


def _ruled(
    candidates: list[Candidate], rules: Sequence[Rule], texts: Mapping[int, Text]
) -> tuple[list[Candidate], list[Row]]:
    """What no rule hides, marked where a rule keeps it; and the verdicts about the rest."""
    if not rules:
        return candidates, []
    rule_set = RuleSet(rules)
    left: list[Candidate] = []
    muted: list[Row] = []
    for one in candidates:
        rule = rule_set.verdict(texts[one.item_id]) if one.item_id in texts else None
        if rule is None:
            left.append(one)
        elif rule.action == "mute":
            muted.append((one.item_id, "muted", rule.id))
        else:
            left.append(replace(one, is_kept=True))
    return left, muted


def _told_by_many(competing: list[Candidate], candidates: Sequence[Candidate]) -> list[Candidate]:
    """The same, with how many of the followed sources tell each story, whatever became of their items."""
    often = {story_id for story_id, count in Counter([one.story_id for one in candidates]).items() if count > 1}
    sources: dict[int, set[int]] = {story_id: set() for story_id in often}
    for one in candidates:
        if one.story_id in often:
            sources[one.story_id].add(one.source_id)
    tellers = {story_id: len(found) for story_id, found in sources.items() if len(found) > 1}
    return [replace(one, tellers=tellers[one.story_id]) if one.story_id in tellers else one for one in competing]


def _update(story: SentStory) -> int | None:
    """The item that may be sent as the update of a story that was sent."""
    before = [terms_of(telling.title, telling.summary) for telling in story.before]
    # A page that told the story when it was sent is no news, under whatever title another source leads to it.
    later = [
        Later(telling.item_id, telling.source_id, terms_of(telling.title, telling.summary))
        for telling in story.after
        if link_key(telling.link) not in story.links
    ]
    return update_of(before, later)


def _signal(row: SignalRow) -> Signal:
    return Signal(
        item_id=row.item_id,
        kind=row.kind,
        at=row.at,
        source_id=row.source_id,
        author=row.author,
        media_kind=row.media_kind,
        language=row.language,
        title=row.title,
        features=row.features or b"",
    )
