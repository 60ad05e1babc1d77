"""Days of ticks in a moment: what is due is claimed and pulled by the real activities, at a `now` that jumps ahead."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select
from temporalio.testing import ActivityEnvironment

from contentsync.db.account_models import Notice
from contentsync.db.models import Source
from contentsync.puller.contract import PullResult
from contentsync.puller.work import ClaimDueInput, ClaimSourcesInput, PullBatchInput, total
from tests.puller.conftest import NOW, World

TICK = timedelta(minutes=1)


class Days:
    """An instance that lives from `NOW` on. `parts` replace parts of the activities."""

    def __init__(self, world: World, **parts: Any) -> None:
        self.world = world
        self.now = NOW
        self.results = PullResult()
        self.pulled_at: dict[int, list[datetime]] = {}
        self.lose_leases = False
        """Whether somebody else takes over what is claimed, before it is pulled."""
        self._activities = world.activities(**parts)
        self._ticks = 0

    async def close(self) -> None:
        """End what fetches and parses."""
        await self._activities.close()

    async def tick(self) -> list[int]:
        """One tick at `now`; gives the sources that were claimed."""
        self._ticks += 1
        lease_id = f"L{self._ticks}"
        claim = ClaimDueInput(now=self.now.isoformat(), lease_id=lease_id, limit=1000, batch_size=1000)
        claimed = await ActivityEnvironment().run(self._activities.claim_due, claim)
        ids = [source_id for batch in claimed.batches for source_id in batch]
        if self.lose_leases:
            await self.claim(*ids)
        if ids:
            batch = PullBatchInput(now=self.now.isoformat(), lease_id=lease_id, name=lease_id, source_ids=ids)
            result = await ActivityEnvironment().run(self._activities.pull_batch, batch)
            self.results = total([self.results, result])
        for source_id in ids:
            self.pulled_at.setdefault(source_id, []).append(self.now)
        return ids

    async def claim(self, *source_ids: int) -> list[int]:
        """What is claimed when somebody follows these sources at `now`."""
        work = ClaimSourcesInput(
            now=self.now.isoformat(), lease_id="follow", source_ids=list(source_ids), batch_size=1000
        )  # fmt: skip
        claimed = await ActivityEnvironment().run(self._activities.claim_sources, work)
        return [source_id for batch in claimed.batches for source_id in batch]

    async def live(self, duration: timedelta, *, each_tick: Callable[[datetime], None] = lambda _: None) -> None:
        """Ticks until `duration` after `NOW`; those at which nothing is due are left out."""
        while self.now <= NOW + duration:
            each_tick(self.now)
            await self.tick()
            self.now = max(self.now + TICK, await self._next_due_at())
        self.now = NOW + duration

    async def told(self) -> list[str]:
        """What people are to be told, the oldest first."""
        async with self.world.db.read() as session:
            return list(await session.exec(select(Notice.text_key).order_by(col(Notice.id))))

    async def _next_due_at(self) -> datetime:
        async with self.world.db.read() as session:
            due = await session.exec(select(Source.next_pull_at).where(col(Source.next_pull_at).is_not(None)))
            return min((at for at in due if at is not None), default=NOW + timedelta(days=999))
