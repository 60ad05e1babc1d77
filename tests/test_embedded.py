"""The embedded Temporal: started, found again after we were killed, never mistaken for another process."""

import json
import os
from pathlib import Path

import psutil
import pytest
from temporalio.client import Client

from contentsync.embedded import RECORD, start_embedded
from contentsync.errors import PartDied


async def test_a_server_left_over_is_adopted_and_stopped(tmp_path: Path) -> None:
    first = await start_embedded(tmp_path)
    second = await start_embedded(tmp_path)
    try:
        assert second.adopted
        assert second.record == first.record
        client = await Client.connect(second.target_host)
        assert await client.service_client.check_health()
    finally:
        await second.stop()
    assert not psutil.pid_exists(first.record.pid) or psutil.Process(first.record.pid).status() == "zombie"
    with pytest.raises(PartDied):
        await first.watch()
    await first.stop()


async def test_two_data_directories_run_side_by_side(tmp_path: Path) -> None:
    servers = [await start_embedded(_made(tmp_path / name)) for name in ("a", "b")]
    try:
        assert len({s.record.port for s in servers} | {s.record.ui_port for s in servers}) == 4
    finally:
        for server in servers:
            await server.stop()


async def test_another_process_with_the_recorded_pid_is_left_alone(tmp_path: Path) -> None:
    own = {"pid": os.getpid(), "started_at": 1.0, "port": 1, "ui_port": 2}
    (tmp_path / RECORD).write_text(json.dumps(own))
    server = await start_embedded(tmp_path)
    await server.stop()
    assert not server.adopted


@pytest.mark.parametrize("text", ["", "{}", '{"pid": "x"}', "[1]"])
async def test_a_broken_record_means_a_new_server(tmp_path: Path, text: str) -> None:
    (tmp_path / RECORD).write_text(text)
    server = await start_embedded(tmp_path)
    await server.stop()
    assert not server.adopted


def _made(path: Path) -> Path:
    path.mkdir()
    return path
