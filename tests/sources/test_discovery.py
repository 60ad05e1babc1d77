from collections.abc import AsyncIterator

import httpx
import pytest

from contentsync.errors import (
    AddressRefused,
    InvalidLink,
    NoFeedFound,
    NotAFeed,
    NotFound,
    RateLimited,
    Refused,
    SourceError,
    TimedOut,
    TooLarge,
    TooManyRedirects,
    Unreachable,
)
from contentsync.sources.discovery import FoundFeed, find_feeds
from contentsync.sources.feed import FeedSource
from contentsync.sources.http import canonical_key, open_client
from tests.fakes.web import FakeWeb, Reply

CHANNEL = "UC_x5XG1OV2P6uZZ5FSM9Ttw"


def rss(title: str, *items: str) -> str:
    """A feed whose items are one day older each."""
    entries = "".join(
        f"<item><title>{item}</title><link>https://a.example/{day}</link><guid>{title}{day}</guid>"
        f"<pubDate>{20 - day:02} Mar 2024 12:00:00 GMT</pubDate></item>"
        for day, item in enumerate(items)
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>'
        f"<link>https://a.example/</link><language>en-GB</language>{entries}</channel></rss>"
    )


def page(*links: str, body: str = "") -> str:
    """A page that declares feeds."""
    declared = "".join(f'<link rel="alternate" type="application/rss+xml" href="{link}">' for link in links)
    return f"<!doctype html><html><head><title>Page</title>{declared}</head><body>{body}</body></html>"


@pytest.fixture
async def web() -> AsyncIterator[FakeWeb]:
    async with FakeWeb() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with open_client(allow_private_networks=True) as guarded:
        yield guarded


async def find(client: httpx.AsyncClient, web: FakeWeb, link: str, total_seconds: float = 4) -> list[FoundFeed]:
    return await find_feeds(
        client, link, feed=FeedSource(), youtube_feed_base_url=web.url("/feeds/videos.xml"), total_seconds=total_seconds
    )


async def test_a_feed_is_itself(client: httpx.AsyncClient, web: FakeWeb) -> None:
    web.serve("/f.xml", rss("T", "one", "two", "three", "four"))
    assert await find(client, web, web.url("/f.xml")) == [
        FoundFeed(
            url=web.url("/f.xml"),
            key=canonical_key(web.url("/f.xml")),
            title="T",
            site_url="https://a.example/",
            language="en-gb",
            latest=("one", "two", "three"),
        )
    ]
    assert len(web.requests) == 1


async def test_the_latest_are_the_newest_whatever_their_place(client: httpx.AsyncClient, web: FakeWeb) -> None:
    newest_last = rss("T", "new", "old").replace("20 Mar 2024", "01 Jan 2023")
    web.serve("/f.xml", newest_last)
    assert (await find(client, web, web.url("/f.xml")))[0].latest == ("old", "new")


async def test_a_feed_behind_a_redirect_keeps_the_pasted_address(client: httpx.AsyncClient, web: FakeWeb) -> None:
    web.redirect("/old", "/f.xml")
    web.serve("/f.xml", rss("T"))
    assert [feed.url for feed in await find(client, web, web.url("/old"))] == [web.url("/old")]


async def test_declared_feeds_are_offered_without_repeats_or_what_is_no_feed(
    client: httpx.AsyncClient, web: FakeWeb
) -> None:
    web.serve("/", page("a.xml", "gone.xml", "b.atom", "c.xml", "html.xml", "/comments/feed"), content_type="text/html")
    web.serve("/a.xml", rss("A", "one"))
    web.serve("/b.atom", rss("A", "one"))
    web.serve("/c.xml", rss("C", "one"))
    web.serve("/html.xml", page(), content_type="application/rss+xml")
    web.serve("/comments/feed", rss("Comments on A", "hello"))
    found = await find(client, web, web.url("/"))
    assert [feed.title for feed in found] == ["A", "C", "Comments on A"]
    assert found[0].url == web.url("/a.xml")


async def test_at_most_five_are_offered(client: httpx.AsyncClient, web: FakeWeb) -> None:
    web.serve("/", page(*(f"/{n}.xml" for n in range(9))), content_type="text/html")
    for n in range(9):
        web.serve(f"/{n}.xml", rss(f"T{n}", f"one of {n}"))
    assert [feed.title for feed in await find(client, web, web.url("/"))] == [f"T{n}" for n in range(5)]


