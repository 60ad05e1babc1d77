"""/why, /whynot and /saved, through the whole bot."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select, update
from temporalio.testing import WorkflowEnvironment

from contentsync.bot.texts import SENTENCES
from contentsync.db import saved
from contentsync.db.base import utc_now
from contentsync.db.models import Item, Subscriber, Subscription
from contentsync.db.story_models import StoryLink
from contentsync.db.taste_models import Feedback, Rule
from tests.bot.front import Front, Json, button_texts
from tests.bot.handlers.digest_front import DigestFront, ask, fill, start_ids_apart
from tests.filling import add_item, add_source, add_story

HOUR = timedelta(hours=1)


@pytest.fixture
async def front(tmp_path: Path, temporal_dev: WorkflowEnvironment) -> AsyncIterator[Front]:
    async with DigestFront(tmp_path, temporal_dev.client) as desk:
        await desk.say("/start")
        await start_ids_apart(desk)
        yield desk


async def taste(front: Front) -> list[int]:
    async with front.db.read() as session:
        return list(await session.exec(select(Feedback.value).where(col(Feedback.kind) == "taste")))


async def becomes(front: Front, message: Json, button: str) -> Json:
    return await front.telegram.wait_for(
        lambda m: m["message_id"] == message["message_id"] and button in button_texts(m)
    )


async def test_why_says_it_of_each_entry_and_lets_people_answer(front: Front) -> None:
    assert (await front.say("/why"))["text"] == SENTENCES["why_none"]
    await fill(front)
    digest = await ask(front)
    told = await front.say("/why")
    assert told["text"].startswith("Why these, in your digest of ")
    assert "1. Title of item0\n• " in told["text"]
    assert "2. Title of item1\n• " in told["text"]
    assert button_texts(told) == ["1", "2"]

    await front.tap(told, "2")
    one = await front.becomes(told, "It is in your digest because:\n• ")
    assert one["text"].startswith("Title of item1")
    assert button_texts(one) == ["More like this", "Less like this", "« Back to the card"]
    for tapped, stored, shown in (
        ("More", [1], "More like this ✓"), ("Less", [-1], "Less like this ✓"), ("Less", [], "Less like this")
    ):  # fmt: skip
        await front.tap(one, tapped)
        one = await becomes(front, told, shown)
        assert await taste(front) == stored
    await front.tap(one, "«")
    card = await front.becomes(told, "It says.")
    await front.tap(card, "« Back to the digest")
    back = await front.becomes(told, "Your digest")
    assert back["text"] == digest["text"]


async def test_the_button_on_a_card_leads_there_and_back(front: Front) -> None:
    await fill(front, items=1)
    digest = await ask(front)
    await front.tap(digest, "1")
    card = await front.becomes(digest, "It says.")
    await front.tap(card, "Why?")
    one = await front.becomes(digest, "It is in your digest because:")
    await front.tap(one, "«")
    await front.becomes(digest, "It says.")


async def me_and_source(front: Front, **values: Any) -> tuple[int, int]:
    """Person 1, and a source they follow for long."""
    subscriber = await front.subscriber()
    assert subscriber is not None
    me, now = subscriber.id or 0, datetime.now(UTC)
    source = await add_source(front.db, followers=(me,), since=now - 900 * HOUR, last_pull_at=now, **values)
    return me, source


async def add(front: Front, source: int, name: str, hours: float = 1, **values: Any) -> int:
    now = datetime.now(UTC)
    seen = {"first_seen_at": now - 20 * HOUR, "processed_at": now - 20 * HOUR}
    link = f"https://example.org/{name}"
    return await add_item(
        front.db, source, name, sort_at=now - hours * HOUR, **{"canonical_link": link, **seen, **values}
    )


async def whynot(front: Front, link: str) -> str:
    return str((await front.say(f"/whynot {link}"))["text"])


async def test_whynot_of_everything_that_can_happen(front: Front) -> None:
    me, source = await me_and_source(front)
    story = await add_story(front.db, "story")
    async with front.db.write() as session:
        await session.exec(update(Subscriber).values(digest_size=3))
        await session.exec(update(Subscription).values(with_shorts=False))
        session.add(Rule(subscriber_id=me, kind="words", pattern="crypto"))
    await add(front, source, "first", 1, story_id=story)
    await add(front, source, "twin", 30, story_id=story)
    for number in range(5):
        await add(front, source, f"more{number}", 2 + number)
    late_story = await add_story(front.db, "late")
    await add(front, source, "late", 200, story_id=late_story)
    async with front.db.write() as session:
        session.add(StoryLink(key="//example.org/late", story_id=late_story, added_at=utc_now()))
    await add(front, source, "coins", 1, title="All about crypto")
    await add(front, source, "ancient", 24 * 15)
    await add(front, source, "clip", 1, media_kind="short")
    assert "You have had no digest yet." in await whynot(front, "https://example.org/first")
    digest = await ask(front)
    assert digest["text"].count("\n\n") == 3
    now = datetime.now(UTC)
    await add(front, source, "new", 0, first_seen_at=now, processed_at=now)
    await add(front, source, "raw", 0, processed=False, canonical_link=None, processed_at=None)
    hidden = await add_source(front.db, "Hidden")
    await add(front, hidden, "secret", 1)

    place = int(digest["text"].split(". Title of first")[0][-1])
    said = {
        "first": f"You got it: number {place} in your digest of ",
        "twin": f"You got the same story as Title of first: number {place} in your digest of ",
        "late": "ranked 7th of 7 for your digest of ",
        "coins": "Your rule to mute “crypto” hid it.",
        "ancient": "It is too old: only the latest 14 days go into digests, and it is from ",
        "clip": "You chose not to get this kind of video from Example.",
        "new": "It came after your last digest was put together.",
        "raw": "have not worked through it yet",
        "secret": "Nothing you follow has brought that link.",
        "nowhere": "Nothing you follow has brought that link.",
    }
    answers = {name: await whynot(front, f"https://example.org/{name}") for name in said}
    assert {name: answers[name] for name, words in said.items() if words not in answers[name]} == {}
    late = await whynot(front, "http://www.example.org/late/?utm_source=rss")
    assert "ranked 7th of 7" in late, "whatever form the link has"
    assert "It can still come" in late


async def test_whynot_needs_a_link(front: Front) -> None:
    assert (await front.say("/whynot"))["text"] == SENTENCES["whynot_usage"]
    assert (await front.say("/whynot the news"))["text"] == SENTENCES["whynot_no_link"]
    assert (await front.say("/whynot example.org/x"))["text"] == SENTENCES["whynot_unknown"]


async def test_saved_items_are_listed_by_page(front: Front) -> None:
    assert (await front.say("/saved"))["text"] == SENTENCES["saved_none"]
    await fill(front, items=12)
    me = await front.subscriber()
    assert me is not None
    async with front.db.write() as session:
        for item in list(await session.exec(select(Item.id))):
            await saved.save(session, subscriber_id=me.id or 0, item_id=item or 0, on=True, now=datetime.now(UTC))
    page = await front.say("/saved")
    assert page["text"].startswith("Saved (12)\n\n1. ")
    assert button_texts(page) == ["More ›"]
    await front.tap(page, "More")
    second = await front.becomes(page, "\n\n11. ")
    assert second["text"].count("Example") == 2
    assert button_texts(second) == ["‹ Back"]
