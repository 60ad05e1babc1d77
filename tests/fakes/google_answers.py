"""How the Google for tests writes down its videos, lists, refusals and feeds."""

import hashlib
import html
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web


@dataclass
class Video:
    """A video as it is stored there."""

    id: str
    title: str
    published_at: datetime
    seconds: int = 300
    short: bool = False
    live: str = ""
    """"live" or "upcoming" now; "past" for the recording of a stream."""
    description: str = ""
    private: bool = False


def listing(kind: str, items: list[dict[str, Any]], total: int) -> dict[str, Any]:
    """A page of a list, `total` long."""
    page = {"totalResults": total, "resultsPerPage": 50}
    return {"kind": f"youtube#{kind}ListResponse", "pageInfo": page, "items": items}


def with_etag(request: web.Request, document: dict[str, Any]) -> web.Response:
    """The document with its ETag; 304 if the client has it."""
    etag = '"' + hashlib.sha256(json.dumps(document).encode()).hexdigest()[:20] + '"'
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers={"ETag": etag})
    return web.json_response(document | {"etag": etag.strip('"')}, headers={"ETag": etag})


def refused(status: int, reason: str) -> web.Response:
    """An error as the API puts it."""
    error = {"errors": [{"domain": "youtube", "reason": reason, "message": "no"}], "code": status, "message": "no"}
    return web.json_response({"error": error}, status=status)


def video_item(video: Video) -> dict[str, Any]:
    """A video in a list of `videos`."""
    item: dict[str, Any] = {
        "kind": "youtube#video",
        "id": video.id,
        "snippet": {"title": video.title, "liveBroadcastContent": video.live if video.live != "past" else "none"},
        "contentDetails": {"duration": "P0D" if video.live in ("live", "upcoming") else _duration(video.seconds)},
    }
    if video.live:
        item["liveStreamingDetails"] = {"scheduledStartTime": stamp(video.published_at)}
    return item


def _duration(seconds: int) -> str:
    return f"PT{seconds // 3600}H{seconds // 60 % 60}M{seconds % 60}S"


def stamp(moment: datetime) -> str:
    """A moment as the API writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def feed_entry(channel_id: str, channel: str, video: Video) -> str:
    """A video in a channel's public feed."""
    path = f"shorts/{video.id}" if video.short else f"watch?v={video.id}"
    title, text = html.escape(video.title), html.escape(video.description)
    when = video.published_at.astimezone(UTC).isoformat()
    return (
        f"<entry><id>yt:video:{video.id}</id><yt:videoId>{video.id}</yt:videoId>"
        f"<yt:channelId>{channel_id}</yt:channelId><title>{title}</title>"
        f'<link rel="alternate" href="https://www.youtube.com/{path}"/><author><name>{channel}</name></author>'
        f"<published>{when}</published><updated>{when}</updated><media:group><media:title>{title}</media:title>"
        f'<media:content url="https://www.youtube.com/v/{video.id}?version=3" type="application/x-shockwave-flash"/>'
        f'<media:thumbnail url="https://i1.ytimg.com/vi/{video.id}/hqdefault.jpg"/>'
        f"<media:description>{text}</media:description></media:group></entry>"
    )
