"""Every stored history replays on today's workflows; every workflow has one."""

from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from contentsync.worker import WORKFLOWS

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
