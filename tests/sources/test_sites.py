import time

import pytest

from contentsync.sources.sites import (
    account_in,
    account_page,
    channel_id_in,
    is_youtube,
    known_feeds,
    marked_feeds,
    podcast_number,
    site_without_feeds,
    youtube_feeds,
    youtube_page,
)

BASE = "https://www.youtube.com/feeds/videos.xml"
CHANNEL = "UC_x5XG1OV2P6uZZ5FSM9Ttw"


@pytest.mark.parametrize(
    ("link", "feed"),
    [
        ("https://www.reddit.com/", "https://www.reddit.com/.rss"),
        ("https://old.reddit.com/r/Python/", "https://www.reddit.com/r/Python/.rss"),
        ("https://reddit.com/r/python/new/?x=1", "https://www.reddit.com/r/python/.rss"),
        ("https://www.reddit.com/r/python+rust", "https://www.reddit.com/r/python+rust/.rss"),
        ("https://www.reddit.com/u/spez", "https://www.reddit.com/user/spez/.rss"),
        ("https://www.reddit.com/user/spez/comments/", "https://www.reddit.com/user/spez/.rss"),
        ("https://github.com/python", "https://github.com/python.atom"),
        ("https://github.com/python/cpython", "https://github.com/python/cpython/releases.atom"),
        ("https://github.com/python/cpython.git", "https://github.com/python/cpython/releases.atom"),
        ("https://github.com/python/cpython/releases", "https://github.com/python/cpython/releases.atom"),
        ("https://github.com/a/b.c/commits/main", "https://github.com/a/b.c/commits/main.atom"),
        ("https://medium.com/@user", "https://medium.com/feed/@user"),
        ("https://medium.com/@user/a-story-1234", "https://medium.com/feed/@user"),
        ("https://medium.com/publication", "https://medium.com/feed/publication"),
        ("https://medium.com/tag/python", "https://medium.com/feed/tag/python"),
        ("https://user.medium.com/a-story", "https://user.medium.com/feed"),
        ("https://letter.substack.com/p/an-issue", "https://letter.substack.com/feed"),
        ("https://someone.tumblr.com/", "https://someone.tumblr.com/rss"),
        ("https://someone.blogspot.com/2020/01/x.html", "https://someone.blogspot.com/feeds/posts/default"),
        ("https://bsky.app/profile/someone.bsky.social", "https://bsky.app/profile/someone.bsky.social/rss"),
        ("https://stackoverflow.com/questions/tagged/python", "https://stackoverflow.com/feeds/tag/python"),
        ("https://arxiv.org/list/cs.CL/recent", "https://rss.arxiv.org/rss/cs.CL"),
    ],
)
def test_a_rule_makes_the_feed_of_a_link(link: str, feed: str) -> None:
    assert known_feeds(link)[0] == feed


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/",
        "https://www.reddit.com/r/python/.rss",
        "https://github.com/",
        "https://github.com/python/cpython/releases.atom/x",
        "https://github.com/python/cpython/issues/1",
        "https://notreddit.com/r/python",
        "https://reddit.com.evil.example/r/python",
        "https://substack.com/",
    ],
)
def test_other_links_are_left_alone(link: str) -> None:
    assert known_feeds(link) == ()


@pytest.mark.parametrize(
    ("link", "feeds", "page"),
    [
        (f"/channel/{CHANNEL}", (f"{BASE}?channel_id={CHANNEL}",), None),
        (f"/channel/{CHANNEL}/videos?x=1", (f"{BASE}?channel_id={CHANNEL}",), None),
        ("/channel/short", (), None),
        ("/@handle", (), "/@handle"),
        ("/@handle/videos", (), "/@handle"),
        ("/@%D0%BA%D0%B0%D0%BD%D0%B0%D0%BB", (), "/@%D0%BA%D0%B0%D0%BD%D0%B0%D0%BB"),
        ("/user/Someone", (), "/user/Someone"),
        ("/c/Someone/featured", (), "/c/Someone"),
        ("/watch?v=dQw4w9WgXcQ&t=42s", (), "/watch?v=dQw4w9WgXcQ"),
        ("/shorts/dQw4w9WgXcQ", (), "/watch?v=dQw4w9WgXcQ"),
        ("/live/dQw4w9WgXcQ?si=x", (), "/watch?v=dQw4w9WgXcQ"),
        ("/embed/dQw4w9WgXcQ", (), "/watch?v=dQw4w9WgXcQ"),
        ("/watch?v=", (), None),
        ("/playlist?list=PLabcdefghijkl", (f"{BASE}?playlist_id=PLabcdefghijkl",), None),
        ("/watch?v=dQw4w9WgXcQ&list=PLabcdefghijkl", (f"{BASE}?playlist_id=PLabcdefghijkl",), "/watch?v=dQw4w9WgXcQ"),
        ("/watch?v=dQw4w9WgXcQ&list=RDdQw4w9WgXcQ", (), "/watch?v=dQw4w9WgXcQ"),
        ("/feed/subscriptions", (), None),
        ("/", (), None),
    ],
)
@pytest.mark.parametrize("host", ["www.youtube.com", "m.youtube.com", "youtube.com", "music.youtube.com"])
def test_youtube_links(host: str, link: str, feeds: tuple[str, ...], page: str | None) -> None:
    url = f"https://{host}{link}"
    assert is_youtube(url)
    assert youtube_feeds(url, BASE) == feeds
    assert youtube_page(url, BASE) == (page and f"https://www.youtube.com{page}")


