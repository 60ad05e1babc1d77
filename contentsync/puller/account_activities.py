"""The activities around accounts: claim what is due, sync a batch, connect one, remove one."""

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from contentsync.credentials import Vault
from contentsync.db import drafts, integrations, notices, sources
from contentsync.db.account_models import Integration
from contentsync.db.engine import Database
from contentsync.errors import AccountRefused, ContentsyncError, CredentialError, QuotaSpent, SourceError
from contentsync.puller.account import Account, Connected, LeaseLost, Synced
from contentsync.puller.archive import owned_directory
from contentsync.puller.contract import ConnectAccountResult, RemoveAccountInput, SyncResult
from contentsync.puller.intake import INTERNAL, Failure, failure_of
from contentsync.puller.report import report
from contentsync.puller.work import (
    CLAIM_INTEGRATIONS,
    DROP_ACCOUNT,
    SYNC_BATCH,
    TRY_ACCOUNT,
    Claimed,
    ClaimIntegrationsInput,
    ConnectWork,
    SyncBatchInput,
    in_batches,
    total_synced,
)
from contentsync.temporal import heartbeating

LEASE_SECONDS = 300
SYNC_SECONDS = 120
"""One account may take so long in one sync; the next sync goes on where it stopped."""
CONNECT_SECONDS = 45
"""A person waits; the activity itself may take 60."""
USUAL_MINUTES = 15
MAX_MINUTES = 24 * 60
AT_ONCE = 10
UNREADABLE = "account_unreadable"
"""The sentence for an account whose credentials were encrypted with a key that is gone."""


