"""What people paste, on an internet of one server: which feed each link leads to, and what else was asked for.

`pytest -s tests/sources/test_discovery_sites.py` prints the table.
"""

import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contentsync.errors import NoFeedFound, NotFound, RateLimited, SiteWithoutFeeds, SourceError
from contentsync.sources.discovery import find_feeds
from contentsync.sources.feed import FeedSource
from contentsync.sources.http import open_client
from tests.fakes.web import FakeInternet, FakeWeb, self_signed

CHANNEL = "UC_x5XG1OV2P6uZZ5FSM9Ttw"
VIDEOS = "https://www.youtube.com/feeds/videos.xml"

# A link, and the feeds it leads to. Nothing else exists, but what PAGES holds.
LINKS: dict[str, list[str]] = {
    "https://example.com/feed.xml": ["https://example.com/feed.xml"],
    "example.com/feed.xml": ["https://example.com/feed.xml"],
    "feed:https://example.com/feed.xml": ["https://example.com/feed.xml"],
    "https://blog.example/": ["https://blog.example/posts.atom"],
    # YouTube
    f"https://www.youtube.com/channel/{CHANNEL}": [f"{VIDEOS}?channel_id={CHANNEL}"],
    "https://youtube.com/@handle": [f"{VIDEOS}?channel_id={CHANNEL}"],
    "https://m.youtube.com/@handle/shorts": [f"{VIDEOS}?channel_id={CHANNEL}"],
    "https://www.youtube.com/handle": [f"{VIDEOS}?channel_id={CHANNEL}"],
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ": [f"{VIDEOS}?channel_id={CHANNEL}"],
    "https://youtu.be/dQw4w9WgXcQ?si=x": [f"{VIDEOS}?channel_id={CHANNEL}"],
    "https://www.youtube.com/shorts/dQw4w9WgXcQ": [f"{VIDEOS}?channel_id={CHANNEL}"],
    "https://www.youtube.com/live/dQw4w9WgXcQ": [f"{VIDEOS}?channel_id={CHANNEL}"],
    "https://www.youtube.com/playlist?list=PLabcdefghijkl": [f"{VIDEOS}?playlist_id=PLabcdefghijkl"],
    # Reddit
    "https://www.reddit.com/r/Python/": ["https://www.reddit.com/r/Python/.rss"],
    "https://old.reddit.com/r/Python/top/": ["https://www.reddit.com/r/Python/.rss"],
    "https://www.reddit.com/u/spez": ["https://www.reddit.com/user/spez/.rss"],
    "https://www.reddit.com/user/spez/m/reads/": ["https://www.reddit.com/user/spez/m/reads/.rss"],
    "https://www.reddit.com/r/Python/comments/1abc/a_title/": [
        "https://www.reddit.com/r/Python/.rss",
        "https://www.reddit.com/r/Python/comments/1abc/.rss",
    ],
    "https://redd.it/1abc": [
        "https://www.reddit.com/r/Python/.rss",
        "https://www.reddit.com/r/Python/comments/1abc/.rss",
    ],
    # Code
    "https://github.com/python": ["https://github.com/python.atom"],
    "https://github.com/python/cpython": ["https://github.com/python/cpython/releases.atom"],
    "https://github.com/python/cpython/releases/tag/v3.13.0": ["https://github.com/python/cpython/releases.atom"],
    "https://github.com/python/cpython/commits/main": ["https://github.com/python/cpython/commits/main.atom"],
    "https://github.com/python/cpython/tree/main/Lib": ["https://github.com/python/cpython/commits/main/Lib.atom"],
    "https://github.com/python/cpython/tags": ["https://github.com/python/cpython/tags.atom"],
    "https://gitlab.com/group/sub/project": [
        "https://gitlab.com/group/sub/project/-/releases.atom",
        "https://gitlab.com/group/sub/project/-/tags?format=atom",
    ],
    "https://codeberg.org/forgejo/forgejo": ["https://codeberg.org/forgejo/forgejo/releases.rss"],
    "https://git.example/owner/repo": ["https://git.example/owner/repo/releases.rss"],
    # People
    "https://mastodon.social/@Gargron": ["https://mastodon.social/@Gargron.rss"],
    "https://mastodon.social/@Gargron/1234": ["https://mastodon.social/@Gargron.rss"],
    "@Gargron@mastodon.social": ["https://mastodon.social/@Gargron.rss"],
    "@ann@town.example": ["https://social.town.example/@ann.rss"],
    "https://mastodon.social/@ann@town.example": ["https://social.town.example/@ann.rss"],
    "@bob@old.example": ["https://old.example/bob.atom"],
    "@eve@quiet.example": ["https://quiet.example/@eve.rss"],
    "https://bsky.app/profile/someone.bsky.social": ["https://bsky.app/profile/someone.bsky.social/rss"],
    "https://bsky.app/profile/someone.bsky.social/post/3k": ["https://bsky.app/profile/someone.bsky.social/rss"],
    # Letters and blogs
    "https://letter.substack.com/p/an-issue": ["https://letter.substack.com/feed"],
    "https://open.substack.com/pub/letter/p/an-issue?r=1": ["https://letter.substack.com/feed"],
    "https://letter.example/p/an-issue": ["https://letter.example/feed"],
    "https://medium.com/@user/a-story-0123456789ab": ["https://medium.com/feed/@user"],
    "https://medium.com/publication/a-story-0123456789ab": ["https://medium.com/feed/publication"],
    "https://user.medium.com/": ["https://user.medium.com/feed"],
    "https://essays.example/a-story-0123456789ab": ["https://essays.example/feed"],
    "https://press.example/": ["https://press.example/feed/", "https://press.example/comments/feed/"],
    "https://press.example/category/cats/": [
        "https://press.example/category/cats/feed/",
        "https://press.example/feed/",
        "https://press.example/comments/feed/",
    ],
    "https://press.example/2024/05/a-post/": [
        "https://press.example/feed/",
        "https://press.example/comments/feed/",
        "https://press.example/2024/05/a-post/feed/",
    ],
    "https://bare.example/site/about": ["https://bare.example/site/feed/"],
    "https://someone.wordpress.com/": ["https://someone.wordpress.com/feed/"],
    "https://someone.tumblr.com/post/1": ["https://someone.tumblr.com/rss"],
    "https://www.tumblr.com/someone": ["https://someone.tumblr.com/rss"],
    "https://someone.blogspot.com/2020/01/x.html": ["https://someone.blogspot.com/feeds/posts/default"],
    "https://ghost.example/a-post/": ["https://ghost.example/rss/"],
    "https://forum.example/t/a-topic/12": ["https://forum.example/latest.rss"],
    # Podcasts
    "https://podcasts.apple.com/us/podcast/a-name/id1234567890": ["https://pod.example/feed"],
    "https://podcasts.apple.com/us/podcast/a-name/id1234567890?i=1000": ["https://pod.example/feed"],
    "https://itunes.apple.com/podcast/id1234567890": ["https://pod.example/feed"],
    "https://overcast.fm/itunes1234567890/a-name": ["https://pod.example/feed"],
    "https://apple.co/abc": ["https://pod.example/feed"],
    # Others
    "https://news.ycombinator.com/": ["https://news.ycombinator.com/rss"],
    "https://news.ycombinator.com/user?id=pg": ["https://hnrss.org/user?id=pg"],
    "https://stackoverflow.com/questions/tagged/python": ["https://stackoverflow.com/feeds/tag/python"],
    "https://unix.stackexchange.com/questions/12/title": ["https://unix.stackexchange.com/feeds/question/12"],
    "https://vimeo.com/someone": ["https://vimeo.com/someone/videos/rss"],
    "https://vimeo.com/channels/staffpicks": ["https://vimeo.com/channels/staffpicks/videos/rss"],
    "https://soundcloud.com/someone": ["https://feeds.soundcloud.com/users/soundcloud:users:77/sounds.rss"],
    "https://lobste.rs/t/python": ["https://lobste.rs/t/python.rss"],
    "https://dev.to/someone/a-post-1": ["https://dev.to/feed/someone"],
    "https://letterboxd.com/someone/": ["https://letterboxd.com/someone/rss/"],
    "https://store.steampowered.com/app/440/Name/": ["https://store.steampowered.com/feeds/news/app/440"],
}