def test_short_youtube_links() -> None:
    assert is_youtube("https://youtu.be/dQw4w9WgXcQ?t=1")
    assert youtube_page("https://youtu.be/dQw4w9WgXcQ?t=1", BASE) == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


def test_youtube_pages_are_asked_for_where_the_feeds_are() -> None:
    assert youtube_page("https://youtube.com/@x", "http://stand.in:8080/feeds/videos.xml") == "http://stand.in:8080/@x"


def test_youtube_feeds_themselves_and_other_hosts_are_no_youtube_links() -> None:
    assert not is_youtube(f"{BASE}?channel_id={CHANNEL}")
    assert not is_youtube("https://notyoutube.com/@x")
    assert not is_youtube("https://youtube.com.evil.example/@x")


OTHER = "UCaaaaaaaaaaaaaaaaaaaaaa"


@pytest.mark.parametrize(
    "page",
    [
        f'"channelId":"{OTHER}" <link rel="alternate" href="https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}">',
        f'"channelId":"{OTHER}" <link rel="canonical" href="https://www.youtube.com/channel/{CHANNEL}">',
        f'"channelId":"{OTHER}" <meta itemprop="identifier" content="{CHANNEL}">',
        f'{{"channelId":"{OTHER}","externalId":"{CHANNEL}"}}',
        f'{{"channelId":"{OTHER}","microformat":{{"externalChannelId": "{CHANNEL}"}}}}',
        f'{{"videoDetails":{{"channelId":"{CHANNEL}"}},"other":{{"channelId":"{OTHER}"}}}}',
    ],
)
def test_the_surest_mark_of_a_channel_wins(page: str) -> None:
    assert channel_id_in(page) == CHANNEL


def test_a_page_without_a_channel() -> None:
    assert channel_id_in('<html>"channelId":"UCshort"') is None


@pytest.mark.parametrize(
    ("text", "page", "account"),
    [
        ("@user@host.example", "host.example/@user@host.example", ("user", "host.example")),
        (" @a.b@host.example:81\n", "host.example:81/@a.b@host.example:81", ("a.b", "host.example:81")),
    ],
)
def test_accounts(text: str, page: str, account: tuple[str, str]) -> None:
    assert account_page(text) == page
    assert account_in(f"https://{page}") == account


@pytest.mark.parametrize(
    "text", ["user@host.example", "@user", "@user@host", "see @user@host.example", "https://a.example/@user"]
)
def test_no_accounts(text: str) -> None:
    assert account_page(text) is None


@pytest.mark.parametrize(
    "link", ["https://a.example/@user", "https://medium.com/@user@host.example", "https://a.example/"]
)
def test_links_that_show_no_account_from_elsewhere(link: str) -> None:
    assert account_in(link) is None


def test_marks_hold_for_the_site_they_are_found_on() -> None:
    assert marked_feeds("https://a.example/x", "substackcdn.com") == ("https://a.example/feed",)
    assert marked_feeds("http://a.example:81/x", "substackcdn.com") == ("http://a.example:81/feed",)
    assert marked_feeds("https://github.com/a/b", "substackcdn.com") == ()
    assert marked_feeds("https://a.example/x", "") == ()
    assert marked_feeds("https://a.example/x", " " * 2_000_000 + "substackcdn.com") == ()


@pytest.mark.parametrize(
    "page",
    [
        "rel='https://api.w.org/' href='https://" + "a" * 500_000,
        "rel='https://api.w.org/' href='https://a" * 25_000,
        "rel='https://api.w.org/'" + " " * 1_000_000,
        "soundcloud://users:" * 50_000,
        "content='" * 100_000,
    ],
    ids=["long", "many", "blanks", "users", "contents"],
)
def test_no_page_keeps_the_marks_busy(page: str) -> None:
    started = time.process_time()
    marked_feeds("https://a.example/x", page)
    marked_feeds("https://soundcloud.com/x", page)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("path", ["a/" * 2000, "a" * 4000, "-/" * 2000, "@" * 4000, "id1/" * 1000, "a-" * 2000])
@pytest.mark.parametrize(
    "host", ["gitlab.com", "github.com", "podcasts.apple.com", "medium.com", "www.reddit.com", "a.example", "vimeo.com"]
)
def test_no_link_keeps_the_rules_busy(host: str, path: str) -> None:
    url = f"https://{host}/{path}!"
    started = time.process_time()
    for look in (known_feeds, podcast_number, site_without_feeds, account_in):
        look(url)
    assert time.process_time() - started < 0.5
