"""Documents made to hurt: each is answered with a document or `NotAFeed`, in bounded time and memory."""

import random
import time
import tracemalloc
from pathlib import Path

import pytest

from contentsync.errors import NotAFeed
from contentsync.sources.base import Document, Fetched
from contentsync.sources.feed import FeedSource
from contentsync.sources.feed_entries import MAX_ENTRIES

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
MAX_SECONDS = 4.0


def parse(body: bytes, content_type: str = "", url: str = "https://bad.example/feed") -> Document | str:
    try:
        return FeedSource().parse(Fetched(url, 200, (), body, "", content_type=content_type))
    except NotAFeed as error:
        return error.found


def rss(items: bytes, prolog: bytes = b"") -> bytes:
    return prolog + b'<rss version="2.0"><channel><title>t</title>' + items + b"</channel></rss>"


def item(number: int, text: bytes) -> bytes:
    link = b"<link>https://bad.example/%d</link><guid>g%d</guid>" % (number, number)
    return b"<item><title>t</title>" + link + b"<description>" + text + b"</description></item>"


def laughs() -> bytes:
    names = [b"<!ENTITY l0 'ha'>"]
    names += [b'<!ENTITY l%d "' % level + b"&l%d;" % (level - 1) * 10 + b'">' for level in range(1, 10)]
    return rss(
        b"<item><title>&l9;</title><link>https://bad.example/</link></item>",
        b"<!DOCTYPE x [" + b"\n".join(names) + b"]>",
    )


def endless_author(filler: bytes) -> bytes:
    return rss(b"<item><link>/1</link><author>" + filler + b"</author></item>")


