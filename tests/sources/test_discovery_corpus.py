"""Feed discovery on pages that other people made: `CORPUS=/path` says where they are."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contentsync.sources.discovery import find_feeds
from contentsync.sources.feed import FeedSource
from contentsync.sources.http import canonical_key, open_client
from tests.fakes.web import FakeWeb

CORPUS = Path(os.environ.get("CORPUS") or Path(__file__).parents[3] / "shared" / "corpus") / "discovery"
FEEDFINDER = CORPUS / "w3c+feedvalidator" / "feedfinder-tests"
PAGES = CORPUS / "codehollow+FeedReader" / "FeedReader.Tests" / "Html"
FOLDER = "/tests/client/autodiscovery/"
YOUTUBE = "https://www.youtube.com/feeds/videos.xml"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}")


def rewritten(page: bytes, home: FakeWeb, elsewhere: FakeWeb) -> bytes:
    """The page with its two hosts (one of them seen through a web archive) on loopback."""
    encoding = "utf-16" if page.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    text = re.sub(r"https://web\.archive\.org/web/\d+/", "", page.decode(encoding, errors="ignore"))
    text = text.replace("http://www.ragingplatypus.com", elsewhere.origin)
    return text.replace("http://diveintomark.org", home.origin).encode(encoding)


def serve_feedfinder(home: FakeWeb, elsewhere: FakeWeb) -> None:
    for file in FEEDFINDER.glob("html4-*"):
        kind = "text/html" if file.suffix == ".html" else "application/atom+xml"
        home.serve(FOLDER + file.name, rewritten(file.read_bytes(), home, elsewhere), content_type=kind)
    for file in (FEEDFINDER / "ragingplatypus").glob("*.xml"):
        elsewhere.serve(FOLDER + file.name, file.read_bytes(), content_type="application/atom+xml")


async def test_every_feedfinder_page_leads_to_its_feed() -> None:
    pages = sorted(file.stem for file in FEEDFINDER.glob("html4-*.html"))
    wrong = {}
    async with FakeWeb() as home, FakeWeb("127.0.0.2") as elsewhere:
        serve_feedfinder(home, elsewhere)
        async with open_client(allow_private_networks=True) as client:
            for page in pages:
                found = await find_feeds(
                    client, home.url(f"{FOLDER}{page}.html"), feed=FeedSource(), youtube_feed_base_url=YOUTUBE
                )
                # Each feed has the name of its page in its title; two hosts have feeds of the same name.
                at_home = (FEEDFINDER / f"{page}.xml").exists()
                expected = (home if at_home else elsewhere).url(f"{FOLDER}{page}.xml")
                if [feed.url for feed in found] != [expected] or page.upper() not in found[0].title:
                    wrong[page] = found
    assert len(pages) == 57
    assert wrong == {}


FEEDS_OF_PAGES = {
    "codehollow": ["https://codehollow.com/feed/", "https://codehollow.com/comments/feed/"],
    "heise": ["https://www.heise.de/rss/heise-atom.xml", "https://www.heise.de/rss/heise.rdf"],
    "japantimes": ["https://www.japantimes.co.jp/feed/topstories"],
    "orf": ["https://rss.orf.at/news.xml"],
    "stackoverflow": ["/feeds"],
    "stadtfeuerwehrweiz": ["http://www.stadtfeuerwehr-weiz.at/rss/einsaetze.xml"],
    "theverge": ["/rss/index.xml", "https://www.theverge.com/rss/front-page/index.xml"],
}


def local(web: FakeWeb, address: str) -> str:
    """Where a real address is served on loopback: its host becomes the first folder."""
    return web.url("/" + address.partition("://")[2]) if "://" in address else web.url(address)


def hosts_in(page: str) -> Iterator[str]:
    return (match[0] for match in re.finditer(r"https?://[\w.-]+", page))


@pytest.mark.parametrize("name", sorted(FEEDS_OF_PAGES))
async def test_real_pages_lead_to_the_feeds_they_declare(name: str) -> None:
    text = (PAGES / f"{name}.html").read_text(encoding="utf-8")
    async with FakeWeb() as web:
        for host in sorted(set(hosts_in(text)), key=len, reverse=True):
            text = text.replace(host, local(web, host))
        web.serve("/page", text, content_type="text/html; charset=utf-8")
        for number, address in enumerate(FEEDS_OF_PAGES[name]):
            body = f"<rss version='2.0'><channel><title>{name} {number}</title></channel></rss>"
            web.serve(local(web, address).removeprefix(web.origin), body)
        async with open_client(allow_private_networks=True) as client:
            found = await find_feeds(client, web.url("/page"), feed=FeedSource(), youtube_feed_base_url=YOUTUBE)
    assert [feed.url for feed in found] == [local(web, address) for address in FEEDS_OF_PAGES[name]]
    assert [feed.title for feed in found] == [f"{name} {number}" for number in range(len(found))]


def test_real_addresses_are_links() -> None:
    file = CORPUS / "codehollow+FeedReader" / "FeedReader.TestDataCrawler" / "feeds.txt"
    lines = [line for line in file.read_text("utf-8-sig").splitlines() if line.strip()]
    keys = {canonical_key(line) for line in lines}
    assert (len(lines), len(keys)) == (113, 109)
