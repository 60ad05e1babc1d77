"""The puller's activities as its workflows call them: names, inputs, results."""

from collections.abc import Iterable
from dataclasses import dataclass

from contentsync.puller.contract import PullResult, SyncResult

CLAIM_DUE = "puller.ClaimDue"
CLAIM_SOURCES = "puller.ClaimSources"
PULL_BATCH = "puller.PullBatch"
CLAIM_INTEGRATIONS = "puller.ClaimIntegrations"
SYNC_BATCH = "puller.SyncBatch"
TRY_ACCOUNT = "puller.TryAccount"
DROP_ACCOUNT = "puller.DropAccount"
LEAVE_LIST = "puller.LeaveList"


@dataclass(frozen=True)
class ClaimDueInput:
    """Lease at most `limit` due sources, in batches of at most `batch_size`. `now` is ISO 8601 with offset."""

    now: str
    lease_id: str
    limit: int
    batch_size: int


@dataclass(frozen=True)
class ClaimSourcesInput:
    """Lease exactly these sources, in batches of at most `batch_size`. `now` is ISO 8601 with offset."""

    now: str
    lease_id: str
    source_ids: list[int]
    batch_size: int


@dataclass(frozen=True)
class Claimed:
    """The ids of the sources that are leased now, by batch."""

    batches: list[list[int]]


@dataclass(frozen=True)
class PullBatchInput:
    """Pull these sources as far as the lease still holds them. `name` is unique; the archive file gets it."""

    now: str
    lease_id: str
    name: str
    source_ids: list[int]


@dataclass(frozen=True)
class FindFeedsWork:
    """Find what the link in this draft leads to. `now` is ISO 8601 with offset."""

    now: str
    draft_id: int


@dataclass(frozen=True)
class ClaimIntegrationsInput:
    """Lease at most `limit` accounts that are due, or exactly `integration_ids`. `now` is ISO 8601 with offset."""

    now: str
    lease_id: str
    limit: int
    batch_size: int
    integration_ids: list[int]


@dataclass(frozen=True)
class SyncBatchInput:
    """Sync these accounts as far as the lease still holds them. `name` is unique; archive files get it."""

    now: str
    lease_id: str
    name: str
    integration_ids: list[int]


@dataclass(frozen=True)
class ConnectWork:
    """Test and store the account in the draft. `now` is ISO 8601 with offset."""

    now: str
    draft_id: int
    kind: str
    announce: bool


def in_batches(ids: list[int], size: int) -> Claimed:
    """What was claimed, in batches of at most `size`."""
    return Claimed([ids[start : start + size] for start in range(0, len(ids), size)])


def total(results: Iterable[PullResult]) -> PullResult:
    """The counts of all of them together."""
    counts = [(one.pulled, one.unchanged, one.failed, one.new_items, one.notices) for one in results]
    return PullResult(*map(sum, zip(*counts, strict=True)))


def total_synced(results: Iterable[SyncResult]) -> SyncResult:
    """The counts of all of them together."""
    counts = [(one.synced, one.failed, one.new_items) for one in results]
    return SyncResult(*map(sum, zip(*counts, strict=True)))
