"""Feeds that other people made, read by us and by feedparser alone.

Run with `-s` to see the share that agrees and every difference.
"""

import hashlib
import io
import json
import os
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import feedparser
import pytest

from contentsync.errors import NotAFeed
from contentsync.sources.base import Document, Fetched
from contentsync.sources.feed import FeedSource
from contentsync.sources.markup import absolute_link

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / os.environ.get("CORPUS", "../shared/corpus") / "feeds"
TOLD = ("id", "link", "title", "summary", "content")
URL = "https://corpus.example/some/feed.xml"

pytestmark = [
    pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}; set CORPUS"),
    pytest.mark.slow,
    pytest.mark.timeout(120),
]


@dataclass(frozen=True)
class Reading:
    """What we and feedparser make of one file; `ours` is what it is instead if it is no feed to us."""

    name: str
    ours: Document | str
    theirs: list[Any]
    repeated: int
    """Entries of feedparser's that are left out of `theirs`."""
    body: bytes


def read_alone(body: bytes) -> tuple[list[Any], int]:
    """feedparser's entries, without those it gives more than once (same id, link, date, and title or else summary).

    And how many are left out.
    """
    entries = feedparser.parse(io.BytesIO(body)).entries
    first: dict[tuple[str | None, ...], Any] = {}
    for number, entry in enumerate(entries):
        told = entry.get("title") or entry.get("summary")
        said = (entry.get("id"), entry.get("link"), entry.get("published"), told)
        first.setdefault(said if any(said) else (str(number),), entry)
    return list(first.values()), len(entries) - len(first)


@cache
def corpus() -> tuple[Reading, ...]:
    """Every file of the corpus, read both ways once."""
    readings = []
    for path in sorted(path for path in CORPUS.rglob("*") if path.is_file()):
        body = path.read_bytes()
        fetched = Fetched(URL, 200, (), body, hashlib.sha256(body).hexdigest())
        ours: Document | str
        try:
            ours = FeedSource().parse(fetched)
        except NotAFeed as error:
            ours = error.found
        readings.append(Reading(str(path.relative_to(CORPUS)), ours, *read_alone(body), body))
    return tuple(readings)


def differences(reading: Reading) -> list[str]:
    """Where we and feedparser disagree about one file; empty if nowhere."""
    if isinstance(reading.ours, str):
        return [f"not a feed to us but {reading.ours}"]
    total = len(reading.ours.entries) + reading.ours.skipped
    if total != len(reading.theirs):
        return [f"{total} entries, feedparser {len(reading.theirs)}"]
    found = []
    claims = Counter(entry.get("id") for entry in reading.theirs)
    says_something = [entry for entry in reading.theirs if any(entry.get(name) for name in TOLD)]
    for number, (ours, theirs) in enumerate(zip(reading.ours.entries, says_something, strict=True)):
        link = absolute_link(theirs.get("link"), URL)
        if link is not None and ours.link != link:
            found.append(f"entry {number}: link {ours.link!r}, feedparser {link!r}")
        identity = theirs.get("id")
        if identity and claims[identity] == 1 and ours.external_id != identity:
            found.append(f"entry {number}: id {ours.external_id!r}, feedparser {identity!r}")
    return found


def allowances(reading: Reading) -> list[str]:
    """What `differences` overlooks in one file, because we mean to differ there."""
    found = []
    if reading.repeated:
        found.append(f"{reading.repeated} repetitions of other entries left out")
    if shared := [
        id for id, claims in Counter(entry.get("id") for entry in reading.theirs).items() if id and claims > 1
    ]:
        found.append(f"ids claimed by several entries: {shared}")
    if isinstance(reading.ours, Document) and reading.ours.skipped:
        found.append(f"{reading.ours.skipped} entries without id, link, title and text skipped")
    return found


def test_readings_agree_with_feedparser() -> None:
    """On at least 99 % of the files in which feedparser finds entries, we find the same.

    Same means: as many entries (those we skip count, repetitions word by word do not), and entry by entry the same
    absolute link and the same id wherever feedparser gives one. Where feedparser gives several different entries the
    same id, that id identifies none of them and is not compared. feedparser reads the bare bytes, without headers.
    """
    readable = [reading for reading in corpus() if reading.theirs]
    different = {reading.name: found for reading in readable if (found := differences(reading))}
    share = 1 - len(different) / len(readable)
    print(f"\n{len(readable) - len(different)} of {len(readable)} files agree with feedparser ({share:.2%})")
    for name, found in different.items():
        print(f"  {name}: {len(found)} differences: {'; '.join(found[:3])}")
    allowed = {reading.name: found for reading in readable if (found := allowances(reading))}
    print(f"{len(allowed)} files in which we mean to differ:")
    for name, found in allowed.items():
        print(f"  {name}: {'; '.join(found)}")
    assert len(readable) >= 250
    assert share >= 0.99, different


def test_json_feeds_are_read() -> None:
    feeds = [reading for reading in corpus() if b'"version"' in reading.body and b"jsonfeed.org" in reading.body]
    assert len(feeds) >= 5
    for reading in feeds:
        items = json.loads(reading.body)["items"]
        assert isinstance(reading.ours, Document), reading.name
        stated = [item.get("url") or item.get("external_url") for item in items]
        assert [entry.link for entry in reading.ours.entries] == stated, reading.name
        assert all(
            entry.external_id == item.get("id", entry.link)
            for entry, item in zip(reading.ours.entries, items, strict=True)
        )


def test_what_feedparser_cannot_read_is_named_or_empty() -> None:
    for reading in corpus():
        if not reading.theirs and isinstance(reading.ours, Document):
            is_extra = b"jsonfeed.org" in reading.body or reading.body.startswith(b"\x1f\x8b")
            assert is_extra or not reading.ours.entries, reading.name
