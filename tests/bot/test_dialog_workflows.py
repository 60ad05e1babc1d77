"""A conversation survives restarts between any two messages, ends kindly, and never has a double effect."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

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
    dialog_workflow_id,
)
from contentsync.bot.dialog_workflows import IDLE_LIMIT, WORKFLOWS
from contentsync.bot.dialogs import Dialogs
from contentsync.db.models import Subscriber
from tests.bot.front import Front
from tests.conftest import program

ASKED = "When shall the digest come?"
AGAIN = "I cannot read that as a time."
DONE = "Done: your digest comes daily at 07:30 UTC."


class Script:
    """Activities that note what the workflow asks of them; the answer "1" is valid, others are not."""

    def __init__(self) -> None:
        self.log: list[str] = []

    @activity.defn(name=OPEN_DIALOG)
    async def open_dialog(self, question: DialogQuestion) -> DialogReply:
        self.log.append(f"open {question.asks}")
        return DialogReply("asked", asks=question.asks)

    @activity.defn(name=ANSWER_DIALOG)
    async def answer_dialog(self, answer: DialogAnswer) -> DialogReply:
        self.log.append(f"answer {answer.asks} {answer.draft_id}")
        return DialogReply("done") if answer.draft_id == 1 else DialogReply("again", asks=answer.asks)

    @activity.defn(name=CLOSE_DIALOG)
    async def close_dialog(self, question: DialogQuestion) -> DialogReply:
        self.log.append(f"close {question.asks}")
        return DialogReply("closed")

    @activity.defn(name=TELL_DIALOG_EXPIRED)
    async def tell_dialog_expired(self, question: DialogQuestion) -> None:
        self.log.append(f"tell {question.asks}")

    def worker(self, client: Client, task_queue: str) -> Worker:
        """Runs the workflow with these."""
        activities: list[Callable[..., Any]] = [self.open_dialog, self.answer_dialog, self.close_dialog]
        activities.append(self.tell_dialog_expired)
        return Worker(client, task_queue=task_queue, workflows=WORKFLOWS, activities=activities)


def person() -> Subscriber:
    """Somebody no other test speaks with."""
    return Subscriber(id=uuid4().int % 2**31, chat_id=1)


async def test_steps_come_one_after_another_and_a_repeat_is_the_same_step(temporal_dev: WorkflowEnvironment) -> None:
    script, queue, someone = Script(), uuid4().hex, person()
    dialogs = Dialogs(temporal_dev.client, queue)
    async with script.worker(temporal_dev.client, queue):
        assert (await dialogs.open(someone, 1, "q")).asks == "q"
        assert (await dialogs.answer(someone, 2, 99)).asks == "q"
        assert (await dialogs.answer(someone, 2, 99)).text_key == "again"
        assert (await dialogs.answer(someone, 3, 1)) == DialogReply("done")
        handle = temporal_dev.client.get_workflow_handle(dialog_workflow_id(someone.id or 0))
        await asyncio.wait_for(handle.result(), 5)
        assert (await dialogs.answer(someone, 3, 1)) == DialogReply("done"), "repeated after the dialog ended"
    assert script.log == ["open q", "answer q 99", "answer q 1"]


async def test_a_new_question_takes_the_place_of_the_open_one(temporal_dev: WorkflowEnvironment) -> None:
    script, queue, someone = Script(), uuid4().hex, person()
    dialogs = Dialogs(temporal_dev.client, queue)
    async with script.worker(temporal_dev.client, queue):
        await dialogs.open(someone, 1, "q")
        await dialogs.open(someone, 2, "r")
        await dialogs.answer(someone, 3, 1)
    assert script.log == ["open q", "open r", "answer r 1"]


async def test_leaving(temporal_dev: WorkflowEnvironment) -> None:
    script, queue, someone = Script(), uuid4().hex, person()
    dialogs = Dialogs(temporal_dev.client, queue)
    async with script.worker(temporal_dev.client, queue):
        await dialogs.leave(someone, 1)
        assert script.log == [], "nothing was open: Temporal is not asked"
        await dialogs.open(someone, 2, "q")
        someone.dialog_open = True
        await dialogs.leave(someone, 3)
        assert not someone.dialog_open
        await dialogs.open(someone, 3, "r")
    assert script.log == ["open q", "close q", "open r"], "one update may leave one dialog and open the next"


async def test_many_taps_at_once_do_no_harm(temporal_dev: WorkflowEnvironment) -> None:
    script, queue, someone = Script(), uuid4().hex, person()
    dialogs = Dialogs(temporal_dev.client, queue)
    async with script.worker(temporal_dev.client, queue):
        replies = await asyncio.gather(*(dialogs.open(someone, number % 4, "q") for number in range(8)))
    assert {reply.asks for reply in replies} == {"q"}
    assert script.log == ["open q"] * 4


async def test_an_answer_to_no_question_is_passed_on_and_ends(temporal_dev: WorkflowEnvironment) -> None:
    """As when Temporal's memory was lost and the database still says that a question is open."""
    script, queue, someone = Script(), uuid4().hex, person()
    async with script.worker(temporal_dev.client, queue):
        await Dialogs(temporal_dev.client, queue).answer(someone, 1, 5)
        handle = temporal_dev.client.get_workflow_handle(dialog_workflow_id(someone.id or 0))
        await asyncio.wait_for(handle.result(), 5)
    assert script.log == ["answer None 5"]