WORDPRESS = """<link rel="alternate" type="application/rss+xml" title="Press" href="https://press.example/feed/">
<link rel="alternate" type="application/rss+xml" title="Press » Comments Feed" href="https://press.example/comments/feed/">"""


def own_feed(title: str, path: str, classes: str) -> str:
    link = (
        f'<link rel="alternate" type="application/rss+xml" title="Press » {title}" href="https://press.example{path}">'
    )
    return f'{WORDPRESS}{link}</head><body class="{classes}">'


PAGES = {
    "//www.youtube.com/@handle": f'{{"externalId":"{CHANNEL}"}}',
    "//www.youtube.com/handle": f'{{"externalId":"{CHANNEL}"}}',
    "//www.youtube.com/watch?v=dQw4w9WgXcQ": f'{{"externalChannelId":"{CHANNEL}"}}',
    "//blog.example/": '<link rel="alternate" type="application/atom+xml" href="/posts.atom">',
    "//www.reddit.com/r/Python/comments/1abc/a_title/": "<p>A post",
    "//git.example/owner/repo": '<meta name="author" content="Forgejo – Beyond coding">',
    "//letter.example/p/an-issue": '<script src="https://substackcdn.com/bundle.js"></script>',
    "//essays.example/a-story-0123456789ab": '<meta property="al:android:package" content="com.medium.reader">',
    "//press.example/": WORDPRESS + '</head><body class="home blog">',
    "//press.example/category/cats/": own_feed("Cats Category Feed", "/category/cats/feed/", "archive category"),
    "//press.example/2024/05/a-post/": own_feed("A Post", "/2024/05/a-post/feed/", "single single-post postid-7"),
    "//bare.example/site/about": '<link rel="https://api.w.org/" href="https://bare.example/site/wp-json/" />',
    "//ghost.example/a-post/": '<meta name="generator" content="Ghost 5.82">',
    "//forum.example/t/a-topic/12": '<meta name="generator" content="Discourse 3.3 - https://x.example">',
    "//soundcloud.com/someone": '<meta property="al:ios:url" content="soundcloud://users:77">',
    "//podcasts.apple.com/us/podcast/a-name/id1234567890": "<p>A podcast",
    "//itunes.apple.com/lookup?id=1234567890&entity=podcast": "\n\n\n"
    + json.dumps({"resultCount": 1, "results": [{"kind": "podcast", "feedUrl": "https://pod.example/feed"}]}),
    "//mastodon.social/.well-known/webfinger?resource=acct:Gargron@mastodon.social": json.dumps(
        {"links": [{"rel": "http://webfinger.net/rel/profile-page", "href": "https://mastodon.social/@Gargron"}]}
    ),
    "//town.example/.well-known/webfinger?resource=acct:ann@town.example": json.dumps(
        {
            "links": [
                {"rel": "self", "type": "application/activity+json", "href": "https://social.town.example/users/ann"},
                {"rel": "http://webfinger.net/rel/profile-page", "href": "https://social.town.example/@ann"},
            ]
        }
    ),
    "//old.example/.well-known/webfinger?resource=acct:bob@old.example": json.dumps(
        {"links": [7, {"rel": "http://schemas.google.com/g/2010#updates-from", "href": "https://old.example/bob.atom"}]}
    ),
}