HOSTILE = {
    "billion laughs": laughs(),
    "one long entity, many times": rss(
        b"<item><title>" + b"&a;" * 50_000 + b"</title></item>",
        b'<!DOCTYPE x [\n<!ENTITY a "' + b"x" * 5_000 + b'">\n]>\n',
    ),
    "short entity, many times": rss(
        b"<item><author>" + b"&a;" * 200_000 + b"</author></item>", b'<!DOCTYPE x [\n<!ENTITY a "xxxx">\n]>\n'
    ),
    "deep": rss(b"<item>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</item>"),
    "deep content": rss(
        b"<item><link>https://a.example/</link><content>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</content></item>"
    ),
    "deep and open": rss(b"<item><description>" + b"<a>" * 20_000),
    "deep HTML": rss(item(1, b"&lt;div>" * 200_000)),
    "deep HTML in every entry": rss(b"".join(item(number, b"&lt;ul>&lt;li>" * 500) for number in range(200))),
    "many entries": rss(b"<item><title>a</title></item>" * 200_000),
    "many different entries": rss(b"".join(item(number, b"") for number in range(20_000))),
    "many empty entries": rss(b"<item/>" * 100_000),
    "many attributes": rss(b"<item " + b" ".join(b'a%d=">"' % number for number in range(30_000)) + b"></item>"),
    "many attributes, broken": rss(b"<item " + b" ".join(b'a%d="1"' % number for number in range(30_000)) + b"></item"),
    "many namespaces": rss(b"".join(b'<x:a xmlns:x="http://e/%d"/>' % number for number in range(10_000))),
    "nothing but <": rss(b"<item><title>" + b"<" * 200_000),
    "nothing but &": rss(b"<item><title>" + b"&" * 100_000),
    "open CDATA": rss(b"<item><title>" + b"<![CDATA[" * 50_000),
    "open declarations": rss(b"<item><title>" + b"<!a " * 20_000),
    "open quotes": rss(b'<item><title><a b="' + b"'\"" * 100_000),
    "endless author": endless_author(b"a" * 200_000),
    "endless author in pieces": endless_author(b"a<!--</author>-->" * 50_000),
    "endless author in CDATA": endless_author(b"<![CDATA[" + b"a" * 200_000 + b"]]>"),
    "endless author in references": endless_author(b"&#97;" * 100_000),
    "endless title, link and id": rss(
        b"<item><title>"
        + b"t" * 10**6
        + b"</title><guid>"
        + b"g" * 10**6
        + b"</guid><link>/"
        + b"l" * 10**6
        + b"</link></item>"
    ),
    "endless dates": rss(
        b"".join(b"<item><guid>%d</guid><pubDate>%s</pubDate></item>" % (n, b"2020-" * 9_000) for n in range(9))
    ),
    "blank prolog": b'<?xml version="1.0"?>' + b"\n" * 1_000_000 + rss(item(1, b"")),
    "declarations in the declaration": b"<?xml " + b'encoding="a" ' * 100_000 + rss(item(1, b"")),
    "DOCTYPEs": b"<!DOCTYPE " * 100_000 + rss(item(1, b"")),
    "many JSON items": b'{"version":"https://jsonfeed.org/version/1","items":[' + b'{"id":1},' * 200_000 + b"{}]}",
    "deep JSON": b'{"version":"https://jsonfeed.org/version/1","items":' + b"[" * 200_000,
    "impossible characters": rss(b"<item><title>&#xD800;&#0;&#99999999999999999999;</title><link>/x</link><br></item>"),
    "impossible addresses": rss(b'<item xml:base="http://[x"><link>http://[::1</link><guid>1</guid></item>'),
    "impossible bases": rss(b'<item xml:base="http://[x">' + item(1, b"")[6:]).replace(
        b"<rss", b'<rss xml:base="http://[y"'
    ),
    "impossible base": rss(item(1, b"&lt;a href='x'>y&lt;/a>"), b"").replace(
        b"<rss", b'<rss xml:base="http://xn--a.xn--/"'
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_document_is_answered_in_time(name: str) -> None:
    started = time.process_time()
    found = parse(HOSTILE[name])
    assert time.process_time() - started < MAX_SECONDS
    if isinstance(found, Document):
        assert len(found.entries) <= MAX_ENTRIES
        assert all(len(entry.title) <= 1_000 and len(entry.external_id) <= 1_000 for entry in found.entries)


def test_expansion_takes_no_memory() -> None:
    tracemalloc.start()
    try:
        parse(HOSTILE["billion laughs"])
        parse(HOSTILE["one long entity, many times"])
        parse(HOSTILE["short entity, many times"])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 50_000_000


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (
            b'{"version":"https://jsonfeed.org/version/1","items":[{"id":"\\ud800\\u0000x","title":"\\ud800","url":"/\\u0000"}]}',
            "",
        ),
        (b'{"version":"https://jsonfeed.org/version/1","items":{"id":1},"title":["x"]}', ""),
        (
            b'{"version":"https://jsonfeed.org/version/1","items":[{"id":1e999},{"id":true},{"authors":[1,{"name":2}]}]}',
            "",
        ),
        (rss(item(1, b"\xed\xa0\x80")), "text/xml; charset=idna"),
        (rss(item(1, b"x")), "text/xml; charset=base64"),
        (rss(item(1, b"x")), "text/xml; charset="),
    ],
)
def test_everything_told_can_be_stored(body: bytes, content_type: str) -> None:
    found = parse(body, content_type)
    assert isinstance(found, Document)
    for entry in found.entries:
        told = [entry.external_id, entry.title, entry.summary_html, entry.link or "", entry.author or ""]
        assert "\x00" not in "".join(told).encode().decode()


@pytest.mark.parametrize("name", [path.name for path in sorted(FEEDS.iterdir()) if path.is_file()])
def test_damaged_feeds_are_documents_or_named(name: str) -> None:
    body = (FEEDS / name).read_bytes()
    chance = random.Random(name)
    for _ in range(30):
        damaged = bytearray(body[: chance.randrange(len(body))] if chance.random() < 0.5 else body)
        for _ in range(chance.randrange(1, 6)):
            if damaged:
                damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        found = parse(bytes(damaged))
        assert isinstance(found, Document | str)
        if isinstance(found, Document):
            ids = [entry.external_id for entry in found.entries]
            assert len(set(ids)) == len(ids)