async def test_a_feed_without_title_has_the_title_of_its_link(client: httpx.AsyncClient, web: FakeWeb) -> None:
    link = '<link rel="alternate" type="application/rss+xml" title="All posts" href="/f.xml">'
    web.serve("/", link, content_type="text/html")
    web.serve("/f.xml", "<rss version='2.0'><channel><item><title>one</title></item></channel></rss>")
    assert (await find(client, web, web.url("/")))[0].title == "All posts"


async def test_relative_links_start_from_where_the_page_really_is(client: httpx.AsyncClient, web: FakeWeb) -> None:
    web.redirect("/", "/en/home/")
    web.serve("/en/home/", page("f.xml"), content_type="text/html")
    web.serve("/en/home/f.xml", rss("T"))
    assert [feed.url for feed in await find(client, web, web.url("/"))] == [web.url("/en/home/f.xml")]


async def test_links_that_look_like_feeds_are_tried_next(client: httpx.AsyncClient, web: FakeWeb) -> None:
    web.serve(
        "/", page("/gone.xml", body='<a href="/feedback">x</a><a href="/rss/all">x</a>'), content_type="text/html"
    )
    web.serve("/rss/all", rss("T"))
    assert [feed.url for feed in await find(client, web, web.url("/"))] == [web.url("/rss/all")]
    assert web.hits("/feedback") == 0


@pytest.mark.parametrize(
    "path", ["/feed", "/rss", "/atom.xml", "/feed.xml", "/rss.xml", "/index.xml", "/feeds/posts/default"]
)
async def test_usual_addresses_are_tried_last(path: str, client: httpx.AsyncClient, web: FakeWeb) -> None:
    web.serve("/about/us", page(), content_type="text/html")
    web.serve(path, rss("T"))
    assert [feed.url for feed in await find(client, web, web.url("/about/us"))] == [web.url(path)]
    assert len(web.requests) <= 13


async def test_a_link_without_scheme_is_tried_with_https_and_then_http(client: httpx.AsyncClient, web: FakeWeb) -> None:
    web.serve("/f.xml", rss("T"))
    assert [feed.url for feed in await find(client, web, f"127.0.0.1:{web.port}/f.xml")] == [web.url("/f.xml")]
    with pytest.raises(Unreachable):
        await find(client, web, f"https://127.0.0.1:{web.port}/f.xml")
    assert web.hits("/f.xml") == 1


YOUTUBE_LINKS = {
    f"/channel/{CHANNEL}": ["Channel"],
    "/@handle": ["Channel"],
    "/@handle/videos": ["Channel"],
    "/user/someone": ["Channel"],
    "/c/someone": ["Channel"],
    "/watch?v=dQw4w9WgXcQ": ["Channel"],
    "/shorts/dQw4w9WgXcQ": ["Channel"],
    "/playlist?list=PLabcdefghijkl": ["Playlist"],
    "/watch?v=dQw4w9WgXcQ&list=PLabcdefghijkl": ["Channel", "Playlist"],
}


@pytest.mark.parametrize("link", YOUTUBE_LINKS)
async def test_youtube_links_lead_to_channel_and_playlist_feeds(
    link: str, client: httpx.AsyncClient, web: FakeWeb
) -> None:
    web.serve(f"/feeds/videos.xml?channel_id={CHANNEL}", rss("Channel", "a video"))
    web.serve("/feeds/videos.xml?playlist_id=PLabcdefghijkl", rss("Playlist", "a part"))
    channel_page = f'<script>var x = {{"channelId":"UCaaaaaaaaaaaaaaaaaaaaaa","externalId":"{CHANNEL}"}}</script>'
    video_page = f'<script>var x = {{"videoDetails":{{"channelId":"{CHANNEL}"}}}}</script>'
    for path in ("/@handle", "/user/someone", "/c/someone"):
        web.serve(path, channel_page, content_type="text/html")
    web.serve("/watch?v=dQw4w9WgXcQ", video_page, content_type="text/html")
    found = await find(client, web, f"https://www.youtube.com{link}")
    assert [feed.title for feed in found] == YOUTUBE_LINKS[link]
    pages = [request for request in web.requests if not request.target.startswith("/feeds/")]
    assert all(request.headers["cookie"] == "SOCS=CAI" for request in pages)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://www.youtube.com/", NoFeedFound),
        ("https://www.youtube.com/@silent", NoFeedFound),
        ("https://www.youtube.com/@nobody", NotFound),
        (f"https://www.youtube.com/channel/{CHANNEL}", RateLimited),
        ("https://www.youtube.com/channel/UCaaaaaaaaaaaaaaaaaaaaaa", NoFeedFound),
    ],
)
async def test_youtube_links_that_lead_nowhere(
    link: str, expected: type[SourceError], client: httpx.AsyncClient, web: FakeWeb
) -> None:
    web.serve("/@silent", page(), content_type="text/html")
    web.fail(f"/feeds/videos.xml?channel_id={CHANNEL}", 429)
    with pytest.raises(SourceError) as caught:
        await find(client, web, link)
    assert type(caught.value) is expected


