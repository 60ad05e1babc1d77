"""How the puller's work is started: names, inputs, results. Everybody may import this; it imports only errors."""

from dataclasses import dataclass, field

PULL_DUE = "puller.PullDue"
PULL_SOURCES = "puller.PullSources"
FIND_FEEDS = "puller.FindFeeds"
CONNECT_ACCOUNT = "puller.ConnectAccount"
SYNC_INTEGRATIONS = "puller.SyncIntegrations"
REMOVE_ACCOUNT = "puller.RemoveAccount"
UNSUBSCRIBE = "puller.Unsubscribe"
HOUSEKEEPING = "puller.Housekeeping"


@dataclass(frozen=True)
class PullDueInput:
    """`now`: ISO 8601 with offset, to simulate a moment; None is the workflow's own time."""

    now: str | None = None


@dataclass(frozen=True)
class PullSourcesInput:
    """Pull these sources at once, due or not (somebody has just followed them)."""

    source_ids: list[int]
    now: str | None = None


@dataclass(frozen=True)
class PullResult:
    """Counts over all sources of the call."""

    pulled: int = 0
    unchanged: int = 0
    failed: int = 0
    new_items: int = 0
    notices: int = 0
    """What people are to be told because of it."""


@dataclass(frozen=True)
class ConnectAccountInput:
    """Connect an account of this `kind` with what the draft holds. `announce`: say in the chat how it went."""

    draft_id: int
    kind: str
    announce: bool = False


@dataclass(frozen=True)
class ConnectAccountResult:
    """The account, or None; then the draft's `outcome` holds `reason_key` and `params`."""

    integration_id: int | None = None


@dataclass(frozen=True)
class SyncIntegrationsInput:
    """Sync what is due, or exactly these accounts at once. `now`: ISO 8601 with offset, to simulate a moment."""

    now: str | None = None
    integration_ids: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class SyncResult:
    """Counts over all accounts of the call."""

    synced: int = 0
    failed: int = 0
    new_items: int = 0


@dataclass(frozen=True)
class RemoveAccountInput:
    """Disconnect an account and delete everything that came through it."""

    integration_id: int


@dataclass(frozen=True)
class UnsubscribeInput:
    """Leave the list of this newsletter, as its mails offer it. Also the input of `puller.LeaveList`."""

    channel_id: int


@dataclass(frozen=True)
class UnsubscribeResult:
    """Whether the list's server accepted it; if not, the channel's `details["not_left"]` holds `reason_key` and
    `params`."""

    done: bool = False


@dataclass(frozen=True)
class HousekeepingInput:
    """`now`: ISO 8601 with offset, to simulate a moment; None is the workflow's own time."""

    now: str | None = None


@dataclass(frozen=True)
class HousekeepingResult:
    """What was removed and renewed, step by step. The steps in `failed` came to nothing; the next day tries again."""

    raw_documents: int = 0
    raw_days: int = 0
    """Days of raw files, each account's counted for itself."""
    orphans: int = 0
    """Directories of accounts that are gone."""
    drafts: int = 0
    updates: int = 0
    """Updates that were set aside."""
    notices: int = 0
    quotas: int = 0
    sign_ins: int = 0
    rules: int = 0
    """Mute and keep rules that were removed or over."""
    decisions: int = 0
    """Digests of which it is no longer known what became of their other candidates."""
    renewed: int = 0
    """Secrets written anew with the newest key."""
    unreadable: int = 0
    """Secrets that none of the keys fits."""
    freed_bytes: int = 0
    """What the database gave back to the disk."""
    failed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class FindFeedsInput:
    """`draft_id` names the draft row whose text holds the link; the link itself stays out of Temporal's history."""

    draft_id: int


@dataclass(frozen=True)
class FindFeedsResult:
    """Sources that were found, best first. If there are none, the draft's `outcome` holds `reason_key` and `params`."""

    source_ids: list[int] = field(default_factory=list)


def pull_sources_workflow_id(source_id: int) -> str:
    """One such run a source at a time: a second follower of the same source joins the first one's pull."""
    return f"pull/source/{source_id}"


def find_feeds_workflow_id(draft_id: int) -> str:
    """One run a draft: a repeated update finds the first run's result."""
    return f"find/{draft_id}"


def connect_workflow_id(draft_id: int) -> str:
    """One run a draft: a repeated update finds the first run's result."""
    return f"connect/{draft_id}"


def sync_workflow_id(integration_id: int) -> str:
    """One such run an account at a time."""
    return f"sync/account/{integration_id}"


def remove_workflow_id(integration_id: int) -> str:
    """One run an account."""
    return f"remove/account/{integration_id}"


def unsubscribe_workflow_id(channel_id: int) -> str:
    """One such run a newsletter at a time."""
    return f"unsubscribe/{channel_id}"
