"""The one entrypoint: what starts, in which order, how it waits, and how it drains.

settings → data directory (locked) → embedded Temporal → database → worker → web → bot polling → schedules.
Stopping goes the other way round. Importing takes seconds, so the embedded Temporal is started first and the rooms of
a role are imported only when this process hosts it.
"""

import asyncio
import ctypes
import fcntl
import gc
import logging
import os
import platform
import signal
import sys
import time
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import uvloop
from temporalio.client import Client

from contentsync.credentials import Vault, open_vault
from contentsync.db.engine import Database
from contentsync.db.schema import migrate
from contentsync.embedded import start_embedded
from contentsync.errors import AlreadyRunning, ConfigurationError, ContentsyncError, PartDied
from contentsync.schedules import register
from contentsync.settings import Settings, environment
from contentsync.temporal import Address, configured_address, connect
from contentsync.web import Check, SignIns, WebServer, build_app

log = logging.getLogger(__name__)

LOCK_FILE = "contentsync.lock"
HANDLER_GRACE_SECONDS = 2.0
FORCE_AFTER_SECONDS = 1.0
CHECK_SECONDS = 2.0
ARENAS = 2
"""glibc lets each thread hoard memory of its own, and threads are many: with its default the process grows by 1 MB in
each large pull, for hours."""
_M_ARENA_MAX = -8
INTRODUCTION_SECONDS = 5.0


@dataclass
class Parts:
    """What is running, and what the ready lines and /ready say about it."""

    settings: Settings
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    chat_line: str = "not hosted here"
    temporal_line: str = ""
    access_line: str = "no bot here"
    embedded: list[str] = field(default_factory=list)
    began_at: float = field(default_factory=time.monotonic)
    marks: dict[str, float] = field(default_factory=dict)

    def mark(self, name: str) -> None:
        """Note that `name` is up; the seconds since the mark before are what it took."""
        self.marks[name] = time.monotonic() - self.began_at - sum(self.marks.values())


def run(settings: Settings) -> int:
    """Run until a signal or until a part dies; the exit status.

    Raises:
        ConfigurationError, AlreadyRunning: it cannot start; the message says what to do.
        PartDied: a part ended by itself; everything else was drained.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    _share_arenas()
    with locked(settings.data_dir):
        uvloop.run(_run(settings))
    return 0


def _share_arenas() -> None:
    """Where there is glibc, as MALLOC_ARENA_MAX does. Source: https://man7.org/linux/man-pages/man3/mallopt.3.html"""
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Hold the data directory; the system lets go of it however this process ends."""
    with (data_dir / LOCK_FILE).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(
                f"Already running on {data_dir.resolve()} (process {file.read().strip() or '?'}). "
                "Stop it, or set CONTENTSYNC_DATA_DIR to another directory."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


async def _run(settings: Settings) -> None:
    stop = _stop_on_signals()
    parts = Parts(settings)
    async with AsyncExitStack() as stack:
        address = await _temporal_address(parts, stack)
        vault = open_vault(settings.secret_key, settings.data_dir)
        database = await _database(parts, stack)
        parts.mark("database")
        client = await connect(address)
        parts.checks["temporal"] = lambda: _within(client.service_client.check_health())
        parts.mark("temporal")
        await _host(parts, stack, database, client, vault)
        await register(client, settings)
        settle()
        parts.mark("schedules")
        _print_ready(parts)
        await _wait(parts, stop)


def settle() -> None:
    """Say that what is loaded by now stays, and that thousands of objects come and go with each digest: looking through
    all of it for cycles again and again would hold up the chat, and takes a third of the time of digests."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _wait(parts: Parts, stop: asyncio.Event) -> None:
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *parts.tasks.values()], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for name, task in parts.tasks.items():
        if task in done:
            cause = task.exception()
            if isinstance(cause, ContentsyncError):
                raise cause
            raise PartDied(f"The {name} ended by itself ({type(cause).__name__ if cause else 'no error'}).") from cause