class AccountActivities:
    """All of them. `accounts` are the kinds by name."""

    def __init__(self, *, db: Database, vault: Vault, data_dir: Path, accounts: Mapping[str, Account]) -> None:
        self._db = db
        self._vault = vault
        self._data_dir = data_dir
        self._accounts = accounts

    def all(self) -> list[Callable[..., Any]]:
        """What a worker registers."""
        return [self.claim_integrations, self.sync_batch, self.try_account, self.drop_account]

    @activity.defn(name=CLAIM_INTEGRATIONS)
    async def claim_integrations(self, claim: ClaimIntegrationsInput) -> Claimed:
        """Lease what is due, or the accounts that are named."""
        async with self._db.write() as session:
            ids = await integrations.claim_due(
                session,
                now=datetime.fromisoformat(claim.now),
                lease_id=claim.lease_id,
                lease_seconds=LEASE_SECONDS,
                limit=claim.limit,
                integration_ids=claim.integration_ids,
            )
        return in_batches(ids, claim.batch_size)

    @activity.defn(name=SYNC_BATCH)
    async def sync_batch(self, batch: SyncBatchInput) -> SyncResult:
        """Sync a batch. Whatever goes wrong with an account is its own result; what an earlier attempt did is done."""
        now = datetime.fromisoformat(batch.now)
        free = asyncio.Semaphore(AT_ONCE)
        async with heartbeating():
            async with self._db.read() as session:
                due = await integrations.list_leased(
                    session, lease_id=batch.lease_id, integration_ids=batch.integration_ids
                )
            return total_synced(await asyncio.gather(*(self._sync(integration, now, free) for integration in due)))

    async def _sync(self, integration: Integration, now: datetime, free: asyncio.Semaphore) -> SyncResult:
        async with free:
            try:
                async with asyncio.timeout(SYNC_SECONDS):
                    synced = await self._accounts[integration.kind].sync(integration, now)
                await self._note_success(integration, synced, now)
            except LeaseLost:
                return SyncResult()
            except (ContentsyncError, TimeoutError) as error:
                await self._note_failure(integration, error, now)
                return SyncResult(failed=1)
            except Exception as error:  # noqa: BLE001 - a bug that one account brings out must not stop the others
                report("sync", integration.id, error)
                await self._note_failure(integration, error, now)
                return SyncResult(failed=1)
        return SyncResult(synced=1, new_items=synced.new_items)

    async def _note_success(self, integration: Integration, synced: Synced, now: datetime) -> None:
        async with self._db.write() as session:
            await integrations.end_lease(
                session,
                integration_id=integration.id or 0,
                lease_id=integration.lease_id,
                failures=0,
                last_error=None,
                last_error_params={},
                last_sync_at=now,
                last_success_at=now,
                next_sync_at=synced.next_sync_at or now + timedelta(minutes=USUAL_MINUTES),
            )

    async def _note_failure(self, integration: Integration, error: Exception, now: datetime) -> None:
        """Plan the next sync by what went wrong; an owner whose account is refused is asked once."""
        failure = _failure(error)
        # A plan that is used up is no fault of the account: nothing is made slower by it.
        failures = integration.failures + (0 if isinstance(error, QuotaSpent) else 1)
        refused = isinstance(error, (AccountRefused, CredentialError))
        async with self._db.write() as session:
            held = await integrations.end_lease(
                session,
                integration_id=integration.id or 0,
                lease_id=integration.lease_id,
                state="refused" if refused else "ok",
                failures=failures,
                last_error=failure.reason_key,
                last_error_params=dict(failure.params),
                last_sync_at=now,
                next_sync_at=None if refused else _retry_at(error, failure, failures, now),
            )
            if held and refused:
                await sources.pause_owned(session, integration_id=integration.id or 0, now=now)
                await notices.add_notice(
                    session,
                    subscriber_id=integration.subscriber_id,
                    key=f"refused/{integration.id}/{now.isoformat()}",
                    text_key=UNREADABLE if isinstance(error, CredentialError) else f"{integration.kind}_refused",
                    params={"account": integration.account},
                    now=now,
                    keyboard=[[{"text": "Connect again", "callback_data": f"connect:{integration.kind}"}]],
                )

    @activity.defn(name=TRY_ACCOUNT)
    async def try_account(self, work: ConnectWork) -> ConnectAccountResult:
        """Test the account in a draft and store it; the draft's outcome says how it went. The draft's text is wiped."""
        now = datetime.fromisoformat(work.now)
        async with heartbeating():
            async with self._db.read() as session:
                draft = await drafts.get_draft(session, draft_id=work.draft_id)
            if draft is None:
                raise ApplicationError(f"draft {work.draft_id} is gone", type="DraftGone", non_retryable=True)
            if draft.outcome.keys() & {"integration_id", "reason_key"}:
                return ConnectAccountResult(draft.outcome.get("integration_id"))
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    given = self._vault.decrypt(draft.text)
                    connected = await self._accounts[work.kind].connect(draft.subscriber_id, given, now)
            except (ContentsyncError, TimeoutError) as error:
                await self._note_not_connected(draft.subscriber_id, work, _failure(error), now)
                return ConnectAccountResult()
            except Exception as error:  # noqa: BLE001 - its text may hold what was given, and Temporal would keep it
                report("connect", draft.id, error)
                await self._note_not_connected(draft.subscriber_id, work, INTERNAL, now)
                return ConnectAccountResult()
            return ConnectAccountResult(await self._store(draft.subscriber_id, work, connected, now))

    async def _store(self, subscriber_id: int, work: ConnectWork, connected: Connected, now: datetime) -> int:
        async with self._db.write() as session:
            integration_id = await integrations.connect(
                session,
                subscriber_id=subscriber_id,
                kind=work.kind,
                account=connected.account,
                credentials=self._vault.encrypt(connected.credentials),
                options=dict(connected.options),
                now=now,
            )
            await drafts.set_text(session, draft_id=work.draft_id, text=self._vault.encrypt(""))
            await drafts.set_outcome(session, draft_id=work.draft_id, outcome={"integration_id": integration_id})
            if work.announce:
                await notices.add_notice(
                    session,
                    subscriber_id=subscriber_id,
                    key=f"connected/{work.draft_id}",
                    text_key=f"{work.kind}_connected",
                    params={"account": connected.account},
                    now=now,
                )
        return integration_id

    async def _note_not_connected(self, subscriber_id: int, work: ConnectWork, failure: Failure, now: datetime) -> None:
        outcome = {"reason_key": failure.reason_key, "params": dict(failure.params)}
        async with self._db.write() as session:
            await drafts.set_text(session, draft_id=work.draft_id, text=self._vault.encrypt(""))
            await drafts.set_outcome(session, draft_id=work.draft_id, outcome=outcome)
            if work.announce:
                await notices.add_notice(
                    session,
                    subscriber_id=subscriber_id,
                    key=f"connected/{work.draft_id}",
                    text_key=f"{work.kind}_not_connected",
                    params={"reason_key": failure.reason_key, **failure.params},
                    now=now,
                )

    @activity.defn(name=DROP_ACCOUNT)
    async def drop_account(self, request: RemoveAccountInput) -> None:
        """Give the account back to its service, then delete it with its items and raw files."""
        async with heartbeating():
            async with self._db.read() as session:
                integration = await integrations.get_integration(session, integration_id=request.integration_id)
            if integration is not None:
                await self._give_back(integration)
                async with self._db.write() as session:
                    await integrations.remove(session, integration_id=request.integration_id)
            await asyncio.to_thread(_remove_tree, owned_directory(self._data_dir, request.integration_id))

    async def _give_back(self, integration: Integration) -> None:
        """Tell the service that the account is no longer used. Whatever comes of it, the owner wants it deleted."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._accounts[integration.kind].disconnect(integration)
        except (ContentsyncError, TimeoutError) as error:
            activity.logger.warning(
                "not given back integration=%s reason=%s", integration.id, _failure(error).reason_key
            )
        except Exception as error:  # noqa: BLE001 - nor may a bug keep an account that its owner has removed
            report("disconnect", integration.id, error)


def _failure(error: Exception) -> Failure:
    if isinstance(error, SourceError):
        return failure_of(error)
    if isinstance(error, ContentsyncError):
        return Failure(error.reason_key, error.params)
    return Failure("timed_out", {}) if isinstance(error, TimeoutError) else INTERNAL


def _retry_at(error: Exception, failure: Failure, failures: int, now: datetime) -> datetime:
    """After 15 minutes, then twice that, and so on up to a day; never before the service's own word."""
    if isinstance(error, QuotaSpent):
        return max(error.retry_at, now + timedelta(minutes=1))
    delay = timedelta(minutes=min(USUAL_MINUTES * 2 ** min(failures - 1, 10), MAX_MINUTES))
    return now + max(delay, timedelta(seconds=failure.retry_after_seconds or 0))


def _remove_tree(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)


def account_kinds(accounts: Sequence[Account]) -> dict[str, Account]:
    """The kinds by their names."""
    return {account.kind: account for account in accounts}
