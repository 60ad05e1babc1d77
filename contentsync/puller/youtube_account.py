"""YouTube accounts: what somebody subscribes to there is followed here.

The channels are followed by their public feeds, which cost nothing; the API tells which they are, what the feeds leave
out (lengths, live streams), and stands in for a feed that has failed for hours.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from contentsync.credentials import Vault
from contentsync.db import account_channels, channels, integrations, sources, youtube_quota
from contentsync.db.account_channels import Examined, Silent, Unexamined
from contentsync.db.account_models import Integration
from contentsync.db.engine import Database
from contentsync.errors import NotFound, QuotaSpent, Refused
from contentsync.puller.account import AccountStore, Answer, Connected, LeaseLost, Synced
from contentsync.puller.youtube_list import Changes, Listing, compare, next_list_at, read_list
from contentsync.puller.youtube_visit import Visit, YouTubeAccess
from contentsync.settings import Settings
from contentsync.sources.base import MediaKind, Unchanged
from contentsync.sources.http import canonical_key
from contentsync.sources.oauth import OAuthApp, Tokens
from contentsync.sources.sites import channel_feed
from contentsync.sources.youtube import PAGE, SCOPE, YouTubeApi
from contentsync.sources.youtube_answers import Channel, read_channels, read_videos, uploads_playlist

SYNC_MINUTES = 60
"""New videos are examined so often; the list of subscriptions is read less often."""
FIRST_LOOK_MINUTES = 15
"""The same where channels were added: by then their feeds have been pulled."""
EXAMINE_UNITS = 4
"""Requests of 50 videos each in one sync."""
EXAMINE_DAYS = 4
"""Older videos stay unexamined."""
SILENT_HOURS = 6
STAND_IN_CHANNELS = 20
"""Channels in one sync for whose feed the API stands in, each for a unit."""
FOLLOW_AT_ONCE = 50
"""Channels in one transaction: the chat waits no longer than that for the write lock."""
FEED = "feed"
NO_CHANNEL = "YouTube"
"""What an account without a channel of its own is called."""


class YouTubeAccount:
    """The kind "youtube". `client` is the guarded way out."""

    kind = "youtube"

    def __init__(
        self, *, db: Database, vault: Vault, client: httpx.AsyncClient, settings: Settings, store: AccountStore
    ) -> None:
        self._db = db
        self._store = store
        self._feed_base_url = settings.youtube_feed_base_url
        self._access = YouTubeAccess(
            db=db,
            vault=vault,
            app=OAuthApp(client, settings),
            api=YouTubeApi(client, settings.youtube_api_base_url),
            api_url=settings.youtube_api_base_url,
        )

    async def connect(self, subscriber_id: int, given: str, now: datetime) -> Connected:
        """Turn the code of a sign-in into tokens and ask whose account it is. `given`: JSON with `code`, `verifier`.

        Raises:
            AccountRefused, SourceError: see `Account`.
        """
        sign_in = json.loads(given)
        tokens = await self._access.app.exchange(sign_in["code"], sign_in["verifier"], scope=SCOPE, now=now)
        own = await self._own_channel(tokens, now)
        async with self._db.read() as session:
            known = await integrations.list_integrations(session, subscriber_id=subscriber_id, kind=self.kind)
        options = {"channel_id": own.id, "with_shorts": True, "with_live": True}
        return Connected(account=_account_name(own, known), credentials=tokens.to_json(), options=options)

    async def _own_channel(self, tokens: Tokens, now: datetime) -> Channel:
        """The person's own channel; a nameless one if they have none, or no unit is left to ask for it."""
        try:
            await self._access.pay("channels", now)
            answer = await self._access.ask("channels", {"part": "snippet", "mine": "true"}, tokens, now)
        except QuotaSpent:
            return Channel("", NO_CHANNEL)
        assert not isinstance(answer, Unchanged), "no ETag was sent"
        found = read_channels(answer.document).channels
        return found[0] if found else Channel("", NO_CHANNEL)

    async def sync(self, integration: Integration, now: datetime) -> Synced:
        """Follow and let go what changed in the list, when it is due; look at new videos; stand in for broken feeds.

        Raises:
            AccountRefused, QuotaSpent, SourceError, LeaseLost: see `Account`.
        """
        visit = Visit(self._access, integration, now)
        cursor = dict(integration.cursor)
        soon = timedelta(minutes=SYNC_MINUTES)
        if _is_due(cursor, now):
            changes, read = await self._sync_list(visit)
            cursor |= read
            await self._keep_cursor(integration, cursor)
            soon = timedelta(minutes=FIRST_LOOK_MINUTES) if changes.added else soon
        new_items = 0
        next_at = min(_list_at(cursor), now + soon)
        try:
            new_items = await self._stand_in(visit, cursor)
            await self._examine(visit)
        except QuotaSpent:
            # What can wait has used its part of the day; the list still has its own.
            next_at = _list_at(cursor)
        return Synced(new_items, next_sync_at=next_at)

    async def disconnect(self, integration: Integration) -> None:
        """Stop following what came by the account, then give its tokens back to Google.

        Raises:
            SourceError: Google did not take them.
        """
        now = integration.last_sync_at or integration.created_at
        async with self._db.read() as session:
            stored = await channels.list_channels(session, integration_id=integration.id or 0)
        for start in range(0, len(stored), FOLLOW_AT_ONCE):
            async with self._db.write() as session:
                for channel in stored[start : start + FOLLOW_AT_ONCE]:
                    await account_channels.let_go(session, integration=integration, channel=channel, now=now)
        await self._access.app.revoke(self._access.tokens_of(integration))

    async def _sync_list(self, visit: Visit) -> tuple[Changes, dict[str, Any]]:
        """Read the list and follow it; what has changed, and what of it goes into the cursor."""
        integration = visit.integration
        listing: Listing = await read_list(visit)
        async with self._db.read() as session:
            stored = await channels.list_channels(session, integration_id=integration.id or 0)
            share = await youtube_quota.share(session)
        changes = compare(listing, stored, integration.cursor.get("missed", []))
        await self._apply(visit, changes)
        return changes, {
            "pages": listing.pages,
            "missed": list(changes.doubtful),
            "list_at": next_list_at(visit.now, len(listing.pages), share).isoformat(),
        }

    async def _apply(self, visit: Visit, changes: Changes) -> None:
        integration, now = visit.integration, visit.now
        for start in range(0, len(changes.added), FOLLOW_AT_ONCE):
            async with self._db.write() as session:
                await _hold(session, integration)
                for channel in changes.added[start : start + FOLLOW_AT_ONCE]:
                    await self._follow(session, integration, channel, now)
        for start in range(0, len(changes.gone), FOLLOW_AT_ONCE):
            async with self._db.write() as session:
                await _hold(session, integration)
                for gone in changes.gone[start : start + FOLLOW_AT_ONCE]:
                    await account_channels.let_go(session, integration=integration, channel=gone, now=now)

    async def _follow(self, session: Any, integration: Integration, channel: Channel, now: datetime) -> None:
        url = channel_feed(channel.id, self._feed_base_url)
        source_id = await sources.upsert_found(
            session,
            kind=FEED,
            key=canonical_key(url),
            url=url,
            title=channel.title,
            site_url=f"https://www.youtube.com/channel/{channel.id}",
            language=None,
            preview=[],
            now=now,
        )
        stored = await channels.upsert_channel(
            session, integration_id=integration.id or 0, external_id=channel.id, title=channel.title, now=now
        )
        if stored.state != channels.LEFT:  # they may have left it since the list was compared
            await account_channels.follow_channel(
                session, integration=integration, channel_id=stored.id or 0, source_id=source_id, now=now
            )

    async def _examine(self, visit: Visit) -> None:
        """Ask for the length of new videos, and which of them are live streams: a unit for 50 of them."""
        async with self._db.read() as session:
            waiting = await account_channels.list_unexamined(
                session,
                integration_id=visit.integration.id or 0,
                since=visit.now - timedelta(days=EXAMINE_DAYS),
                limit=EXAMINE_UNITS * PAGE,
            )
        for start in range(0, len(waiting), PAGE):
            batch = waiting[start : start + PAGE]
            ids = ",".join(video.external_id.removeprefix("yt:video:") for video in batch)
            params = {"part": "snippet,contentDetails,liveStreamingDetails", "id": ids, "maxResults": str(PAGE)}
            answer = await visit.get("videos", params, can_wait=True)
            assert not isinstance(answer, Unchanged), "no ETag was sent"
            async with self._db.write() as session:
                await account_channels.store_examined(session, videos=_examined(batch, answer.document))

    async def _stand_in(self, visit: Visit, cursor: dict[str, Any]) -> int:
        """Ask the API for the videos of channels whose feed has failed for hours; gives how many are new.

        What it tells counts as an answer of the feed, so that it is asked for once in those hours.
        """
        async with self._db.read() as session:
            silent = await account_channels.list_silent(
                session,
                integration_id=visit.integration.id or 0,
                before=visit.now - timedelta(hours=SILENT_HOURS),
                limit=STAND_IN_CHANNELS,
            )
        barren = {id: at for id, at in cursor.get("barren", {}).items() if at > visit.now.isoformat()}
        answers = [
            answer
            for channel in silent
            if channel.external_id not in barren and (answer := await self._uploads(visit, channel, barren)) is not None
        ]
        if not answers and barren == cursor.get("barren", {}):
            return 0
        cursor["barren"] = barren
        name = f"youtube-{visit.integration.id}-{uuid4()}"
        return await self._store.keep(visit.integration, answers, name=name, now=visit.now, cursor=cursor, shared=True)

    async def _uploads(self, visit: Visit, channel: Silent, barren: dict[str, str]) -> Answer | None:
        params = {
            "part": "snippet,contentDetails",
            "playlistId": uploads_playlist(channel.external_id),
            "maxResults": str(PAGE),
        }
        try:
            answer = await visit.get("playlistItems", params, can_wait=True)
        except (NotFound, Refused):  # it has published nothing, is gone, or shows nobody what it published
            barren[channel.external_id] = (visit.now + timedelta(days=1)).isoformat()
            return None
        assert not isinstance(answer, Unchanged), "no ETag was sent"
        fetched = answer.fetched()
        named = replace(fetched, url=f"{fetched.url}?playlistId={params['playlistId']}")
        return Answer(channel.source_id, FEED, named)

    async def _keep_cursor(self, integration: Integration, cursor: dict[str, Any]) -> None:
        async with self._db.write() as session:
            await _hold(session, integration)
            await integrations.change(session, integration_id=integration.id or 0, cursor=cursor)