def _stop_on_signals() -> asyncio.Event:
    """An event set by SIGTERM or SIGINT. make sends a Ctrl-C twice, so only a later second SIGINT forces."""
    stop = asyncio.Event()
    asked_at: list[float] = []

    def on_signal(number: signal.Signals) -> None:
        stop.set()
        now = time.monotonic()
        if not asked_at:
            asked_at.append(now)
        elif number == signal.SIGINT and now - asked_at[0] > FORCE_AFTER_SECONDS:
            print("contentsync: stopped at once, work in progress is resumed at the next start", file=sys.stderr)
            os._exit(130)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    return stop


async def _temporal_address(parts: Parts, stack: AsyncExitStack) -> Address:
    address = configured_address(environment())
    if address is not None:
        parts.temporal_line = address.target_host
        return address
    server = await start_embedded(parts.settings.data_dir.resolve())
    stack.push_async_callback(server.stop)
    parts.tasks["embedded Temporal"] = asyncio.create_task(server.watch())
    parts.temporal_line = server.ui_url
    parts.embedded.append("Temporal (adopted)" if server.adopted else "Temporal")
    return Address(connect_config={"target_host": server.target_host}, target_host=server.target_host)


async def _database(parts: Parts, stack: AsyncExitStack) -> Database:
    database = Database(parts.settings.sqlalchemy_url)
    stack.push_async_callback(database.close)
    await migrate(database)
    parts.checks["database"] = lambda: _within(database.answers())
    if database.is_sqlite:
        parts.embedded.append("SQLite")
    return database


async def _host(parts: Parts, stack: AsyncExitStack, database: Database, client: Client, vault: Vault) -> None:
    """Start what the roles ask for. In the local chat the worker sends through our own web server, so that is first."""
    settings = parts.settings
    telegram = await _web(parts, stack, database, client, vault)
    parts.mark("web")
    if not settings.roles & {"bot", "worker"}:
        return
    token, base_url = telegram or _real_telegram(settings)
    from contentsync.bot.loading import load_aiogram

    load_aiogram()
    from contentsync.bot.client import open_bot

    parts.mark("aiogram")
    bot = open_bot(token, base_url)
    stack.push_async_callback(bot.session.close)
    if "worker" in settings.roles:
        await _worker(parts, stack, database, client, vault, bot)
        parts.mark("worker")
    if "bot" in settings.roles:
        await _polling(parts, stack, database, client, vault, bot)
        parts.mark("bot")


def _real_telegram(settings: Settings) -> tuple[str, str]:
    if settings.telegram_bot_token is None:
        raise ConfigurationError("A worker sends digests: set TELEGRAM_BOT_TOKEN, or let it host the bot role too.")
    return settings.telegram_bot_token.get_secret_value(), settings.telegram_api_base_url


async def _web(
    parts: Parts, stack: AsyncExitStack, database: Database, client: Client, vault: Vault
) -> tuple[str, str] | None:
    """Start the web server; the token and address of the local chat if it hosts one."""
    settings = parts.settings
    telegram = None
    if "web" in settings.roles:
        app = build_app(parts.checks)
        SignIns(db=database, vault=vault, temporal=client, task_queue=settings.task_queue).add_routes(app)
        if settings.local_chat:
            telegram = _local_chat(parts, stack, app)
        server = await WebServer.start(app, settings.http_host, settings.http_port)
        stack.push_async_callback(server.stop)
    elif settings.local_chat:
        raise ConfigurationError("The local chat needs the web role: add it to CONTENTSYNC_ROLES, or set a token.")
    return telegram


