"""Answers of News API that other people recorded. Run with `-s` to see the counts."""

import hashlib
import json
import os
from pathlib import Path

import httpx
import pytest

from contentsync.errors import AccountRefused, PlanExceeded, RateLimited
from contentsync.sources.base import Fetched
from contentsync.sources.newsapi import NewsApiReader, extent_of, failure_in

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / os.environ.get("CORPUS", "../shared/corpus") / "newsapi"
URL = "https://newsapi.org/v2/everything?q=x"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}; set CORPUS")

MEANING = {
    "apiKeyInvalid": AccountRefused,
    "rateLimited": RateLimited,
    "parameterInvalid": PlanExceeded,
    "maximumResultsReached": PlanExceeded,
}


def test_recorded_articles_are_all_read() -> None:
    body = (CORPUS / "everything.json").read_bytes()
    fetched = Fetched(URL, 200, (), body, hashlib.sha256(body).hexdigest())
    articles = json.loads(body)["articles"]
    document, extent = NewsApiReader().parse(fetched), extent_of(fetched)
    print(f"\n{len(document.entries)} of {len(articles)} articles read, {document.skipped} skipped, {extent}")
    assert document.skipped == 0
    assert [entry.link for entry in document.entries] == [article["url"] for article in articles]
    assert [entry.title for entry in document.entries] == [" ".join(a["title"].split()) for a in articles]
    assert all(entry.published_at is not None and entry.author for entry in document.entries)
    assert sum(bool(entry.summary_html) for entry in document.entries) >= len(articles) - 2
    assert sum(entry.image_url is None for entry in document.entries) == sum(a["urlToImage"] is None for a in articles)
    assert not any("chars]" in entry.summary_html for entry in document.entries)
    times = sorted(entry.published_at for entry in document.entries if entry.published_at)
    assert (extent.articles, extent.oldest, extent.newest) == (len(articles), times[0], times[-1])
    assert extent.total > len(articles)


def test_recorded_errors_have_their_meaning() -> None:
    recorded = json.loads((CORPUS / "observed-error-bodies.json").read_bytes())["newsapi"]
    print(f"\n{len(recorded)} error bodies")
    for one in recorded:
        failure = failure_in(URL, one["http"], httpx.Headers(), json.dumps(one["body"]).encode())
        assert type(failure) is MEANING[one["body"]["code"]], one
    assert {one["body"]["code"] for one in recorded} == set(MEANING)
