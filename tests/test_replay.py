"""Every stored history replays on today's workflows; every workflow has one."""

from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from contentsync.bot.dialog_workflows import WORKFLOWS as DIALOG_WORKFLOWS
from contentsync.bot.digest_workflows import WORKFLOWS as DIGEST_WORKFLOWS
from contentsync.processor.workflows import WORKFLOWS as PROCESSOR_WORKFLOWS
from contentsync.puller.account_workflows import WORKFLOWS as ACCOUNT_WORKFLOWS
from contentsync.puller.housekeeping_workflows import WORKFLOWS as HOUSEKEEPING_WORKFLOWS
from contentsync.puller.workflows import WORKFLOWS as PULLER_WORKFLOWS

WORKFLOWS: list[Any] = [
    *PULLER_WORKFLOWS,
    *ACCOUNT_WORKFLOWS,
    *HOUSEKEEPING_WORKFLOWS,
    *PROCESSOR_WORKFLOWS,
    *DIGEST_WORKFLOWS,
    *DIALOG_WORKFLOWS,
]
HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


def name_of(defined: type) -> str:
    """The name a workflow class is registered under."""
    definition = workflow._Definition.from_class(defined)
    assert definition is not None
    return str(definition.name)


def test_every_workflow_has_a_stored_history() -> None:
    stored = {path.name.rsplit(".", 2)[0] for path in HISTORIES}
    assert {name_of(defined) for defined in WORKFLOWS} <= stored


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.name)
async def test_a_stored_history_replays(path: Path) -> None:
    history = WorkflowHistory.from_json(path.stem, path.read_text())
    assert len(history.events) > 5
    await Replayer(workflows=WORKFLOWS).replay_workflow(history)
