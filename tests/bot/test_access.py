"""Who may speak, and what a refused one leaves behind: nothing."""

from pathlib import Path
from typing import Any

import pytest
from aiogram.types import Update
from sqlmodel import func, select
from temporalio.testing import WorkflowEnvironment

from contentsync.bot.access import Seldom, claim_link, claim_token
from contentsync.bot.keyboards import SetPaused
from contentsync.db.base import Base, utc_now
from contentsync.db.engine import Database
from tests.bot.front import Front, Json, eventually, send_button

STRANGER = "This is a private bot."
STALE = "This claim link no longer works."
GREETING = "Hello, "


async def rows(db: Database) -> dict[str, int]:
    """How many rows each table has besides those of `begin_ids_anew`, where it has any."""
    async with db.read() as session:
        counts = {
            table.name: (await session.exec(select(func.count()).select_from(table))).one()
            for table in Base.metadata.sorted_tables
        }
    before = {"subscriber": 1, "source": 1, "draft": 1}
    return {name: count for name, count in counts.items() if count > before.get(name, 0)}


async def claim(front: Front) -> str:
    """What the first person to open a fresh claim link sends."""
    link = await claim_link(front.db, bot_username="some_bot", now=utc_now())
    assert link is not None
    assert link.startswith("https://t.me/some_bot?start=claim-")
    return "/start " + link.partition("?start=")[2]


async def quiet(front: Front, text: str, from_id: int) -> None:
    """Somebody writes and gets no answer: the owner's next answer comes although the other's would have come before."""
    message_id = await front.telegram.say(text, from_id)
    await front.say("/help", 1)
    later = await front.telegram.messages(from_id, message_id)
    assert [m for m in later if m["from"]["is_bot"]] == []


@pytest.mark.parametrize(
    ("access", "token", "who", "text", "answer"),
    [
        ("open", "a:b", 7, "/start", GREETING),
        ("open", "a:b", 7, "hello", "I did not understand"),
        ("private", "a:b", 1, "/start", STRANGER),
        ("private", "a:b", 7, "/start", STRANGER),
        ("private", "a:b", 7, "/digest", STRANGER),
        ("private", "a:b", 7, "https://example.org", STRANGER),
        ("private", "a:b", 7, "/start claim-guess", STALE),
        ("private", None, 1, "/start", GREETING),
        ("private", None, 7, "/start", STRANGER),
    ],
    ids=str,
)
async def test_who_may_speak(
    tmp_path: Path,
    temporal_dev: WorkflowEnvironment,
    access: str,
    token: str | None,
    who: int,
    text: str,
    answer: str,
) -> None:
    async with Front(tmp_path, temporal_dev.client, access=access, token=token) as front:
        assert (await front.say(text, who))["text"].startswith(answer)
        known = await front.subscriber(who)
        assert (known is None) is (answer in (STRANGER, STALE))
        if known is None:
            assert set(await rows(front.db)) <= {"update_inbox"}, "at most the mark that the update was handled"


async def test_a_claim_makes_the_owner_once(tmp_path: Path, temporal_dev: WorkflowEnvironment) -> None:
    async with Front(tmp_path, temporal_dev.client, access="private") as front:
        stale, fresh = await claim(front), await claim(front)
        assert (await front.say(stale, 2))["text"].startswith(STALE)
        assert "you are its owner" in (await front.say(fresh, 1))["text"]
        owner = await front.subscriber(1)
        assert owner is not None
        assert owner.is_owner
        assert owner.next_digest_at is not None
        assert (await front.say(fresh, 3))["text"].startswith(STALE)
        assert "you are its owner" not in (await front.say(fresh, 1))["text"], "opened a second time"
        assert await claim_link(front.db, bot_username="some_bot", now=utc_now()) is None
        assert await front.subscriber(2) is None
        assert await front.subscriber(3) is None


async def test_a_stranger_gets_one_line_an_hour(tmp_path: Path, temporal_dev: WorkflowEnvironment) -> None:
    async with Front(tmp_path, temporal_dev.client, access="private", token=None) as front:
        assert (await front.say("/start", 7))["text"].startswith(STRANGER)
        await quiet(front, "/start", 7)
        await quiet(front, "please", 7)


