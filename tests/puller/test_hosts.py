"""How much is asked of hosts at once, and what their answers teach."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contentsync.errors import NameNotFound, NotFound, RateLimited, Refused, ServerFailed, SourceError, TimedOut
from contentsync.puller.hosts import (
    AT_ONCE,
    AT_ONCE_PER_FAMILY,
    GOOD_DAYS,
    MAX_GAP_SECONDS,
    MAX_SILENT,
    SILENT_MINUTES,
    HostAnswer,
    HostManners,
    HostSlots,
    Visit,
    learn,
)
from contentsync.sources.base import NO_HINTS, Hints

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
KNOWN = HostManners(last_ok_at=NOW - MINUTE)
URL = "http://slow.org/"


async def ask(visit: Visit, url: str, error: SourceError | None = None, hints: Hints = NO_HINTS) -> datetime | None:
    """One request that ends so; gives until when it was deferred."""
    async with visit.turn(url, had_worked=True) as turn:
        if turn.deferred_until is None:
            if error is not None:
                raise error
            turn.worked(hints)
        return turn.deferred_until


async def test_a_family_gets_few_requests_at_once_and_keeps_nobody_else_waiting() -> None:
    visit = HostSlots(gap_seconds=0).visit(NOW, {"slow.org": KNOWN})
    end = asyncio.Event()
    inside: list[str] = []

    async def talk(url: str) -> None:
        async with visit.turn(url):
            inside.append(url)
            await end.wait()

    slow = [asyncio.create_task(talk(f"http://{n}.slow.org/")) for n in range(AT_ONCE * 2)]
    others = [asyncio.create_task(talk(f"http://127.0.0.{n}/")) for n in range(AT_ONCE * 2)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(inside) == AT_ONCE
    assert sum("slow" in url for url in inside) == AT_ONCE_PER_FAMILY
    end.set()
    await asyncio.gather(*slow, *others)
    assert len(inside) == AT_ONCE * 4


@pytest.mark.parametrize("failure", [None, NotFound(URL, 404), ServerFailed(URL, 500)], ids=["200", "404", "500"])
async def test_a_new_family_is_asked_one_by_one_until_it_answers(failure: SourceError | None) -> None:
    visit = HostSlots(gap_seconds=0).visit(NOW, {})
    first_may_end, all_may_end = asyncio.Event(), asyncio.Event()
    inside = 0

    async def talk(number: int) -> None:
        nonlocal inside
        async with visit.turn(URL) as turn:
            inside += 1
            await (all_may_end if number else first_may_end).wait()
            if failure is not None:
                raise failure
            turn.worked(NO_HINTS)

    tasks = [asyncio.create_task(talk(number)) for number in range(12)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert inside == 1
    first_may_end.set()
    for _ in range(10):
        await asyncio.sleep(0)
    assert inside == 1 + AT_ONCE_PER_FAMILY
    all_may_end.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert inside == 12


async def test_requests_to_a_family_keep_their_distance() -> None:
    visit = HostSlots(gap_seconds=0.05).visit(NOW, {"slow.org": KNOWN})
    clock = asyncio.get_running_loop().time
    began: dict[str, list[float]] = {"slow": [], "other": []}

    async def talk(url: str, name: str) -> None:
        async with visit.turn(url):
            began[name].append(clock())

    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(talk(f"http://{number}.slow.org/", "slow"))
            group.create_task(talk(f"http://127.0.0.{number}/", "other"))
    assert all(later - earlier >= 0.045 for earlier, later in zip(began["slow"], began["slow"][1:], strict=False))
    assert began["other"][-1] - began["other"][0] < 0.1


async def test_families_that_no_batch_visits_are_forgotten() -> None:
    slots = HostSlots(gap_seconds=0)
    visit = slots.visit(NOW, {})
    for number in range(50):
        await ask(visit, f"http://{number}.{number}.org/")
    assert len(slots._families) == 50
    del visit
    gc.collect()
    assert len(slots._families) == 0


@pytest.mark.parametrize(
    ("refusal", "until"),
    [
        (lambda visit: ask(visit, URL, RateLimited(URL, 429, 600)), NOW + 600 * SECOND),
        (lambda visit: ask(visit, URL, RateLimited(URL, 503, 90)), NOW + 90 * SECOND),
        (lambda visit: ask(visit, URL, RateLimited(URL, 429)), NOW + MINUTE),
        (lambda visit: ask(visit, URL, RateLimited(URL, 429, 10**9)), NOW + DAY),
        (lambda visit: ask(visit, URL, Refused(URL, 403)), NOW + MINUTE),
        (lambda visit: ask(visit, URL, hints=Hints(quiet_seconds=30)), NOW + 30 * SECOND),
    ],
    ids=["429", "503", "429 without a word", "429 for ages", "403", "spent"],
)
async def test_a_refusal_closes_the_family_and_nobody_else(
    refusal: Callable[[Visit], Awaitable[datetime | None]], until: datetime
) -> None:
    slots = HostSlots(gap_seconds=0)
    visit = slots.visit(NOW, {"slow.org": KNOWN})
    await asyncio.gather(refusal(visit), return_exceptions=True)
    assert await ask(visit, "http://other.slow.org/") == until
    assert await ask(visit, "http://fast.org/") is None
    later = slots.visit(until, {})
    assert await ask(later, URL) is None


@pytest.mark.parametrize(
    ("known", "had_worked", "expected"),
    [
        (KNOWN, True, RateLimited),
        (KNOWN, False, Refused),
        (replace(KNOWN, last_ok_at=NOW - timedelta(hours=2)), True, Refused),
        (HostManners(), True, Refused),
    ],
)
async def test_a_sudden_403_is_a_refusal_for_now(
    known: HostManners, had_worked: bool, expected: type[SourceError]
) -> None:
    visit = HostSlots(gap_seconds=0).visit(NOW, {"slow.org": known})
    with pytest.raises(SourceError) as caught:
        async with visit.turn(URL, had_worked=had_worked):
            raise Refused(URL, 403)
    assert type(caught.value) is expected
    assert (await ask(visit, URL) is None) is (expected is Refused)


async def test_a_host_without_any_answer_is_left_for_later() -> None:
    visit = HostSlots(gap_seconds=0).visit(NOW, {})
    for _ in range(MAX_SILENT):
        assert await ask(visit, URL) is None
        await asyncio.gather(ask(visit, URL, TimedOut(URL)), return_exceptions=True)
    assert await ask(visit, URL) is None, "answers in between"
    for _ in range(MAX_SILENT + 1):
        await asyncio.gather(ask(visit, URL, NameNotFound(URL)), return_exceptions=True)
    assert await ask(visit, URL) is None, "other names of the family may be found"
    for _ in range(MAX_SILENT):
        await asyncio.gather(ask(visit, URL, TimedOut(URL)), return_exceptions=True)
    assert await ask(visit, URL) == NOW + SILENT_MINUTES


@pytest.mark.parametrize(
    ("known", "until"),
    [
        (HostManners(not_before=NOW + MINUTE), NOW + MINUTE),
        (HostManners(not_before=NOW), None),
        (HostManners(gap_seconds=60, not_before=NOW + MINUTE, refused_at=NOW - DAY), None),
        (HostManners(gap_seconds=60, not_before=NOW + MINUTE, refused_at=NOW), NOW + MINUTE),
    ],
    ids=["closed", "open", "its turn", "refused in this tick"],
)
async def test_what_is_stored_holds_for_a_new_batch(known: HostManners, until: datetime | None) -> None:
    assert await ask(HostSlots(gap_seconds=0).visit(NOW, {"slow.org": known}), URL) == until


REFUSED = HostAnswer(refused=True)
WORKED = HostAnswer(worked=True)
TAUGHT = HostManners(gap_seconds=240, gap_since=NOW - DAY, refused_at=NOW - DAY, not_before=NOW - DAY)


@pytest.mark.parametrize(
    ("known", "answer", "gap_seconds", "not_before"),
    [
        (KNOWN, WORKED, 0, None),
        (KNOWN, HostAnswer(), 0, None),
        (KNOWN, HostAnswer(worked=True, quiet_seconds=30), 0, NOW + 30 * SECOND),
        (KNOWN, REFUSED, 60, NOW + MINUTE),
        (KNOWN, HostAnswer(refused=True, retry_after_seconds=600), 60, NOW + 10 * MINUTE),
        (KNOWN, HostAnswer(refused=True, retry_after_seconds=10**9), 60, NOW + DAY),
        (TAUGHT, REFUSED, 480, NOW + 8 * MINUTE),
        (replace(TAUGHT, refused_at=NOW), REFUSED, 240, NOW + 4 * MINUTE),
        (replace(TAUGHT, gap_seconds=MAX_GAP_SECONDS), REFUSED, MAX_GAP_SECONDS, NOW + 60 * MINUTE),
        (replace(TAUGHT, not_before=NOW + DAY), REFUSED, 480, NOW + DAY),
        (TAUGHT, WORKED, 240, NOW - DAY),
        (replace(TAUGHT, gap_since=NOW - GOOD_DAYS), WORKED, 120, NOW - DAY),
        (replace(TAUGHT, gap_since=NOW - GOOD_DAYS), HostAnswer(), 240, NOW - DAY),
        (replace(TAUGHT, gap_seconds=60, gap_since=NOW - GOOD_DAYS), WORKED, 0, NOW - DAY),
    ],
)
def test_what_a_family_teaches(
    known: HostManners, answer: HostAnswer, gap_seconds: float, not_before: datetime | None
) -> None:
    new = learn(known, answer, NOW)
    assert (new.gap_seconds, new.not_before) == (gap_seconds, not_before)
    assert new.last_ok_at == (NOW if answer.worked else known.last_ok_at)
    assert new.refused_at == (NOW if answer.refused else known.refused_at)
    assert new.gap_since == (NOW if gap_seconds != known.gap_seconds or answer.refused else known.gap_since)


async def test_a_host_that_counts_requests_is_asked_one_by_one() -> None:
    slots = HostSlots(gap_seconds=0.0)
    visit = slots.visit(NOW, {"a.example": HostManners(last_ok_at=NOW - MINUTE, not_before=NOW - MINUTE)})
    under_way = most = deferred = 0

    async def ask() -> None:
        nonlocal under_way, most, deferred
        async with visit.turn("http://a.example/") as turn:
            if turn.deferred_until is not None:
                deferred += 1
                return
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.01)
            turn.worked(Hints(quiet_seconds=60))
            under_way -= 1

    await asyncio.gather(*(ask() for _ in range(5)))
    assert (most, deferred) == (1, 4)
