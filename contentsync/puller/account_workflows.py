"""The workflows around accounts: sync what is due, connect one, remove one."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contentsync.puller.contract import (
        CONNECT_ACCOUNT,
        REMOVE_ACCOUNT,
        SYNC_INTEGRATIONS,
        UNSUBSCRIBE,
        ConnectAccountInput,
        ConnectAccountResult,
        RemoveAccountInput,
        SyncIntegrationsInput,
        SyncResult,
        UnsubscribeInput,
        UnsubscribeResult,
    )
    from contentsync.puller.followup import PULL, process_new, send_notices
    from contentsync.puller.work import (
        CLAIM_INTEGRATIONS,
        DROP_ACCOUNT,
        LEAVE_LIST,
        SYNC_BATCH,
        TRY_ACCOUNT,
        Claimed,
        ClaimIntegrationsInput,
        ConnectWork,
        SyncBatchInput,
        total_synced,
    )
    from contentsync.temporal import LOOKUP, STORE

BATCH_ACCOUNTS = 50
CLAIM_LIMIT = 500
"""Accounts in one tick, which bounds its history; the next tick goes on."""


@workflow.defn(name=SYNC_INTEGRATIONS)
class SyncIntegrations:
    """One tick: syncs every account that is due, or exactly those it is asked for."""

    @workflow.run
    async def run(self, request: SyncIntegrationsInput) -> SyncResult:
        """Claim, sync batch by batch, have new items processed and people told."""
        now = request.now or workflow.now().isoformat()
        synced = await _sync(now, request.integration_ids)
        if synced.new_items:
            await process_new(now)
        await send_notices(now)
        return synced


@workflow.defn(name=CONNECT_ACCOUNT)
class ConnectAccount:
    """Connects an account with what a person gave."""

    @workflow.run
    async def run(self, request: ConnectAccountInput) -> ConnectAccountResult:
        """Try it; why it was not accepted stands in the draft. Nobody waits for one that is announced, so it is synced
        here; whoever waits has it synced himself."""
        now = workflow.now().isoformat()
        work = ConnectWork(now=now, draft_id=request.draft_id, kind=request.kind, announce=request.announce)
        connected: ConnectAccountResult = await workflow.execute_activity(
            TRY_ACCOUNT, work, result_type=ConnectAccountResult, **LOOKUP
        )
        if request.announce:
            await send_notices(now)
            if connected.integration_id is not None:
                synced = await _sync(now, [connected.integration_id])
                if synced.new_items:
                    await process_new(now)
                if synced.failed:
                    await send_notices(now)
        return connected


@workflow.defn(name=REMOVE_ACCOUNT)
class RemoveAccount:
    """Disconnects an account and deletes what came through it."""

    @workflow.run
    async def run(self, request: RemoveAccountInput) -> None:
        """Do it; tried again until it is done."""
        await workflow.execute_activity(DROP_ACCOUNT, request, **PULL)


@workflow.defn(name=UNSUBSCRIBE)
class Unsubscribe:
    """Leaves the list of a newsletter."""

    @workflow.run
    async def run(self, request: UnsubscribeInput) -> UnsubscribeResult:
        """Ask its server once, and once more if we died meanwhile."""
        left: UnsubscribeResult = await workflow.execute_activity(
            LEAVE_LIST, request, result_type=UnsubscribeResult, **LOOKUP
        )
        return left


async def _sync(now: str, integration_ids: list[int]) -> SyncResult:
    """Sync batch after batch. One that fails counts as failed; its leases run out, and a later tick takes it up."""
    lease_id = str(workflow.uuid4())
    claimed = await workflow.execute_activity(
        CLAIM_INTEGRATIONS,
        ClaimIntegrationsInput(now, lease_id, CLAIM_LIMIT, BATCH_ACCOUNTS, integration_ids),
        result_type=Claimed,
        **STORE,
    )
    results = []
    for number, ids in enumerate(claimed.batches):
        batch = SyncBatchInput(now=now, lease_id=lease_id, name=f"{lease_id}-{number}", integration_ids=ids)
        try:
            synced: SyncResult = await workflow.execute_activity(SYNC_BATCH, batch, result_type=SyncResult, **PULL)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.error("batch failed name=%s error=%s", batch.name, type(error.cause).__name__)
            synced = SyncResult(failed=len(ids))
        results.append(synced)
    return total_synced(results)


WORKFLOWS: list[type] = [SyncIntegrations, ConnectAccount, RemoveAccount, Unsubscribe]