async def test_a_stranger_cannot_tap(tmp_path: Path, temporal_dev: WorkflowEnvironment) -> None:
    async with Front(tmp_path, temporal_dev.client, access="private", token=None) as front:
        await front.say("/start", 7)
        message = await send_button(front, SetPaused(on=True).pack(), 7)
        await front.tap(message, "Button", 7)
        await eventually(lambda: front.telegram.calls("answerCallbackQuery"))
        assert set(await rows(front.db)) <= {"update_inbox"}
        await front.becomes(message, "?", 7)


def in_group(update_id: int, **event: Any) -> Json:
    """An update from a group of which the local chat knows nothing."""
    chat = {"id": -100, "type": "group", "title": "A group"}
    person = {"id": 1, "is_bot": False, "first_name": "Ann"}
    kind, fields = next(iter(event.items()))
    return {"update_id": update_id, kind: {"chat": chat, "from": person, "date": 1_800_000_000, **fields}}


def membership(before: str, after: str) -> Json:
    """The bot's own membership changes."""
    bot = {"id": 5, "is_bot": True, "first_name": "Bot"}
    member = {"user": bot}
    ended = {"user": bot, "until_date": 0}
    return {
        "old_chat_member": {"status": before, **(ended if before == "kicked" else member)},
        "new_chat_member": {"status": after, **(ended if after == "kicked" else member)},
    }


@pytest.mark.parametrize(
    ("events", "lines"),
    [
        ([{"message": {"message_id": 1, "text": "hello all"}}], 0),
        ([{"message": {"message_id": 1, "text": "https://example.org"}}], 0),
        ([{"message": {"message_id": 1, "text": "/digest"}}], 1),
        ([{"message": {"message_id": 1, "text": "/digest"}}, {"message": {"message_id": 2, "text": "/start"}}], 1),
        ([{"my_chat_member": membership("left", "member")}], 1),
        ([{"my_chat_member": membership("left", "member")}, {"message": {"message_id": 1, "text": "/start"}}], 1),
        ([{"my_chat_member": membership("member", "left")}], 0),
    ],
    ids=str,
)
async def test_in_groups_one_polite_line_at_most(front: Front, events: list[Json], lines: int) -> None:
    for number, event in enumerate(events):
        update = Update.model_validate(in_group(number, **event), context={"bot": front.bot})
        await front.dispatcher.feed_update(front.bot, update)
    assert len(front.telegram.calls("sendMessage")) == lines
    assert await rows(front.db) == {}


async def test_blocking_ends_digests_and_writing_brings_them_back(front: Front) -> None:
    await front.say("/start")
    chat = {"id": 1, "type": "private", "first_name": "You"}
    for update_id, before, after in ((-1, "member", "kicked"), (-2, "kicked", "member")):
        person = {"id": 1, "is_bot": False, "first_name": "You"}
        event = {"chat": chat, "from": person, "date": 1_800_000_000, **membership(before, after)}
        update = Update.model_validate({"update_id": update_id, "my_chat_member": event}, context={"bot": front.bot})
        await front.dispatcher.feed_update(front.bot, update)
        subscriber = await front.subscriber()
        assert subscriber is not None
        assert (subscriber.blocked_at is None) is (after == "member")
        assert (subscriber.next_digest_at is None) is (after == "kicked")


async def test_a_refused_message_counts_as_blocking(front: Front) -> None:
    await front.say("/start")
    front.telegram.faults.blocked("sendMessage")
    await front.telegram.say("/help")
    await eventually(lambda: len(front.telegram.calls("sendMessage")) == 2)
    await front.stop_inbox()
    subscriber = await front.subscriber()
    assert subscriber is not None
    assert subscriber.blocked_at is not None
    assert subscriber.next_digest_at is None
    await front.start_inbox()
    await front.say("/help")
    subscriber = await front.subscriber()
    assert subscriber is not None
    assert subscriber.blocked_at is None
    assert subscriber.next_digest_at is not None


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("/start claim-abc", "abc"),
        ("/start claim-", ""),
        ("/start", None),
        ("/start other", None),
        ("claim-abc", None),
        (None, None),
    ],
)
def test_claim_token(text: str | None, token: str | None) -> None:
    assert claim_token(text) == token


def test_seldom() -> None:
    now = 0.0
    seldom = Seldom(60, capacity=2, clock=lambda: now)
    assert seldom.allows(1)
    assert not seldom.allows(1)
    now = 59.0
    assert not seldom.allows(1)
    now = 60.0
    assert seldom.allows(1)
    assert seldom.allows(2)
    assert seldom.allows(3), "the third key pushes the oldest out"
    assert seldom.allows(1)
