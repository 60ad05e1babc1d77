"""JSON Feed, versions 1.0 and 1.1; and YouTube's list of a channel's videos, which stands in for its feed.

Source: jsonfeed.org/version/1 and jsonfeed.org/version/1.1.
"""

import json
from typing import Any

from contentsync.sources.dates import read_date
from contentsync.sources.feed_entries import Media, RawEntry, RawFeed
from contentsync.sources.markup import escaped_text
from contentsync.sources.youtube_answers import UPLOADS_KIND, read_uploads

MAX_ITEMS = 10_000
VERSION_PREFIX = "jsonfeed.org/version/1"


def read_json(text: str) -> RawFeed | None:
    """The feed in a JSON text; None if it is no JSON, or other JSON. Items of a wrong type are skipped."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, dict) and found.get("kind") == UPLOADS_KIND:
        return read_uploads(found)
    if not isinstance(found, dict) or VERSION_PREFIX not in _text(found, "version"):
        return None
    items = _list(found, "items")[:MAX_ITEMS]
    return RawFeed(
        title=_text(found, "title"),
        link=_text(found, "home_page_url"),
        language=_text(found, "language"),
        entries=[_raw_entry(item, found) for item in items if isinstance(item, dict)],
        skipped=sum(not isinstance(item, dict) for item in items),
    )


def _raw_entry(item: dict[str, Any], feed: dict[str, Any]) -> RawEntry:
    return RawEntry(
        id=_text(item, "id"),
        link=_text(item, "url") or _text(item, "external_url"),
        title=escaped_text(_text(item, "title")),
        summary=escaped_text(_text(item, "summary")),
        content=_text(item, "content_html") or escaped_text(_text(item, "content_text")),
        author=escaped_text(_author(item) or _author(feed)),
        published=read_date(_text(item, "date_published")),
        updated=read_date(_text(item, "date_modified")),
        images=[_text(item, "image"), _text(item, "banner_image")],
        media=[
            Media(url, _text(each, "mime_type"))
            for each in _list(item, "attachments")
            if isinstance(each, dict) and (url := _text(each, "url"))
        ],
    )


def _author(owner: dict[str, Any]) -> str:
    """Names of version 1.1's authors, or of version 1.0's only author."""
    authors = [each for each in [*_list(owner, "authors"), owner.get("author")] if isinstance(each, dict)]
    return ", ".join(dict.fromkeys(name for each in authors if (name := _text(each, "name").strip())))


def _text(found: dict[str, Any], name: str) -> str:
    """A text, or a number that stands where a text belongs (ids often do); else nothing."""
    value = found.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**30 else ""
    return value.strip() if isinstance(value, str) else ""


def _list(found: dict[str, Any], name: str) -> list[Any]:
    value = found.get(name)
    return value if isinstance(value, list) else []
