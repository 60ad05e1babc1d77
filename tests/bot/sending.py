"""For tests of digests on their way: a chat, a database, and a process that can die between any two steps."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.testing import ActivityEnvironment
from typing_extensions import override

from contentsync.bot.client import open_bot
from contentsync.bot.contract import SendDigestsInput, SendDigestsResult
from contentsync.bot.digest_activities import DigestActivities
from contentsync.db import digests
from contentsync.db.engine import Database
from contentsync.db.models import Delivery, Digest
from tests.fakes.telegram import FakeTelegram, Json
from tests.filling import NOW

UPDATE = 7
LEASE = digests.asked_slot(UPDATE)


class ProcessDied(BaseException):
    """The end of the process: nothing catches it and goes on."""


class Lifetime:
    """How many more steps the process lives; None: for ever. A step is a call or a transaction, begun or done."""

    def __init__(self, steps: int | None = None) -> None:
        self.steps = steps

    def step(self) -> None:
        """Live one step more, or die."""
        if self.steps is None:
            return
        if self.steps == 0:
            raise ProcessDied
        self.steps -= 1


class MortalDatabase(Database):
    """A database of a process that may die right before or right after any of its transactions."""

    def __init__(self, url: str, lifetime: Lifetime) -> None:
        super().__init__(url)
        self._lifetime = lifetime

    @asynccontextmanager
    @override
    async def write(self) -> AsyncIterator[AsyncSession]:
        self._lifetime.step()
        async with super().write() as session:
            yield session
        self._lifetime.step()


class Mortality(BaseRequestMiddleware):
    """Dies right before or right after any call to Telegram."""

    def __init__(self, lifetime: Lifetime) -> None:
        self._lifetime = lifetime

    @override
    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType] | TelegramType:
        self._lifetime.step()
        response = await make_request(bot, method)
        self._lifetime.step()
        return response


class Sending:
    """`async with Sending(db, tmp_path) as sending:` a loopback Telegram, and processes that send through it."""

    def __init__(self, db: Database, path: Path) -> None:
        self.db = db
        self.telegram = FakeTelegram(path)
        self._bots: list[Bot] = []
        self._databases: list[Database] = []

    async def __aenter__(self) -> Self:
        await self.telegram.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(bot.session.close() for bot in self._bots))  # each takes a quarter of a second
        for database in self._databases:
            await database.close()
        await self.telegram.__aexit__(kind, error, trace)

    def process(self, lifetime: int | None = None) -> tuple[Database, Bot]:
        """The database and the bot of a process that lives so many steps."""
        life = Lifetime(lifetime)
        bot = open_bot(self.telegram.token, self.telegram.base_url)
        bot.session.middleware.register(Mortality(life))
        database = MortalDatabase(str(self.db.engine.url), life)
        self._bots.append(bot)
        self._databases.append(database)
        return database, bot

    async def ask(self, subscriber_id: int, update_id: int = UPDATE) -> int:
        """A digest is asked for; gives its id."""
        async with self.db.write() as session:
            return await digests.ask_digest(session, subscriber_id=subscriber_id, update_id=update_id, now=NOW)

    async def run(
        self, *digest_ids: int, lease_id: str = LEASE, attempt: int = 1, lifetime: int | None = None, **info: Any
    ) -> SendDigestsResult:
        """One attempt of the sending activity, in a process of its own."""
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=attempt, **info)
        request = SendDigestsInput(digest_ids=list(digest_ids), lease_id=lease_id, now=NOW.isoformat())
        return await environment.run(DigestActivities(*self.process(lifetime)).build_and_send, request)

    async def chat(self, chat_id: int = 1) -> list[Json]:
        """What the bot has written into the chat and is still there."""
        messages = await self.telegram.messages(chat_id)
        return [message for message in messages if message["from"]["is_bot"] and not message.get("deleted")]

    async def digest(self, digest_id: int) -> Digest:
        """As stored."""
        async with self.db.read() as session:
            return await session.get_one(Digest, digest_id)

    async def ledger(self, digest_id: int) -> list[Delivery]:
        """The digest's messages as stored."""
        async with self.db.read() as session:
            found = await session.exec(
                select(Delivery).where(col(Delivery.digest_id) == digest_id).order_by(col(Delivery.part))
            )
            return list(found)
