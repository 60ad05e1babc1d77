"""What became of an item for one person: looked up in their digests and in what was decided about every candidate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contentsync.bot import render
from contentsync.bot.texts import Html, say
from contentsync.db import decisions, digest_entries, rules, story_links
from contentsync.db.decisions import KnownItem
from contentsync.db.digest_entries import Shown
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber
from contentsync.db.offers import Follow
from contentsync.db.rules import RuleView
from contentsync.processor.canonical import canonical_link, link_key
from contentsync.processor.decisions import Decisions, Verdict, unpack
from contentsync.processor.ranking import RECENT_DAYS
from contentsync.processor.text import shorten

DIGESTS = 45
"""The latest ones that are looked through: as many as come while an item is young enough, and those asked for."""
TITLE_CHARACTERS = 150


@dataclass(frozen=True, slots=True)
class Log:
    """What was decided for one digest."""

    digest_id: int
    decided_at: datetime
    decisions: Decisions


@dataclass(frozen=True, slots=True)
class Found:
    """The verdict about an item, and the digest it was made for."""

    item: KnownItem
    verdict: Verdict
    log: Log


async def answer(db: Database, subscriber: Subscriber, link: str, now: datetime) -> Html:
    """What became of this link, in a sentence or two."""
    items = await _find(db, subscriber, link)
    if not items:
        return say("whynot_unknown")
    subscriber_id = subscriber.id or 0
    async with db.read() as session:
        shown = await digest_entries.find_shown(
            session, subscriber_id=subscriber_id, item_ids=[item.item_id for item in items]
        )
        rows = await decisions.list_latest(session, subscriber_id=subscriber_id, limit=DIGESTS)
    if shown:
        title = next(item.title for item in items if item.item_id == shown[0].item_id)
        day = render.day(shown[0].at, subscriber.time_zone)
        return say("whynot_shown", title=_cut(title), position=shown[0].position, day=day)
    logs = [Log(row.digest_id, row.decided_at, unpack(row.packed)) for row in rows]
    found = latest_verdict(items, logs)
    if found is not None:
        return await _say_verdict(db, subscriber, found, now)
    return _say_undecided(items[0], logs, subscriber, now)


def latest_verdict(items: Sequence[KnownItem], logs: Sequence[Log]) -> Found | None:
    """The verdict of the latest digest that had one of the items among its candidates; `logs`: the latest first.

    Items that were too old are not in every log: then the log says since when it is complete.
    """
    for log in logs:
        for item in items:
            verdict = log.decisions.verdicts.get(item.item_id)
            if verdict is not None and verdict.key != "sent":
                return Found(item, verdict, log)
    return None


async def _find(db: Database, subscriber: Subscriber, link: str) -> list[KnownItem]:
    """The person's items behind a link: the same canonical link, or one that counts as the same."""
    canonical = canonical_link(link)
    key = link_key(canonical)
    if canonical is None or key is None:
        return []
    async with db.read() as session:
        stories = await story_links.find_links(session, keys=[key])
        found = await decisions.find_items(
            session, subscriber_id=subscriber.id or 0, links={link, canonical}, story_ids=list(stories.values())
        )
    return [item for item in found if link_key(item.canonical_link or canonical_link(item.link)) == key]


async def _say_verdict(db: Database, subscriber: Subscriber, found: Found, now: datetime) -> Html:
    verdict, log, title = found.verdict, found.log, _cut(found.item.title)
    day = render.day(log.decided_at, subscriber.time_zone)
    if verdict.key == "duplicate":
        return await _say_duplicate(db, subscriber, found)
    if verdict.key == "muted":
        async with db.read() as session:
            rule = await rules.get_rule(session, subscriber_id=subscriber.id or 0, rule_id=verdict.number)
        if rule is None:
            return say("whynot_muted_gone", title=title)
        return say("whynot_muted", title=title, rule=_say_rule(rule))
    if verdict.key == "too_old":
        return _say_too_old(found.item, subscriber)
    text = say(
        f"whynot_{verdict.key}",
        title=title,
        place=ordinal(verdict.number),
        minutes=verdict.number,
        of=log.decisions.of,
        day=day,
        size=subscriber.digest_size,
    )
    if found.item.sort_at < now - timedelta(days=RECENT_DAYS):
        return text
    return Html(f"{text} {say('whynot_still', days=RECENT_DAYS)}")


async def _say_duplicate(db: Database, subscriber: Subscriber, found: Found) -> Html:
    """Of what it is a duplicate, and what became of that."""
    other_id, log, title = found.verdict.number, found.log, _cut(found.item.title)
    async with db.read() as session:
        shown = await digest_entries.find_shown(session, subscriber_id=subscriber.id or 0, item_ids=[other_id])
        other = await decisions.find_title(session, item_id=other_id)
    if other is None:
        return say("whynot_duplicate_gone", title=title)
    if shown:
        return _say_story(title, other, shown[0], subscriber)
    fate = log.decisions.verdicts.get(other_id)
    if fate is None or fate.key != "ranked":
        return say("whynot_duplicate", title=title, other=_cut(other))
    return say(
        "whynot_duplicate_ranked",
        title=title,
        other=_cut(other),
        place=ordinal(fate.number),
        of=log.decisions.of,
        day=render.day(log.decided_at, subscriber.time_zone),
        size=subscriber.digest_size,
    )


def _say_story(title: str, other: str, shown: Shown, subscriber: Subscriber) -> Html:
    day = render.day(shown.at, subscriber.time_zone)
    return say("whynot_shown_story", title=title, other=_cut(other), position=shown.position, day=day)


def _say_undecided(item: KnownItem, logs: Sequence[Log], subscriber: Subscriber, now: datetime) -> Html:
    """Of an item that was in no digest's candidates."""
    title = _cut(item.title)
    if item.followed_at is not None and not _wants(item):
        return say("whynot_kind", title=title, source=item.source_title)
    if item.processed_at is None:
        return say("whynot_waiting", title=title)
    if item.sort_at < now - timedelta(days=RECENT_DAYS) or _was_too_old(item, logs):
        return _say_too_old(item, subscriber)
    return say("whynot_next" if logs else "whynot_first", title=title)


def _was_too_old(item: KnownItem, logs: Sequence[Log]) -> bool:
    """Whether it was there for the last digest, and older than everything that was looked at."""
    if not logs or item.followed_at is None:
        return False
    last = logs[0]
    there_at = max(item.first_seen_at, item.followed_at)
    return there_at <= last.decided_at and item.sort_at < last.decisions.since


def _say_too_old(item: KnownItem, subscriber: Subscriber) -> Html:
    date = render.day(item.sort_at, subscriber.time_zone)
    year = item.sort_at.year
    return say("whynot_too_old", title=_cut(item.title), days=RECENT_DAYS, date=f"{date} {year}")


def _wants(item: KnownItem) -> bool:
    follow = Follow(item.source_id, item.first_seen_at, bool(item.with_shorts), bool(item.with_live))
    return follow.wants(item.media_kind)


def _say_rule(view: RuleView) -> str:
    """A rule as a person knows it."""
    rule = view.rule
    if rule.kind == "source":
        return f"everything from {_cut(view.source.title if view.source else 'a source')}"
    if rule.kind in ("author", "language"):
        return f"the {rule.kind} “{_cut(rule.pattern)}”"
    return f"“{_cut(rule.pattern)}”"


def ordinal(number: int) -> str:
    """The number as a place: "1st", "12th", "23rd"."""
    teen = 10 <= number % 100 <= 20
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _cut(text: str) -> str:
    return shorten(text, TITLE_CHARACTERS) or "Untitled"
