"""The bot's front desk for tests: a real dispatcher, inbox, worker and database, a loopback Telegram and web."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from aiogram import Dispatcher
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from cryptography.fernet import Fernet
from temporalio.client import Client
from temporalio.worker import Worker

from contentsync.bot import dialog_workflows
from contentsync.bot.client import open_bot
from contentsync.bot.dialog_activities import DialogActivities
from contentsync.bot.dispatcher import build_dispatcher
from contentsync.bot.inbox import Inbox
from contentsync.credentials import Vault
from contentsync.db import subscribers
from contentsync.db.engine import Database
from contentsync.db.models import Draft, Source, Subscriber
from contentsync.processor.activities import ProcessorActivities
from contentsync.puller import workflows as puller_workflows
from contentsync.puller.activities import PullerActivities
from contentsync.settings import Settings
from contentsync.sources.feed import FeedSource
from contentsync.sources.http import open_client
from tests.fakes.telegram import FakeTelegram
from tests.fakes.web import FakeWeb
from tests.filling import new_database

Json = dict[str, Any]


async def open_database(path: Path) -> Database:
    """A SQLite file with all tables."""
    return new_database(path / "test.db")


async def begin_ids_anew(db: Database) -> None:
    """Let ids begin where no other test's do: workflow ids are made of them, and tests share a Temporal."""
    first = uuid4().int % 2**30
    async with db.write() as session:
        session.add(Subscriber(id=first, chat_id=-first))
        session.add(Source(id=first, kind="none", key="none", url="none"))
        await session.flush()
        session.add(Draft(id=first, subscriber_id=first, update_id=0, text=""))


class Front:
    """`async with Front(tmp_path, client) as front:`; inbox and worker can be stopped and started again."""

    def __init__(self, path: Path, temporal: Client, *, access: str = "open", token: str | None = "a:b") -> None:
        self.settings = Settings(
            TELEGRAM_BOT_TOKEN=token,
            CONTENTSYNC_ACCESS=access,
            CONTENTSYNC_DATA_DIR=path,
            CONTENTSYNC_TASK_QUEUE=uuid4().hex,
            CONTENTSYNC_ALLOW_PRIVATE_NETWORKS=True,
        )
        self.temporal = temporal
        self.vault = Vault([Fernet.generate_key().decode()])
        self.telegram = FakeTelegram(path)
        self.web = FakeWeb()
        self._path = path
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.telegram)
        await self._stack.enter_async_context(self.web)
        self.db = await open_database(self._path)
        await begin_ids_anew(self.db)
        self._stack.push_async_callback(self.db.close)
        self.bot = open_bot(self.telegram.token, self.telegram.base_url)
        self._stack.push_async_callback(self.bot.session.close)
        self.client = await self._stack.enter_async_context(open_client(allow_private_networks=True))
        self.dispatcher: Dispatcher = build_dispatcher(
            db=self.db, temporal=self.temporal, settings=self.settings, vault=self.vault
        )
        await self.start_worker()
        self._stack.push_async_callback(self.stop_worker)
        await self.start_inbox()
        self._stack.push_async_callback(self.stop_inbox)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def start_worker(self) -> None:
        """A worker with the dialog and the real puller."""
        puller = PullerActivities(
            db=self.db,
            vault=self.vault,
            client=self.client,
            settings=self.settings,
            kinds={"feed": FeedSource()},
        )
        dialogs = DialogActivities(db=self.db, vault=self.vault, bot=self.bot)
        self._worker = Worker(
            self.temporal,
            task_queue=self.settings.task_queue,
            workflows=[*dialog_workflows.WORKFLOWS, *puller_workflows.WORKFLOWS],
            activities=[*dialogs.all(), *puller.all(), *ProcessorActivities(self.db).all()],
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        )
        self._working = asyncio.create_task(self._worker.run())

    async def stop_worker(self) -> None:
        """Shut it down; what it ran goes on elsewhere."""
        await self._worker.shutdown()
        await self._working

    async def start_inbox(self, dispatcher: Dispatcher | None = None) -> None:
        """Poll, with this dispatcher instead of the bot's if one is given."""
        self.inbox = Inbox(
            bot=self.bot,
            dispatcher=dispatcher or self.dispatcher,
            db=self.db,
            vault=self.vault,
            retry_seconds=0.05,
        )
        self._polling = asyncio.create_task(self.inbox.run())

    async def stop_inbox(self, seconds: float = 2) -> None:
        """Drain it."""
        await self.inbox.drain(seconds)
        await self._polling

    async def say(self, text: str, from_id: int = 1) -> Json:
        """A person writes; gives the bot's next message."""
        return await self.answer(await self.telegram.say(text, from_id), from_id)

    async def answer(self, after: int, from_id: int = 1) -> Json:
        """The bot's first message after this one."""
        return await self.telegram.wait_for(lambda m: m["from"]["is_bot"], chat_id=from_id, after=after)

    async def tap(self, message: Json, button: str, from_id: int = 1) -> None:
        """A person taps the button whose text begins so."""
        data = next(b["callback_data"] for b in buttons(message) if b["text"].startswith(button))
        await self.telegram.tap(message["message_id"], data, from_id)

    async def becomes(self, message: Json, part: str, from_id: int = 1, seconds: float = 5) -> Json:
        """The message, once the bot has edited it to hold this."""
        number = message["message_id"]
        return await self.telegram.wait_for(
            lambda m: m["message_id"] == number and part in m["text"], seconds, chat_id=from_id
        )

    async def subscriber(self, chat_id: int = 1) -> Subscriber | None:
        """The person as stored."""
        async with self.db.read() as session:
            return await subscribers.find_by_chat(session, chat_id=chat_id)


async def send_button(front: Front, data: str, chat_id: int = 1) -> Json:
    """The bot shows a button with this data; gives the message."""
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Button", callback_data=data)]])
    sent = await front.bot.send_message(chat_id, "?", reply_markup=keyboard)
    return (await front.telegram.messages(chat_id, sent.message_id - 1))[0]


async def eventually(condition: Callable[[], object], seconds: float = 5) -> None:
    """Return when the condition is true.

    Raises:
        TimeoutError: it did not become true in time.
    """
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def buttons(message: Json) -> list[Json]:
    """All inline buttons under a message."""
    rows: list[list[Json]] = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def button_texts(message: Json) -> list[str]:
    """What they say."""
    return [str(button["text"]) for button in buttons(message)]
