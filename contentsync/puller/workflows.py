"""The puller's workflows: what is due, what somebody has just followed, and what a link leads to."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
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
    from contentsync.puller.followup import PULL, process_new, send_notices
    from contentsync.puller.work import (
        CLAIM_DUE,
        CLAIM_SOURCES,
        PULL_BATCH,
        ClaimDueInput,
        Claimed,
        ClaimSourcesInput,
        FindFeedsWork,
        PullBatchInput,
        total,
    )
    from contentsync.temporal import LOOKUP, STORE

BATCH_SOURCES = 500
"""Sources in one activity: all that is claimed at a time is under way at once."""

CLAIM_LIMIT = 1000
"""Sources claimed at a time: their ids fit into one small payload."""

MAX_ROUNDS = 10
"""Claims in one tick, which bounds its history; the next tick goes on."""

BATCHES_AT_ONCE = 2


@workflow.defn(name=PULL_DUE)
class PullDue:
    """One tick: pulls everything that is due."""

    @workflow.run
    async def run(self, request: PullDueInput) -> PullResult:
        """Claim and pull until nothing is due, then have the new items processed."""
        now = request.now or workflow.now().isoformat()
        results = []
        for _ in range(MAX_ROUNDS):
            lease_id = str(workflow.uuid4())
            claimed = await workflow.execute_activity(
                CLAIM_DUE,
                ClaimDueInput(now=now, lease_id=lease_id, limit=CLAIM_LIMIT, batch_size=BATCH_SOURCES),
                result_type=Claimed,
                **STORE,
            )
            results.append(await _pull(claimed, lease_id, now))
            if sum(map(len, claimed.batches)) < CLAIM_LIMIT:
                break
        pulled = total(results)
        if pulled.new_items:
            await process_new(now)
        if pulled.notices:
            await send_notices(now)
        return pulled


@workflow.defn(name=PULL_SOURCES)
class PullSources:
    """Pulls sources that somebody has just followed, due or not."""

    @workflow.run
    async def run(self, request: PullSourcesInput) -> PullResult:
        """Pull them, then have the new items processed."""
        now = request.now or workflow.now().isoformat()
        lease_id = str(workflow.uuid4())
        claimed = await workflow.execute_activity(
            CLAIM_SOURCES,
            ClaimSourcesInput(now=now, lease_id=lease_id, source_ids=request.source_ids, batch_size=BATCH_SOURCES),
            result_type=Claimed,
            **STORE,
        )
        pulled = await _pull(claimed, lease_id, now)
        if pulled.new_items:
            await process_new(now)
        return pulled


@workflow.defn(name=FIND_FEEDS)
class FindFeeds:
    """Finds the feeds behind a link that a person pasted."""

    @workflow.run
    async def run(self, request: FindFeedsInput) -> FindFeedsResult:
        """Look behind the link; why nothing was found stands in the draft."""
        work = FindFeedsWork(now=workflow.now().isoformat(), draft_id=request.draft_id)
        found: FindFeedsResult = await workflow.execute_activity(
            FIND_FEEDS, work, result_type=FindFeedsResult, **LOOKUP
        )
        return found


async def _pull(claimed: Claimed, lease_id: str, now: str) -> PullResult:
    """Pull all batches, a few at once. A batch that fails counts as failed and leaves the others alone."""
    free = asyncio.Semaphore(BATCHES_AT_ONCE)

    async def pull_one(number: int, source_ids: list[int]) -> PullResult:
        batch = PullBatchInput(now=now, lease_id=lease_id, name=f"{lease_id}-{number}", source_ids=source_ids)
        async with free:
            try:
                pulled: PullResult = await workflow.execute_activity(PULL_BATCH, batch, result_type=PullResult, **PULL)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                workflow.logger.error("batch failed name=%s error=%s", batch.name, type(error.cause).__name__)
                return PullResult(failed=len(source_ids))
        return pulled

    pulls = [pull_one(number, source_ids) for number, source_ids in enumerate(claimed.batches)]
    return total(await asyncio.gather(*pulls))


WORKFLOWS: list[type] = [PullDue, PullSources, FindFeeds]
