"""Daily digests: what is due, handed on in batches; and the sending of one batch."""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contentsync.bot.contract import (
        BUILD_AND_SEND,
        DIGEST_TICK,
        OPEN_DUE_SLOTS,
        SEND_DIGESTS,
        DigestTickInput,
        DigestTickResult,
        OpenDueSlotsInput,
        OpenDueSlotsResult,
        SendDigestsInput,
        SendDigestsResult,
        batch_workflow_id,
    )
    from contentsync.temporal import STORE, WORK


@workflow.defn(name=DIGEST_TICK)
class DigestTick:
    """Opens what is due and starts a run for each batch. It does not wait for them: the next tick must not be late."""

    @workflow.run
    async def run(self, tick: DigestTickInput) -> DigestTickResult:
        """How many digests were handed on."""
        now = tick.now or workflow.now().isoformat()
        lease_id = workflow.info().run_id
        opened: OpenDueSlotsResult = await workflow.execute_activity(
            OPEN_DUE_SLOTS, OpenDueSlotsInput(now=now, lease_id=lease_id), result_type=OpenDueSlotsResult, **STORE
        )
        await asyncio.gather(
            *(
                workflow.start_child_workflow(
                    SEND_DIGESTS,
                    SendDigestsInput(digest_ids=digest_ids, lease_id=lease_id, now=now),
                    id=batch_workflow_id(lease_id, number),
                    parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                )
                for number, digest_ids in enumerate(opened.batches)
            )
        )
        return DigestTickResult(digests=sum(len(digest_ids) for digest_ids in opened.batches))


@workflow.defn(name=SEND_DIGESTS)
class SendDigests:
    """Builds and sends the digests of one batch, trying again until each is done."""

    @workflow.run
    async def run(self, batch: SendDigestsInput) -> SendDigestsResult:
        """Counts what became of them."""
        now = batch.now or workflow.now().isoformat()
        result: SendDigestsResult = await workflow.execute_activity(
            BUILD_AND_SEND,
            SendDigestsInput(digest_ids=batch.digest_ids, lease_id=batch.lease_id, now=now),
            result_type=SendDigestsResult,
            **WORK,
        )
        return result


WORKFLOWS: list[type] = [DigestTick, SendDigests]
