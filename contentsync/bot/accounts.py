"""What the bot asks of the puller about accounts: connect one, sync one, remove one."""

import asyncio
import logging

from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from contentsync.puller.contract import (
    CONNECT_ACCOUNT,
    REMOVE_ACCOUNT,
    SYNC_INTEGRATIONS,
    UNSUBSCRIBE,
    ConnectAccountInput,
    ConnectAccountResult,
    RemoveAccountInput,
    SyncIntegrationsInput,
    UnsubscribeInput,
    UnsubscribeResult,
    connect_workflow_id,
    remove_workflow_id,
    sync_workflow_id,
    unsubscribe_workflow_id,
)

log = logging.getLogger(__name__)

CONNECT_SECONDS = 75.0
SYNC_SECONDS = 20.0
UNSUBSCRIBE_SECONDS = 75.0


class Accounts:
    """Starts the puller's workflows and waits for them, not for ever."""

    def __init__(self, temporal: Client, task_queue: str) -> None:
        self._temporal = temporal
        self._task_queue = task_queue

    async def connect(self, draft_id: int, kind: str, *, announce: bool = False) -> int | None:
        """The account's id; None if it was not accepted (the draft's outcome says why) or took too long.

        A draft is tried once: a repeated update gets the first result. With `announce` it is not waited for.
        """
        workflow_id = connect_workflow_id(draft_id)
        try:
            await self._temporal.start_workflow(
                CONNECT_ACCOUNT,
                ConnectAccountInput(draft_id, kind, announce),
                id=workflow_id,
                task_queue=self._task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            )
        except WorkflowAlreadyStartedError:
            log.info("repeated connection draft=%d", draft_id)
        if announce:
            return None
        handle = self._temporal.get_workflow_handle(workflow_id, result_type=ConnectAccountResult)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                result: ConnectAccountResult = await handle.result()
        except (TimeoutError, WorkflowFailureError) as error:
            log.warning("connection failed draft=%d error=%s", draft_id, type(error).__name__)
            return None
        return result.integration_id

    async def sync(self, integration_id: int) -> bool:
        """Sync the account now; whether that ended within `SYNC_SECONDS`."""
        handle = await self._temporal.start_workflow(
            SYNC_INTEGRATIONS,
            SyncIntegrationsInput(integration_ids=[integration_id]),
            id=sync_workflow_id(integration_id),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                await handle.result()
        except (TimeoutError, WorkflowFailureError) as error:
            log.warning("sync goes on without us integration=%d error=%s", integration_id, type(error).__name__)
            return False
        return True

    async def remove(self, integration_id: int) -> None:
        """Have the account disconnected and deleted; returns once that is sure to happen."""
        await self._temporal.start_workflow(
            REMOVE_ACCOUNT,
            RemoveAccountInput(integration_id),
            id=remove_workflow_id(integration_id),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    async def unsubscribe(self, channel_id: int) -> bool:
        """Leave the list of this newsletter; whether its server has accepted that."""
        handle = await self._temporal.start_workflow(
            UNSUBSCRIBE,
            UnsubscribeInput(channel_id),
            id=unsubscribe_workflow_id(channel_id),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            result_type=UnsubscribeResult,
        )
        try:
            async with asyncio.timeout(UNSUBSCRIBE_SECONDS):
                return bool((await handle.result()).done)
        except (TimeoutError, WorkflowFailureError) as error:
            log.warning("unsubscribing failed channel=%d error=%s", channel_id, type(error).__name__)
            return False
