"""/connect and /topics, from the chat to News API and back."""

import gzip
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from contentsync.bot.account_keyboards import AccountsPage, Connect, Disconnect, TopicDrop, TopicLanguage
from contentsync.db import topics
from contentsync.db.base import utc_now
from contentsync.puller.archive import owned_directory
from tests.bot.account_front import NewsFront
from tests.bot.front import Json, button_texts, eventually, send_button
from tests.fakes.newsapi import FakeNewsApi

KEY = "0123456789abcdef0123456789abcdef"
BAD_KEY = "f" * 32


@pytest.fixture
async def api() -> AsyncIterator[FakeNewsApi]:
    async with FakeNewsApi(key=KEY) as fake:
        fake.now = utc_now()
        yield fake


@pytest.fixture
async def news(tmp_path: Path, temporal_dev: WorkflowEnvironment, api: FakeNewsApi) -> AsyncIterator[NewsFront]:
    async with NewsFront(tmp_path, temporal_dev.client, api) as desk:
        yield desk


async def ask_for_key(front: NewsFront) -> Json:
    """/connect, and the button; gives the question."""
    page = await front.say("/connect")
    await front.tap(page, "Connect News API")
    return await front.answer(page["message_id"])


async def connect(front: NewsFront) -> Json:
    """Gives what is said once the key is connected."""
    await ask_for_key(front)
    return await front.say(KEY)


async def own_topics(front: NewsFront) -> list[tuple[str, str, bool]]:
    """Text and language of the person's topics, and whether they are searched."""
    person = await front.subscriber()
    assert person is not None
    async with front.db.read() as session:
        views = await topics.list_topics(session, subscriber_id=person.id or 0)
    return [(view.topic.text, view.topic.language, view.source is not None) for view in views]


def publish(api: FakeNewsApi, topic: str, count: int, language: str = "en") -> None:
    for number in range(count):
        url = f"https://example.org/{topic}/{number}".replace(" ", "-")
        api.publish(topic, language, f"{topic} {number}", url, api.now - timedelta(hours=30 + number))


async def test_connect_lists_all_kinds(news: NewsFront) -> None:
    page = await news.say("/connect")
    assert page["text"].count("not connected") == 3
    assert button_texts(page) == ["Connect News API", "Connect YouTube", "Connect newsletters by mail"]


