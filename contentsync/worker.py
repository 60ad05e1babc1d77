"""The worker: everything that runs on Temporal, put together."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

from aiogram import Bot
from temporalio.client import Client
from temporalio.worker import Worker

from contentsync.bot.dialog_activities import DialogActivities
from contentsync.bot.dialog_workflows import WORKFLOWS as DIALOG_WORKFLOWS
from contentsync.bot.digest_activities import DigestActivities
from contentsync.bot.digest_workflows import WORKFLOWS as DIGEST_WORKFLOWS
from contentsync.bot.notice_activities import NoticeActivities
from contentsync.credentials import Vault
from contentsync.db.engine import Database
from contentsync.processor.activities import ProcessorActivities
from contentsync.processor.workflows import WORKFLOWS as PROCESSOR_WORKFLOWS
from contentsync.puller.account import AccountStore
from contentsync.puller.account_activities import AccountActivities, account_kinds
from contentsync.puller.account_workflows import WORKFLOWS as ACCOUNT_WORKFLOWS
from contentsync.puller.activities import PullerActivities
from contentsync.puller.housekeeping import HousekeepingActivities
from contentsync.puller.housekeeping_workflows import WORKFLOWS as HOUSEKEEPING_WORKFLOWS
from contentsync.puller.mailbox_account import MailboxAccount
from contentsync.puller.newsapi_account import NewsApiAccount
from contentsync.puller.unsubscribe import UnsubscribeActivities
from contentsync.puller.workflows import WORKFLOWS as PULLER_WORKFLOWS
from contentsync.puller.youtube_account import YouTubeAccount
from contentsync.settings import Settings
from contentsync.sources.http import open_client
from contentsync.sources.registry import READERS, SOURCES

GRACE = timedelta(seconds=3)
"""How long activities may take to end when the worker stops."""

WORKFLOWS: list[type] = [
    *PULLER_WORKFLOWS,
    *ACCOUNT_WORKFLOWS,
    *HOUSEKEEPING_WORKFLOWS,
    *PROCESSOR_WORKFLOWS,
    *DIGEST_WORKFLOWS,
    *DIALOG_WORKFLOWS,
]
"""Every workflow there is."""


def build_worker(
    stack: AsyncExitStack, *, settings: Settings, db: Database, client: Client, vault: Vault, bot: Bot
) -> Worker:
    """A worker that has to be run; what it needs is closed with the stack, after it has stopped."""
    fetcher = open_client(allow_private_networks=settings.allow_private_networks, trusted_hosts=settings.trusted_hosts)
    stack.push_async_callback(fetcher.aclose)
    puller = PullerActivities(db=db, vault=vault, client=fetcher, settings=settings, kinds=SOURCES)
    stack.push_async_callback(puller.close)
    store = AccountStore(db=db, data_dir=settings.data_dir, readers=READERS)
    wired: dict[str, Any] = {"db": db, "vault": vault, "client": fetcher, "store": store}
    mailboxes = MailboxAccount(db=db, vault=vault, store=store, allow_private_networks=settings.allow_private_networks)
    stack.callback(mailboxes.close)
    accounts = account_kinds(
        [
            NewsApiAccount(**wired, base_url=settings.newsapi_base_url),
            YouTubeAccount(**wired, settings=settings),
            mailboxes,
        ]
    )
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=WORKFLOWS,
        activities=[
            *puller.all(),
            *AccountActivities(db=db, vault=vault, data_dir=settings.data_dir, accounts=accounts).all(),
            *HousekeepingActivities(db=db, vault=vault, settings=settings).all(),
            *UnsubscribeActivities(db=db, vault=vault, client=fetcher).all(),
            *ProcessorActivities(db).all(),
            *DigestActivities(db, bot).all(),
            *DialogActivities(db=db, vault=vault, bot=bot).all(),
            *NoticeActivities(db=db, vault=vault, bot=bot).all(),
        ],
        # A killed worker's sticky queue would otherwise hold a person's answer for 10 s.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        graceful_shutdown_timeout=GRACE,
    )
