"""The front desk with accounts: the worker also connects, syncs and removes them, and tells people what comes of it."""

import asyncio
import re
from base64 import b64decode
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Self
from uuid import uuid4

from sqlmodel import select
from temporalio.client import Client
from temporalio.worker import Worker
from typing_extensions import override

from contentsync.bot import dialog_workflows
from contentsync.bot.dialog_activities import DialogActivities
from contentsync.bot.notice_activities import NoticeActivities
from contentsync.db import integrations
from contentsync.db.account_models import Integration
from contentsync.db.models import Subscriber
from contentsync.processor.activities import ProcessorActivities
from contentsync.puller import account_workflows
from contentsync.puller.account import Account, AccountStore
from contentsync.puller.account_activities import AccountActivities, account_kinds
from contentsync.puller.contract import SYNC_INTEGRATIONS, SyncIntegrationsInput, SyncResult
from contentsync.puller.newsapi_account import NewsApiAccount
from contentsync.sources.registry import READERS
from tests.bot.front import Front
from tests.fakes.newsapi import FakeNewsApi


class NewsFront(Front):
    """`async with NewsFront(tmp_path, client, api) as front:`"""

    def __init__(self, path: Path, temporal: Client, api: FakeNewsApi) -> None:
        super().__init__(path, temporal)
        self.api = api

    @override
    async def __aenter__(self) -> Self:
        await super().__aenter__()
        async with self.db.write() as session:
            # Workflow ids are made of the ids of accounts, too, and tests share a Temporal.
            anybody = (await session.exec(select(Subscriber))).one().id or 0
            session.add(Integration(id=uuid4().int % 2**30, subscriber_id=anybody, kind="none", credentials=""))
        return self

    def kinds(self) -> Sequence[Account]:
        """The kinds of account the worker knows."""
        store = AccountStore(db=self.db, data_dir=self.settings.data_dir, readers=READERS)
        return [
            NewsApiAccount(db=self.db, vault=self.vault, client=self.client, store=store, base_url=self.api.base_url)
        ]

    @override
    async def start_worker(self) -> None:
        accounts = AccountActivities(
            db=self.db, vault=self.vault, data_dir=self.settings.data_dir, accounts=account_kinds(self.kinds())
        )
        self._worker = Worker(
            self.temporal,
            task_queue=self.settings.task_queue,
            workflows=[*dialog_workflows.WORKFLOWS, *account_workflows.WORKFLOWS],
            activities=[
                *DialogActivities(db=self.db, vault=self.vault, bot=self.bot).all(),
                *NoticeActivities(db=self.db, vault=self.vault, bot=self.bot).all(),
                *ProcessorActivities(self.db).all(),
                *accounts.all(),
            ],
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        )
        self._working = asyncio.create_task(self._worker.run())

    async def tick(self, now: str | None = None) -> SyncResult:
        """What the schedule does."""
        result: SyncResult = await self.temporal.execute_workflow(
            SYNC_INTEGRATIONS,
            SyncIntegrationsInput(now=now),
            id=f"tick/{uuid4()}",
            task_queue=self.settings.task_queue,
            result_type=SyncResult,
        )
        return result

    async def accounts(self, chat_id: int = 1) -> list[Integration]:
        """The person's accounts as stored."""
        person = await self.subscriber(chat_id)
        assert person is not None
        async with self.db.read() as session:
            return await integrations.list_integrations(session, subscriber_id=person.id or 0)

    async def histories(self) -> str:
        """Everything Temporal remembers of this front's workflows, payloads decoded."""
        found = []
        async for execution in self.temporal.list_workflows(f"TaskQueue = '{self.settings.task_queue}'"):
            handle = self.temporal.get_workflow_handle(execution.id, run_id=execution.run_id)
            history = (await handle.fetch_history()).to_json()
            found.append(re.sub(r'"data": *"([^"]*)"', lambda match: b64decode(match[1]).decode(), history))
        return "\n".join(found)
