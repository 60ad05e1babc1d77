"""The puller's activities: claim what is due, pull a batch of sources, find the feeds behind a link."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
from temporalio import activity
from temporalio.exceptions import ApplicationError

from contentsync.credentials import Vault
from contentsync.db import drafts, sources
from contentsync.db.engine import Database
from contentsync.errors import SourceError
from contentsync.puller.batches import BatchPuller
from contentsync.puller.contract import FIND_FEEDS, FindFeedsResult, PullResult
from contentsync.puller.errand import Equipment
from contentsync.puller.hosts import LEAST_GAP_SECONDS
from contentsync.puller.intake import failure_of
from contentsync.puller.plan import Bounds
from contentsync.puller.work import (
    CLAIM_DUE,
    CLAIM_SOURCES,
    PULL_BATCH,
    ClaimDueInput,
    Claimed,
    ClaimSourcesInput,
    FindFeedsWork,
    PullBatchInput,
    in_batches,
)
from contentsync.settings import Settings
from contentsync.sources.base import Source
from contentsync.sources.discovery import FoundFeed, find_feeds
from contentsync.temporal import heartbeating

LEASE_SECONDS = 300
"""So long after a batch has renewed its lease for the last time, others may claim what it has not finished; if it goes
on after all, it finds its lease gone and stores nothing of it."""

FIND_SECONDS = 45
"""A person waits; the activity itself may take 60."""

FEED = "feed"
"""The kind of source that a link leads to."""


class PullerActivities:
    """All of them. `client` is the one way out, shared by everything that fetches; `kinds` are the sources by kind.

    `gap_seconds` is the least time between two requests to a host family.
    """

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        client: httpx.AsyncClient,
        settings: Settings,
        kinds: Mapping[str, Source],
        gap_seconds: float = LEAST_GAP_SECONDS,
    ) -> None:
        self._db = db
        self._vault = vault
        self._client = client
        self._settings = settings
        self._kinds = kinds
        self._batches = BatchPuller(
            db=db,
            client=client,
            data_dir=settings.data_dir,
            equipment=Equipment(kinds, settings.allow_private_networks, settings.trusted_hosts),
            bounds=Bounds(settings.min_pull_interval_minutes, settings.max_pull_interval_minutes),
            gap_seconds=gap_seconds,
            lease_seconds=LEASE_SECONDS,
        )

    async def close(self) -> None:
        """End what fetches and parses."""
        await self._batches.close()

    def all(self) -> list[Callable[..., Any]]:
        """What a worker registers."""
        return [self.claim_due, self.claim_sources, self.pull_batch, self.find_feeds]

    @activity.defn(name=CLAIM_DUE)
    async def claim_due(self, claim: ClaimDueInput) -> Claimed:
        """Lease what is due."""
        async with self._db.write() as session:
            ids = await sources.claim_due(
                session,
                now=datetime.fromisoformat(claim.now),
                lease_id=claim.lease_id,
                lease_seconds=LEASE_SECONDS,
                limit=claim.limit,
            )
        return in_batches(ids, claim.batch_size)

    @activity.defn(name=CLAIM_SOURCES)
    async def claim_sources(self, claim: ClaimSourcesInput) -> Claimed:
        """Lease these sources, due or not, whoever holds them."""
        async with self._db.write() as session:
            ids = await sources.claim_sources(
                session,
                source_ids=claim.source_ids,
                now=datetime.fromisoformat(claim.now),
                lease_id=claim.lease_id,
                lease_seconds=LEASE_SECONDS,
            )
        return in_batches(ids, claim.batch_size)

    @activity.defn(name=PULL_BATCH)
    async def pull_batch(self, batch: PullBatchInput) -> PullResult:
        """Pull a batch. What an earlier attempt has stored is not pulled again."""
        async with heartbeating():
            return await self._batches.pull(batch, attempt=activity.info().attempt)

    @activity.defn(name=FIND_FEEDS)
    async def find_feeds(self, work: FindFeedsWork) -> FindFeedsResult:
        """Find the feeds behind the link in a draft and keep them as sources; the draft's outcome says how it went."""
        async with heartbeating():
            async with self._db.read() as session:
                draft = await drafts.get_draft(session, draft_id=work.draft_id)
            if draft is None:
                raise ApplicationError(f"draft {work.draft_id} is gone", type="DraftGone", non_retryable=True)
            try:
                found = await self._find(self._vault.decrypt(draft.text))
            except SourceError as error:
                failure = failure_of(error)
                async with self._db.write() as session:
                    outcome = {"reason_key": failure.reason_key, "params": dict(failure.params)}
                    await drafts.set_outcome(session, draft_id=work.draft_id, outcome=outcome)
                return FindFeedsResult()
            return FindFeedsResult(await self._offer(work, found))

    async def _find(self, text: str) -> list[FoundFeed]:
        found: list[FoundFeed] = await find_feeds(
            self._client,
            text,
            feed=self._kinds[FEED],
            youtube_feed_base_url=self._settings.youtube_feed_base_url,
            total_seconds=FIND_SECONDS,
        )
        return found

    async def _offer(self, work: FindFeedsWork, found: Sequence[FoundFeed]) -> list[int]:
        now = datetime.fromisoformat(work.now)
        async with self._db.write() as session:
            source_ids = [
                await sources.upsert_found(
                    session,
                    kind=FEED,
                    key=feed.key,
                    url=feed.url,
                    title=feed.title,
                    site_url=feed.site_url,
                    language=feed.language,
                    preview=feed.latest,
                    now=now,
                )
                for feed in found
            ]
            await drafts.set_outcome(session, draft_id=work.draft_id, outcome={"source_ids": source_ids})
        return source_ids
