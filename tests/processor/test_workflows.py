"""The processor's workflow on a real server, with its real activity."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import select
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from contentsync.db.engine import Database
from contentsync.db.models import Item
from contentsync.processor.activities import ProcessorActivities
from contentsync.processor.contract import PROCESS_NEW, ProcessNewInput, ProcessResult
from contentsync.processor.workflows import WORKFLOWS
from tests.filling import NOW, add_item, add_source, sqlite_database


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with sqlite_database(tmp_path) as database:
        yield database


@pytest.mark.parametrize("now", [NOW.isoformat(), None])
async def test_process_new(temporal_dev: WorkflowEnvironment, db: Database, now: str | None) -> None:
    source = await add_source(db, language="en")
    await add_item(db, source, "one", processed=False)
    queue = uuid4().hex
    async with Worker(
        temporal_dev.client, task_queue=queue, workflows=WORKFLOWS, activities=ProcessorActivities(db).all()
    ):
        result = await temporal_dev.client.execute_workflow(
            PROCESS_NEW, ProcessNewInput(now=now), id=queue, task_queue=queue, result_type=ProcessResult
        )
    assert result == ProcessResult(processed=1)
    async with db.read() as session:
        item = (await session.exec(select(Item))).one()
    assert item.processed_at == NOW if now else item.processed_at is not None
