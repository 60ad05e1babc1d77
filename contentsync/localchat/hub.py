"""Tells open pages what happens in their chat."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

BACKLOG = 1000
"""Events kept for a page that does not read; with more it is cut off, connects again and loads everything anew."""


@dataclass(frozen=True)
class Event:
    """Something a page shows: `kind` is message, answer, typing, keyboard, or changed (menus, people)."""

    kind: str
    data: Any


class Hub:
    """Events by chat. A queue that yields None has ended."""

    def __init__(self) -> None:
        self._pages: defaultdict[int, set[asyncio.Queue[Event | None]]] = defaultdict(set)
        self._closed = False

    @contextlib.contextmanager
    def subscribe(self, chat_id: int) -> Iterator[asyncio.Queue[Event | None]]:
        """The events of a chat from now on."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        if self._closed:
            queue.put_nowait(None)
        self._pages[chat_id].add(queue)
        try:
            yield queue
        finally:
            self._pages[chat_id].discard(queue)
            if not self._pages[chat_id]:
                del self._pages[chat_id]

    def publish(self, chat_id: int, kind: str, data: Any) -> None:
        """Tell the pages that show this chat."""
        for queue in self._pages.get(chat_id, ()):
            if queue.qsize() < BACKLOG:
                queue.put_nowait(Event(kind, data))
            elif queue.qsize() == BACKLOG:
                queue.put_nowait(None)

    def publish_to_all(self, kind: str, data: Any) -> None:
        """Tell every page."""
        for chat_id in list(self._pages):
            self.publish(chat_id, kind, data)

    def close(self) -> None:
        """End all queues, and those of pages that come later."""
        self._closed = True
        for queues in self._pages.values():
            for queue in queues:
                queue.put_nowait(None)
