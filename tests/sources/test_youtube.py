"""The YouTube Data API's answers and refusals, and how units are counted by the day."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from contentsync.errors import (
    AccountRefused,
    NotFound,
    QuotaSpent,
    RateLimited,
    Refused,
    ServerFailed,
    SourceError,
)
from contentsync.sources.base import Fetched, MediaKind
from contentsync.sources.feed import FeedSource
from contentsync.sources.json_api import ApiAnswer
from contentsync.sources.youtube import failure
from contentsync.sources.youtube_answers import Video, read_channels, read_duration, read_subscriptions, read_videos
from contentsync.sources.youtube_quota import day_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHANNEL = "UC" + "a" * 22


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        (403, "quotaExceeded", QuotaSpent),
        (403, "dailyLimitExceeded", QuotaSpent),
        (403, "rateLimitExceeded", RateLimited),
        (403, "userRateLimitExceeded", RateLimited),
        (401, "authError", AccountRefused),
        (401, "", AccountRefused),
        (403, "insufficientPermissions", AccountRefused),
        (403, "subscriptionForbidden", AccountRefused),
        (403, "accountClosed", AccountRefused),
        (403, "accountSuspended", AccountRefused),
        (403, "authenticatedUserAccountClosed", AccountRefused),
        (401, "youtubeSignupRequired", AccountRefused),
        (403, "forbidden", Refused),
        (403, "accessNotConfigured", Refused),
        (400, "keyInvalid", Refused),
        (400, "invalidPageToken", Refused),
        (404, "playlistNotFound", NotFound),
        (404, "subscriberNotFound", NotFound),
        (403, "SERVICE_UNAVAILABLE", ServerFailed),
        (500, "backendError", ServerFailed),
        (500, "", ServerFailed),
        (429, "", RateLimited),
    ],
)
def test_each_reason_has_its_own_consequence(status: int, reason: str, expected: type[SourceError]) -> None:
    body = json.dumps({"error": {"code": status, "errors": [{"reason": reason}]}}).encode()
    error = failure(ApiAnswer("https://api.example/v3/x", status, httpx.Headers(), body), NOW)
    assert type(error) is expected


def test_spent_units_come_back_at_midnight_in_california() -> None:
    body = b'{"error": {"errors": [{"reason": "quotaExceeded"}]}}'
    error = failure(ApiAnswer("https://api.example/v3/x", 403, httpx.Headers(), body), NOW)
    assert isinstance(error, QuotaSpent)
    assert error.retry_at == datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "begins", "hours"),
    [
        ("2026-03-01T07:59:59+00:00", "2026-02-28T08:00:00+00:00", 24),
        ("2026-03-01T08:00:00+00:00", "2026-03-01T08:00:00+00:00", 24),
        ("2026-03-08T20:00:00+00:00", "2026-03-08T08:00:00+00:00", 23),
        ("2026-11-01T20:00:00+00:00", "2026-11-01T07:00:00+00:00", 25),
        ("2026-11-01T09:30:00+00:00", "2026-11-01T07:00:00+00:00", 25),
    ],
)
def test_a_day_of_units(now: str, begins: str, hours: int) -> None:
    begin, end = day_of(datetime.fromisoformat(now))
    assert begin == datetime.fromisoformat(begins)
    assert (end - begin).total_seconds() == hours * 3600


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT15M33S", 933), ("PT1H", 3600), ("P1DT1S", 86_401), ("PT45S", 45), ("P0D", None), ("PT0S", None), ("x", None)],
)
def test_durations(text: str, seconds: int | None) -> None:
    assert read_duration(text) == seconds


def test_a_page_of_subscriptions_leaves_out_what_names_no_channel() -> None:
    document = {
        "kind": "youtube#subscriptionListResponse",
        "nextPageToken": "CAUQAA",
        "pageInfo": {"totalResults": 4},
        "items": [
            {"snippet": {"title": "Slow Workshop", "resourceId": {"channelId": CHANNEL}}},
            {"snippet": {"title": "no id", "resourceId": {}}},
            {"snippet": None},
            "nonsense",
        ],
    }
    page = read_subscriptions(document)
    assert [(c.id, c.title) for c in page.channels] == [(CHANNEL, "Slow Workshop")]
    assert (page.next_token, page.total, page.skipped) == ("CAUQAA", 4, 2)


@pytest.mark.parametrize(
    "document", [{}, {"items": None}, {"items": {}}, {"items": [1, None]}, {"pageInfo": 3, "items": []}], ids=str
)
def test_nonsense_is_an_empty_page(document: dict[str, object]) -> None:
    for read in (read_subscriptions, read_channels):
        page = read(document)
        assert (page.channels, page.next_token, page.total) == ((), "", 0)
    assert read_videos(document) == []


def test_videos_tell_length_and_whether_they_are_live() -> None:
    items = [
        {"id": "abcdefghijk", "contentDetails": {"duration": "PT2M"}, "snippet": {"liveBroadcastContent": "none"}},
        {"id": "livelivelive", "contentDetails": {"duration": "P0D"}, "snippet": {"liveBroadcastContent": "upcoming"}},
        {
            "id": "recorded_one",
            "contentDetails": {"duration": "PT1H"},
            "liveStreamingDetails": {"actualStartTime": "x"},
        },
        {"id": "!"},
    ]
    assert read_videos({"items": items}) == [
        Video("abcdefghijk", 120, False),
        Video("livelivelive", None, True),
        Video("recorded_one", 3600, True),
    ]


def test_a_list_of_uploads_reads_as_the_feed_does() -> None:
    """The same video is the same item, whichever of the two told it first."""
    item = {
        "kind": "youtube#playlistItem",
        "snippet": {
            "title": "Sharpening a plane & more",
            "description": "From dull to sharp.",
            "channelTitle": "Slow Workshop",
            "resourceId": {"videoId": "abcdefghijk"},
            "thumbnails": {"high": {"url": "https://i1.ytimg.com/vi/abcdefghijk/hqdefault.jpg"}},
        },
        "contentDetails": {"videoId": "abcdefghijk", "videoPublishedAt": "2025-01-20T15:00:11Z"},
    }
    private = {"snippet": {"title": "Private video", "resourceId": {"videoId": "zzzzzzzzzzz"}}, "contentDetails": {}}
    listed = {"kind": "youtube#playlistItemListResponse", "items": [item, private]}
    feed = """<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/"
      xmlns="http://www.w3.org/2005/Atom"><title>Slow Workshop</title><entry><id>yt:video:abcdefghijk</id>
      <title>Sharpening a plane &amp; more</title>
      <link rel="alternate" href="https://www.youtube.com/watch?v=abcdefghijk"/>
      <author><name>Slow Workshop</name></author>
      <published>2025-01-20T15:00:11+00:00</published><media:group>
      <media:content url="https://www.youtube.com/v/abcdefghijk?version=3" type="application/x-shockwave-flash"/>
      <media:thumbnail url="https://i1.ytimg.com/vi/abcdefghijk/hqdefault.jpg"/>
      <media:description>From dull to sharp.</media:description></media:group></entry></feed>"""
    by_api = FeedSource().parse(_fetched(json.dumps(listed)))
    by_feed = FeedSource().parse(_fetched(feed))
    assert by_api.entries == by_feed.entries
    assert by_api.title == by_feed.title
    assert by_api.skipped == 1
    assert by_api.entries[0].media_kind is MediaKind.VIDEO


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        ("https://www.youtube.com/shorts/abcdefghijk", MediaKind.SHORT),
        ("https://www.youtube.com/watch?v=abcdefghijk", MediaKind.VIDEO),
        ("https://elsewhere.example/shorts/abcdefghijk", MediaKind.VIDEO),
    ],
)
def test_shorts_are_told_by_their_link(link: str, kind: MediaKind) -> None:
    feed = f"""<feed xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom"><title>T</title>
      <entry><id>1</id><title>One</title><link rel="alternate" href="{link}"/><media:group>
      <media:content url="https://www.youtube.com/v/abcdefghijk?version=3" type="application/x-shockwave-flash"/>
      </media:group></entry></feed>"""
    assert [entry.media_kind for entry in FeedSource().parse(_fetched(feed)).entries] == [kind]


def _fetched(text: str) -> Fetched:
    return Fetched("https://www.youtube.com/feeds/videos.xml", 200, (), text.encode(), "hash")
