"""Public directories that know where somebody's feed is: Apple's of podcasts, and WebFinger of accounts. Pure."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from contentsync.sources.base import Fetched

APPLE_LOOKUP_URL = "https://itunes.apple.com/lookup"
"""Source: iTunes Search API, "Lookup Examples"; nearly all podcasts are listed there, whatever app their link is of."""
ACCEPT_JSON = "application/jrd+json, application/json, text/javascript;q=0.9, */*;q=0.1"

_PROFILE_PAGE = "http://webfinger.net/rel/profile-page"
_UPDATES = "http://schemas.google.com/g/2010#updates-from"


def podcast_lookup(number: str, lookup_url: str = APPLE_LOOKUP_URL) -> str:
    """Give the address that tells about a podcast by its number in Apple's directory."""
    return f"{lookup_url}?{urlencode({'id': number, 'entity': 'podcast'})}"


def podcast_feeds(answer: Fetched) -> tuple[str, ...]:
    """Give the feeds in Apple's answer; none for a podcast that only Apple has, or that is gone."""
    results = _json_object(answer).get("results")
    return tuple(_texts(results, "feedUrl")) if isinstance(results, list) else ()


def account_lookup(origin: str, user: str, host: str) -> str:
    """Give the address that tells about an account. Source: RFC 7033, section 4.1; RFC 7565."""
    return f"{origin}/.well-known/webfinger?{urlencode({'resource': f'acct:{user}@{host}'}, safe=':@')}"


def account_links(answer: Fetched) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the feeds and the profile pages that a WebFinger answer names."""
    links = _json_object(answer).get("links")
    links = [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []
    feeds = [link for link in links if link.get("rel") == _UPDATES]
    pages = [link for link in links if link.get("rel") == _PROFILE_PAGE]
    return tuple(_texts(feeds, "href")), tuple(_texts(pages, "href"))


def _json_object(answer: Fetched) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _texts(rows: list[Any], name: str) -> Iterator[str]:
    values = (row.get(name) for row in rows if isinstance(row, dict))
    return (value for value in values if isinstance(value, str) and value)
