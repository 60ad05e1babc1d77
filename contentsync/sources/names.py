"""Looking up names, in threads of their own: a slow name server must not keep files and databases waiting.

`loop.getaddrinfo` shares its threads with everything that is given to `asyncio.to_thread`.
"""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

THREADS = 32
LOOKUP_SECONDS = 8.0

Lookup = Callable[..., list[tuple[Any, ...]]]


class NameThreads(AbstractResolver):
    """The system's resolver, at most `threads` look-ups at once, each given up after `seconds` (waiting included).

    A look-up that was given up runs on in its thread, because nothing can stop it; one that has not begun is dropped.
    """

    def __init__(
        self, *, threads: int = THREADS, seconds: float = LOOKUP_SECONDS, look_up: Lookup = socket.getaddrinfo
    ) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="names")
        self._seconds = seconds
        self._look_up = look_up

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Give the addresses of a name, in the order of the system's preference.

        Raises:
            OSError: there is no such name, or nobody can say.
            TimeoutError: nobody said in time.
        """
        async with asyncio.timeout(self._seconds):
            rows = await asyncio.get_running_loop().run_in_executor(self._threads, self._rows, host, port, family)
        return [
            ResolveResult(
                hostname=host, host=address[0], port=port, family=kind, proto=protocol, flags=socket.AI_NUMERICHOST
            )
            for kind, _, protocol, _, address in rows
        ]

    @override
    async def close(self) -> None:
        """Drop the look-ups that have not begun. Those under way are not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _rows(self, host: str, port: int, family: socket.AddressFamily) -> list[tuple[Any, ...]]:
        return self._look_up(host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
