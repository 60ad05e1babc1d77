"""Polling Telegram without losing an update: stored first, acknowledged then, handled in order, forgotten last.

getUpdates(offset) both fetches and acknowledges what is below the offset, so the next call is made only when the answer
of the last one is in the database. Updates go to the dispatcher one after another for each chat, and all chats at once.
After a crash the rows that are left are fed again; handlers are written so that a second time has no second effect.
Source: https://core.telegram.org/bots/api#getupdates
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    AiogramError,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import DeleteWebhook, TelegramMethod
from aiogram.types import Update
from temporalio.client import RPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from contentsync.bot import texts
from contentsync.bot.access import set_blocked
from contentsync.credentials import Vault
from contentsync.db import inbox
from contentsync.db.base import utc_now
from contentsync.db.engine import Database
from contentsync.db.inbox import InboxRow

log = logging.getLogger(__name__)

ALLOWED_UPDATES = ["message", "callback_query", "my_chat_member"]
POLL_SECONDS = 25
ANSWER_SECONDS = 10
"""How much longer than `POLL_SECONDS` an answer may take."""
HANDLER_SECONDS = 120.0
TRIES = 4
RETRY_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
MOST_WAITING = 1_000
"""Updates in memory; more are left with Telegram."""
KEEP_SET_ASIDE = timedelta(days=30)
AWAY = {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.RESOURCE_EXHAUSTED}

Answer = TypeVar("Answer")
Result = TypeVar("Result")


class GetRawUpdates(TelegramMethod[list[dict[str, Any]]]):
    """getUpdates with its answer unread, so that one update we cannot read does not hide the others."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None = None
    timeout: int = POLL_SECONDS
    allowed_updates: list[str] = ALLOWED_UPDATES


@dataclass(frozen=True, slots=True)
class Arrival:
    """A stored update that waits. `attempts`: those on record; `is_left`: an earlier process stored it."""

    update_id: int
    chat_id: int
    payload: str
    attempts: int = 0
    is_left: bool = False