def _local_chat(parts: Parts, stack: AsyncExitStack, app: Any) -> tuple[str, str]:
    from contentsync.localchat.server import LocalChat

    settings = parts.settings
    if not _is_loopback(settings.http_host):
        raise ConfigurationError(
            "The local chat is for this machine only: set TELEGRAM_BOT_TOKEN, or CONTENTSYNC_HTTP_HOST=127.0.0.1."
        )
    chat = LocalChat(settings.data_dir)
    stack.push_async_callback(chat.close)
    chat.add_routes(app)
    base_url = f"http://{settings.http_host}:{settings.http_port}"
    parts.chat_line = f"{base_url}/chat"
    parts.embedded.append("chat")
    return chat.token, base_url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _worker(
    parts: Parts, stack: AsyncExitStack, database: Database, client: Client, vault: Vault, bot: Any
) -> None:
    from contentsync.worker import build_worker

    worker = build_worker(stack, settings=parts.settings, db=database, client=client, vault=vault, bot=bot)
    parts.tasks["worker"] = asyncio.create_task(worker.run())
    stack.push_async_callback(worker.shutdown)


async def _polling(
    parts: Parts, stack: AsyncExitStack, database: Database, client: Client, vault: Vault, bot: Any
) -> None:
    from contentsync.bot.dispatcher import build_dispatcher
    from contentsync.bot.inbox import Inbox

    dispatcher = build_dispatcher(db=database, temporal=client, settings=parts.settings, vault=vault)
    inbox = Inbox(bot=bot, dispatcher=dispatcher, db=database, vault=vault)
    parts.tasks["bot"] = asyncio.create_task(inbox.run())
    stack.push_async_callback(inbox.drain, HANDLER_GRACE_SECONDS)

    async def connected() -> bool:
        return bool(inbox.connected)

    parts.checks["telegram"] = connected
    introduction = asyncio.create_task(_introduce(parts, database, bot))
    stack.callback(introduction.cancel)
    await asyncio.wait([introduction], timeout=INTRODUCTION_SECONDS)
    if not introduction.done():
        parts.access_line = f"{parts.settings.access}; Telegram does not answer yet, its link is printed once it does"
        introduction.add_done_callback(lambda task: task.cancelled() or print(f"Access: {parts.access_line}"))


async def _introduce(parts: Parts, database: Database, bot: Any) -> None:
    """Tell Telegram our commands, and find out how people reach us; tried again for ever while Telegram is away."""
    from aiogram.exceptions import TelegramAPIError

    from contentsync.bot.access import claim_link
    from contentsync.bot.dispatcher import register_commands

    while True:
        try:
            await register_commands(bot)
            username = (await bot.me()).username
            break
        except TelegramAPIError as error:
            log.warning("telegram_unavailable error=%s", type(error).__name__)
            await asyncio.sleep(INTRODUCTION_SECONDS)
    if not parts.settings.local_chat:
        parts.chat_line = f"https://t.me/{username}"
    if parts.settings.access == "open":
        parts.access_line = "open, anyone may use this bot"
    elif parts.settings.local_chat:
        parts.access_line = "private, you at this machine are the owner"
    else:
        link = await claim_link(database, bot_username=str(username), now=datetime.now(UTC))
        parts.access_line = (
            f"private, open this link once to own the bot: {link}" if link else "private, it has its owner"
        )


async def _within(check: Awaitable[Any]) -> bool:
    """Whether a check succeeds soon; what it raises is a no, and logged."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return bool(await check)
    except Exception as error:  # noqa: BLE001, the edge of the process: a probe reports, it does not fail
        log.warning("check_failed error=%s", type(error).__name__)
        return False


def _print_ready(parts: Parts) -> None:
    log.info("started %s", " ".join(f"{name}_seconds={seconds:.1f}" for name, seconds in parts.marks.items()))
    lines = [
        f"Ready after {sum(parts.marks.values()):.1f} s. Chat: {parts.chat_line}",
        f"Temporal: {parts.temporal_line}",
        f"Data: {parts.settings.data_dir.resolve()}",
        f"Access: {parts.access_line}",
        f"Embedded: {', '.join(parts.embedded) or 'nothing'}",
    ]
    print("\n".join(lines), flush=True)