@pytest.mark.parametrize("step", [DialogStep(1), DialogStep(1, start="q", close=True), DialogStep(1, "q", 2)], ids=str)
async def test_a_step_is_exactly_one_thing(temporal_dev: WorkflowEnvironment, step: DialogStep) -> None:
    script, queue = Script(), uuid4().hex
    async with script.worker(temporal_dev.client, queue):
        workflow_id = uuid4().hex
        handle = await temporal_dev.client.start_workflow(DIALOG, DialogInput(1), id=workflow_id, task_queue=queue)
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update(DIALOG_STEP, step)
        await handle.terminate()
    assert script.log == []


async def test_a_question_stays_open_for_a_while_only(temporal_skipping: WorkflowEnvironment) -> None:
    script, queue = Script(), uuid4().hex
    client = temporal_skipping.client
    async with script.worker(client, queue):
        handle = await client.start_workflow(DIALOG, DialogInput(1), id=uuid4().hex, task_queue=queue)
        await handle.execute_update(DIALOG_STEP, DialogStep(1, start="q"))
        await temporal_skipping.sleep(IDLE_LIMIT * 0.9)
        await handle.execute_update(DIALOG_STEP, DialogStep(2, draft_id=7))
        await temporal_skipping.sleep(IDLE_LIMIT * 0.9)
        assert script.log == ["open q", "answer q 7"], "each step begins the time anew"
        await handle.result()
    assert script.log == ["open q", "answer q 7", "close q", "tell q"]


async def test_a_long_dialog_goes_on_in_a_new_run() -> None:
    few_events = "limit.historyCount.suggestContinueAsNew=40"
    script, queue, someone = Script(), uuid4().hex, person()
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=program("temporal"),
        dev_server_extra_args=["--dynamic-config-value", few_events],
        dev_server_log_level="never",
    ) as environment:
        dialogs = Dialogs(environment.client, queue)
        handle = environment.client.get_workflow_handle(dialog_workflow_id(someone.id or 0))
        async with script.worker(environment.client, queue):
            await dialogs.open(someone, 0, "q")
            first = (await handle.describe()).run_id
            for number in range(1, 9):
                assert (await dialogs.answer(someone, number, 99)).asks == "q"
            assert (await handle.describe()).run_id != first
            assert (await dialogs.answer(someone, 10, 1)).text_key == "done"
    assert script.log == ["open q", *["answer q 99"] * 8, "answer q 1"]


@pytest.mark.parametrize("dies", ["worker", "both"])
async def test_a_dialog_survives_a_restart_between_any_two_messages(front: Front, dies: str) -> None:
    async def restart() -> None:
        if dies == "both":
            await front.stop_inbox(0)
        await front.stop_worker()
        if dies == "both":
            await front.start_inbox()
        await front.start_worker()

    settings = await front.say("/settings")
    await front.tap(settings, "Other")
    assert (await front.answer(settings["message_id"]))["text"].startswith(ASKED)
    await restart()
    await front.telegram.say("half past")
    await front.telegram.wait_for(lambda message: message["text"].startswith(AGAIN))
    await restart()
    await front.telegram.say("7:30")
    await front.telegram.wait_for(lambda message: message["text"].startswith(DONE))
    subscriber = await front.subscriber()
    assert subscriber is not None
    assert (subscriber.digest_minute, subscriber.dialog_open) == (450, False)


async def test_a_message_that_comes_while_no_worker_is_there_is_answered_later(front: Front) -> None:
    settings = await front.say("/settings")
    await front.tap(settings, "Other")
    asked = await front.answer(settings["message_id"])
    await front.stop_worker()
    message_id = await front.telegram.say("7:30")
    await asyncio.sleep(0.3)
    await front.start_worker()
    assert (await front.answer(message_id))["text"].startswith(DONE)
    assert len([m for m in await front.telegram.messages(after=asked["message_id"]) if m["from"]["is_bot"]]) == 1


async def test_nothing_that_was_typed_enters_the_history(front: Front) -> None:
    settings = await front.say("/settings")
    await front.tap(settings, "Other")
    await front.answer(settings["message_id"])
    await front.say("very secret words")
    subscriber = await front.subscriber()
    assert subscriber is not None
    handle = front.temporal.get_workflow_handle(dialog_workflow_id(subscriber.id or 0))
    assert "secret" not in (await handle.fetch_history()).to_json()


def test_the_workflow_is_a_file_of_its_own() -> None:
    """It is executed in the sandbox, which must not have to load aiogram."""
    source = Path("contentsync/bot/dialog_workflows.py").read_text(encoding="utf-8")
    assert "aiogram" not in source
