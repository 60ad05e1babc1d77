"""The activities of housekeeping: what is too old goes, secrets get the newest key, the database is tidied.

Rows go before the files they point to: a crash in between leaves files without rows, which the next day removes.
"""

import asyncio
import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from temporalio import activity

from contentsync.credentials import Vault
from contentsync.db import decisions, drafts, inbox, notices, quotas, raw_documents, rules, secrets, upkeep
from contentsync.db.engine import Database
from contentsync.errors import CredentialError
from contentsync.puller.archive import owned_directory
from contentsync.puller.contract import HousekeepingResult
from contentsync.puller.housework import (
    FORGET,
    REMOVE_OLD_RAW,
    REMOVE_ORPHANS,
    RENEW_SECRETS,
    TIDY_DATABASE,
    StepInput,
)
from contentsync.settings import Settings
from contentsync.temporal import heartbeating

DRAFTS_KEPT = timedelta(days=2)
UPDATES_KEPT = timedelta(days=30)
NOTICES_KEPT = timedelta(days=90)
QUOTAS_KEPT = timedelta(days=3)
SIGN_INS_KEPT = timedelta(days=1)
RULES_KEPT = timedelta(days=30)
DECISIONS_KEPT = timedelta(days=30)

CHUNK_DOCUMENTS = 200
"""Raw documents that go in one transaction; their items are touched too, and the chat waits no longer than that."""
CHUNK_TOKENS = 200


class HousekeepingActivities:
    """All of them."""

    def __init__(self, *, db: Database, vault: Vault, settings: Settings) -> None:
        self._db = db
        self._vault = vault
        self._data_dir = settings.data_dir
        self._raw_kept = timedelta(days=settings.raw_retention_days)

    def all(self) -> list[Callable[..., Any]]:
        """What a worker registers."""
        return [self.remove_old_raw, self.remove_orphans, self.forget, self.renew_secrets, self.tidy_database]

    @activity.defn(name=REMOVE_OLD_RAW)
    async def remove_old_raw(self, step: StepInput) -> HousekeepingResult:
        """Remove whole days (UTC) of raw answers that are past their retention."""
        first_kept = (datetime.fromisoformat(step.now).astimezone(UTC) - self._raw_kept).date()
        before = datetime.combine(first_kept, time(), tzinfo=UTC)
        documents = 0
        async with heartbeating():
            while True:
                async with self._db.write() as session:
                    removed = await raw_documents.delete_documents(session, before=before, limit=CHUNK_DOCUMENTS)
                documents += removed
                if removed < CHUNK_DOCUMENTS:
                    break
            days = await asyncio.to_thread(remove_days, self._data_dir, first_kept)
        return HousekeepingResult(raw_documents=documents, raw_days=days)

    @activity.defn(name=REMOVE_ORPHANS)
    async def remove_orphans(self, step: StepInput) -> HousekeepingResult:
        """Remove what came through accounts that are gone: a sync that lost its account may have left a file."""
        async with heartbeating():
            # An account is there before its directory is, so the directories are looked for first.
            owner_ids = await asyncio.to_thread(_owner_ids, self._data_dir)
            async with self._db.read() as session:
                existing = await upkeep.list_existing(session, integration_ids=owner_ids)
            orphans = [owner_id for owner_id in owner_ids if owner_id not in existing]
            for owner_id in orphans:
                await asyncio.to_thread(shutil.rmtree, owned_directory(self._data_dir, owner_id))
        return HousekeepingResult(orphans=len(orphans))

    @activity.defn(name=FORGET)
    async def forget(self, step: StepInput) -> HousekeepingResult:
        """Delete rows that nobody needs any more."""
        now = datetime.fromisoformat(step.now)
        async with heartbeating(), self._db.write() as session:
            return HousekeepingResult(
                drafts=await drafts.forget_drafts(session, before=now - DRAFTS_KEPT),
                updates=await inbox.forget_set_aside(session, before=now - UPDATES_KEPT),
                notices=await notices.forget_notices(session, before=now - NOTICES_KEPT),
                quotas=await quotas.forget_quotas(session, before=now - QUOTAS_KEPT),
                sign_ins=await upkeep.forget_sign_ins(session, before=now - SIGN_INS_KEPT),
                rules=await rules.forget_rules(session, before=now - RULES_KEPT),
                decisions=await decisions.forget(session, before=now - DECISIONS_KEPT),
            )

    @activity.defn(name=RENEW_SECRETS)
    async def renew_secrets(self, step: StepInput) -> HousekeepingResult:
        """Write everything anew that an older key encrypted; afterwards that key may be dropped."""
        counts = _Counts(self._vault)
        renewed = 0
        async with heartbeating():
            for name in secrets.ENCRYPTED:
                renewed += await self._renew_column(name, counts)
            async with self._db.write() as session:
                renewed += await secrets.renew_keyboards(session, renew=counts.renew)
        if counts.unreadable:
            activity.logger.warning("secrets that no key fits count=%d", counts.unreadable)
        return HousekeepingResult(renewed=renewed, unreadable=counts.unreadable)

    async def _renew_column(self, name: str, counts: "_Counts") -> int:
        renewed = 0
        after: Any = None
        while True:
            async with self._db.read() as session:
                tokens = await secrets.list_tokens(session, name=name, after=after, limit=CHUNK_TOKENS)
            changes = [(key, old, new) for key, old in tokens if (new := counts.renew(old)) is not None]
            if changes:
                async with self._db.write() as session:
                    for key, old, new in changes:
                        renewed += await secrets.replace_token(session, name=name, key=key, old=old, new=new)
            if len(tokens) < CHUNK_TOKENS:
                return renewed
            after = tokens[-1][0]

    @activity.defn(name=TIDY_DATABASE)
    async def tidy_database(self, step: StepInput) -> HousekeepingResult:
        """Give unused space back to the disk if it is much."""
        async with heartbeating():
            return HousekeepingResult(freed_bytes=await upkeep.tidy(self._db))


class _Counts:
    """Renews tokens, and counts those that no key fits: they stay as they are."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.unreadable = 0

    def renew(self, token: str) -> str | None:
        try:
            return self._vault.renewed(token)
        except CredentialError:
            self.unreadable += 1
            return None


def remove_days(data_dir: Path, first_kept: date) -> int:
    """Remove the files of all days before this one, and the directories that become empty; gives how many days."""
    removed = 0
    for root in (data_dir / "raw", *(owned_directory(data_dir, owner_id) for owner_id in _owner_ids(data_dir))):
        for directory in sorted(root.glob("*/*/*/")):
            day = _day_of(directory, root)
            if day is None or day >= first_kept:
                continue
            shutil.rmtree(directory)
            removed += 1
            for parent in (directory.parent, directory.parent.parent):
                if not any(parent.iterdir()):
                    parent.rmdir()
    return removed


def _day_of(directory: Path, root: Path) -> date | None:
    """The day whose files lie in this directory; None if it is not one of ours."""
    match = re.fullmatch(r"(\d{4})/(\d\d)/(\d\d)", directory.relative_to(root).as_posix())
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _owner_ids(data_dir: Path) -> list[int]:
    """The accounts that have a directory."""
    root = data_dir / "owned"
    names = [path.name for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())
