"""The workflows around accounts on a real Temporal server, with the real activities of the puller."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from contentsync.bot.contract import SEND_NOTICES, SendNoticesInput, SendNoticesResult
from contentsync.db import integrations
from contentsync.errors import AccountRefused, Unreachable
from contentsync.processor.contract import PROCESS_ITEMS, ProcessItemsInput, ProcessResult
from contentsync.puller.account_workflows import BATCH_ACCOUNTS, WORKFLOWS
from contentsync.puller.contract import (
    CONNECT_ACCOUNT,
    REMOVE_ACCOUNT,
    SYNC_INTEGRATIONS,
    ConnectAccountInput,
    ConnectAccountResult,
    RemoveAccountInput,
    SyncIntegrationsInput,
    SyncResult,
)
from contentsync.puller.work import SYNC_BATCH, SyncBatchInput
from tests.puller.conftest import NOW, World
from tests.puller.letters import KIND, PASSWORD, Desk


@dataclass
class Others:
    """Stand in for the activities of other rooms; `fail` lets them fail for good."""

    fail: bool = False
    processed: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @activity.defn(name=PROCESS_ITEMS)
    async def process_items(self, request: ProcessItemsInput) -> ProcessResult:
        self.processed.append(request.now)
        self._maybe_fail()
        return ProcessResult(processed=1)

    @activity.defn(name=SEND_NOTICES)
    async def send_notices(self, request: SendNoticesInput) -> SendNoticesResult:
        self.told.append(request.now)
        self._maybe_fail()
        return SendNoticesResult()

    def _maybe_fail(self) -> None:
        if self.fail:
            raise ApplicationError("broken", non_retryable=True)


@dataclass
class Office:
    """A worker with everything around accounts."""

    desk: Desk
    others: Others
    client: Client
    queue: str

    async def run(self, name: str, argument: Any, result_type: type) -> Any:
        """Run a workflow to its end."""
        return await self.client.execute_workflow(
            name, argument, id=f"test/{uuid4()}", task_queue=self.queue, result_type=result_type
        )

    async def sync(self, *ids: int) -> SyncResult:
        """One tick at `NOW`, or a sync of exactly these accounts."""
        request = SyncIntegrationsInput(now=NOW.isoformat(), integration_ids=list(ids))
        result: SyncResult = await self.run(SYNC_INTEGRATIONS, request, SyncResult)
        return result


@asynccontextmanager
async def opened(temporal: WorkflowEnvironment, world: World, **replaced: Any) -> AsyncIterator[Office]:
    """An office; `replaced` activities stand in for the puller's, by name."""
    desk, others, queue = Desk.of(world), Others(), f"test-{uuid4()}"
    own = {activity._Definition.must_from_callable(one).name: one for one in desk.activities.all()}
    activities = [*(own | replaced).values(), others.process_items, others.send_notices]
    async with Worker(temporal.client, task_queue=queue, workflows=WORKFLOWS, activities=activities):
        yield Office(desk, others, temporal.client, queue)


@pytest.fixture
async def office(temporal_dev: WorkflowEnvironment, world: World) -> AsyncIterator[Office]:
    async with opened(temporal_dev, world) as office:
        yield office


async def test_a_tick_syncs_what_is_due_in_batches(office: Office) -> None:
    ids = await office.desk.add(*[f"a{n}" for n in range(BATCH_ACCOUNTS + 2)])
    office.desk.letters.brings = {"x": "X"}
    office.desk.letters.does = {"a3": Unreachable("https://a.example/"), "a4": AccountRefused("https://a.example/")}
    assert await office.sync() == SyncResult(synced=len(ids) - 2, failed=2, new_items=len(ids) - 2)
    assert sorted(office.desk.letters.synced) == sorted(f"a{n}" for n in range(len(ids)))
    assert office.others.processed == office.others.told == [NOW.isoformat()]
    assert [notice.text_key for notice in await office.desk.notices()] == ["letters_refused"]
    assert await office.sync() == SyncResult(), "nothing is due any more"
    assert len(office.others.processed) == 1
    assert len(office.others.told) == 2, "what could not be told before is told now"


async def test_named_accounts_are_synced_though_not_due(office: Office) -> None:
    a, b = await office.desk.add("a", "b")
    await office.sync()
    assert await office.sync(b) == SyncResult(synced=1)
    assert office.desk.letters.synced[2:] == ["b"]
    assert await office.sync(a + 1000) == SyncResult()


async def test_other_rooms_cannot_make_it_fail(office: Office) -> None:
    await office.desk.add("a")
    office.desk.letters.brings = {"x": "X"}
    office.others.fail = True
    assert await office.sync() == SyncResult(synced=1, new_items=1)


async def test_a_batch_that_fails_leaves_the_others_alone(temporal_dev: WorkflowEnvironment, world: World) -> None:
    @activity.defn(name=SYNC_BATCH)
    async def sync_batch(batch: SyncBatchInput) -> SyncResult:
        if batch.integration_ids[0] == ids[0]:
            raise ApplicationError("broken", non_retryable=True)
        return SyncResult(synced=len(batch.integration_ids))

    ids: list[int] = []
    async with opened(temporal_dev, world, **{SYNC_BATCH: sync_batch}) as office:
        ids += await office.desk.add(*[f"a{n}" for n in range(BATCH_ACCOUNTS + 2)])
        assert await office.sync() == SyncResult(synced=2, failed=BATCH_ACCOUNTS)


@pytest.mark.parametrize("announce", [False, True], ids=["waited for", "announced"])
async def test_connecting_an_account(office: Office, announce: bool) -> None:
    draft_id = await office.desk.draft()
    request = ConnectAccountInput(draft_id, KIND, announce)
    result: ConnectAccountResult = await office.run(CONNECT_ACCOUNT, request, ConnectAccountResult)
    assert result.integration_id is not None
    assert (await office.desk.stored(result.integration_id)).account == "me@letters.example.org"
    assert [notice.text_key for notice in await office.desk.notices()] == (["letters_connected"] if announce else [])
    assert len(office.others.told) == announce


async def test_nothing_that_was_given_is_in_the_history(office: Office) -> None:
    draft_id = await office.desk.draft()
    office.desk.letters.does = {"connect": ZeroDivisionError(PASSWORD)}
    workflow_id = f"test/{uuid4()}"
    result = await office.client.execute_workflow(
        CONNECT_ACCOUNT, ConnectAccountInput(draft_id, KIND), id=workflow_id, task_queue=office.queue,
        result_type=ConnectAccountResult,
    )  # fmt: skip
    assert result == ConnectAccountResult()
    assert office.desk.letters.connected == [PASSWORD]
    history = (await office.client.get_workflow_handle(workflow_id).fetch_history()).to_json()
    assert PASSWORD not in history
    assert "ZeroDivisionError" not in history


async def test_removing_an_account(office: Office) -> None:
    (id,) = await office.desk.add("a")
    office.desk.letters.brings = {"x": "X"}
    await office.sync()
    directory = office.desk.world.data_dir / "owned" / str(id)
    assert directory.exists()
    office.desk.letters.does = {"disconnect": Unreachable("https://a.example/")}
    await office.run(REMOVE_ACCOUNT, RemoveAccountInput(id), type(None))
    assert office.desk.letters.disconnected == [id]
    assert not directory.exists()
    async with office.desk.world.db.read() as session:
        assert await integrations.get_integration(session, integration_id=id) is None
