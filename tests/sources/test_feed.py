"""The feed source as everyone else sees it: goldens, odd documents, and what is not a feed."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from aiohttp import web

from contentsync.errors import NotAFeed
from contentsync.sources.base import Document, Fetched, MediaKind, SourceRef
from contentsync.sources.feed import ACCEPT, FeedSource, needs_thorough_reading
from contentsync.sources.feed_document import xml_document
from contentsync.sources.feed_outline import outline_of
from contentsync.sources.feed_plain import read_plain
from contentsync.sources.http import open_client
from tests.sources.goldens import GOLDEN_URL, GOLDENS

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
ITEM = "<item><title>T</title><link>https://a.example/1</link><guid>g-1</guid>{}</item>"


def parse(body: bytes | str, content_type: str = "", url: str = GOLDEN_URL) -> Document:
    body = body.encode() if isinstance(body, str) else body
    return FeedSource().parse(Fetched(url, 200, (), body, "", content_type=content_type))


def rss(items: str, attributes: str = "") -> str:
    return f'<rss version="2.0" {attributes}><channel><title>C</title>{items}</channel></rss>'


def is_thorough(text: str) -> bool:
    outline = outline_of(xml_document(text))
    return outline is None or needs_thorough_reading(outline, read_plain(outline))


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name: str) -> None:
    assert parse((FEEDS / name).read_bytes(), "application/xml") == GOLDENS[name]


def test_every_feed_in_the_data_folder_has_a_golden() -> None:
    assert {path.name for path in FEEDS.iterdir() if path.is_file()} == set(GOLDENS)


@pytest.mark.parametrize(
    ("text", "thorough"),
    [
        (rss(ITEM.format("")), False),
        (rss(ITEM.format("<description>one &amp;amp; two</description>")), False),
        (rss(ITEM.format('<link rel="self" href="https://a.example/f"/>')), False),
        (rss(ITEM.format("<pubDate>Mon, 01 Jan 0001 00:00:00 GMT</pubDate>")), False),
        (rss(ITEM.format("") + "<image><link>https://a.example</link></image>"), False),
        (rss(ITEM.format("<broken>")), True),
        (rss(ITEM.format("&nbsp;")), True),
        ("<!DOCTYPE rss>" + rss(ITEM.format("")), True),
        (rss(""), True),
        (rss(ITEM.replace("https://a.example/1", "/1").format("")), True),
        (rss(ITEM.replace("<link>https://a.example/1</link>", "").format("")), True),
        (
            rss(ITEM.replace("g-1", "https://a.example/g").replace("<link>https://a.example/1</link>", "").format("")),
            True,
        ),
        (rss(ITEM.format("<guid>g-2</guid>")), True),
        (rss(ITEM.format("<title>again</title>")), True),
        (rss(ITEM.format("<link>https://a.example/2</link>")), True),
        (rss(ITEM.format(ITEM.format(""))), True),
        (rss(ITEM.format("<extra><link>https://a.example/2</link></extra>")), True),
        (rss(ITEM.format('<x:link xmlns:x="urn:x">https://a.example/2</x:link>')), True),
        (rss(ITEM.format("<description>bare <p>markup</p></description>")), True),
        (rss(ITEM.format(""), 'xml:base="https://b.example/"'), True),
        (rss(ITEM.format("<pubDate>2025년 1월 2일</pubDate>")), True),
        (rss(ITEM.format("")) + rss(ITEM.format("")), True),
        ("<atom><entry/></atom>", True),
    ],
)
def test_rule_sends_surprises_to_the_thorough_reader(text: str, thorough: bool) -> None:
    assert is_thorough(text) is thorough


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "an empty answer"),
        (b" \r\n\t", "an empty answer"),
        (b"<!DOCTYPE html><html><head><title>x</title></head></html>", "an HTML page"),
        (b"\n<!-- hi --><HTML><body>", "an HTML page"),
        (b"<p>one <b>two</b></p>", "an HTML page"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\x89PNG\r\n\x1a\n....", "an image"),
        (b"RIFF1234WEBPVP8 ", "an image"),
        (b"\x00\x00\x00\x20ftypisom", "a video"),
        (b"ID3\x04rest", "an audio file"),
        (b"PK\x03\x04rest", "a ZIP archive"),
        (b"\x1f\x8bnot gzip", "a damaged gzip file"),
        (b'<?xml version="1.0"?><urlset xmlns="x"/>', "a sitemap"),
        (b"<sitemapindex/>", "a sitemap"),
        (b'<?xml version="1.0"?><!-- list --><opml version="2.0"/>', "OPML"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an image"),
        (b'<?xml version="1.0"?><catalog/>', "an XML document of another kind"),
        (b'{"items": [], "title": "no version"}', "JSON of another kind"),
        (b"[1, 2]", "JSON of another kind"),
        (b'{"version": "https://jsonfeed.org/version/1', "something like JSON, but damaged"),
        (b"Not found", "plain text"),
        (bytes(range(1, 256)) * 4, "binary data"),
    ],
)
def test_what_is_not_a_feed_is_named(body: bytes, found: str) -> None:
    with pytest.raises(NotAFeed) as caught:
        parse(body)
    assert (caught.value.found, caught.value.url) == (found, GOLDEN_URL)


def test_feed_without_entries_is_a_feed() -> None:
    assert parse(rss("")) == Document(title="C")


def test_feed_behind_a_warning_of_the_server_is_found() -> None:
    page = "<br /><b>Warning</b>: mysql <br />\n" + '<?xml version="1.0"?>\n' + rss(ITEM.format(""))
    assert [entry.external_id for entry in parse(page).entries] == ["g-1"]


def test_feed_sent_as_a_gzip_file_is_unpacked() -> None:
    assert len(parse(gzip.compress(rss(ITEM.format("")).encode())).entries) == 1


@pytest.mark.parametrize(
    ("encoding", "header", "declared"),
    [
        ("utf-8", "", ""),
        ("utf-8", "application/xml; charset=iso-8859-1", ""),
        ("utf-8-sig", "text/xml; charset=windows-1252", "iso-8859-1"),
        ("utf-16", "", ""),
        ("utf-16", "", "utf-16"),
        ("utf-16-le", "", "utf-16"),
        ("utf-32", "", ""),
        ("iso-8859-1", "", "iso-8859-1"),
        ("iso-8859-1", "text/xml; charset=ISO-8859-1", "utf-8"),
        ("iso-8859-1", "text/xml; charset=utf-8", "iso-8859-1"),
        ("windows-1252", "", ""),
        ("iso-8859-15", "", "iso-8859-15"),
        ("cp850", "", "cp850"),
        ("mac-roman", "", "macintosh"),
        ("gb18030", "", "gb2312"),
        ("utf-8", "text/xml; charset=no-such-charset", "punycode"),
    ],
)
def test_encodings(encoding: str, header: str, declared: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>\n' if declared else '<?xml version="1.0"?>\n'
    document = parse((declaration + rss(ITEM.replace("T<", "Déjà vu<").format(""))).encode(encoding), header)
    assert document.entries[0].title == "Déjà vu"


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("koi8-r", "Привет"),
        ("windows-1251", "Привет"),
        ("iso-8859-5", "Привет"),
        ("iso-8859-2", "Łódź"),
        ("windows-1250", "Łódź"),
        ("iso-8859-7", "Αθήνα"),
        ("windows-1255", "שלום"),
        ("windows-1256", "سلام"),
        ("iso-8859-9", "İstanbul"),
        ("shift_jis", "東京"),
        ("euc-jp", "東京"),
        ("iso-2022-jp", "東京"),
        ("euc-kr", "서울"),
        ("big5", "臺北"),
        ("gb2312", "北京"),
        ("tis-620", "ไทย"),
    ],
)
def test_declared_encodings_of_many_scripts(encoding: str, title: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + rss(ITEM.replace("T<", f"{title}<").format(""))
    assert parse(text.encode(encoding)).entries[0].title == title


def test_entry_said_twice_counts_once() -> None:
    assert len(parse(rss(ITEM.format("") * 2)).entries) == 1


def test_id_that_several_entries_share_gives_way_to_the_link() -> None:
    items = "".join(ITEM.format("").replace("/1", f"/{number}") for number in range(3))
    assert [entry.external_id for entry in parse(rss(items)).entries] == [f"https://a.example/{n}" for n in range(3)]


def test_entry_without_id_and_link_is_known_by_title_and_date() -> None:
    item = "<item><title>{}</title><pubDate>Tue, 04 Mar 2025 08:30:00 GMT</pubDate><description>{}</description></item>"
    first = parse(rss(item.format("A", "x") + item.format("B", "x"))).entries
    second = parse(rss(item.format("B", "edited") + item.format("A", "y"))).entries
    assert first[0].external_id != first[1].external_id
    assert [entry.external_id for entry in second] == [first[1].external_id, first[0].external_id]


def test_id_keeps_its_value_whichever_reader_reads_it() -> None:
    fast = parse(rss(ITEM.format("")))
    thorough = parse(rss(ITEM.format("") + "<item><title>U</title><link>/u</link></item>"))
    assert fast.entries[0] == thorough.entries[0]


@pytest.mark.parametrize(
    ("item", "summary", "author"),
    [
        ("<content:encoded>&lt;p>one</content:encoded><content>two</content>", "<p>one</p>", None),
        ("<content>two</content><content:encoded>&lt;p>one</content:encoded>", "<p>one</p>", None),
        ("<description>first</description><content>two</content>", "first", None),
        ('<a:content type="xhtml">\n<h:div>a &lt; <h:b>b</h:b><h:br/>c</h:div></a:content>',
         "<div>a &lt; <b>b</b><br>c</div>", None),
        ("<content><a href='/x'>one</a> two</content>",
         '<a href="https://feeds.example/x" rel="noopener noreferrer">one</a> two', None),
        ("<content xml:base='https://b.example/'>&lt;img src='i.png'></content>",
         '<img src="https://b.example/i.png">', None),
        ("<author>Anna</author>", "", "Anna"),
        ("<dc:creator>Boris</dc:creator><author> </author>", "", "Boris"),
        ("<dc:creator>Boris</dc:creator><itunes:author>Anna</itunes:author>", "", "Anna"),
        ("<a:author><a:uri>https://b.example</a:uri><a:name>Clara</a:name></a:author>", "", "Clara"),
    ],
)  # fmt: skip
def test_texts_and_authors_of_a_plain_feed(item: str, summary: str, author: str | None) -> None:
    names = (
        'xmlns:a="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:h="http://www.w3.org/1999/xhtml" '
        'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    )
    text = rss(ITEM.format(item), names)
    assert not is_thorough(text)
    (entry,) = parse(text, url="https://feeds.example/f").entries
    assert (entry.summary_html, entry.author) == (summary, author)


@pytest.mark.parametrize(
    ("links", "site"),
    [
        ("<link>https://a.example/</link>", "https://a.example/"),
        ('<a:link rel="self" href="https://a.example/f"/><link>https://a.example/</link>', "https://a.example/"),
        ('<link>https://a.example/</link><a:link href="https://b.example/"/>', "https://b.example/"),
        ('<a:link rel="self" href="https://a.example/f"/>', None),
    ],
)
def test_site_of_a_plain_feed(links: str, site: str | None) -> None:
    text = rss(links + ITEM.format(""), 'xmlns:a="http://www.w3.org/2005/Atom"')
    assert not is_thorough(text)
    assert parse(text).site_url == site


def test_newest_entries_of_an_endless_feed_are_kept() -> None:
    items = "".join(
        ITEM.replace("g-1", f"g-{n}").format(f"<pubDate>{1 + n // 60:02d} Mar 2025 10:{n % 60:02d}:00 GMT</pubDate>")
        for n in range(1_100)
    )
    ids = [entry.external_id for entry in parse(rss(items)).entries]
    assert ids == [f"g-{n}" for n in range(100, 1_100)]


@pytest.mark.parametrize(
    ("item", "kind", "url"),
    [
        ('<enclosure url="https://a.example/a.mp3" type="audio/mpeg"/>', MediaKind.PODCAST, "https://a.example/a.mp3"),
        ('<enclosure url="/v.mp4" type="video/mp4"/>', MediaKind.VIDEO, "https://feeds.example/v.mp4"),
        ('<enclosure url="https://a.example/a.pdf" type="application/pdf"/>', MediaKind.ARTICLE, None),
        ('<enclosure url="https://a.example/i.jpg" type="image/jpeg"/>', MediaKind.ARTICLE, None),
        ('<enclosure url="javascript:x.mp3" type="audio/mpeg"/>', MediaKind.PODCAST, None),
    ],
)
def test_media(item: str, kind: MediaKind, url: str | None) -> None:
    entry = parse(rss(ITEM.format(item))).entries[0]
    assert (entry.media_kind, entry.media_url) == (kind, url)


@pytest_asyncio.fixture
async def origin() -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        assert request.headers["Accept"] == ACCEPT
        return web.Response(body=rss(ITEM.format("")).encode(), content_type="application/rss+xml")

    app = web.Application()
    app.router.add_get("/feed", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/feed"
    await runner.cleanup()


async def test_fetch_asks_for_a_feed_and_parse_reads_it(origin: str) -> None:
    client: httpx.AsyncClient
    async with open_client(allow_private_networks=True) as client:
        fetched = await FeedSource().fetch(client, SourceRef(origin))
    assert isinstance(fetched, Fetched)
    assert [entry.title for entry in FeedSource().parse(fetched).entries] == ["T"]
