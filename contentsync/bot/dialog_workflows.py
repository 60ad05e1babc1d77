"""One subscriber's conversation: what is asked survives every restart, and an unanswered question ends kindly."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from contentsync.bot.contract import (
        ANSWER_DIALOG,
        CLOSE_DIALOG,
        DIALOG,
        DIALOG_STEP,
        OPEN_DIALOG,
        TELL_DIALOG_EXPIRED,
        DialogAnswer,
        DialogInput,
        DialogQuestion,
        DialogReply,
        DialogStep,
    )
    from contentsync.temporal import STORE

IDLE_LIMIT = timedelta(minutes=15)
"""How long a question stays open."""


@workflow.defn(name=DIALOG)
class Dialog:
    """Takes one step after another until nothing is asked any more. What answers mean is the activities' business."""

    @workflow.init
    def __init__(self, dialog: DialogInput) -> None:
        self._subscriber_id = dialog.subscriber_id
        self._asks = dialog.asks
        self._steps = 0
        self._one_at_a_time = asyncio.Lock()

    @workflow.run
    async def run(self, dialog: DialogInput) -> None:
        """Wait for steps; continue as new when the history grows long."""
        seen = 0
        while True:
            try:
                await workflow.wait_condition(lambda seen=seen: self._steps > seen, timeout=IDLE_LIMIT)  # type: ignore[misc]
            except TimeoutError:
                await self._expire()
            await workflow.wait_condition(workflow.all_handlers_finished)
            if self._asks is None:
                return
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(DialogInput(self._subscriber_id, asks=self._asks))
            seen = self._steps

    @workflow.update(name=DIALOG_STEP)
    async def step(self, step: DialogStep) -> DialogReply:
        """Open a question, take an answer, or leave; gives what to say."""
        async with self._one_at_a_time:
            reply = await self._take(step)
            self._asks = reply.asks
            self._steps += 1
            return reply

    @step.validator
    def _check_step(self, step: DialogStep) -> None:
        if (step.start is not None) + (step.draft_id is not None) + step.close != 1:
            raise ValueError("A step opens, answers or closes.")

    async def _take(self, step: DialogStep) -> DialogReply:
        activity, given = self._activity_for(step)
        reply: DialogReply = await workflow.execute_activity(activity, given, result_type=DialogReply, **STORE)
        return reply

    def _activity_for(self, step: DialogStep) -> tuple[str, DialogAnswer | DialogQuestion]:
        if step.draft_id is not None:
            now = workflow.now().isoformat()
            return ANSWER_DIALOG, DialogAnswer(self._subscriber_id, self._asks, step.draft_id, now)
        if step.start is not None:
            return OPEN_DIALOG, DialogQuestion(self._subscriber_id, step.start)
        return CLOSE_DIALOG, DialogQuestion(self._subscriber_id, self._asks)

    async def _expire(self) -> None:
        """Leave the question and say so. The person may step in while that is being said; then the dialog goes on."""
        async with self._one_at_a_time:
            question = DialogQuestion(self._subscriber_id, self._asks)
            if self._asks is None:
                return
            await workflow.execute_activity(CLOSE_DIALOG, question, result_type=DialogReply, **STORE)
            self._asks = None
        try:
            await workflow.execute_activity(TELL_DIALOG_EXPIRED, question, **STORE)
        except ActivityError:
            workflow.logger.warning("dialog expired untold subscriber=%d", self._subscriber_id)


WORKFLOWS: list[type] = [Dialog]
