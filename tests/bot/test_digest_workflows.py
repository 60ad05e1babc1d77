"""The digest workflows with their real activities: on a real server, and through simulated days."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import col, select
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from contentsync.bot.contract import (
    DIGEST_TICK,
    SEND_DIGESTS,
    DigestTickInput,
    DigestTickResult,
    SendDigestsInput,
    SendDigestsResult,
    batch_workflow_id,
)
from contentsync.bot.digest_activities import DigestActivities
from contentsync.bot.digest_workflows import WORKFLOWS
from contentsync.db.engine import Database
from contentsync.db.models import Digest, Subscriber
from tests.bot.sending import LEASE, Sending
from tests.filling import NOW, add_item, add_source, add_subscriber

EIGHT = NOW.replace(hour=8)


@pytest.fixture
async def sending(db: Database, tmp_path: Path) -> AsyncIterator[Sending]:
    async with Sending(db, tmp_path) as stage:
        await stage.telegram.say("/digest")
        yield stage


@asynccontextmanager
async def worker(client: Client, sending: Sending) -> AsyncIterator[str]:
    """A worker on a task queue of its own; gives the queue."""
    queue = uuid4().hex
    activities = DigestActivities(*sending.process())
    async with Worker(client, task_queue=queue, workflows=WORKFLOWS, activities=activities.all()):
        yield queue


async def tick(client: Client, queue: str, now: datetime) -> int:
    """Run a tick and every batch it started; gives how many digests were handed on."""
    handle = await client.start_workflow(
        DIGEST_TICK,
        DigestTickInput(now=now.isoformat()),
        id=f"tick/{uuid4()}",
        task_queue=queue,
        result_type=DigestTickResult,
    )
    result: DigestTickResult = await handle.result()
    for number in range(-(-result.digests // 200)):
        await client.get_workflow_handle(batch_workflow_id(str(handle.result_run_id), number)).result()
    return result.digests


async def test_a_tick_sends_what_is_due(temporal_dev: WorkflowEnvironment, sending: Sending) -> None:
    await sending.telegram.say("/digest", from_id=2)
    people = [await add_subscriber(sending.db, chat_id, next_digest_at=EIGHT) for chat_id in (1, 2)]
    source = await add_source(sending.db, followers=tuple(people))
    await add_item(sending.db, source, "one", hours=6)
    async with worker(temporal_dev.client, sending) as queue:
        assert await tick(temporal_dev.client, queue, EIGHT - timedelta(minutes=1)) == 0
        assert await tick(temporal_dev.client, queue, EIGHT) == 2
        assert await tick(temporal_dev.client, queue, EIGHT + timedelta(minutes=1)) == 0
    for chat_id in (1, 2):
        (message,) = await sending.chat(chat_id)
        assert "Title of one" in message["text"]


async def test_an_asked_for_digest_now(temporal_dev: WorkflowEnvironment, sending: Sending) -> None:
    """Without a time of its own the run takes the present; it is tried again after a failure."""
    me = await add_subscriber(sending.db)
    source = await add_source(sending.db, followers=(me,), since=datetime.now(UTC))
    await add_item(sending.db, source, "one")
    digest_id = await sending.ask(me)
    sending.telegram.faults.server_error("sendMessage")
    async with worker(temporal_dev.client, sending) as queue:
        result = await temporal_dev.client.execute_workflow(
            SEND_DIGESTS,
            SendDigestsInput(digest_ids=[digest_id], lease_id=LEASE),
            id=f"ask/{queue}",
            task_queue=queue,
            result_type=SendDigestsResult,
        )
    assert result == SendDigestsResult(sent=1)
    assert len(await sending.chat()) == 1


async def test_three_days_of_ticks(temporal_dev: WorkflowEnvironment, sending: Sending) -> None:
    """Two ticks a slot and some between, over a change of the clocks: one digest a day, at 8:00 in New York."""
    start = datetime(2025, 11, 1, 11, 50, tzinfo=UTC)
    me = await add_subscriber(
        sending.db, time_zone="America/New_York", next_digest_at=datetime(2025, 11, 1, 12, tzinfo=UTC)
    )
    source = await add_source(sending.db, followers=(me,), since=start)
    moments = [start + timedelta(days=day, minutes=minutes) for day in range(3) for minutes in (0, 10, 11, 70, 71)]
    sent_at = []
    async with worker(temporal_dev.client, sending) as queue:
        for number, moment in enumerate(moments):
            await add_item(sending.db, source, str(number), sort_at=moment - timedelta(minutes=5))
            if await tick(temporal_dev.client, queue, moment):
                sent_at.append(moment.isoformat())
    assert sent_at == [
        "2025-11-01T12:00:00+00:00",
        "2025-11-02T13:00:00+00:00",
        "2025-11-03T13:00:00+00:00",
    ]
    async with sending.db.read() as session:
        found = list(await session.exec(select(Digest).order_by(col(Digest.id))))
        subscriber = await session.get_one(Subscriber, me)
    assert [(digest.slot, digest.state) for digest in found] == [(f"2025-11-0{day}T08:00", "sent") for day in (1, 2, 3)]
    assert subscriber.next_digest_at == datetime(2025, 11, 4, 13, tzinfo=UTC)
    titles = [line for message in await sending.chat() for line in message["text"].splitlines() if "Title of" in line]
    names = [line.split(". ", 1)[1] for line in titles]
    assert len(names) == len(set(names)), "nothing twice"
    assert len(await sending.chat()) == 3
