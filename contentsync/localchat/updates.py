"""Updates on their way to the bot: kept until acknowledged, handed out by long polling."""

import asyncio
import json
import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

from contentsync.localchat.errors import ApiError
from contentsync.localchat.store import Store

Json = dict[str, Any]


TAKEN_OVER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


class Taken(NamedTuple):
    """The next updates. `forgot_deleted`: among those before was a message that is deleted now."""

    updates: list[Json]
    forgot_deleted: bool


def queue_update(connection: sqlite3.Connection, kind: str, content: Json) -> None:
    """Keep an update until the bot acknowledges it, unless the bot said it wants no such updates."""
    row = connection.execute("SELECT value FROM setting WHERE name = 'allowed_updates'").fetchone()
    allowed = json.loads(row["value"]) if row is not None else []
    if not allowed or kind in allowed:
        connection.execute("INSERT INTO pending_update (body) VALUES (?)", (json.dumps({kind: content}),))


def take_updates(connection: sqlite3.Connection, *, offset: int, limit: int) -> Taken:
    """Forget the updates before `offset`, and give the next ones.

    A negative offset counts from the end of the queue and forgets what is before.
    Source: https://core.telegram.org/bots/api#getupdates
    """
    if offset < 0:
        row = connection.execute(
            "SELECT min(update_id) AS first FROM "
            "(SELECT update_id FROM pending_update ORDER BY update_id DESC LIMIT ?)",
            (-offset,),
        ).fetchone()
        offset = row["first"] or 0
    forgotten = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM pending_update JOIN message "
        "ON message_id = json_extract(pending_update.body, '$.message.message_id') WHERE update_id < ? AND deleted)",
        (offset,),
    ).fetchone()
    connection.execute("DELETE FROM pending_update WHERE update_id < ?", (offset,))
    rows: Iterable[sqlite3.Row] = connection.execute(
        "SELECT * FROM pending_update ORDER BY update_id LIMIT ?", (limit,)
    )
    updates = [{"update_id": row["update_id"], **json.loads(row["body"])} for row in rows]
    return Taken(updates, forgot_deleted=bool(forgotten[0]))


def count_updates(connection: sqlite3.Connection) -> int:
    """How many updates wait for the bot."""
    return int(connection.execute("SELECT count(*) FROM pending_update").fetchone()[0])


def drop_updates(connection: sqlite3.Connection) -> None:
    """Forget all updates that wait."""
    connection.execute("DELETE FROM pending_update")


def set_allowed_updates(connection: sqlite3.Connection, kinds: list[str]) -> None:
    """Which updates to keep from now on; none named means all."""
    connection.execute("INSERT OR REPLACE INTO setting VALUES ('allowed_updates', ?)", (json.dumps(kinds),))


class Polling:
    """The one getUpdates that may wait at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turn: asyncio.Future[ApiError | None] | None = None
        self._closed = False

    async def take(self, *, offset: int, limit: int, timeout_seconds: int) -> list[Json]:
        """The next updates, waiting for one if there is none. A poll that still waits gives way to this one.

        Raises:
            ApiError: 409, when another poll came meanwhile. Telegram, too, ends the older one.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        self._wake(ApiError(409, TAKEN_OVER))
        turn = self._turn = loop.create_future()
        while True:
            updates, forgot_deleted = await self._store.run(take_updates, offset=offset, limit=limit)
            if forgot_deleted:
                await self._store.wipe()
            remaining = deadline - loop.time()
            if updates or remaining <= 0 or self._closed:
                return updates
            await asyncio.wait({turn}, timeout=remaining)
            refusal = turn.result() if turn.done() else None
            if refusal is not None:
                raise refusal
            if turn.done():
                turn = self._turn = loop.create_future()

    def notify(self) -> None:
        """Say that an update was queued."""
        self._wake(None)

    def close(self) -> None:
        """Let the waiting poll go, and all that follow."""
        self._closed = True
        self._wake(None)

    def _wake(self, refusal: ApiError | None) -> None:
        if self._turn is not None and not self._turn.done():
            self._turn.set_result(refusal)
