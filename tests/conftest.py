"""What all tests share: one Temporal dev server and one time-skipping server a session, both from PyPI wheels."""

import shutil
import sysconfig
from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from contentsync.bot.loading import load_aiogram

load_aiogram()  # as the program does, before a test module imports aiogram


def program(name: str) -> str:
    """The path of a program that a wheel of ours installed."""
    path = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    assert path is not None, f"{name} is not installed: make .venv"
    return path


@pytest.fixture(scope="session")
async def temporal_dev() -> AsyncIterator[WorkflowEnvironment]:
    """A real dev server; use a task queue of your own."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=program("temporal"), dev_server_log_level="error"
    )
    async with environment:
        yield environment


@pytest.fixture(scope="session")
async def temporal_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The time-skipping server (it has no Schedules); use a task queue of your own."""
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=program("temporal-test-server")
    )
    async with environment:
        yield environment
