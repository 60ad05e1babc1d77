"""Where parsing happens: a thread for a few answers, a process of its own for many.

Parsing holds the interpreter for milliseconds a feed. With many at once it would hold up the chat, and one core would
do all the work; a process costs a second and some 80 MB, so it is started for large batches and ends when they do.
"""

import asyncio
import multiprocessing
import os
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from typing import TypeVar

Result = TypeVar("Result")

MANY = 40
"""From so many sources in a batch on, the process pays off."""
IDLE_SECONDS = 5.0
"""The process waits so long for the next large batch before it ends."""


class Parser:
    """Runs picklable, pure work off the event loop."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parser")
        self._process: ProcessPoolExecutor | None = None
        self._batches = 0
        self._ending: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def batch(self, sources: int) -> AsyncIterator["Batch"]:
        """A place to parse the answers of a batch of that many sources."""
        if sources < MANY:
            yield Batch(lambda: self._thread)
            return
        self._batches += 1
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        # Begun with nothing to do, it starts up while the first answers are fetched.
        self._own_process().submit(int)
        try:
            yield Batch(self._own_process)
        finally:
            self._batches -= 1
            if self._batches == 0:
                self._ending = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end_process)

    def close(self) -> None:
        """End the thread and the process; work that has begun is finished first."""
        if self._ending is not None:
            self._ending.cancel()
        self._end_process()
        self._thread.shutdown(wait=False)

    def _own_process(self, broken: Executor | None = None) -> Executor:
        if self._process is None or self._process is broken:
            self._process = ProcessPoolExecutor(
                max_workers=1, mp_context=multiprocessing.get_context("spawn"), initializer=_end_with_parent
            )
        return self._process

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.shutdown(wait=False)
            self._process = None


class Batch:
    """Parses for one batch."""

    def __init__(self, executor: Callable[..., Executor]) -> None:
        self._executor = executor

    async def run(self, work: Callable[[], Result]) -> Result:
        """What `work` gives, or raises. If the process dies under it, it is done once more in a new one."""
        loop = asyncio.get_running_loop()
        executor = self._executor()
        try:
            return await loop.run_in_executor(executor, work)
        except BrokenProcessPool:
            return await loop.run_in_executor(self._executor(executor), work)


def _end_with_parent() -> None:
    """A parser must not outlive the program, not even one that was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
