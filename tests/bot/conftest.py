"""The front desk, and databases, for the bot's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from contentsync.db.engine import Database
from tests.bot.front import Front, open_database


@pytest.fixture
async def front(tmp_path: Path, temporal_dev: WorkflowEnvironment) -> AsyncIterator[Front]:
    """Open to everybody."""
    async with Front(tmp_path, temporal_dev.client) as desk:
        yield desk


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    """A SQLite file with all tables."""
    database = await open_database(tmp_path)
    yield database
    await database.close()
