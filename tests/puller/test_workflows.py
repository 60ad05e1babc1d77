"""The puller's workflows on a real Temporal server, with the real activities."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from contentsync.db import drafts
from contentsync.processor.contract import PROCESS_ITEMS, ProcessItemsInput, ProcessResult
from contentsync.puller import workflows
from contentsync.puller.contract import (
    FIND_FEEDS,
    PULL_DUE,
    PULL_SOURCES,
    FindFeedsInput,
    FindFeedsResult,
    PullDueInput,
    PullResult,
    PullSourcesInput,
)
from contentsync.puller.work import CLAIM_DUE, PULL_BATCH, ClaimDueInput, Claimed, PullBatchInput
from contentsync.puller.workflows import BATCH_SOURCES, CLAIM_LIMIT, MAX_ROUNDS, WORKFLOWS
from tests.puller.conftest import NOW, World, rss


@dataclass
class Processor:
    """Stands in for the processor's activity, which is another room's."""

    asked: list[str] = field(default_factory=list)

    @activity.defn(name=PROCESS_ITEMS)
    async def process_items(self, request: ProcessItemsInput) -> ProcessResult:
        self.asked.append(request.now)
        return ProcessResult(processed=1)


@dataclass
class ManySources:
    """Stands in for the puller's own activities where only numbers of sources matter."""

    due: int
    fails: frozenset[int] = frozenset()
    batches: list[PullBatchInput] = field(default_factory=list)
    running: int = 0
    most_running: int = 0

    @activity.defn(name=CLAIM_DUE)
    async def claim_due(self, claim: ClaimDueInput) -> Claimed:
        number = min(self.due, claim.limit)
        self.due -= number
        size = claim.batch_size
        return Claimed([list(range(start, min(start + size, number))) for start in range(0, number, size)])

    @activity.defn(name=PULL_BATCH)
    async def pull_batch(self, batch: PullBatchInput) -> PullResult:
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        await asyncio.sleep(0.01)
        self.running -= 1
        if batch.source_ids[0] in self.fails:
            raise ApplicationError("broken", non_retryable=True)
        self.batches.append(batch)
        return PullResult(pulled=len(batch.source_ids), new_items=1)


@asynccontextmanager
async def working(temporal: WorkflowEnvironment, *activities: Any) -> AsyncIterator[str]:
    """A worker with the puller's workflows and these activities; gives its task queue."""
    queue = f"test-{uuid4()}"
    async with Worker(temporal.client, task_queue=queue, workflows=WORKFLOWS, activities=list(activities)):
        yield queue


async def start(temporal: WorkflowEnvironment, queue: str, name: str, argument: Any) -> WorkflowHandle[Any, Any]:
    return await temporal.client.start_workflow(
        name, argument, id=f"test/{uuid4()}", task_queue=queue, result_type=PullResult
    )


async def test_a_tick_pulls_what_is_due_and_has_it_processed(temporal_dev: WorkflowEnvironment, world: World) -> None:
    world.web.serve("/good", rss("one", "two"))
    world.web.fail("/broken", 500)
    good, broken = await world.follow(world.web.url("/good"), world.web.url("/broken"))
    processor = Processor()
    async with working(temporal_dev, *world.activities().all(), processor.process_items) as queue:
        tick = await start(temporal_dev, queue, PULL_DUE, PullDueInput(now=NOW.isoformat()))
        assert await tick.result() == PullResult(pulled=1, failed=1, new_items=2)
        assert processor.asked == [NOW.isoformat()]
        again = await start(temporal_dev, queue, PULL_DUE, PullDueInput(now=NOW.isoformat()))
        assert await again.result() == PullResult()
        assert len(processor.asked) == 1
    assert await world.titles(good) == ["one", "two"]
    assert (await world.source(broken)).last_error == "server_failed"


async def test_a_tick_without_a_time_takes_its_own(temporal_dev: WorkflowEnvironment, world: World) -> None:
    world.web.serve("/feed", rss("one"))
    (source_id,) = await world.follow(world.web.url("/feed"))
    processor = Processor()
    async with working(temporal_dev, *world.activities().all(), processor.process_items) as queue:
        tick = await start(temporal_dev, queue, PULL_DUE, PullDueInput())
        assert await tick.result() == PullResult(pulled=1, new_items=1)
        started_at = (await tick.describe()).start_time
    (item,) = await world.items(source_id)
    assert abs((item.first_seen_at - started_at).total_seconds()) < 5


