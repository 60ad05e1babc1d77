"""What the YouTube Data API says, read without trust: a wrong type is as good as a missing field. Pure.

Source: https://developers.google.com/youtube/v3/docs
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contentsync.sources.dates import read_date
from contentsync.sources.feed_entries import Media, RawEntry, RawFeed

UPLOADS_KIND = "youtube#playlistItemListResponse"

_CHANNEL_ID = re.compile(r"UC[\w-]{22}")
_VIDEO_ID = re.compile(r"[\w-]{6,20}")
_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,4})M)?(?:(\d{1,6})S)?)?")
_PICTURES = ("high", "standard", "medium", "default")
_FLASH = Media("", "application/x-shockwave-flash")
"""How YouTube's own feeds mark a video, and so what makes an entry one."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as a list names it. `handle` begins with @, or is empty."""

    id: str
    title: str
    handle: str = ""
    uploads_id: str = ""
    """The playlist of everything it published."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `total` is the service's own, rough count of the whole list."""

    channels: tuple[Channel, ...]
    next_token: str = ""
    total: int = 0
    skipped: int = 0
    """Entries that name no channel."""


@dataclass(frozen=True, slots=True)
class Video:
    """What the feed does not tell of a video. `duration_seconds`: None while it is live or yet to come."""

    id: str
    duration_seconds: int | None
    is_live: bool


def read_subscriptions(document: Mapping[str, Any]) -> Page:
    """A page of `subscriptions.list` (or one subscription): the channels subscribed to."""
    return _page(document, _subscribed)


def read_channels(document: Mapping[str, Any]) -> Page:
    """A page of `channels.list` (or one channel)."""
    return _page(document, _channel)


def read_videos(document: Mapping[str, Any]) -> list[Video]:
    """The videos of `videos.list` that are told of at all; private and deleted ones are left out."""
    return [video for item in _items(document) if (video := _video(item)) is not None]


def read_uploads(document: Mapping[str, Any]) -> RawFeed:
    """The videos of `playlistItems.list` or `search.list`, as the channel's public feed would tell them.

    What is private or deleted has no date of publication, or no picture, and is skipped.
    """
    items = _items(document)
    entries = [entry for item in items if (entry := _upload(item)) is not None]
    names = {entry.author for entry in entries}
    title = names.pop() if len(names) == 1 else ""
    return RawFeed(title=title, entries=entries, skipped=len(items) - len(entries))


def read_duration(text: str) -> int | None:
    """Seconds of an ISO 8601 duration like PT1H2M3S; None if it is none, or nothing."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return (days * 24 + hours) * 3600 + minutes * 60 + seconds or None


def uploads_playlist(channel_id: str) -> str:
    """The playlist of everything a channel published; it differs from the channel's id in its second letter only."""
    return f"UU{channel_id.removeprefix('UC')}"


def _page(document: Mapping[str, Any], read: Any) -> Page:
    items = _items(document)
    channels = [channel for item in items if (channel := read(item)) is not None]
    total = _part(document, "pageInfo").get("totalResults")
    return Page(
        channels=tuple(channels),
        next_token=_text(document, "nextPageToken"),
        total=total if isinstance(total, int) and not isinstance(total, bool) else 0,
        skipped=len(items) - len(channels),
    )


def _items(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The resources in an answer; an answer that is a resource itself is its only one."""
    items = document.get("items", [] if _text(document, "kind").endswith("ListResponse") else [document])
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _subscribed(item: Mapping[str, Any]) -> Channel | None:
    snippet = _part(item, "snippet")
    return _named(_text(_part(snippet, "resourceId"), "channelId"), snippet)


def _channel(item: Mapping[str, Any]) -> Channel | None:
    snippet = _part(item, "snippet")
    handle = _text(snippet, "customUrl")
    uploads = _text(_part(_part(item, "contentDetails"), "relatedPlaylists"), "uploads")
    return _named(_text(item, "id"), snippet, handle=handle if handle.startswith("@") else "", uploads_id=uploads)


def _named(channel_id: str, snippet: Mapping[str, Any], **more: str) -> Channel | None:
    if not _CHANNEL_ID.fullmatch(channel_id):
        return None
    return Channel(channel_id, _text(snippet, "title")[:200] or channel_id, **more)


def _video(item: Mapping[str, Any]) -> Video | None:
    video_id = _text(item, "id")
    if not _VIDEO_ID.fullmatch(video_id):
        return None
    is_live = bool(_part(item, "liveStreamingDetails")) or _text(_part(item, "snippet"), "liveBroadcastContent") in (
        "live",
        "upcoming",
    )
    return Video(video_id, read_duration(_text(_part(item, "contentDetails"), "duration")), is_live)


def _upload(item: Mapping[str, Any]) -> RawEntry | None:
    snippet, details = _part(item, "snippet"), _part(item, "contentDetails")
    named = _part(snippet, "resourceId") or _part(item, "id")
    video_id = _text(details, "videoId") or _text(named, "videoId")
    published = read_date(_text(details, "videoPublishedAt") if details else _text(snippet, "publishedAt"))
    pictures = _pictures(snippet)
    if not _VIDEO_ID.fullmatch(video_id) or published is None or not pictures:
        return None
    return RawEntry(
        id=f"yt:video:{video_id}",
        link=f"https://www.youtube.com/watch?v={video_id}",
        title=_text(snippet, "title"),
        summary=_text(snippet, "description"),
        author=_text(snippet, "videoOwnerChannelTitle") or _text(snippet, "channelTitle"),
        published=published,
        images=pictures,
        media=(_FLASH,),
    )


def _pictures(snippet: Mapping[str, Any]) -> Sequence[str]:
    thumbnails = _part(snippet, "thumbnails")
    return [url for size in _PICTURES if (url := _text(_part(thumbnails, size), "url"))][:1]


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value.strip() if isinstance(value, str) else ""
