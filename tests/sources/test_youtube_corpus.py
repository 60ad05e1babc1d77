"""Answers of the YouTube Data API that other people recorded, each read by the function that is meant for it.

Run with `-s` to see what was found in every file.
"""

import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from contentsync.errors import AccountRefused, Refused, ServerFailed, SourceError
from contentsync.sources.base import Fetched
from contentsync.sources.feed import FeedSource
from contentsync.sources.feed_entries import document_from
from contentsync.sources.json_api import ApiAnswer
from contentsync.sources.youtube import failure
from contentsync.sources.youtube_answers import UPLOADS_KIND, read_channels, read_subscriptions, read_uploads
from tests.sources.test_youtube import NOW

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / os.environ.get("CORPUS", "../shared/corpus") / "youtube"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}; set CORPUS")

PARTS = {
    "snippet": "snippet",
    "content_details": "contentDetails",
    "contentDetails": "contentDetails",
    "status": "status",
    "statistics": "statistics",
    "topic_details": "topicDetails",
    "branding_settings": "brandingSettings",
    "subscriberSnippet": "subscriberSnippet",
    "search_result_id": "id",
    "search_result_snippet": "snippet",
}
"""Files that hold one part of a resource: the part, by the end of the file's name."""
ERRORS: dict[str, type[SourceError]] = {
    "error_response.json": Refused,
    "error_response_simple.json": AccountRefused,
    "apidata/error_permission_resp.json": ServerFailed,
}


def document_of(path: Path) -> dict[str, Any]:
    """The document in a file; a part of a resource as a resource with that part."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    part = next((name for end, name in PARTS.items() if path.stem.endswith(end)), None)
    return {part: found} if part is not None and "kind" not in found else found if part != "id" else {"id": found}


def read(path: Path) -> tuple[int, int]:
    """How many resources the file's own reader used, and how many it left out."""
    document = document_of(path)
    folder = path.parent.name if path.parent.name != "apidata" else "channels"
    if folder == "subscriptions":
        page = read_subscriptions(document)
        return len(page.channels), page.skipped
    if folder == "channels":
        page = read_channels(document)
        return len(page.channels), page.skipped
    if document.get("kind") == UPLOADS_KIND:
        feed = FeedSource().parse(Fetched("https://api.example/", 200, (), path.read_bytes(), "hash"))
        return len(feed.entries), feed.skipped
    uploads = document_from(read_uploads(document), "https://api.example/")
    return len(uploads.entries), uploads.skipped


def test_every_file_is_read() -> None:
    found = {}
    paths = sorted(path for path in CORPUS.rglob("*.json") if str(path.relative_to(CORPUS)) not in ERRORS)
    for path in paths:
        used, left_out = read(path)
        resources = json.loads(path.read_text(encoding="utf-8")).get("items")
        assert used + left_out == (len(resources) if resources is not None else 1), path
        found[str(path.relative_to(CORPUS))] = (used, left_out)
    print()
    for name, (used, left_out) in found.items():
        print(f"{name:65} {used:3} used {left_out:3} left out")
    print(f"{len(found)} files, {sum(used for used, _ in found.values())} resources used, "
          f"{sum(out for _, out in found.values())} left out")  # fmt: skip
    assert len(found) >= 50
    lists = [name for name in found if "/subscriptions/" in name and "_by_" in name]
    assert len(lists) >= 7
    assert all(found[name][0] > 0 and found[name][1] == 0 for name in lists)
    uploads = [name for name in found if "/playlist_items/" in name and "playlist_items_" in name and "apidata" in name]
    assert all(found[name][0] > 0 for name in uploads)


def test_pages_lead_on_and_tell_their_total() -> None:
    first = read_subscriptions(document_of(CORPUS / "apidata/subscriptions/subscriptions_by_mine_p1.json"))
    second = read_subscriptions(document_of(CORPUS / "apidata/subscriptions/subscriptions_by_mine_p2.json"))
    assert first.next_token == "CAoQAA"
    assert second.next_token == ""
    assert first.total == second.total == 16
    assert len({channel.id for channel in first.channels + second.channels}) == 15, "YouTube shows less than it counts"


@pytest.mark.parametrize(("name", "expected"), ERRORS.items(), ids=str)
def test_errors(name: str, expected: type[SourceError]) -> None:
    body = (CORPUS / name).read_bytes()
    told = json.loads(body)["error"]
    status = told.get("code", 401) if isinstance(told, dict) else 401
    assert type(failure(ApiAnswer("https://api.example/", status, httpx.Headers(), body), NOW)) is expected
