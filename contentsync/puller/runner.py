"""Where errands are done: here for a few sources, in processes of their own for many.

Fetching, parsing and compressing take milliseconds of a core for each feed. For many at once that would hold up the
chat and use one core only; a process costs half a second and some 60 MB, so processes are started for large batches
and end soon after them. This process keeps the manners and the database.
"""

import asyncio
import itertools
import logging
import os
import socket
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import httpx

from contentsync.puller.arrival import Arrival, take_in
from contentsync.puller.errand import Equipment, Errand, Failed
from contentsync.puller.frames import frame, read_frame
from contentsync.puller.hosts import host_of
from contentsync.sources.base import Unchanged

logger = logging.getLogger(__name__)

MODULE = "contentsync.puller.process"
MANY = 40
"""From so many sources in a batch on, processes pay off."""
MAX_PROCESSES = 4
"""As many keep one database busy."""
IDLE_SECONDS = 5.0
"""Processes wait so long for the next large batch before they end."""

Run = Callable[[Errand], Coroutine[Any, Any, Arrival | Unchanged]]


class ProcessDied(Exception):
    """A pull process ended before it was done."""


class Runner:
    """Does errands. `client` is for those done here; every process has a client of its own."""

    def __init__(self, *, client: httpx.AsyncClient, equipment: Equipment, processes: int | None = None) -> None:
        self._client = client
        self._equipment = equipment
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parser")
        self._places: list[PullProcess | None] = [None] * (processes or min(_cores(), MAX_PROCESSES))
        self._batches = 0
        self._ending: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def batch(self, sources: int) -> AsyncIterator[Run]:
        """What does the errands of a batch of that many sources."""
        if sources < MANY:
            yield self._here
            return
        self._batches += 1
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        try:
            yield self._elsewhere
        finally:
            self._batches -= 1
            if self._batches == 0:
                self._ending = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end_processes)

    def close(self) -> None:
        """End the thread and the processes; what they were doing is lost."""
        if self._ending is not None:
            self._ending.cancel()
        self._end_processes()
        self._thread.shutdown(wait=False)

    @property
    def pids(self) -> list[int]:
        """The process ids of the pull processes that run now."""
        return [process.pid for process in self._places if process is not None and process.pid is not None]

    async def _here(self, errand: Errand) -> Arrival | Unchanged:
        kind = self._equipment.kinds[errand.kind]
        fetched = await kind.fetch(self._client, errand.ref)
        if isinstance(fetched, Unchanged):
            return fetched
        work = partial(take_in, kind, fetched, source_id=errand.source_id, now=errand.now)
        arrival: Arrival = await asyncio.get_running_loop().run_in_executor(self._thread, work)
        return arrival

    async def _elsewhere(self, errand: Errand) -> Arrival | Unchanged:
        """What a process makes of it. If the process dies over it, it is done once more in a new one.

        Raises:
            ProcessDied: twice.
        """
        # A host always gets the same process, where its connection is still open.
        place = zlib.crc32(host_of(errand.ref.url).encode()) % len(self._places)
        try:
            return await self._process(place).run(errand)
        except ProcessDied:
            return await self._process(place).run(errand)

    def _process(self, place: int) -> "PullProcess":
        process = self._places[place]
        if process is None or process.is_gone:
            process = self._places[place] = PullProcess(self._equipment)
        return process

    def _end_processes(self) -> None:
        for process in self._places:
            if process is not None:
                process.end()
        self._places = [None] * len(self._places)


class PullProcess:
    """One process, and what it has not answered yet."""

    def __init__(self, equipment: Equipment) -> None:
        self.pid: int | None = None
        self.is_gone = False
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Arrival | Unchanged]] = {}
        self._unsent = [frame(equipment)]
        self._writer: asyncio.StreamWriter | None = None
        self._life = asyncio.create_task(self._live())

    async def run(self, errand: Errand) -> Arrival | Unchanged:
        """Have it do an errand.

        Raises:
            SourceError: see `errand.run_errand`.
            BugElsewhere: what it raised unexpectedly.
            ProcessDied: it ended before it answered.
        """
        if self.is_gone:
            raise ProcessDied
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._send(frame((number, errand)))
            return await answer
        finally:
            del self._waiting[number]

    def end(self) -> None:
        """Let go of it, which ends it at once."""
        self._life.cancel()

    def _send(self, data: bytes) -> None:
        if self._writer is None:
            self._unsent.append(data)
        else:
            self._writer.write(data)

    async def _live(self) -> None:
        ours, theirs = socket.socketpair()
        process = None
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", MODULE, str(theirs.fileno())),
                    pass_fds=(theirs.fileno(),),
                    stdin=asyncio.subprocess.DEVNULL,
                )
            self.pid = process.pid
            reader, self._writer = await asyncio.open_connection(sock=ours)
            self._writer.writelines(self._unsent)
            while True:
                self._take(*await read_frame(reader))
        except (OSError, asyncio.IncompleteReadError) as error:
            logger.warning("pull process ended error=%s", type(error).__name__)
        finally:
            self.is_gone = True
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(ProcessDied())
            (self._writer or ours).close()
            if process is not None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    def _take(self, number: int, outcome: Arrival | Unchanged | Failed) -> None:
        answer = self._waiting.get(number)
        if answer is None or answer.done():  # nobody waits for it any more
            return
        if isinstance(outcome, Failed):
            answer.set_exception(outcome.as_error())
        else:
            answer.set_result(outcome)


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