async def _hold(session: Any, integration: Integration) -> None:
    """Raises LeaseLost unless this sync still holds the account."""
    if not await integrations.lock_leased(session, integration_id=integration.id or 0, lease_id=integration.lease_id):
        raise LeaseLost


def _list_at(cursor: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(cursor["list_at"])


def _is_due(cursor: dict[str, Any], now: datetime) -> bool:
    return "list_at" not in cursor or _list_at(cursor) <= now


def _examined(batch: Sequence[Unexamined], document: dict[str, Any]) -> list[Examined]:
    """What the answer tells of the videos; of one it leaves out, that its length stays unknown (0)."""
    told = {video.id: video for video in read_videos(document)}
    found = []
    for item_id, external_id in batch:
        video = told.get(external_id.removeprefix("yt:video:"))
        kind = MediaKind.LIVE.value if video is not None and video.is_live else None
        found.append(Examined(item_id, kind, (video.duration_seconds if video is not None else None) or 0))
    return found


def _account_name(own: Channel, known: Sequence[Integration]) -> str:
    """What the account is called: as before if it was connected before, and never like another one."""
    before = next((one.account for one in known if own.id and one.options.get("channel_id") == own.id), None)
    name = f"{own.title} ({own.handle})" if own.handle else own.title
    if before is None and own.id and any(one.account == name for one in known):
        return f"{name} {own.id[-6:]}"
    return before or name