class Inbox:
    """Polls, stores, feeds: `run` until `drain`."""

    def __init__(
        self,
        *,
        bot: Bot,
        dispatcher: Dispatcher,
        db: Database,
        vault: Vault,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._db = db
        self._vault = vault
        self._retry_seconds = retry_seconds
        """The first pause after something failed; it doubles while that goes on."""
        self.connected = False
        """Whether Telegram answered the latest request."""
        self._offset: int | None = None
        self._unconfirmed: set[int] = set()
        """Ids that Telegram may still send again."""
        self._trouble: type[AiogramError] | None = None
        """What was last said about Telegram; said once, not at every try."""
        self._chats: dict[int, deque[Arrival]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(MOST_WAITING)
        self._polling: asyncio.Task[None] | None = None
        self._is_draining = False

    async def run(self) -> None:
        """Feed what an earlier process left, then poll until `drain` is called.

        Raises:
            ExceptionGroup: a fault of our own. Telegram or the database being away is none: that is waited for.
        """
        if self._is_draining:
            return
        async with asyncio.TaskGroup() as group:
            self._polling = group.create_task(self._poll_for_ever(group))

    async def drain(self, seconds: float) -> None:
        """Stop polling and give running handlers this long; what is left then stays stored for the next start."""
        self._is_draining = True
        self.connected = False
        if self._polling is not None:
            self._polling.cancel()
        for waiting in self._chats.values():
            waiting.clear()
        running = list(self._tasks)
        if running:
            await asyncio.wait(running, timeout=seconds)
        for task in running:
            task.cancel()
        stopping = [task for task in (self._polling, *running) if task is not None]
        if stopping:
            await asyncio.wait(stopping)

    async def _poll_for_ever(self, group: asyncio.TaskGroup) -> None:
        for arrival in await self._patiently(self._load_left):
            await self._enqueue(arrival, group)
        await self._ask(lambda: DeleteWebhook(drop_pending_updates=False))
        while True:
            updates = await self._ask(self._next_poll)
            for arrival in await self._patiently(partial(self._store, updates)):
                await self._enqueue(arrival, group)

    async def _load_left(self) -> list[Arrival]:
        async with self._db.write() as session:
            await inbox.forget_set_aside(session, before=utc_now() - KEEP_SET_ASIDE)
            left = await inbox.list_unhandled(session)
        self._unconfirmed.update(row.update_id for row in left)
        return [Arrival(row.update_id, row.chat_id, row.payload, row.attempts, is_left=True) for row in left]

    async def _store(self, updates: list[dict[str, Any]]) -> list[Arrival]:
        """Store an answer and forget what it confirms, in one transaction; gives what came for the first time."""
        now = utc_now()
        rows = [
            InboxRow(
                update_id=update["update_id"],
                chat_id=chat_of(update),
                payload=self._vault.encrypt(json.dumps(update)),
                attempts=0,
                received_at=now,
            )
            for update in updates
        ]
        async with self._db.write() as session:
            if not rows or self._offset is not None:
                # An empty answer says that Telegram has nothing left that is unconfirmed.
                await inbox.delete_handled(session, below=self._offset if rows else None)
            new = await inbox.store_updates(session, rows=rows)
        ids = {row["update_id"] for row in rows}
        confirmed_below = self._offset or 0
        self._unconfirmed = {id for id in self._unconfirmed if rows and id >= confirmed_below} | ids
        # Ids start anew at random after a quiet week, so an offset is kept only while it has something to acknowledge.
        self._offset = max(ids) + 1 if ids else None
        return [Arrival(r["update_id"], r["chat_id"], r["payload"]) for r in rows if r["update_id"] in new]

    async def _enqueue(self, arrival: Arrival, group: asyncio.TaskGroup) -> None:
        await self._room.acquire()
        if arrival.chat_id in self._chats:
            self._chats[arrival.chat_id].append(arrival)
            return
        self._chats[arrival.chat_id] = deque([arrival])
        task = group.create_task(self._work_off(arrival.chat_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work_off(self, chat_id: int) -> None:
        """Handle what waits for this chat, one after another, until nothing does."""
        waiting = self._chats[chat_id]
        while waiting:
            arrival = waiting.popleft()
            try:
                await self._handle(arrival)
            finally:
                self._room.release()
        del self._chats[chat_id]

    async def _handle(self, arrival: Arrival) -> None:
        """Feed the update until it works, at most `TRIES` times in all; then set it aside and say so."""
        for attempt in range(arrival.attempts + 1, TRIES + 1):
            if attempt > 1 or arrival.is_left:
                # Written down before it is tried: an update that kills the process must not do so for ever.
                await self._write(inbox.set_attempts, update_id=arrival.update_id, attempts=attempt)
            error = await self._feed(arrival)
            if error is None:
                await self._finish(arrival.update_id)
                return
            log.error("update failed update=%d attempt=%d error=%s", arrival.update_id, attempt, type(error).__name__)
            await asyncio.sleep(self._retry_seconds)
        log.error("update set aside update=%d", arrival.update_id)
        await self._write(inbox.set_aside, update_id=arrival.update_id, now=utc_now())
        await self._say_went_wrong(arrival.chat_id)

    async def _feed(self, arrival: Arrival) -> Exception | None:
        """Hand the update to the dispatcher, waiting out outages; gives the error if it is the update's own."""
        pause = self._retry_seconds
        while True:
            try:
                async with asyncio.timeout(HANDLER_SECONDS):
                    payload = self._vault.decrypt(arrival.payload)
                    update = Update.model_validate_json(payload, context={"bot": self._bot})
                    await self._dispatcher.feed_update(self._bot, update)
                return None
            except TelegramForbiddenError:
                log.info("blocked by the person chat=%d", arrival.chat_id)
                await self._patiently(partial(set_blocked, self._db, arrival.chat_id, blocked=True, now=utc_now()))
                return None
            except TelegramRetryAfter as error:
                pause = float(error.retry_after)
            except Exception as error:  # noqa: BLE001 - whatever a handler raises must not stop the other chats
                if not is_outage(error):
                    return error
                log.warning("update waits update=%d error=%s", arrival.update_id, type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _finish(self, update_id: int) -> None:
        if update_id in self._unconfirmed:
            await self._write(inbox.finish_update, update_id=update_id, now=utc_now())
        else:
            await self._write(inbox.delete_update, update_id=update_id)

    async def _say_went_wrong(self, chat_id: int) -> None:
        if chat_id <= 0:
            return  # a group
        try:
            await self._bot.send_message(chat_id, texts.say("went_wrong"))
        except AiogramError as error:
            log.warning("cannot say that something went wrong chat=%d error=%s", chat_id, type(error).__name__)

    def _next_poll(self) -> GetRawUpdates:
        # While Telegram is away the answer should come at once: it tells that Telegram is back.
        return GetRawUpdates(offset=self._offset, timeout=POLL_SECONDS if self.connected else 0)

    async def _ask(self, method: Callable[[], TelegramMethod[Answer]]) -> Answer:
        """Telegram's answer, asked for until it comes."""
        pause = self._retry_seconds
        while True:
            try:
                answer = await self._bot(method(), request_timeout=POLL_SECONDS + ANSWER_SECONDS)
            except AiogramError as error:
                self.connected = False
                self._report(error)
                wanted = float(error.retry_after) if isinstance(error, TelegramRetryAfter) else 0.0
                await asyncio.sleep(max(pause, wanted))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                if self._trouble is not None:
                    log.warning("Telegram answers again")
                self.connected, self._trouble = True, None
                return answer

    def _report(self, error: AiogramError) -> None:
        """Say what is wrong with Telegram, when that changes."""
        if self._trouble is type(error):
            return
        self._trouble = type(error)
        if isinstance(error, TelegramUnauthorizedError | TelegramNotFound):
            log.error("Telegram does not know the bot's token. Set TELEGRAM_BOT_TOKEN to a valid one and start again.")
        elif isinstance(error, TelegramConflictError):
            log.error("Another program polls for this bot. Stop it; until then no message arrives here.")
        else:
            log.warning("Telegram does not answer, trying again and again error=%s", type(error).__name__)

    async def _write(self, step: Callable[..., Awaitable[None]], **values: Any) -> None:
        """One repository call in a transaction of its own."""

        async def write() -> None:
            async with self._db.write() as session:
                await step(session, **values)

        await self._patiently(write)

    async def _patiently(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """The result, tried until the database is there."""
        pause = self._retry_seconds
        while True:
            try:
                return await call()
            except Exception as error:
                if not inbox.is_unavailable(error):
                    raise
                log.warning("the database is away error=%s", type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def chat_of(update: dict[str, Any]) -> int:
    """The chat whose order the update keeps; 0 if it has none."""
    event: dict[str, Any] = next((update[kind] for kind in ALLOWED_UPDATES if kind in update), {})
    chat = event.get("chat") or event.get("message", {}).get("chat") or event.get("from") or {}
    return int(chat.get("id", 0))


def is_outage(error: Exception) -> bool:
    """Whether something the handler needs is away for now, so that the update itself is not to blame."""
    if isinstance(error, RPCError):
        return error.status in AWAY
    if isinstance(error, RPCTimeoutOrCancelledError):
        return True
    telegram_away = (TelegramNetworkError, TelegramServerError, TelegramUnauthorizedError)
    if isinstance(error, telegram_away):
        return not isinstance(error, TelegramEntityTooLarge)
    return inbox.is_unavailable(error)
