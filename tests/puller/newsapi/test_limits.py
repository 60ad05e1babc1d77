"""What a News API account does when the service refuses, and how it keeps within its plan."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from contentsync.errors import QuotaSpent, ServerFailed
from contentsync.puller.contract import RemoveAccountInput
from tests.puller.newsapi_world import BEGIN, NewsWorld, publish

OTHER_KEY = "fedcba9876543210fedcba9876543210"
HALF_DAY = timedelta(hours=12)
DAY = timedelta(hours=24)


@pytest.mark.parametrize("code", ["apiKeyInvalid", "apiKeyMissing", "apiKeyDisabled"])
async def test_a_refused_key_is_told_once_and_nothing_is_asked_any_more(connected: NewsWorld, code: str) -> None:
    news = connected
    await news.add_topic("bitcoin")
    await news.add_topic("rust")
    news.api.refuse("", 401, code)
    assert await news.tick() == 1
    assert (await news.integration()).state == "refused"
    assert len(news.api.requests) == 2
    for _ in range(3):
        news.pass_time(hours=6)
        assert await news.tick() == 0
    (notice,) = await news.notices()
    assert (notice.text_key, notice.params) == ("newsapi_refused", {"account": "…cdef"})
    assert notice.keyboard[0][0]["callback_data"] == "connect:newsapi"
    assert (await news.source("rust")).last_error == "account_refused"
    news.api.refusals.clear()
    await news.connect()
    await news.tick()
    assert (await news.source("rust")).last_error is None


@pytest.mark.parametrize(("status", "code"), [(429, "rateLimited"), (429, "apiKeyExhausted"), (401, "apiKeyExhausted")])
async def test_a_spent_key_waits_for_the_next_window(connected: NewsWorld, status: int, code: str) -> None:
    news = connected
    await news.add_topic("bitcoin")
    await news.add_topic("rust")
    news.api.refuse("", status, code)
    with pytest.raises(QuotaSpent) as caught:
        await news.sync()
    assert HALF_DAY < caught.value.retry_at - news.now < HALF_DAY + timedelta(minutes=30)
    news.api.refusals.clear()
    news.pass_time(hours=2)
    synced = await news.sync()
    assert len(news.api.requests) == 2, "also when somebody asks for a sync, nothing is asked"
    assert synced.next_sync_at == caught.value.retry_at
    news.now = news.api.now = caught.value.retry_at
    await news.sync()
    assert len(news.api.requests) == 4


async def test_a_plan_that_reaches_less_far_shortens_the_window(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    news.api.reach = timedelta(hours=40)
    publish(news, "bitcoin", 5)
    synced = await news.sync()
    assert synced.new_items == 5
    assert [asked.code for asked in news.api.refused] == ["parameterInvalid"]
    news.pass_time(hours=2)
    publish(news, "bitcoin", 1)
    assert (await news.sync()).new_items == 1
    assert len(news.api.refused) == 1


async def test_too_many_results_shorten_the_window_and_the_topic_is_left_alone_in_the_end(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    await news.add_topic("rust")
    publish(news, "rust", 1)
    news.api.refuse("bitcoin", 426, "maximumResultsReached")
    assert (await news.sync()).new_items == 1
    widths = [asked.query["from"] for asked in news.api.requests if asked.query["q"] == "bitcoin"]
    assert widths == sorted(set(widths)), "each window begins later than the one before"
    assert (await news.source("bitcoin")).last_error == "plan_exceeded"
    asked = len(widths)
    news.pass_time(hours=3)
    await news.sync()
    assert news.api.asked_for()["bitcoin"] == asked
    assert news.api.asked_for()["rust"] == 2


@pytest.mark.parametrize(
    "code",
    ["parameterInvalid", "parametersMissing", "parametersIncompatible", "sourcesTooMany", "sourceDoesNotExist"],
)
async def test_a_query_the_service_cannot_use_fails_alone(connected: NewsWorld, code: str) -> None:
    news = connected
    await news.add_topic("bitcoin")
    await news.add_topic("rust")
    publish(news, "rust", 2)
    news.api.refuse("bitcoin", 400, code)
    synced = await news.sync()
    assert synced.new_items == 2
    failing = await news.source("bitcoin")
    assert (failing.last_error, failing.last_error_params["detail"]) == ("query_refused", code)
    assert (await news.source("rust")).last_error is None
    news.pass_time(hours=3)
    await news.sync()
    assert news.api.asked_for()["bitcoin"] == 1, "it is left alone for a day"
    news.api.refusals.clear()
    news.pass_time(hours=22)
    await news.sync()
    assert (await news.source("bitcoin")).last_error is None


@pytest.mark.parametrize(("status", "code"), [(500, "unexpectedError"), (503, "unexpectedError"), (502, "")])
async def test_a_service_that_fails_is_asked_again_later(connected: NewsWorld, status: int, code: str) -> None:
    news = connected
    await news.add_topic("bitcoin")
    await news.add_topic("rust")
    await news.add_topic("climate")
    news.api.refuse("", status, code)
    with pytest.raises(ServerFailed):
        await news.sync()
    assert len(news.api.requests) == 3, "the trial, and two topics"
    news.api.refusals.clear()
    news.pass_time(minutes=15)
    assert (await news.sync()).new_items == 0
    assert news.api.requests[-1].query["q"] == "climate", "what has not had its turn is first"


async def test_a_topic_at_which_the_service_fails_does_not_hold_up_the_others(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    await news.add_topic("rust")
    publish(news, "rust", 2)
    news.api.raw["bitcoin"] = b"<html>maintenance</html>"
    assert (await news.sync()).new_items == 2
    assert (await news.source("bitcoin")).last_error == "not_a_feed"


async def test_the_plan_is_kept_and_shared_fairly(connected: NewsWorld) -> None:
    news = connected
    names = [f"topic{number}" for number in range(10)]
    for name in names:
        await news.add_topic(name)
    await news.live(hours=13)
    assert news.api.refused == []
    assert 45 <= news.api.most_in(HALF_DAY) <= 50
    counts = [news.api.asked_for()[name] for name in names]
    assert sorted(set(counts)) == [5, 6], "every two and a half hours; trying the key took one unit"


async def test_busy_topics_stay_within_the_plan_too(connected: NewsWorld) -> None:
    news = connected
    for name in ("a", "b", "c", "d", "e", "f"):
        await news.add_topic(name)
        publish(news, name, 220, step_minutes=5)
    await news.live(hours=13)
    assert news.api.refused == []
    assert len(await news.items()) == 6 * 220


async def test_a_new_topic_is_asked_for_at_once(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    await news.sync()
    news.pass_time(minutes=1)
    await news.add_topic("rust")
    publish(news, "rust", 1)
    assert (await news.sync()).new_items == 1
    assert news.api.asked_for()["bitcoin"] == 1


async def test_topics_beyond_the_plan_wait_until_a_unit_is_free(connected: NewsWorld) -> None:
    news = connected
    for number in range(55):
        await news.add_topic(f"topic{number}")
    synced = await news.sync()
    assert len(news.api.requests) == 50
    assert synced.next_sync_at is not None
    assert HALF_DAY < synced.next_sync_at - BEGIN < HALF_DAY + timedelta(minutes=30)
    news.now = news.api.now = synced.next_sync_at + timedelta(minutes=2)
    await news.sync()
    assert news.api.refused == []
    assert len([name for name in news.api.asked_for() if name.startswith("topic")]) == 55


async def test_a_request_that_a_crash_cut_off_is_counted(connected: NewsWorld) -> None:
    """Killed between spending and asking, again and again: the service never sees more than the plan."""
    news = connected
    await news.add_topic("bitcoin")
    news.api.hold = asyncio.Event()
    for spent in range(2, 51):
        syncing = asyncio.create_task(news.sync())
        while len(await news.spendings()) < spent:
            await asyncio.sleep(0.001)
        syncing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await syncing
    news.api.hold.set()
    synced = await news.sync()
    assert synced.next_sync_at is not None
    assert synced.next_sync_at > news.now + timedelta(hours=12)
    assert len(await news.spendings()) == 50
    assert len(news.api.requests) <= 50
    assert news.api.refused == []


async def test_a_key_that_is_connected_again_has_no_more_units_than_before(connected: NewsWorld) -> None:
    news = connected
    for number in range(50):
        await news.add_topic(f"topic{number}")
    await news.sync()
    assert len(news.api.requests) == 50
    remove = RemoveAccountInput(news.integration_id)
    await ActivityEnvironment().run(news.activities().drop_account, remove)
    assert await news.connect() is not None, "it need not be tried: it has worked before"
    await news.sync()
    assert len(news.api.requests) == 50
    assert news.api.refused == []


async def test_a_new_key_does_not_wait_for_the_window_of_the_old_one(connected: NewsWorld) -> None:
    news = connected
    await news.add_topic("bitcoin")
    news.api.refuse("", 429, "rateLimited")
    with pytest.raises(QuotaSpent):
        await news.sync()
    news.api.refusals.clear()
    news.api.key = OTHER_KEY
    await news.connect(OTHER_KEY)
    await news.sync()
    assert news.api.asked_for()["bitcoin"] == 2


async def test_requests_count_from_when_they_are_made_not_from_when_they_were_planned(connected: NewsWorld) -> None:
    """A sync that had to wait an hour for a worker asks an hour later than its input says."""
    news = connected
    await news.add_topic("bitcoin")
    integration = await news.lease()
    environment = ActivityEnvironment()
    scheduled_at = environment.info.scheduled_time
    environment.info = replace(environment.info, started_time=scheduled_at + timedelta(hours=1))
    await environment.run(news.account().sync, integration, news.now)
    assert (await news.spendings())[-1].spent_at == news.now + timedelta(hours=1)