async def test_followed_sources_are_pulled_though_not_due(temporal_dev: WorkflowEnvironment, world: World) -> None:
    world.web.serve("/feed", rss("one"))
    (source_id,) = await world.follow(world.web.url("/feed"))
    processor = Processor()
    async with working(temporal_dev, *world.activities().all(), processor.process_items) as queue:
        for titles, new in ((["one"], 1), (["one", "two"], 1), (["one", "two"], 0)):
            world.web.serve("/feed", rss(*titles))
            pull = await start(temporal_dev, queue, PULL_SOURCES, PullSourcesInput([source_id, 999], NOW.isoformat()))
            assert (await pull.result()).new_items == new
    assert await world.titles(source_id) == ["one", "two"]
    assert len(processor.asked) == 2


async def test_a_tick_and_a_follow_at_once_double_nothing(temporal_dev: WorkflowEnvironment, world: World) -> None:
    world.web.serve("/feed", rss("one", "two"))
    (source_id,) = await world.follow(world.web.url("/feed"))
    async with working(temporal_dev, *world.activities().all(), Processor().process_items) as queue:
        pulls = [
            await start(temporal_dev, queue, PULL_DUE, PullDueInput(NOW.isoformat())),
            await start(temporal_dev, queue, PULL_SOURCES, PullSourcesInput([source_id], NOW.isoformat())),
        ]
        results = await asyncio.gather(*[pull.result() for pull in pulls])
    assert sum(result.new_items for result in results) == 2
    assert await world.titles(source_id) == ["one", "two"]


async def test_links_stay_out_of_the_history(temporal_dev: WorkflowEnvironment, world: World) -> None:
    world.web.serve("/feed?token=geheim", rss("one"))
    async with world.db.write() as session:
        text = world.vault.encrypt(world.web.url("/feed?token=geheim"))
        draft = await drafts.keep_draft(session, subscriber_id=world.subscriber_id, update_id=1, text=text, now=NOW)
    assert draft.id is not None
    async with working(temporal_dev, *world.activities().all()) as queue:
        find = await temporal_dev.client.start_workflow(
            FIND_FEEDS, FindFeedsInput(draft.id), id=f"test/{uuid4()}", task_queue=queue, result_type=FindFeedsResult
        )
        (source_id,) = (await find.result()).source_ids
    assert (await world.source(source_id)).title == "A feed"
    history = (await find.fetch_history()).to_json()
    assert "geheim" not in history
    assert text not in history


async def test_a_thousand_sources_take_few_events(temporal_skipping: WorkflowEnvironment) -> None:
    sources = ManySources(due=1000)
    processor = Processor()
    async with working(temporal_skipping, sources.claim_due, sources.pull_batch, processor.process_items) as queue:
        tick = await start(temporal_skipping, queue, PULL_DUE, PullDueInput(now=NOW.isoformat()))
        assert (await tick.result()).pulled == 1000
        history = await tick.fetch_history()
    assert len(history.events) <= 60
    assert sources.most_running == workflows.BATCHES_AT_ONCE
    assert len({batch.name for batch in sources.batches}) == 1000 / BATCH_SOURCES


async def test_a_tick_is_bounded(temporal_skipping: WorkflowEnvironment) -> None:
    sources = ManySources(due=CLAIM_LIMIT * (MAX_ROUNDS + 1))
    processor = Processor()
    async with working(temporal_skipping, sources.claim_due, sources.pull_batch, processor.process_items) as queue:
        tick = await start(temporal_skipping, queue, PULL_DUE, PullDueInput(now=NOW.isoformat()))
        assert (await tick.result()).pulled == CLAIM_LIMIT * MAX_ROUNDS
    assert sources.due == CLAIM_LIMIT
    assert len(processor.asked) == 1


async def test_a_batch_that_fails_leaves_the_others_alone(temporal_skipping: WorkflowEnvironment) -> None:
    sources = ManySources(due=3 * BATCH_SOURCES, fails=frozenset([BATCH_SOURCES]))
    processor = Processor()
    async with working(temporal_skipping, sources.claim_due, sources.pull_batch, processor.process_items) as queue:
        tick = await start(temporal_skipping, queue, PULL_DUE, PullDueInput(now=NOW.isoformat()))
        assert await tick.result() == PullResult(2 * BATCH_SOURCES, 0, BATCH_SOURCES, 2)


async def test_a_processor_that_fails_does_not_fail_the_pull(temporal_skipping: WorkflowEnvironment) -> None:
    @activity.defn(name=PROCESS_ITEMS)
    async def broken(_request: ProcessItemsInput) -> ProcessResult:
        raise ApplicationError("broken", non_retryable=True)

    sources = ManySources(due=1)
    async with working(temporal_skipping, sources.claim_due, sources.pull_batch, broken) as queue:
        tick = await start(temporal_skipping, queue, PULL_DUE, PullDueInput(now=NOW.isoformat()))
        assert await tick.result() == PullResult(pulled=1, new_items=1)
