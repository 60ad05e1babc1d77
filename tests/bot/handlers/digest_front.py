"""The front desk with a worker for digests, and something to put into them."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from temporalio.worker import Worker
from typing_extensions import override

from contentsync.bot import digest_workflows
from contentsync.bot.digest_activities import DigestActivities
from contentsync.db.models import Digest
from tests.bot.front import Front, Json, buttons
from tests.filling import NOW, add_item, add_source


class DigestFront(Front):
    """The front desk with a worker for digests."""

    @override
    async def start_worker(self) -> None:
        self._worker = Worker(
            self.temporal,
            task_queue=self.settings.task_queue,
            workflows=digest_workflows.WORKFLOWS,
            activities=DigestActivities(self.db, self.bot).all(),
        )
        self._working = asyncio.create_task(self._worker.run())


async def start_ids_apart(front: Front) -> None:
    """Digest ids of this database are no other's: workflow ids are made of them, and tests share one Temporal."""
    subscriber = await front.subscriber()
    assert subscriber is not None
    async with front.db.write() as session:
        first = Digest(id=uuid4().int >> 66, subscriber_id=subscriber.id or 0, slot="first", state="sent", due_at=NOW)
        session.add(first)


async def fill(front: Front, items: int = 2) -> None:
    """Person 1 follows a source with so many items of the last hours."""
    subscriber = await front.subscriber()
    assert subscriber is not None
    now = datetime.now(UTC)
    source = await add_source(front.db, followers=(subscriber.id or 0,), since=now, last_pull_at=now)
    for number in range(items):
        await add_item(
            front.db, source, f"item{number}", sort_at=now - timedelta(hours=number), summary_text="It says."
        )


async def ask(front: Front) -> Json:
    """The digest, asked for and complete."""
    after = await front.telegram.say("/digest")
    return await front.telegram.wait_for(lambda m: m["from"]["is_bot"] and bool(buttons(m)), after=after)
