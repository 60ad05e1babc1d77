"""What answers mean, what they change, and that they do so once."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiogram import Bot
from cryptography.fernet import Fernet
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from contentsync.bot.client import open_bot
from contentsync.bot.contract import FIND_LINK, DialogAnswer, DialogQuestion, DialogReply
from contentsync.bot.dialog_activities import DialogActivities
from contentsync.bot.front_questions import ADD_LINK, DIGEST_TIME, TIME_ZONE
from contentsync.credentials import Vault
from contentsync.db import drafts, subscribers
from contentsync.db.engine import Database
from contentsync.db.models import Draft, Subscriber
from tests.fakes.telegram import FakeTelegram

NOW = datetime(2026, 1, 15, 12, 5, tzinfo=UTC)


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(tmp_path) as fake:
        yield fake


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    opened = open_bot(telegram.token, telegram.base_url)
    yield opened
    await opened.session.close()


class Talk:
    """One person in a dialog, without Temporal."""

    def __init__(self, db: Database, bot: Bot) -> None:
        self.db = db
        self.vault = Vault([Fernet.generate_key().decode()])
        self.activities = DialogActivities(db=db, vault=self.vault, bot=bot)
        self.person_id = 0
        self._update_id = 0

    async def begin(self) -> "Talk":
        """The person exists."""
        async with self.db.write() as session:
            self.person_id = await subscribers.add_subscriber(session, chat_id=1, name="", language="en", now=NOW)
        return self

    async def open(self, asks: str) -> DialogReply:
        question = DialogQuestion(self.person_id, asks)
        return await ActivityEnvironment().run(self.activities.open_dialog, question)

    async def type(self, text: str) -> int:
        """Keep a draft of the text."""
        self._update_id += 1
        async with self.db.write() as session:
            draft = await drafts.keep_draft(
                session,
                subscriber_id=self.person_id,
                update_id=self._update_id,
                text=self.vault.encrypt(text),
                now=NOW,
            )
        return draft.id or 0

    async def answer(self, asks: str | None, draft_id: int) -> DialogReply:
        answer = DialogAnswer(self.person_id, asks, draft_id, NOW.isoformat())
        return await ActivityEnvironment().run(self.activities.answer_dialog, answer)

    async def person(self) -> Subscriber:
        async with self.db.read() as session:
            found = await subscribers.get_subscriber(session, subscriber_id=self.person_id)
        assert found is not None
        return found

    async def draft(self, draft_id: int) -> Draft:
        async with self.db.read() as session:
            found = await drafts.get_draft(session, draft_id=draft_id)
        assert found is not None
        return found


@pytest.fixture
async def talk(db: Database, bot: Bot) -> Talk:
    return await Talk(db, bot).begin()


async def test_asking_opens(talk: Talk) -> None:
    assert await talk.open(DIGEST_TIME) == DialogReply("ask_digest_time", asks=DIGEST_TIME)
    assert (await talk.person()).dialog_open
    with pytest.raises(ApplicationError) as raised:
        await talk.open("nonsense")
    assert raised.value.non_retryable


async def test_a_time_is_stored_with_the_next_digest(talk: Talk) -> None:
    await talk.open(DIGEST_TIME)
    reply = await talk.answer(DIGEST_TIME, await talk.type("1.30 pm"))
    assert reply == DialogReply("digest_time_set_utc", {"time": "13:30", "zone": "UTC"})
    person = await talk.person()
    assert (person.digest_minute, person.dialog_open) == (13 * 60 + 30, False)
    assert person.next_digest_at == datetime(2026, 1, 15, 13, 30, tzinfo=UTC)


async def test_a_zone_is_stored_with_the_next_digest(talk: Talk) -> None:
    await talk.open(TIME_ZONE)
    reply = await talk.answer(TIME_ZONE, await talk.type("Львів"))
    assert reply == DialogReply("time_zone_set", {"zone": "Europe/Kyiv", "clock": "14:05"})
    person = await talk.person()
    assert (person.time_zone, person.dialog_open) == ("Europe/Kyiv", False)
    assert person.next_digest_at == datetime(2026, 1, 16, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asks", "text"), [(DIGEST_TIME, "half past"), (TIME_ZONE, "qwxyzt"), (ADD_LINK, "no link at all")]
)
async def test_what_is_no_answer_is_asked_again(talk: Talk, asks: str, text: str) -> None:
    await talk.open(asks)
    assert await talk.answer(asks, await talk.type(text)) == DialogReply(f"ask_{asks}_again", asks=asks)
    assert (await talk.person()).dialog_open


async def test_a_name_of_several_places_leaves_the_choice_in_the_draft(talk: Talk) -> None:
    await talk.open(TIME_ZONE)
    draft_id = await talk.type("Paris")
    assert await talk.answer(TIME_ZONE, draft_id) == DialogReply("choose_time_zone", asks=TIME_ZONE)
    assert (await talk.draft(draft_id)).outcome["places"] == [
        ["Paris, France", "Europe/Paris"],
        ["Paris, United States", "America/Chicago"],
    ]
    assert (await talk.person()).dialog_open


@pytest.mark.parametrize(
    ("text", "link"), [("see https://a.example/x, please", "https://a.example/x"), ("a.example", "a.example")]
)
async def test_a_link_is_handed_over(talk: Talk, text: str, link: str) -> None:
    await talk.open(ADD_LINK)
    draft_id = await talk.type(text)
    assert await talk.answer(ADD_LINK, draft_id) == DialogReply(FIND_LINK)
    assert talk.vault.decrypt((await talk.draft(draft_id)).text) == link
    assert not (await talk.person()).dialog_open
    async with talk.db.write() as session:
        await drafts.set_outcome(session, draft_id=draft_id, outcome={"source_ids": [1]})
    assert await talk.answer(None, draft_id) == DialogReply(FIND_LINK), "repeated after the search"


async def test_a_repeated_answer_has_one_effect_and_one_reply(talk: Talk) -> None:
    await talk.open(DIGEST_TIME)
    draft_id = await talk.type("7:30")
    first = await talk.answer(DIGEST_TIME, draft_id)
    async with talk.db.write() as session:
        await subscribers.change(session, subscriber_id=talk.person_id, digest_minute=600, dialog_open=True)
    assert await talk.answer(None, draft_id) == first
    person = await talk.person()
    assert (person.digest_minute, person.dialog_open) == (600, True)


async def test_a_question_that_was_lost_ends_kindly(talk: Talk) -> None:
    await talk.open(DIGEST_TIME)
    assert await talk.answer(None, await talk.type("7:30")) == DialogReply("dialog_lost")
    assert not (await talk.person()).dialog_open
    await talk.open(DIGEST_TIME)
    assert await talk.answer(DIGEST_TIME, 999) == DialogReply("dialog_lost"), "its draft is gone"
    assert not (await talk.person()).dialog_open


async def test_closing(talk: Talk) -> None:
    await talk.open(DIGEST_TIME)
    await ActivityEnvironment().run(talk.activities.close_dialog, DialogQuestion(talk.person_id, DIGEST_TIME))
    assert not (await talk.person()).dialog_open


async def test_an_expired_question_is_told(talk: Talk, telegram: FakeTelegram) -> None:
    await telegram.say("hello")
    question = DialogQuestion(talk.person_id, TIME_ZONE)
    await ActivityEnvironment().run(talk.activities.tell_dialog_expired, question)
    assert (await telegram.messages())[-1]["text"].startswith("I no longer wait for the city")


async def test_a_chat_that_refuses_is_left_alone(talk: Talk, telegram: FakeTelegram) -> None:
    await telegram.say("hello")
    question = DialogQuestion(talk.person_id, TIME_ZONE)
    telegram.faults.blocked("sendMessage")
    with pytest.raises(ApplicationError) as raised:
        await ActivityEnvironment().run(talk.activities.tell_dialog_expired, question)
    assert raised.value.non_retryable
    telegram.faults.rate_limit("sendMessage", 7)
    with pytest.raises(ApplicationError) as raised:
        await ActivityEnvironment().run(talk.activities.tell_dialog_expired, question)
    assert raised.value.next_retry_delay is not None
    assert raised.value.next_retry_delay.total_seconds() == 7
    async with talk.db.write() as session:
        await subscribers.change(session, subscriber_id=talk.person_id, blocked_at=NOW)
    calls = len(telegram.calls("sendMessage"))
    await ActivityEnvironment().run(talk.activities.tell_dialog_expired, question)
    assert len(telegram.calls("sendMessage")) == calls
