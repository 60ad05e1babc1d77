"""Speaking to a subscriber's `Dialog` workflow, which is started when it is not there."""

from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from contentsync.bot.contract import (
    DIALOG,
    DIALOG_STEP,
    DialogInput,
    DialogReply,
    DialogStep,
    dialog_update_id,
    dialog_workflow_id,
)
from contentsync.db.models import Subscriber


class Dialogs:
    """What handlers do with dialogs. A repeated Telegram update is the same step and gets the same reply."""

    def __init__(self, temporal: Client, task_queue: str) -> None:
        self._temporal = temporal
        self._task_queue = task_queue

    async def open(self, subscriber: Subscriber, update_id: int, question: str) -> DialogReply:
        """Ask; another open question is dropped."""
        return await self._step(subscriber, DialogStep(update_id, start=question))

    async def answer(self, subscriber: Subscriber, update_id: int, draft_id: int) -> DialogReply:
        """Hand over the draft that answers."""
        return await self._step(subscriber, DialogStep(update_id, draft_id=draft_id))

    async def leave(self, subscriber: Subscriber, update_id: int) -> None:
        """Close the dialog if one is open."""
        if subscriber.dialog_open:
            await self._step(subscriber, DialogStep(update_id, close=True))
            subscriber.dialog_open = False

    async def _step(self, subscriber: Subscriber, step: DialogStep) -> DialogReply:
        assert subscriber.id is not None, "a stored subscriber has an id"
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            DIALOG,
            DialogInput(subscriber.id),
            id=dialog_workflow_id(subscriber.id),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        reply: DialogReply = await self._temporal.execute_update_with_start_workflow(
            DIALOG_STEP,
            step,
            start_workflow_operation=start,
            id=dialog_update_id(step),
            result_type=DialogReply,
        )
        return reply
