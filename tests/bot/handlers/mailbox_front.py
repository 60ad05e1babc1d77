"""The front desk with a mailbox behind it: accounts, notices and unsubscribing work for real."""

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Self

import httpx
from temporalio.client import Client
from temporalio.worker import Worker
from typing_extensions import override

from contentsync.bot import dialog_workflows
from contentsync.bot.dialog_activities import DialogActivities
from contentsync.bot.notice_activities import NoticeActivities
from contentsync.processor.activities import ProcessorActivities
from contentsync.puller import account_workflows, workflows
from contentsync.puller.account import AccountStore
from contentsync.puller.account_activities import AccountActivities, account_kinds
from contentsync.puller.activities import PullerActivities
from contentsync.puller.mailbox_account import MailboxAccount
from contentsync.puller.unsubscribe import UnsubscribeActivities
from contentsync.sources.feed import FeedSource
from contentsync.sources.http import open_client
from contentsync.sources.registry import READERS
from tests.bot.front import Front
from tests.fakes.imap import FakeImap
from tests.fakes.web import FakeWeb, self_signed


class MailFront(Front):
    """A front desk, a mail server `imap`, and a web server `lists` that takes requests to unsubscribe."""

    def __init__(self, path: Path, temporal: Client) -> None:
        super().__init__(path, temporal)
        tls, certificate = self_signed(path, "127.0.0.1")
        self.context = ssl.create_default_context(cafile=str(certificate))
        self.imap = FakeImap(tls)
        self.lists = FakeWeb(tls=tls)

    @override
    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.imap)
        await self._stack.enter_async_context(self.lists)
        return await super().__aenter__()

    @override
    async def start_worker(self) -> None:
        self.secure: httpx.AsyncClient = open_client(allow_private_networks=True, ssl_context=self.context)
        self.mailboxes = MailboxAccount(
            db=self.db,
            vault=self.vault,
            store=AccountStore(db=self.db, data_dir=self.settings.data_dir, readers=READERS),
            context=self.context,
            allow_private_networks=True,
        )
        accounts = AccountActivities(
            db=self.db,
            vault=self.vault,
            data_dir=self.settings.data_dir,
            accounts=account_kinds([self.mailboxes]),
        )
        puller = PullerActivities(
            db=self.db, vault=self.vault, client=self.client, settings=self.settings, kinds={"feed": FeedSource()}
        )
        self._worker = Worker(
            self.temporal,
            task_queue=self.settings.task_queue,
            workflows=[*dialog_workflows.WORKFLOWS, *workflows.WORKFLOWS, *account_workflows.WORKFLOWS],
            activities=[
                *DialogActivities(db=self.db, vault=self.vault, bot=self.bot).all(),
                *puller.all(),
                *ProcessorActivities(self.db).all(),
                *accounts.all(),
                *NoticeActivities(db=self.db, vault=self.vault, bot=self.bot).all(),
                *UnsubscribeActivities(db=self.db, vault=self.vault, client=self.secure).all(),
            ],
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        )
        self._working = asyncio.create_task(self._worker.run())

    @override
    async def stop_worker(self) -> None:
        await super().stop_worker()
        self.mailboxes.close()
        await self.secure.aclose()
