"""What the bot asks of the puller while a person waits: find the feeds behind a link, pull a source at once."""

import asyncio
import logging

from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from contentsync.puller.contract import (
    FIND_FEEDS,
    PULL_SOURCES,
    FindFeedsInput,
    FindFeedsResult,
    PullResult,
    PullSourcesInput,
    find_feeds_workflow_id,
    pull_sources_workflow_id,
)

log = logging.getLogger(__name__)

FIND_SECONDS = 75.0
PULL_SECONDS = 8.0


class Feeds:
    """Starts the puller's workflows and waits for them, not for ever."""

    def __init__(self, temporal: Client, task_queue: str) -> None:
        self._temporal = temporal
        self._task_queue = task_queue

    async def find(self, draft_id: int) -> list[int] | None:
        """Ids of the sources behind the draft's link, best first; None if that took too long or failed.

        A draft is searched once: a repeated update gets the first result.
        """
        workflow_id = find_feeds_workflow_id(draft_id)
        try:
            await self._temporal.start_workflow(
                FIND_FEEDS,
                FindFeedsInput(draft_id),
                id=workflow_id,
                task_queue=self._task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            )
        except WorkflowAlreadyStartedError:
            log.info("repeated search draft=%d", draft_id)
        handle = self._temporal.get_workflow_handle(workflow_id, result_type=FindFeedsResult)
        try:
            async with asyncio.timeout(FIND_SECONDS):
                result: FindFeedsResult = await handle.result()
        except (TimeoutError, WorkflowFailureError) as error:
            log.warning("search failed draft=%d error=%s", draft_id, type(error).__name__)
            return None
        return result.source_ids

    async def pull(self, source_id: int) -> bool:
        """Pull the source now, together with whoever asks for the same; whether that ended within `PULL_SECONDS`."""
        handle = await self._temporal.start_workflow(
            PULL_SOURCES,
            PullSourcesInput([source_id]),
            id=pull_sources_workflow_id(source_id),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            result_type=PullResult,
        )
        try:
            async with asyncio.timeout(PULL_SECONDS):
                await handle.result()
        except (TimeoutError, WorkflowFailureError) as error:
            log.warning("pull goes on without us source=%d error=%s", source_id, type(error).__name__)
            return False
        return True