NO_FEEDS = {
    "https://open.spotify.com/show/4rOoJ6Egrf8K2IrywzwOMk": "Spotify",
    "https://t.me/durov": "Telegram",
    "https://t.me/s/durov": "Telegram",
    "https://x.com/someone": "X",
    "https://mobile.twitter.com/someone/status/1": "X",
    "https://www.facebook.com/someone": "Facebook",
    "https://www.instagram.com/someone/": "Instagram",
    "https://www.tiktok.com/@someone": "TikTok",
    "https://www.linkedin.com/in/someone/": "LinkedIn",
    "https://www.threads.net/@someone": "Threads",
    "https://whatsapp.com/channel/abc": "WhatsApp",
    "https://discord.gg/abc": "Discord",
    "https://www.twitch.tv/someone": "Twitch",
    "https://spoti.fi/abc": "Spotify",
}


class Internet:
    """One server for all hosts, and a client that finds it under every name."""

    def __init__(self, web: FakeWeb, names: FakeInternet, context: ssl.SSLContext) -> None:
        self.web, self.names, self.context = web, names, context

    async def find(self, link: str) -> list[str]:
        """The feeds behind a link."""
        async with open_client(allow_private_networks=True, resolver=self.names, ssl_context=self.context) as client:
            found = await find_feeds(client, link, feed=FeedSource(), youtube_feed_base_url=VIDEOS, total_seconds=4)
        return [feed.url for feed in found]

    def asked(self) -> list[str]:
        """What was asked for since the last time, as addresses."""
        asked = [f"{request.headers['host']}{request.target}" for request in self.web.requests]
        self.web.requests.clear()
        return asked


