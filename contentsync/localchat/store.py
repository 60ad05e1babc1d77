"""The file that holds the local chat: one SQLite database, one thread, one transaction at a time.

What is committed survives a crash of the machine (write-ahead log, `synchronous=FULL`).
"""

import asyncio
import os
import secrets
import sqlite3
import string
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS person (
    id INTEGER PRIMARY KEY,
    first_name TEXT NOT NULL,
    language_code TEXT NOT NULL,
    started INTEGER NOT NULL DEFAULT 0,
    blocked INTEGER NOT NULL DEFAULT 0,
    keyboard TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS message (
    message_id INTEGER PRIMARY KEY AUTOINCREMENT,
    chat_id INTEGER NOT NULL,
    body TEXT NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0,
    answer TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS message_by_chat ON message (chat_id, message_id);
CREATE TABLE IF NOT EXISTS pending_update (
    update_id INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS callback (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL,
    asked_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS file (
    file_id TEXT PRIMARY KEY,
    unique_id TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    mime_type TEXT NOT NULL,
    width INTEGER,
    height INTEGER,
    content BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS command_menu (
    scope TEXT NOT NULL,
    language_code TEXT NOT NULL,
    commands TEXT NOT NULL,
    PRIMARY KEY (scope, language_code)
) STRICT;
"""

_TOKEN_LETTERS = string.ascii_letters + string.digits + "_-"
_TOKEN_LENGTH = 35


class Store:
    """Runs functions on the database, each in a transaction of its own, in the order they were asked for."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The file holds the token and what people wrote: for the owner's eyes only, from its first moment.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA busy_timeout = 5000")
        self._connection.execute("PRAGMA secure_delete = ON")  # what is deleted may have been a secret
        self._connection.executescript(SCHEMA)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="localchat-store")
        self.token = self._transact(_token)
        self._empty_log()

    async def run(
        self, function: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What the function gives; when it raises, nothing of what it wrote stays."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: self._transact(function, *args, **kwargs))

    async def wipe(self) -> None:
        """Leave nothing of what was deleted: the log still holds it, so what the log holds goes into the file now."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._empty_log)

    def _empty_log(self) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def _transact(
        self, function: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = function(self._connection, *args, **kwargs)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk may have ended it already
                self._connection.execute("ROLLBACK")
            raise
        return result

    async def close(self) -> None:
        """Finish what was asked for and close the file. Closing twice is fine."""
        await asyncio.to_thread(self._thread.shutdown)
        self._connection.close()


def _token(connection: sqlite3.Connection) -> str:
    """The bot's token, made once, together with where the update ids begin."""
    row = connection.execute("SELECT value FROM setting WHERE name = 'token'").fetchone()
    if row is not None:
        return str(row["value"])
    secret = "".join(secrets.choice(_TOKEN_LETTERS) for _ in range(_TOKEN_LENGTH))
    token = f"{secrets.randbelow(9 * 10**9) + 10**9}:{secret}"
    connection.execute("INSERT INTO setting VALUES ('token', ?)", (token,))
    # A bot remembers the update ids it has seen. Counting from the time of creation keeps the ids of a new file
    # above those of an older one that was thrown away.
    connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('pending_update', ?)", (int(time.time()),))
    return token