FAULTS: list[tuple[str, Reply, type[SourceError], str]] = [
    ("page without feeds", Reply(page().encode(), content_type="text/html"), NoFeedFound, ""),
    ("feed that is HTML", Reply(page().encode(), content_type="application/rss+xml"), NoFeedFound, ""),
    ("PDF", Reply(b"%PDF-1.7", content_type="application/pdf"), NotAFeed, "found a PDF"),
    ("JSON", Reply(b'{"a": 1}', content_type="application/json"), NotAFeed, "found JSON of another kind"),
    ("10 MB page", Reply(b"<p>" * 3_333_334, content_type="text/html"), TooLarge, "more than 10000000 bytes"),
    ("gzip bomb", Reply(b" " * 20_000_000, compression="gzip"), TooLarge, "more than 10000000 bytes"),
    ("never answers", Reply(hang=True), TimedOut, ""),
    ("slow drip", Reply(page().encode(), drip_bytes=1), TimedOut, ""),
    ("cut", Reply(page().encode(), cut_bytes=9), Unreachable, "the answer broke off"),
    ("redirect loop", Reply(status=302, headers=(("Location", "/"),)), TooManyRedirects, ""),
    ("not found", Reply(status=404), NotFound, "HTTP 404"),
    ("forbidden", Reply(status=403), Refused, "HTTP 403"),
]


@pytest.mark.parametrize(("reply", "expected", "detail"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS])
async def test_each_fault_has_its_reason(
    reply: Reply, expected: type[SourceError], detail: str, client: httpx.AsyncClient, web: FakeWeb
) -> None:
    web.reply("/", reply)
    with pytest.raises(SourceError) as caught:
        await find(client, web, web.url("/"), total_seconds=1)
    assert (type(caught.value), caught.value.detail) == (expected, detail)
    assert caught.value.url == web.url("/")


async def test_a_bad_link_is_refused(client: httpx.AsyncClient, web: FakeWeb) -> None:
    with pytest.raises(InvalidLink):
        await find(client, web, "what is new?")
    assert web.connections == 0


async def test_a_private_address_is_refused_without_a_connection(web: FakeWeb) -> None:
    async with open_client() as guarded:
        with pytest.raises(AddressRefused):
            await find(guarded, web, web.url("/"))
    assert web.connections == 0


async def test_a_page_cannot_send_us_to_a_private_address(web: FakeWeb) -> None:
    async with FakeWeb() as inside, open_client(trusted_hosts=frozenset({f"127.0.0.1:{web.port}"})) as guarded:
        inside.serve("/feed", rss("T"))
        body = f'<a href="{inside.url("/feed")}">feed</a>'
        web.serve("/", page(inside.url("/feed"), "/redirected", body=body), content_type="text/html")
        web.redirect("/redirected", inside.url("/feed"))
        with pytest.raises(AddressRefused):
            await find(guarded, web, web.url("/"))
        assert inside.connections == 0


async def test_why_a_declared_feed_failed_is_told(client: httpx.AsyncClient, web: FakeWeb) -> None:
    web.serve("/", page("/limited.xml"), content_type="text/html")
    web.fail("/limited.xml", 429, retry_after="60")
    with pytest.raises(RateLimited) as caught:
        await find(client, web, web.url("/"))
    assert caught.value.retry_after_seconds == 60
