"""What people are told without having asked: once, in order, and one that fails holds up nobody."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot
from cryptography.fernet import Fernet
from sqlmodel import select
from temporalio.testing import ActivityEnvironment

from contentsync.bot.client import open_bot
from contentsync.bot.contract import SendNoticesInput, SendNoticesResult
from contentsync.bot.notice_activities import NoticeActivities
from contentsync.credentials import Vault
from contentsync.db import notices
from contentsync.db.account_models import Notice
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber
from tests.fakes.telegram import FakeTelegram, Json
from tests.filling import NOW, add_subscriber

NAMED = "account_unreadable"
"""A sentence with a gap for the account's name."""


@dataclass
class Post:
    """Notices on their way to a loopback Telegram."""

    db: Database
    vault: Vault
    telegram: FakeTelegram
    bot: Bot
    people: Sequence[int]

    async def add(self, name: str, *, person: int = 0, text_key: str = NAMED, **values: Any) -> None:
        """A notice about an account of that name."""
        async with self.db.write() as session:
            await notices.add_notice(
                session, subscriber_id=self.people[person], key=name, text_key=text_key, params={"account": name},
                now=NOW, **values,
            )  # fmt: skip

    async def send(self) -> SendNoticesResult:
        """One run."""
        activities = NoticeActivities(db=self.db, vault=self.vault, bot=self.bot)
        request = SendNoticesInput(now=NOW.isoformat())
        result: SendNoticesResult = await ActivityEnvironment().run(activities.send_notices, request)
        return result

    async def told(self, person: int = 0) -> list[str]:
        """The names in the messages of this person's chat."""
        entities = [(m["text"], e) for m in await self.messages(person) for e in m["entities"] if e["type"] == "bold"]
        return [text[entity["offset"] : entity["offset"] + entity["length"]] for text, entity in entities]

    async def messages(self, person: int = 0) -> list[Json]:
        """What stands in this person's chat."""
        return await self.telegram.messages(person + 1)

    async def stored(self) -> dict[str, Notice]:
        """All notices as stored, by name."""
        async with self.db.read() as session:
            return {notice.key: notice for notice in await session.exec(select(Notice))}


@pytest.fixture
async def post(tmp_path: Path, db: Database) -> AsyncIterator[Post]:
    async with FakeTelegram(tmp_path) as telegram:
        people = [await add_subscriber(db, chat_id) for chat_id in (1, 2)]
        for chat_id in (1, 2):
            await telegram.say("/start", chat_id)
        bot = open_bot(telegram.token, telegram.base_url)
        yield Post(db, Vault([Fernet.generate_key().decode()]), telegram, bot, people)
        await bot.session.close()


async def test_a_notice_is_sent_once(post: Post) -> None:
    await post.add("<one> & only")
    await post.add("two", person=1)
    assert await post.send() == SendNoticesResult(sent=2, left=0)
    assert (await post.told(0), await post.told(1)) == (["<one> & only"], ["two"])
    assert await post.send() == SendNoticesResult(sent=0, left=0)
    assert len(await post.messages(0)) == 2, "the person's own /start, and the notice"
    assert {notice.sent_at for notice in (await post.stored()).values()} == {NOW}


async def test_reasons_are_said_in_words(post: Post) -> None:
    async with post.db.write() as session:
        await notices.add_notice(
            session, subscriber_id=post.people[0], key="k", text_key="following_trouble",
            params={"title": "Letters", "reason_key": "unreachable", "host": "letters.example.org"}, now=NOW,
        )  # fmt: skip
    await post.send()
    text = (await post.messages())[-1]["text"]
    assert "letters.example.org does not answer" in text


async def test_buttons_come_with_their_links_and_are_forgotten(post: Post) -> None:
    link = "https://letters.example.org/confirm?token=secret"
    keyboard = [
        [{"text": "Confirm", "secret_url": post.vault.encrypt(link)}],
        [{"text": "Connect again", "callback_data": "connect:letters"}, {"text": "Site", "url": "https://a.example/"}],
    ]
    await post.add("a", keyboard=keyboard)
    assert "secret=" not in str((await post.stored())["a"].keyboard)
    await post.send()
    shown = (await post.messages())[-1]["reply_markup"]["inline_keyboard"]
    assert shown == [
        [{"text": "Confirm", "url": link}],
        [{"text": "Connect again", "callback_data": "connect:letters"}, {"text": "Site", "url": "https://a.example/"}],
    ]
    assert (await post.stored())["a"].keyboard == []


async def test_who_blocked_the_bot_is_left_alone(post: Post) -> None:
    for name in ("a", "b"):
        await post.add(name)
    await post.add("c", person=1)
    post.telegram.faults.blocked("sendMessage", chat_id=1, times=5)
    assert await post.send() == SendNoticesResult(sent=1, left=2)
    assert len(post.telegram.calls("sendMessage")) == 2, "once is enough to know"
    async with post.db.read() as session:
        blocked = [person.blocked_at for person in await session.exec(select(Subscriber).order_by("id"))]
    assert blocked == [NOW, None]
    post.telegram.faults.clear()
    assert await post.send() == SendNoticesResult(sent=0, left=2)
    assert await post.told(0) == []


async def test_telegram_may_ask_for_patience(post: Post) -> None:
    await post.add("a")
    post.telegram.faults.rate_limit("sendMessage", 1)
    began_at = asyncio.get_running_loop().time()
    assert await post.send() == SendNoticesResult(sent=1, left=0)
    assert asyncio.get_running_loop().time() - began_at >= 1
    assert await post.told() == ["a"]
    assert (await post.stored())["a"].attempts == 0


async def test_one_that_fails_goes_behind_the_others(post: Post) -> None:
    foreign = Vault([Fernet.generate_key().decode()]).encrypt("https://a.example/")
    await post.add("no such sentence", text_key="nowhere")
    await post.add("no key fits", keyboard=[[{"text": "Open", "secret_url": foreign}]])
    await post.add("no button", keyboard=[[{"text": "Open", "url": "no link at all"}]])
    await post.add("fine")
    assert await post.send() == SendNoticesResult(sent=1, left=3)
    assert await post.told() == ["fine"]
    attempts = {name: notice.attempts for name, notice in (await post.stored()).items()}
    assert attempts == {"no such sentence": 1, "no key fits": 1, "no button": 1, "fine": 0}
    await post.add("later")
    async with post.db.read() as session:
        (first, _), *_ = await notices.list_unsent(session, limit=1)
    assert first.key == "later"
    assert await post.send() == SendNoticesResult(sent=1, left=3)


@pytest.mark.parametrize("fault", ["drop_before", "server_error"])
async def test_while_telegram_is_away_nothing_is_counted_against_a_notice(post: Post, fault: str) -> None:
    for name in ("a", "b", "c"):
        await post.add(name)
    getattr(post.telegram.faults, fault)("sendMessage", skip=1)
    assert await post.send() == SendNoticesResult(sent=1, left=2)
    assert len(post.telegram.calls("sendMessage")) == 2, "it stopped"
    assert {notice.attempts for notice in (await post.stored()).values()} == {0}
    assert await post.send() == SendNoticesResult(sent=2, left=0)
    assert await post.told() == ["a", "b", "c"]
