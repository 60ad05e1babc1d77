"""Twenty real feeds, half found through a page, followed in the chat: every line of the digest is in its feed."""

import html
import os
import warnings
from pathlib import Path
from urllib.parse import unquote

import feedparser
import pytest

from tests.fakes.web import FakeWeb
from tests.instance import Instance, buttons, has_button

CORPUS = Path(os.environ.get("CORPUS", Path(__file__).parent.parent / "../shared/corpus")) / "feeds"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not CORPUS.exists(), reason=f"no corpus at {CORPUS}"),
]

FEEDS = [
    "danmactough+node-feedparser/iconv.xml",
    "feed-rs+feed-rs/atom_mediarss_reddit_1.xml",
    "feedjira+feedjira/AmazonWebServicesBlog.xml",
    "feedjira+feedjira/RSSWithComments.xml",
    "feedjira+feedjira/TechCrunch.xml",
    "feedjira+feedjira/TenderLovemaking.xml",
    "feedjira+feedjira/youtube_atom.xml",
    "kagisearch+fastfeedparser/1796df62c4a287cc.xml",
    "kagisearch+fastfeedparser/1d58ba8460bcc2d0.xml",
    "kagisearch+fastfeedparser/3f9eeff5039a008d.xml",
    "kagisearch+fastfeedparser/703cc817824470a0.xml",
    "kagisearch+fastfeedparser/818f59b753411031.xml",
    "kagisearch+fastfeedparser/7be307059415227d.xml",
    "nicolus+picoFeed/heise.rdf",
    "nicolus+picoFeed/podbean.xml",
    "nicolus+picoFeed/planete-jquery.xml",
    "nicolus+picoFeed/rss_0.91.xml",
    "nicolus+picoFeed/xakep.ru.xml",
    "rbren+rss-parser/guardian.rss",
    "rbren+rss-parser/feedburner.atom",
]


def entries_of(body: bytes) -> dict[str, str]:
    """Link → title of every entry, as feedparser alone reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = feedparser.parse(body)
    return {unquote(entry.link): " ".join(html.unescape(entry.title).split()) for entry in parsed.entries}


async def test_a_digest_of_twenty_real_feeds(tmp_path: Path) -> None:
    known: dict[str, str] = {}
    async with FakeWeb() as web, Instance(tmp_path) as chat:
        await chat.ask("/start")
        for number, name in enumerate(FEEDS):
            body = (CORPUS / name).read_bytes()
            known |= entries_of(body)
            web.serve(f"/{number}/feed", body, content_type="application/xml")
            page = f'<title>x</title><link rel="alternate" type="application/rss+xml" href="/{number}/feed">'
            web.serve(f"/{number}/", page.encode(), content_type="text/html")
            offer = await chat.ask(web.url(f"/{number}/" if number % 2 else f"/{number}/feed"), has_button("Follow"))
            await chat.tap(offer, "Follow")
            await chat.wait_for(has_button("Unfollow"), after=offer["message_id"] - 1)
        digest = await chat.ask("/digest", lambda m: len(buttons(m)) >= 10)
        print("\n" + digest["text"])
        (tmp_path / "digest.txt").write_text(digest["text"])
        text = digest["text"].encode("utf-16-le")
        links = [e for e in digest["entities"] if e["type"] == "text_link"]
        assert len(links) == 10
        for link in links:
            title = text[2 * link["offset"] : 2 * (link["offset"] + link["length"])].decode("utf-16-le")
            url = unquote(link["url"])  # we percent-encode what a URL may not hold, feedparser leaves it
            assert url in known, url
            assert title.rstrip("…") in known[url], title
        sources = await chat.ask("/sources")
        assert "20" in sources["text"]