async def test_a_key_in_the_chat_is_deleted_stored_and_found_nowhere(
    news: NewsFront, api: FakeNewsApi, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    publish(api, "bitcoin", 3)
    await news.say("/topics bitcoin")
    question = await ask_for_key(news)
    assert "https://newsapi.org/register" in question["text"]
    typed = await news.telegram.say(KEY)
    connected = await news.answer(typed)
    assert connected["text"] == "News API is connected (key …cdef). I search the news for your /topics."
    (mine,) = [m for m in await news.telegram.messages() if m["message_id"] == typed]
    assert mine["deleted"]
    page = await news.say("/connect")
    assert "connected: …cdef, last looked a moment ago" in page["text"]
    assert "Disconnect News API" in button_texts(page)
    assert "bitcoin" in (await news.say("/sources"))["text"]
    (account,) = await news.accounts()
    assert KEY in news.vault.decrypt(account.credentials)
    assert {asked.key for asked in api.requests} == {KEY}

    remembered = await news.histories()
    assert '"kind":"newsapi"' in remembered, "payloads are readable here"
    assert KEY not in remembered
    assert KEY not in caplog.text
    shown = [m for m in await news.telegram.messages() if m["from"]["is_bot"]]
    assert KEY not in str(shown)
    archives = list(owned_directory(tmp_path, account.id or 0).rglob("*.gz"))
    kept = [gzip.decompress(path.read_bytes()) for path in archives]
    assert any(b"bitcoin 1" in document for document in kept)
    files = [path.read_bytes() for path in tmp_path.glob("test.db*")]
    assert any(b"bitcoin" in content for content in files)
    assert all(KEY.encode() not in content for content in [*kept, *files])


async def test_a_wrong_key_is_said_and_its_message_is_deleted(news: NewsFront) -> None:
    await ask_for_key(news)
    typed = await news.telegram.say(BAD_KEY)
    answer = await news.answer(typed)
    assert answer["text"].startswith("News API is not connected. 127.0.0.1 does not accept that.")
    assert BAD_KEY not in answer["text"]
    await news.tap(answer, "Try again")
    assert "newsapi.org/register" in (await news.answer(answer["message_id"]))["text"]
    (mine,) = [m for m in await news.telegram.messages() if m["message_id"] == typed]
    assert mine["deleted"]
    assert await news.accounts() == []


async def test_what_cannot_be_a_key_is_asked_for_again(news: NewsFront, api: FakeNewsApi) -> None:
    await ask_for_key(news)
    typed = await news.telegram.say("my key is secret")
    again = await news.answer(typed)
    assert again["text"].startswith("That does not look like a News API key")
    (mine,) = [m for m in await news.telegram.messages() if m["message_id"] == typed]
    assert mine["deleted"]
    assert api.requests == []
    assert "is connected" in (await news.say(f"apiKey={KEY}"))["text"]


async def test_the_question_for_a_key_survives_a_restart(news: NewsFront) -> None:
    await ask_for_key(news)
    await news.stop_inbox()
    await news.stop_worker()
    await news.start_worker()
    await news.start_inbox()
    assert "is connected" in (await news.say(KEY))["text"]


async def test_a_refused_key_is_told_once_with_a_button_that_asks_for_a_new_one(
    news: NewsFront, api: FakeNewsApi
) -> None:
    await news.say("/topics bitcoin")
    last = await connect(news)
    api.key = "a" * 32
    for hours in (3, 6):
        await news.tick((utc_now() + timedelta(hours=hours)).isoformat())
    told = [m for m in await news.telegram.messages(1, last["message_id"]) if m["from"]["is_bot"]]
    (notice,) = told
    assert notice["text"].startswith("News API no longer accepts your key (…cdef)")
    assert "no longer accepts your key" in (await news.say("/topics rust"))["text"]
    page = await news.say("/connect")
    assert "no longer accepted: …cdef" in page["text"]
    assert "Connect News API again" in button_texts(page)
    await news.tap(notice, "Connect again")
    assert (await news.answer(page["message_id"]))["text"].startswith("Send me your News API key")
    assert "is connected" in (await news.say("a" * 32))["text"]


async def test_disconnecting_asks_first_and_keeps_the_topics(news: NewsFront, api: FakeNewsApi) -> None:
    publish(api, "bitcoin", 2)
    await news.say("/topics bitcoin")
    await connect(news)
    (account,) = await news.accounts()
    page = await news.say("/connect")
    await news.tap(page, "Disconnect News API")
    asked = await news.becomes(page, "Your topics stay")
    await news.tap(asked, "Keep")
    page = await news.becomes(page, "What you connect")
    await news.tap(page, "Disconnect News API")
    await news.tap(await news.becomes(page, "Your topics stay"), "Yes, disconnect")
    await news.becomes(page, "Disconnected: News API, …cdef.")
    await eventually(lambda: not owned_directory(news.settings.data_dir, account.id or 0).exists())
    assert await news.accounts() == []
    assert await own_topics(news) == [("bitcoin", "en", False)]
    old = await send_button(news, Disconnect(integration_id=account.id or 0, sure=True).pack())
    await news.tap(old, "Button")
    await news.becomes(old, "no longer connected")


async def test_nobody_disconnects_the_account_of_another(news: NewsFront) -> None:
    await connect(news)
    (account,) = await news.accounts()
    await news.say("/start", 2)
    forged = await send_button(news, Disconnect(integration_id=account.id or 0, sure=True).pack(), 2)
    await news.tap(forged, "Button", 2)
    await news.becomes(forged, "no longer connected", 2)
    assert len(await news.accounts()) == 1


async def test_a_topic_without_a_key_is_an_interest(news: NewsFront) -> None:
    empty = await news.say("/topics")
    assert empty["text"].startswith("You have no topics yet.")
    await news.tap(empty, "Add a topic")
    question = await news.answer(empty["message_id"])
    assert question["text"].startswith("What do you want to read about?")
    languages = await news.say("  climate   change ")
    assert languages["text"].startswith("In which language")
    assert button_texts(languages)[:2] == ["English", "Français"]
    await news.tap(languages, "Українська")
    added = await news.becomes(languages, "Added climate change (Ukrainian) as an interest")
    assert "Connect News API" in button_texts(added)
    assert await own_topics(news) == [("climate change", "uk", False)]
    page = await news.say("/topics")
    assert "1. climate change (Ukrainian)\nkept as an interest" in page["text"]
    await news.tap(page, "Remove 1")
    await news.becomes(page, "You have no topics yet.")


async def test_a_language_may_be_typed_and_is_asked_for_until_it_is_known(news: NewsFront) -> None:
    empty = await news.say("/topics")
    await news.tap(empty, "Add a topic")
    await news.answer(empty["message_id"])
    assert (await news.say("🙂"))["text"].startswith("I need a few words")
    await news.say("climat")
    again = await news.say("Klingon")
    assert again["text"].startswith("I know no such language.")
    assert "Français" in button_texts(again)
    assert (await news.say("francais"))["text"].startswith("Added climat (French)")
    assert await own_topics(news) == [("climat", "fr", False)]
    await news.tap(again, "Français")
    await news.becomes(again, "Added climat (French)")
    assert len(await own_topics(news)) == 1


async def test_a_topic_with_a_key_is_searched_at_once(news: NewsFront, api: FakeNewsApi) -> None:
    publish(api, "rust", 4)
    await connect(news)
    assert (await news.say("/topics rust"))["text"] == "Added rust (English). 4 articles now."
    assert (await news.say("/topics RUST"))["text"] == "Added rust (English). 4 articles now."
    assert api.asked_for()["rust"] == 1
    assert await own_topics(news) == [("rust", "en", True)]
    page = await news.say("/topics")
    assert "1. rust (English)\nfine, last new item a moment ago" in page["text"]
    await news.tap(page, "Remove 1")
    await news.becomes(page, "You have no topics yet.")
    assert "rust" not in (await news.say("/sources"))["text"]


async def test_a_topic_the_service_cannot_search_for_says_why(news: NewsFront, api: FakeNewsApi) -> None:
    await connect(news)
    api.refuse("AND AND", 400, "parameterInvalid")
    answer = (await news.say("/topics AND AND"))["text"]
    assert answer.startswith("Added AND AND (English), but the first search failed.")
    assert "Remove the topic and add it in other words." in answer


async def test_many_topics_come_in_pages_and_end_somewhere(news: NewsFront) -> None:
    await news.say("/start")
    person = await news.subscriber()
    assert person is not None
    async with news.db.write() as session:
        for number in range(50):
            await topics.add_topic(
                session, subscriber_id=person.id or 0, text=f"{number} {'long ' * 18}", language="en", now=utc_now()
            )
    page = await news.say("/topics")
    assert "page 1 of 5" in page["text"]
    await news.tap(page, "More")
    page = await news.becomes(page, "page 2 of 5")
    assert "Remove 11" in button_texts(page)
    await news.tap(page, "‹ Back")
    await news.becomes(page, "page 1 of 5")
    assert (await news.say("/topics one more"))["text"].startswith("You have 50 topics")


@pytest.mark.parametrize("args", ["🙂", "x" * 101])
async def test_what_cannot_be_a_topic(news: NewsFront, args: str) -> None:
    assert (await news.say(f"/topics {args}"))["text"].startswith("Send a few words after the command")


async def test_old_buttons_say_so(news: NewsFront) -> None:
    await news.say("/start")
    for data in (TopicLanguage(draft_id=1, language="en"), TopicLanguage(draft_id=10**9, language="xx")):
        message = await send_button(news, data.pack())
        await news.tap(message, "Button")
        number = message["message_id"]
        await news.telegram.wait_for(lambda m, n=number: m["message_id"] == n and "no longer" in m.get("answer", ""))  # type: ignore[misc]
    message = await send_button(news, TopicDrop(topic_id=10**9, page=3).pack())
    await news.tap(message, "Button")
    await news.becomes(message, "You have no topics yet.")


def test_buttons_are_small_enough() -> None:
    for data in (
        Connect(kind="newsapi"), Disconnect(integration_id=2**31, sure=False), AccountsPage(),
        TopicDrop(topic_id=2**31, page=99), TopicLanguage(draft_id=2**31, language="zh"),
    ):  # fmt: skip
        assert len(data.pack().encode()) <= 64
    assert Connect(kind="newsapi").pack() == "connect:newsapi"
