"""Puts the bot together: what handlers get, who may speak, which commands Telegram shows."""

from aiogram import Bot, Dispatcher
from aiogram.types import BotCommand
from temporalio.client import Client

from contentsync.bot.access import Access
from contentsync.bot.accounts import Accounts
from contentsync.bot.dialogs import Dialogs
from contentsync.bot.feeds import Feeds
from contentsync.bot.middleware import AccessMiddleware, LeaveDialogMiddleware
from contentsync.bot.routers import build_router
from contentsync.bot.sentences.front import COMMANDS
from contentsync.credentials import Vault
from contentsync.db.engine import Database
from contentsync.settings import Settings


def build_dispatcher(*, db: Database, temporal: Client, settings: Settings, vault: Vault) -> Dispatcher:
    """A dispatcher for `feed_update`; handlers get the arguments by their names."""
    dialogs = Dialogs(temporal, settings.task_queue)
    dispatcher = Dispatcher(
        disable_fsm=True,  # what must outlive a restart is a workflow
        db=db,
        temporal=temporal,
        settings=settings,
        vault=vault,
        dialogs=dialogs,
        feeds=Feeds(temporal, settings.task_queue),
        accounts=Accounts(temporal, settings.task_queue),
    )
    dispatcher.update.outer_middleware(AccessMiddleware(Access(db, settings)))
    dispatcher.message.outer_middleware(LeaveDialogMiddleware(dialogs))
    dispatcher.include_router(build_router())
    return dispatcher


async def register_commands(bot: Bot) -> None:
    """Tell Telegram which commands its menu shows."""
    await bot.set_my_commands([BotCommand(command=name, description=text) for name, text in COMMANDS.items()])
