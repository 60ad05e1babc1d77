"""/digest, cards, 👍 and 👎, through the whole bot: chat, inbox, dispatcher, workflow, worker."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from sqlmodel import func, select
from temporalio.testing import WorkflowEnvironment

from contentsync.bot import render
from contentsync.bot.callbacks import RateItem, SaveItem, ShowCard, ShowDigest, ShowWhy, Taste
from contentsync.bot.texts import SENTENCES
from contentsync.db.models import Digest
from contentsync.db.taste_models import Feedback, Saved
from tests.bot.front import Front, Json, button_texts, buttons
from tests.bot.handlers.digest_front import DigestFront, ask, fill, start_ids_apart


@pytest.fixture
async def front(tmp_path: Path, temporal_dev: WorkflowEnvironment) -> AsyncIterator[Front]:
    async with DigestFront(tmp_path, temporal_dev.client) as desk:
        await desk.say("/start")
        await start_ids_apart(desk)
        yield desk


async def send_button(front: Front, data: str, chat_id: int = 1) -> int:
    """A message with one button that carries this; gives its id."""
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Tap", callback_data=data)]])
    return (await front.bot.send_message(chat_id, "A button", reply_markup=keyboard)).message_id


async def latest_digest(front: Front) -> int:
    async with front.db.read() as session:
        return (await session.exec(select(func.max(Digest.id)))).one() or 0


async def feedback(front: Front) -> dict[str, int]:
    async with front.db.read() as session:
        return {row.kind: row.value for row in await session.exec(select(Feedback))}


async def toast(front: Front, message: Json, text: str) -> None:
    """Return when the answer to the tap says so."""
    await front.telegram.wait_for(
        lambda m: m["message_id"] == message["message_id"] and text in str(m.get("answer", ""))
    )


async def test_digest_card_rating_and_back(front: Front) -> None:
    await fill(front)
    digest = await ask(front)
    assert button_texts(digest) == ["1", "2"]
    assert front.telegram.calls("sendChatAction")

    await front.tap(digest, "2")
    card = await front.becomes(digest, "It says.")
    assert card["text"].startswith("Title of item1\nExample · 1 h")
    assert button_texts(card) == ["👍", "👎", "⭐", "🔇", "↗ Open", "Why?", "« Back to the digest"]
    assert buttons(card)[4]["url"] == "https://example.org/item1"
    assert await feedback(front) == {"opened": 1}, "opening a card tells something"

    for tapped, rating, shown in (
        ("👍", {"rating": 1}, "👍 ✓"),
        ("👎", {"rating": -1}, "👎 ✓"),
        ("⭐", {"rating": -1}, "⭐ ✓"),
        ("👎", {}, "👎"),
        ("⭐", {}, "⭐"),
    ):
        await front.tap(card, tapped)
        card = await front.telegram.wait_for(
            lambda m, shown=shown: m["message_id"] == digest["message_id"] and shown in button_texts(m)  # type: ignore[misc]
        )
        assert await feedback(front) == {"opened": 1} | rating
    await toast(front, card, SENTENCES["toast_dropped"])

    await front.tap(card, "«")
    back = await front.becomes(digest, "Your digest")
    for part in ("text", "entities", "reply_markup"):
        assert back[part] == digest[part], "exactly as it was"


async def test_a_tap_that_is_handled_twice_counts_once(front: Front) -> None:
    await fill(front)
    await ask(front)
    data = RateItem(digest_id=await latest_digest(front), position=1, value=1).pack()
    for _ in range(2):
        message_id = await send_button(front, data)
        await front.telegram.tap(message_id, data)
        await front.telegram.wait_for(lambda m: "👍 ✓" in button_texts(m), after=message_id - 1)
        assert await feedback(front) == {"rating": 1}


async def test_digests_of_others_are_out_of_reach(front: Front) -> None:
    await fill(front)
    await ask(front)
    await front.say("/start", from_id=2)
    digest_id = await latest_digest(front)
    for data in (
        ShowCard(digest_id=digest_id, position=1).pack(),
        RateItem(digest_id=digest_id, position=1, value=1).pack(),
        SaveItem(digest_id=digest_id, position=1, on=True).pack(),
        ShowWhy(digest_id=digest_id, position=1).pack(),
        Taste(digest_id=digest_id, position=1, value=1).pack(),
        ShowDigest(digest_id=digest_id).pack(),
    ):
        message_id = await send_button(front, data, chat_id=2)
        await front.telegram.tap(message_id, data, from_id=2)
        message = await front.telegram.wait_for(lambda m: bool(m.get("answer")), chat_id=2, after=message_id - 1)
        assert render.NOT_HERE in str(message["answer"])
        assert message["text"] == "A button"
    assert await feedback(front) == {}
    async with front.db.read() as session:
        assert list(await session.exec(select(Saved))) == []


async def test_nothing_followed_says_what_to_do(front: Front) -> None:
    answer = await front.say("/digest")
    assert answer["text"] == render.NOTHING_FOLLOWED


async def test_each_digest_has_its_own_run(front: Front) -> None:
    await fill(front, items=15)
    first, second = await ask(front), await ask(front)
    assert first["message_id"] != second["message_id"]
    assert len(button_texts(first)) == 10
    assert len(button_texts(second)) == 5
