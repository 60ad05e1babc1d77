"""What was spent at services that count, on both engines."""

import asyncio
from datetime import UTC, datetime, timedelta

from contentsync.db import quotas
from contentsync.db.engine import Database

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def spend(database: Database, units: int, now: datetime = NOW, scope: str = "youtube") -> None:
    async with database.write() as session:
        await quotas.spend(session, scope=scope, units=units, purpose="list", now=now)


async def spent(database: Database, since: datetime, scope: str = "youtube") -> int:
    async with database.read() as session:
        return await quotas.spent_since(session, scope=scope, since=since)


async def test_units_are_summed_over_a_window_of_one_scope(database: Database) -> None:
    assert await spent(database, NOW - HOUR) == 0
    for hours, units in enumerate((1, 10, 100)):
        await spend(database, units, NOW + hours * HOUR)
    await spend(database, 1000, scope="newsapi/1")
    assert await spent(database, NOW - HOUR) == 111
    assert await spent(database, NOW) == 110, "the moment itself is outside"
    assert await spent(database, NOW + 2 * HOUR) == 0
    assert await spent(database, NOW - HOUR, "newsapi/1") == 1000
    async with database.read() as session:
        listed = await quotas.list_spent(session, scope="youtube", since=NOW)
    assert [(one.spent_at, one.units, one.purpose) for one in listed] == [
        (NOW + HOUR, 10, "list"), (NOW + 2 * HOUR, 100, "list"),
    ]  # fmt: skip


async def test_spending_at_the_same_time_loses_nothing(database: Database) -> None:
    await asyncio.gather(*(spend(database, 1) for _ in range(20)))
    assert await spent(database, NOW - HOUR) == 20


async def test_old_spendings_are_forgotten(database: Database) -> None:
    for hours in range(4):
        await spend(database, 1, NOW + hours * HOUR)
    async with database.write() as session:
        assert await quotas.forget_quotas(session, before=NOW + 2 * HOUR) == 2
    assert await spent(database, NOW - HOUR) == 2