@pytest.fixture
async def internet(tmp_path: Path) -> AsyncIterator[Internet]:
    addresses = [*LINKS, *NO_FEEDS, *(feed for feeds in LINKS.values() for feed in feeds), *PAGES]
    hosts = {address.rpartition("//")[2].partition("/")[0].rpartition("@")[2] for address in addresses}
    server_context, certificate = self_signed(tmp_path, *sorted(hosts), "failing.example")
    async with FakeWeb(tls=server_context) as web:
        for path, body in PAGES.items():
            web.serve(path, body, content_type="text/javascript" if body.strip()[0] == "{" else "text/html")
        web.redirect("//redd.it/1abc", "https://www.reddit.com/r/Python/comments/1abc/a_title/")
        web.redirect("//apple.co/abc", "https://podcasts.apple.com/us/podcast/a-name/id1234567890")
        web.redirect("//spoti.fi/abc", "https://open.spotify.com/show/1")
        web.serve("//open.spotify.com/show/1", "<p>", content_type="text/html")
        yield Internet(web, FakeInternet(web), ssl.create_default_context(cafile=certificate))


def serve_feeds(web: FakeWeb, feeds: list[str]) -> None:
    for feed in feeds:
        title = f"Comments on {feed}" if "comments" in feed or "a-post" in feed else feed
        body = f"<rss version='2.0'><channel><title>{title.replace('&', '&amp;')}</title></channel></rss>"
        web.serve(feed.removeprefix("https:"), body)


@pytest.mark.parametrize("link", LINKS)
async def test_what_is_pasted_leads_to_its_feeds(link: str, internet: Internet) -> None:
    serve_feeds(internet.web, LINKS[link])
    found = await internet.find(link)
    asked = internet.asked()
    print(f"\n{link:<68} {' '.join(found)}  ({len(asked)} requests)", end="")
    assert found == LINKS[link]
    assert len(asked) <= 8


@pytest.mark.parametrize("link", NO_FEEDS)
async def test_sites_without_feeds_are_named(link: str, internet: Internet) -> None:
    with pytest.raises(SiteWithoutFeeds) as caught:
        await internet.find(link)
    print(f"\n{link:<68} {caught.value.site} has no feeds", end="")
    assert caught.value.params["site"] == NO_FEEDS[link]
    assert len(internet.asked()) == (2 if "spoti.fi" in link else 0)


@pytest.mark.parametrize(
    ("link", "path", "status", "expected"),
    [
        ("https://www.reddit.com/r/Python/", "//www.reddit.com/r/Python/.rss", 429, RateLimited),
        ("https://www.reddit.com/r/nobody/", "", 404, NotFound),
        ("https://github.com/nobody/nothing", "", 404, NotFound),
        ("https://podcasts.apple.com/us/podcast/id99", "//itunes.apple.com/lookup", 429, RateLimited),
        ("@ann@town.example", "//social.town.example/@ann.rss", 429, RateLimited),
        ("@nobody@town.example", "", 404, NotFound),
    ],
)
async def test_a_sites_own_failure_is_told(
    link: str, path: str, status: int, expected: type[SourceError], internet: Internet
) -> None:
    if path:
        internet.web.fail(path, status)
    with pytest.raises(SourceError) as caught:
        await internet.find(link)
    assert type(caught.value) is expected


@pytest.mark.parametrize(
    "answer", ["", "[]", "{", '{"results":[]}', '{"results":[{"feedUrl":7},3,{"collectionId":1}]}', '{"results":7}']
)
async def test_a_podcast_that_only_apple_has(answer: str, internet: Internet) -> None:
    internet.web.serve("//itunes.apple.com/lookup", answer, content_type="text/javascript")
    with pytest.raises(NoFeedFound):
        await internet.find("https://podcasts.apple.com/us/podcast/a/id42")


async def test_a_look_up_cannot_lead_inside(internet: Internet, tmp_path: Path) -> None:
    """What a directory answers is as little to be trusted as a page."""
    async with FakeWeb("127.0.0.5") as inside:
        for feed_url in (inside.url("/feed"), "file:///etc/passwd", "http://[::1/"):
            answer = json.dumps({"results": [{"feedUrl": feed_url}]})
            internet.web.serve("//itunes.apple.com/lookup", answer, content_type="text/javascript")
            trusted = frozenset({"itunes.apple.com"})
            async with open_client(
                trusted_hosts=trusted, resolver=internet.names, ssl_context=internet.context
            ) as client:
                with pytest.raises(SourceError):
                    await find_feeds(
                        client,
                        "https://podcasts.apple.com/podcast/id42",
                        feed=FeedSource(),
                        youtube_feed_base_url=VIDEOS,
                    )
        assert inside.connections == 0


async def test_shortened_links_are_followed_once(internet: Internet) -> None:
    """Each page sends on to the other, as one that is known: that ends."""
    internet.web.redirect("//example.com/@a", "https://blog.example/@b")
    internet.web.redirect("//blog.example/@b", "https://example.com/@a")
    with pytest.raises(SourceError):
        await internet.find("https://example.com/@a")
    assert len(internet.asked()) < 30
