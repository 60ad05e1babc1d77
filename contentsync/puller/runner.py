"""Where errands are done: here for a few sources, in processes of their own for many.

Fetching, parsing and compressing take milliseconds of a core for each feed. For many at once that would hold up the
chat and use one core only; a process costs half a second and some 60 MB, so processes are started for large batches
and end soon after them. This process keeps the manners and the database.
"""

import asyncio
import hashlib
import itertools
import logging
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import httpx

from contentsync.puller.arrival import Arrival, take_in
from contentsync.puller.errand import Equipment, Errand, Failed
from contentsync.puller.frames import find_note, frame, read_frame
from contentsync.sources.base import Unchanged
from contentsync.sources.families import host_of

logger = logging.getLogger(__name__)

MODULE = "contentsync.puller.process"
MANY = 40
"""From so many sources in a batch on, processes pay off."""
MAX_PROCESSES = 4
"""As many keep one database busy."""
IDLE_SECONDS = 5.0
"""Processes wait so long for the next large batch before they end."""
ANSWER_SECONDS = 180.0
"""A process that takes longer for an errand hangs: fetching takes 30 s at most, reading a few, for each in its line."""
TRIES = 5
"""So often at most an errand is begun whose process dies, whatever it was doing."""

Run = Callable[[Errand], Coroutine[Any, Any, Arrival | Unchanged]]


class ProcessDied(Exception):
    """A pull process ended before it was done. `over_it`: while it was reading this errand's document."""

    def __init__(self, *, over_it: bool) -> None:
        super().__init__()
        self.over_it = over_it


class Runner:
    """Does errands. `client` is for those done here; every process has a client of its own."""

    def __init__(
        self,
        *,
        client: httpx.AsyncClient,
        equipment: Equipment,
        processes: int | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._client = client
        self._equipment = equipment
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parser")
        self._places: list[PullProcess | None] = [None] * (processes or min(_cores(), MAX_PROCESSES))
        self._idle_seconds = idle_seconds
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
                self._ending = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_processes)

    async def close(self) -> None:
        """End the thread and the processes; what they were doing is lost."""
        if self._ending is not None:
            self._ending.cancel()
        if ending := self._end_processes():
            await asyncio.wait(ending)
        self._thread.shutdown(wait=False)

    async def _here(self, errand: Errand) -> Arrival | Unchanged:
        kind = self._equipment.kinds[errand.kind]
        fetched = await kind.fetch(self._client, errand.ref)
        if isinstance(fetched, Unchanged):
            return fetched
        work = partial(take_in, kind, fetched, source_id=errand.source_id, now=errand.now)
        arrival: Arrival = await asyncio.get_running_loop().run_in_executor(self._thread, work)
        return arrival

    async def _elsewhere(self, errand: Errand) -> Arrival | Unchanged:
        """What a process makes of it. If a process dies over it, it is tried once more; so is what dies with it.

        Raises:
            ProcessDied: twice over this errand, or `TRIES` times.
        """
        # A host always gets the same process, where its connection is still open.
        digest = hashlib.blake2s(host_of(errand.ref.url).encode(), digest_size=4).digest()
        place = int.from_bytes(digest, "big") % len(self._places)
        was_over_it = False
        for _ in range(TRIES - 1):
            try:
                return await self._process(place).run(errand)
            except ProcessDied as death:
                if was_over_it and death.over_it:
                    raise
                was_over_it = was_over_it or death.over_it
        return await self._process(place).run(errand)

    def _process(self, place: int) -> "PullProcess":
        process = self._places[place]
        if process is None or process.is_gone:
            process = self._places[place] = PullProcess(self._equipment)
        return process

    def _end_processes(self) -> list[asyncio.Task[None]]:
        ending = [process.end() for process in self._places if process is not None]
        self._places = [None] * len(self._places)
        return ending


class PullProcess:
    """One process, and what it has not answered yet."""

    def __init__(self, equipment: Equipment) -> None:
        self.is_gone = False
        self.answer_seconds = ANSWER_SECONDS
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Arrival | Unchanged]] = {}
        self._unsent = [frame(equipment)]
        self._writer: asyncio.StreamWriter | None = None
        self._life = asyncio.create_task(self._live())

    async def run(self, errand: Errand) -> Arrival | Unchanged:
        """Have it do an errand.

        Raises:
            SourceError: by class, see `contentsync.errors`.
            BugElsewhere: what it raised unexpectedly.
            ProcessDied: it ended before it answered, or took longer than `answer_seconds` and was ended.
        """
        if self.is_gone:
            raise ProcessDied(over_it=False)
        number = next(self._numbers)
        answer: asyncio.Future[Arrival | Unchanged] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        late = asyncio.get_running_loop().call_later(self.answer_seconds, self._life.cancel)
        try:
            self._send(frame((number, errand)))
            return await answer
        finally:
            late.cancel()
            del self._waiting[number]

    def end(self) -> asyncio.Task[None]:
        """End it at once; the task is done when it is gone."""
        self._life.cancel()
        return self._life

    def _send(self, data: bytes) -> None:
        if self._writer is None:
            self._unsent.append(data)
        else:
            self._writer.write(data)

    async def _live(self) -> None:
        ours, theirs = socket.socketpair()
        process = None
        with tempfile.TemporaryFile() as note:
            try:
                with theirs:
                    descriptors = (theirs.fileno(), note.fileno())
                    command = (sys.executable, "-m", MODULE, *map(str, descriptors))
                    process = await asyncio.create_subprocess_exec(
                        *command, pass_fds=descriptors, stdin=asyncio.subprocess.DEVNULL
                    )
                reader, self._writer = await asyncio.open_connection(sock=ours)
                self._writer.writelines(self._unsent)
                while True:
                    self._take(*await read_frame(reader))
            except (OSError, asyncio.IncompleteReadError) as error:
                logger.warning("pull process ended error=%s", type(error).__name__)
            finally:
                self._let_go(find_note(note.fileno()))
                (self._writer or ours).close()
                if process is not None:
                    with suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()

    def _let_go(self, last_read: int | None) -> None:
        self.is_gone = True
        for number, answer in self._waiting.items():
            if not answer.done():
                answer.set_exception(ProcessDied(over_it=number == last_read))

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
