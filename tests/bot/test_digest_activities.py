"""Opening, building and sending digests: real database, real calls, a process that dies."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from contentsync.bot import render
from contentsync.bot.contract import OpenDueSlotsInput, SendDigestsInput, SendDigestsResult
from contentsync.bot.digest_activities import DigestActivities
from contentsync.bot.render import plain
from contentsync.db import digests
from contentsync.db.engine import Database
from contentsync.db.models import Digest, DigestEntry, Item, Source, Subscriber
from tests.bot.sending import LEASE, ProcessDied, Sending
from tests.fakes.telegram import Json
from tests.filling import NOW, add_item, add_source, add_story, add_subscriber

EIGHT = NOW.replace(hour=8)


@pytest.fixture
async def sending(db: Database, tmp_path: Path) -> AsyncIterator[Sending]:
    async with Sending(db, tmp_path) as stage:
        await stage.telegram.say("/digest")
        yield stage


async def reader(db: Database, items: int = 3, chat_id: int = 1, title: str = "Example") -> int:
    """Somebody who follows a source with so many items."""
    me = await add_subscriber(db, chat_id)
    source = await add_source(db, title, followers=(me,))
    for number in range(items):
        await add_item(db, source, f"{title}-{number}", hours=number + 1)
    return me


async def entries(db: Database, digest_id: int) -> list[DigestEntry]:
    async with db.read() as session:
        found = await session.exec(
            select(DigestEntry).where(col(DigestEntry.digest_id) == digest_id).order_by(col(DigestEntry.position))
        )
        return list(found)


async def due(sending: Sending, *chat_ids: int) -> list[int]:
    """Opened digests of people whose time has come; held by the lease "tick"."""
    for chat_id in chat_ids:
        await add_subscriber(sending.db, chat_id, next_digest_at=EIGHT)
    async with sending.db.write() as session:
        await digests.open_due(session, now=EIGHT, lease_id="tick", limit=1000)
        return await digests.list_leased(session, lease_id="tick")


def filled(chat: list[Json]) -> list[str]:
    """The messages that hold a digest, not only its stub."""
    return [message["text"] for message in chat if "1. " in message["text"]]


async def test_an_asked_for_digest(sending: Sending) -> None:
    digest_id = await sending.ask(await reader(sending.db))
    assert await sending.run(digest_id) == SendDigestsResult(sent=1)
    (message,) = await sending.chat()
    assert message["text"].startswith("📬 Your digest · Sun 1 Jun\n\n1. Title of Example-0\nExample · 1 h · fresh")
    assert [link["url"] for link in message["entities"] if link["type"] == "text_link"] == [
        f"https://example.org/Example-{number}" for number in range(3)
    ]
    found = await entries(sending.db, digest_id)
    assert [entry.position for entry in found] == [1, 2, 3]
    assert all(entry.score == sum(reason["value"] for reason in entry.reasons) for entry in found)
    digest = await sending.digest(digest_id)
    assert digest.state == "sent"
    assert digest.finished_at is not None
    assert NOW <= digest.finished_at < NOW + timedelta(seconds=5)


async def test_the_next_digest_goes_on_where_the_last_ended(sending: Sending) -> None:
    me = await reader(sending.db, items=17)
    seen: list[int] = []
    for update_id in (1, 2, 3):
        digest_id = await sending.ask(me, update_id)
        await sending.run(digest_id, lease_id=digests.asked_slot(update_id))
        seen += [entry.item_id for entry in await entries(sending.db, digest_id)]
    assert len(seen) == len(set(seen)) == 17
    assert [message["text"] for message in await sending.chat()][2] == render.NOTHING_NEW_ASKED


async def test_also_in_names_followed_sources(sending: Sending) -> None:
    me = await reader(sending.db, items=0)
    story = await add_story(sending.db, "story")
    for title, followers in (("Alpha", (me,)), ("Beta", (me,)), ("Secret", ())):
        source = await add_source(sending.db, title, followers=followers)
        await add_item(sending.db, source, title, story_id=story)
    await sending.run(await sending.ask(me))
    (message,) = await sending.chat()
    assert "Alpha · 1 h · also in Beta · fresh" in message["text"]
    assert "Secret" not in message["text"]


async def test_a_story_that_moved_on_comes_back_once(sending: Sending) -> None:
    me, story = await add_subscriber(sending.db), await add_story(sending.db, "story")
    alpha = await add_source(sending.db, "Alpha", followers=(me,))
    beta = await add_source(sending.db, "Beta", followers=(me,))
    secret = await add_source(sending.db, "Secret")
    news = "Malmby ferry: captain Larsen arrested, police find 43 crates of Polish cigarettes"

    async def tell(source: int, name: str, title: str, hours: float) -> None:
        await add_item(sending.db, source, name, title=title, story_id=story, hours=hours)

    async def next_digest(update_id: int) -> str:
        await sending.run(await sending.ask(me, update_id), lease_id=digests.asked_slot(update_id))
        text: str = (await sending.chat())[-1]["text"]
        return text

    await tell(alpha, "first", "Malmby ferry collides with trawler", 2)
    assert "1. Malmby ferry collides with trawler" in await next_digest(1)
    await tell(beta, "again", "Ferry from Malmby in collision with a trawler", -1)
    await tell(secret, "secret", news, -1)
    assert await next_digest(2) == render.NOTHING_NEW_ASKED, "no news, but in a source they do not follow"
    async with sending.db.write() as session:
        found = await session.exec(select(Item).where(col(Item.external_id) == "secret"))
        await session.delete(found.one())
    await tell(beta, "news", news, -2)
    await tell(alpha, "news too", f"{news}, says mayor", -2)
    text = await next_digest(3)
    assert f"1. Update: {news}, says mayor\nAlpha · " in text, "the telling that has most of what is new"
    assert "also in Beta" in text
    assert text.count("Malmby") == 1
    await tell(beta, "more", "Malmby ferry: Larsen confesses to Inspector Dahl, 12 more arrests in Gdynia, Kiel", -3)
    assert await next_digest(4) == render.NOTHING_NEW_ASKED
    async with sending.db.read() as session:
        rows = list(await session.exec(select(DigestEntry).order_by(col(DigestEntry.id))))
    assert [row.is_update for row in rows] == [False, True]


@pytest.mark.parametrize(
    ("follows", "asked", "texts"),
    [
        (False, True, [render.NOTHING_FOLLOWED]),
        (True, True, [render.NOTHING_NEW_ASKED]),
        (True, False, [render.NOTHING_NEW]),
        (False, False, []),
    ],
)
async def test_nothing_new(sending: Sending, follows: bool, asked: bool, texts: list[str]) -> None:
    me = await add_subscriber(sending.db, next_digest_at=EIGHT)
    if follows:
        await add_source(sending.db, followers=(me,))
    if asked:
        digest_id, lease_id = await sending.ask(me), LEASE
    else:
        ((digest_id,), lease_id) = await due(sending), "tick"
    assert await sending.run(digest_id, lease_id=lease_id) == SendDigestsResult(empty=1)
    assert [message["text"] for message in await sending.chat()] == texts
    assert (await sending.digest(digest_id)).state == "empty"


async def test_thirty_items_with_long_titles_come_in_parts(sending: Sending) -> None:
    me = await add_subscriber(sending.db, digest_size=30)
    source = await add_source(sending.db, followers=(me,))
    for number in range(30):
        await add_item(sending.db, source, str(number), hours=number + 1, title=f"{number} " + "t" * 190)
    digest_id = await sending.ask(me)
    assert await sending.run(digest_id) == SendDigestsResult(sent=1)
    chat = await sending.chat()
    assert len(chat) == 2
    assert [part.state for part in await sending.ledger(digest_id)] == ["sent", "sent"]
    assert [plain(part.body) for part in await sending.ledger(digest_id)] == [shown["text"] for shown in chat]


@pytest.mark.parametrize("steps", range(17))
async def test_death_anywhere_between_asked_and_sent(sending: Sending, steps: int) -> None:
    """Transactions and calls, each with a before and an after: the next attempt finishes, the content comes once."""
    digest_id = await sending.ask(await reader(sending.db))
    died = False
    try:
        await sending.run(digest_id, lifetime=steps)
    except (ApplicationError, ProcessDied):
        died = True
    assert died is (steps < 16)
    result = await sending.run(digest_id, attempt=2)
    assert result.sent == (1 if steps < 15 else 0), "what was finished is not begun again"
    chat = await sending.chat()
    assert len(filled(chat)) == 1
    (part,) = await sending.ledger(digest_id)
    assert len(chat) - 1 <= part.stubs_lost <= 1
    assert (await sending.digest(digest_id)).state == "sent"


async def test_one_failure_does_not_hold_up_the_others(sending: Sending) -> None:
    await sending.telegram.say("hello", from_id=2)
    for chat_id, title in ((1, "One"), (2, "Two")):
        me = await reader(sending.db, chat_id=chat_id, title=title)
        async with sending.db.write() as session:
            subscriber = await session.get_one(Subscriber, me)
            subscriber.next_digest_at = EIGHT
            session.add(subscriber)
    ids = await due(sending)
    sending.telegram.faults.server_error("sendMessage", chat_id=1)
    with pytest.raises(ApplicationError, match="1 of 2"):
        await sending.run(*ids, lease_id="tick")
    assert (len(filled(await sending.chat(1))), len(filled(await sending.chat(2)))) == (0, 1)
    assert await sending.run(*ids, lease_id="tick", attempt=2) == SendDigestsResult(sent=1)
    assert (len(filled(await sending.chat(1))), len(filled(await sending.chat(2)))) == (1, 1)


async def test_a_person_who_blocked_the_bot_is_left_alone(sending: Sending) -> None:
    me = await reader(sending.db)
    digest_id = await sending.ask(me)
    sending.telegram.faults.blocked("sendMessage")
    assert await sending.run(digest_id) == SendDigestsResult(blocked=1)
    assert (await sending.digest(digest_id)).state == "blocked"
    async with sending.db.read() as session:
        subscriber = await session.get_one(Subscriber, me)
    assert subscriber.blocked_at is not None
    assert subscriber.next_digest_at is None
    again = await sending.ask(me, update_id=8)
    assert await sending.run(again, lease_id=digests.asked_slot(8)) == SendDigestsResult(sent=1)
    assert len(await entries(sending.db, again)) == 3, "what never arrived is sent when they ask again"


@pytest.mark.parametrize(("values", "state"), [({"paused": True}, "skipped"), ({"blocked_at": NOW}, "blocked")])
async def test_a_daily_digest_of_somebody_who_left_meanwhile(
    sending: Sending, values: dict[str, Any], state: str
) -> None:
    (digest_id,) = await due(sending, 1)
    async with sending.db.write() as session:
        subscriber = (await session.exec(select(Subscriber))).one()
        subscriber.sqlmodel_update(values)
        session.add(subscriber)
    await sending.run(digest_id, lease_id="tick")
    assert (await sending.digest(digest_id)).state == state
    assert await sending.chat() == []


async def test_the_two_digests_of_one_moment_share_nothing(sending: Sending) -> None:
    """The daily one and one asked for at the same second."""
    me = await reader(sending.db, items=14)
    first, second = await sending.ask(me, 1), await sending.ask(me, 2)
    await asyncio.gather(sending.run(first, lease_id="ask-1"), sending.run(second, lease_id="ask-2"))
    found = [entry.item_id for digest_id in (first, second) for entry in await entries(sending.db, digest_id)]
    assert len(found) == len(set(found)) == 14


async def test_an_asked_for_digest_waits_for_a_first_pull(sending: Sending) -> None:
    """For the pull, and for the processor after it."""
    me = await add_subscriber(sending.db)
    source = await add_source(sending.db, followers=(me,), next_pull_at=NOW)
    running = asyncio.create_task(sending.run(await sending.ask(me)))
    await asyncio.sleep(0.3)
    item = await add_item(sending.db, source, "fresh", processed=False)
    async with sending.db.write() as session:
        pulled = await session.get_one(Source, source)
        pulled.last_pull_at = NOW
        session.add(pulled)
    await asyncio.sleep(0.4)
    assert not running.done()
    story = await add_story(sending.db, "story")
    async with sending.db.write() as session:
        found = await session.get_one(Item, item)
        found.story_id, found.processed_at = story, NOW
        session.add(found)
    assert await running == SendDigestsResult(sent=1)
    assert len(filled(await sending.chat())) == 1


async def test_a_stopping_worker_begins_no_further_digest(sending: Sending) -> None:
    digest_id = await sending.ask(await reader(sending.db))
    environment = ActivityEnvironment()
    environment.worker_shutdown()
    request = SendDigestsInput(digest_ids=[digest_id], lease_id=LEASE, now=NOW.isoformat())
    with pytest.raises(ApplicationError):
        await environment.run(DigestActivities(*sending.process()).build_and_send, request)
    assert await sending.chat() == []
    assert await sending.run(digest_id, attempt=2) == SendDigestsResult(sent=1)


async def test_times_count_what_passed_in_earlier_attempts(sending: Sending) -> None:
    digest_id = await sending.ask(await reader(sending.db))
    info = ActivityEnvironment().info
    await sending.run(digest_id, scheduled_time=info.started_time - timedelta(hours=2), started_time=info.started_time)
    finished_at = (await sending.digest(digest_id)).finished_at
    assert finished_at is not None
    assert timedelta(hours=2) <= finished_at - NOW < timedelta(hours=2, seconds=5)


async def test_due_slots_come_in_batches(db: Database, sending: Sending) -> None:
    async with db.write() as session:
        session.add_all(Subscriber(chat_id=chat_id, next_digest_at=EIGHT) for chat_id in range(10, 460))
    activities = DigestActivities(*sending.process())
    request = OpenDueSlotsInput(now=EIGHT.isoformat(), lease_id="tick")
    first = await ActivityEnvironment().run(activities.open_due_slots, request)
    assert [len(batch) for batch in first.batches] == [200, 200, 50]
    assert await ActivityEnvironment().run(activities.open_due_slots, request) == first, "run again: the same answer"
    async with db.read() as session:
        assert len(list(await session.exec(select(Digest)))) == 450
