"""The list of what a YouTube account subscribes to: read page by page, and compared with what is followed.

The comparison is made only with a list that was read to its end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contentsync.db import channels
from contentsync.db.account_models import Channel as StoredChannel
from contentsync.errors import Unreachable
from contentsync.puller.youtube_visit import Visit
from contentsync.sources.base import Unchanged
from contentsync.sources.youtube import PAGE
from contentsync.sources.youtube_answers import Channel, read_subscriptions

LIST_HOURS = 6
MAX_PAGES = 100
"""Of 50 channels each; YouTube lets nobody subscribe to more."""


@dataclass(slots=True)
class Listing:
    """A list that was read to its end. `titles` are of the channels on pages that have changed."""

    ids: list[str] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    pages: list[dict[str, Any]] = field(default_factory=list)
    """What is remembered of each page, to ask only whether it has changed."""
    total: int = 0

    @property
    def is_short(self) -> bool:
        """Whether there is nothing, or less than YouTube itself counts: it leaves channels out at times, silently."""
        return len(self.ids) < max(self.total, 1)


@dataclass(frozen=True, slots=True)
class Changes:
    """What the account has more and less than before. `doubtful`: missing now, and believed the next time."""

    added: tuple[Channel, ...]
    gone: tuple[StoredChannel, ...]
    doubtful: tuple[str, ...]


async def read_list(visit: Visit) -> Listing:
    """The whole list; a unit a page.

    Raises:
        SourceError: some page did not come; then nothing is known.
    """
    known = {page["token"]: page for page in visit.integration.cursor.get("pages", [])}
    listing = Listing()
    token = ""
    for _ in range(MAX_PAGES):
        page = await _read_page(visit, token, known.get(token), listing)
        listing.pages.append(page)
        listing.ids += page["ids"]
        listing.total = max(listing.total, page["total"])
        token = page["next"]
        if not token:
            listing.ids = list(dict.fromkeys(listing.ids))
            return listing
    raise Unreachable("https://www.youtube.com/", "its list of subscriptions has no end")


async def _read_page(visit: Visit, token: str, known: Mapping[str, Any] | None, listing: Listing) -> dict[str, Any]:
    params = {"part": "snippet", "mine": "true", "maxResults": str(PAGE), "order": "alphabetical"}
    if token:
        params["pageToken"] = token
    answer = await visit.get("subscriptions", params, etag=known["etag"] if known else None)
    if isinstance(answer, Unchanged):
        assert known is not None, "only a known page can be unchanged"
        return dict(known)
    document = answer.document
    if document.get("kind") != "youtube#subscriptionListResponse":
        raise Unreachable(answer.url, "the answer is no list of subscriptions")
    page = read_subscriptions(document)
    listing.titles |= {channel.id: channel.title for channel in page.channels}
    etag = answer.headers.get("etag") or document.get("etag")
    return {
        "token": token,
        "etag": etag if isinstance(etag, str) else None,
        "next": page.next_token,
        "ids": [channel.id for channel in page.channels],
        "total": page.total,
    }


def compare(listing: Listing, stored: Sequence[StoredChannel], missed_before: Sequence[str]) -> Changes:
    """What to follow and what to let go. A channel that the person left in the bot is never followed again.

    From a short list a channel is missed twice before it is gone.
    """
    by_id = {channel.external_id: channel for channel in stored}
    listed = set(listing.ids)
    missing = [c for c in stored if c.external_id not in listed and c.state in (channels.FOLLOWED, channels.OFFERED)]
    gone = [c for c in missing if not listing.is_short or c.external_id in missed_before]
    added = [
        Channel(id, listing.titles.get(id) or (by_id[id].title if id in by_id else id))
        for id in listing.ids
        if id not in by_id or by_id[id].state in (channels.OFFERED, channels.GONE)
    ]
    doubtful = [c.external_id for c in missing if c not in gone]
    return Changes(tuple(added), tuple(gone), tuple(doubtful))


def next_list_at(now: datetime, pages: int, share_units: int) -> datetime:
    """When the list is read again: after six hours, later if that took more than half of the account's share."""
    hours = max(float(LIST_HOURS), 24.0 * 2 * pages / share_units)
    return now + timedelta(hours=hours)
