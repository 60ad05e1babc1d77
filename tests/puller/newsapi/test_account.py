"""A News API account against a service with the real one's limits: keys, articles, the end of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from contentsync.db import integrations, sources, topics
from contentsync.errors import AccountRefused
from contentsync.puller.account import LeaseLost
from contentsync.puller.archive import owned_directory
from contentsync.puller.contract import RemoveAccountInput
from tests.puller.newsapi_world import BEGIN, KEY, NewsWorld, publish

OTHER_KEY = "fedcba9876543210fedcba9876543210"
HALF_DAY = timedelta(hours=12)
DAY = timedelta(hours=24)


async def test_a_good_key_is_tried_with_one_request_and_stored_encrypted(news: NewsWorld) -> None:
    assert await news.connect() is not None
    stored = await news.integration()
    assert [asked.key for asked in news.api.requests] == [KEY]
    assert (stored.account, stored.state) == ("…cdef", "ok")
    assert KEY not in stored.credentials
    assert [one.purpose for one in await news.spendings()] == ["test"]


async def test_a_bad_key_is_not_stored(news: NewsWorld) -> None:
    assert await news.connect(OTHER_KEY) is None
    assert await news.reason() == "account_refused"
    assert len(news.api.requests) == 1


async def test_a_service_that_does_not_answer_is_no_reason_to_refuse_a_key_for_ever(news: NewsWorld) -> None:
    news.api.refuse("", 500, "unexpectedError")
    assert await news.connect() is None
    assert await news.reason() == "server_failed"


async def test_a_key_without_requests_left_is_connected(news: NewsWorld) -> None:
    news.api.refuse("", 429, "rateLimited")
    assert await news.connect() is not None


async def test_a_new_key_takes_the_place_of_the_old_one(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    publish(news, "bitcoin", 3)
    await news.sync()
    before, first_id = (await news.integration()).cursor, news.integration_id
    news.api.key = OTHER_KEY
    assert await news.connect(OTHER_KEY) == first_id
    after = await news.integration()
    assert after.account == "…3210"
    assert after.cursor == before
    assert await news.followed() == ["bitcoin (en, News API)"]
    news.pass_time(hours=2)
    await news.sync()
    assert news.api.requests[-1].key == OTHER_KEY
    assert news.api.refused == []


async def test_topics_of_before_become_searches_when_a_key_comes(news: NewsWorld) -> None:
    await news.add_topic("bitcoin")
    await news.add_topic("климат", "uk")
    assert await news.followed() == []
    await news.connect()
    await news.sync()
    assert await news.followed() == ["bitcoin (en, News API)", "климат (uk, News API)"]
    assert [asked.query.get("language") for asked in news.api.requests[1:]] == ["en", None]


async def test_articles_come_in_once_with_the_key_in_no_address(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    publish(news, "bitcoin", 3)
    news.api.publish_removed("bitcoin", "en", news.now - timedelta(hours=26))
    assert (await news.sync()).new_items == 3
    news.pass_time(hours=2)
    assert (await news.sync()).new_items == 0
    assert [item.author for item in await news.items()] == ["Jo Doe (Example News)"] * 3
    documents = await news.world.raw_documents()
    assert documents
    assert all(KEY not in document.url for document in documents)
    archived = list(owned_directory(news.world.data_dir, news.integration_id).rglob("*.warc.gz"))
    assert len(archived) == len(documents)


async def test_an_unchanged_answer_is_not_archived_again(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    publish(news, "bitcoin", 3)
    for _ in range(4):
        await news.sync()
        news.pass_time(hours=2)
    assert len(await news.world.raw_documents()) == 1
    assert (await news.source("bitcoin")).last_pull_at == news.now - timedelta(hours=2)


async def test_articles_that_appear_late_are_not_missed(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    publish(news, "bitcoin", 3)
    await news.sync()
    published_at = news.now - timedelta(hours=30)
    news.pass_time(hours=2)
    news.api.publish("bitcoin", "en", "Late", "https://example.org/late", published_at)
    assert (await news.sync()).new_items == 1


async def test_every_article_of_days_comes_in_although_each_is_seen_a_day_late(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    for hour in range(30):
        published_at = BEGIN + timedelta(hours=hour)
        news.api.publish("bitcoin", "en", f"Title {hour}", f"https://example.org/{hour}", published_at)
    for _ in range(19):
        await news.sync()
        news.pass_time(hours=3)
    assert [item.title for item in await news.items()] == [f"Title {hour}" for hour in range(30)]
    assert news.api.refused == []


async def test_more_articles_than_an_answer_holds_are_all_read(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    publish(news, "bitcoin", 250)
    assert (await news.sync()).new_items == 250
    assert news.api.refused == []
    assert all("page" not in asked.query for asked in news.api.requests)


async def test_a_hundred_articles_of_one_second_do_not_stop_it(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    moment = news.now - timedelta(hours=25)
    for number in range(130):
        news.api.publish("bitcoin", "en", f"T{number}", f"https://example.org/{number}", moment)
    publish(news, "bitcoin", 20, hours_ago=26)
    assert (await news.sync()).new_items == 120, "100 of that second, which is all one can get, and those before it"


async def test_disconnecting_keeps_the_topics_as_interests(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    publish(news, "bitcoin", 3)
    await news.sync()
    await ActivityEnvironment().run(news.activities().drop_account, RemoveAccountInput(news.integration_id))
    assert await news.items() == []
    assert not _files(owned_directory(news.world.data_dir, news.integration_id))
    async with news.world.db.read() as session:
        (view,) = await topics.list_topics(session, subscriber_id=news.world.subscriber_id)
    assert (view.topic.text, view.topic.source_id, view.source) == ("bitcoin", None, None)


async def test_a_search_that_was_left_is_not_asked_for(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    await news.sync()
    source = await news.source("bitcoin")
    async with news.world.db.write() as session:
        await sources.unfollow(session, subscriber_id=news.world.subscriber_id, source_id=source.id or 0, now=news.now)
    news.pass_time(hours=3)
    assert (await news.sync()).next_sync_at is None
    assert news.api.asked_for()["bitcoin"] == 1
    await news.add_topic("Bitcoin")
    await news.sync()
    assert news.api.asked_for()["bitcoin"] == 2


async def test_who_has_lost_the_lease_asks_nothing(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    stale = await news.lease()
    await news.lease()
    with pytest.raises(LeaseLost):
        await news.account().sync(stale, news.now)
    assert len(news.api.requests) == 1


async def test_a_wrong_key_in_a_sync_is_an_error_of_the_account(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    news.api.key = OTHER_KEY
    with pytest.raises(AccountRefused):
        await news.sync()


async def test_without_topics_nothing_is_asked(connected: NewsWorld) -> None:
    synced = await connected.sync()
    assert (synced.new_items, synced.next_sync_at) == (0, None)
    assert len(connected.api.requests) == 1


async def test_a_removed_account_is_not_there(connected: NewsWorld) -> None:
    await ActivityEnvironment().run(connected.activities().drop_account, RemoveAccountInput(connected.integration_id))
    async with connected.world.db.read() as session:
        assert await integrations.list_integrations(session, subscriber_id=connected.world.subscriber_id) == []


def _files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]
