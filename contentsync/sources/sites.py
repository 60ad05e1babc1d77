"""Sites whose feeds can be told from a link, or from a mark in their pages. Pure; a site is a line in one table.

What these rules give is a guess until it has been fetched: a rule that no longer holds costs one request.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import SplitResult, parse_qs, urlencode, urljoin, urlsplit

_PREFIXES = re.compile(r"^(?:www|m|mobile|old|new|np|music)\.")
_MARKS_WITHIN_CHARS = 1_000_000


class _To(Enum):
    """What a rule's target is."""

    FEED = auto()
    """The address of a feed."""
    PODCAST = auto()
    """The number of a podcast in Apple's directory."""
    ACCOUNT = auto()
    """Somebody on a server that talks to others: user@host."""
    NOTHING = auto()
    """The name of a site that has no feeds."""


@dataclass(frozen=True, slots=True)
class _Rule:
    host: str
    """Without www; with a leading dot: any host below it; empty: any host that has no rule of its own."""
    path: str
    """A regular expression for the whole path, without a slash at its end, or for path and query."""
    target: str
    """{0}, {1} … are the groups of `path`, then those of `mark`; {host} is the link's host, {origin} has its scheme."""
    to: _To = _To.FEED
    mark: str = ""
    """A regular expression for something in the page, without which the rule does not hold."""


_REPOSITORY = r"/([\w.-]+)/([\w.-]+?)"

_RULES = (
    _Rule("reddit.com", r"", "https://www.reddit.com/.rss"),
    _Rule("reddit.com", r"/r/([\w+.-]+)(?:/(?:hot|new|top|rising|best))?", "https://www.reddit.com/r/{0}/.rss"),
    _Rule("reddit.com", r"/r/([\w+.-]+)/comments/\w+(?:/.*)?", "https://www.reddit.com/r/{0}/.rss"),
    _Rule("reddit.com", r"/r/([\w+.-]+)/comments/(\w+)(?:/.*)?", "https://www.reddit.com/r/{0}/comments/{1}/.rss"),
    _Rule("reddit.com", r"/u(?:ser)?/([\w-]+)(?:/(?!m/)\w+)?", "https://www.reddit.com/user/{0}/.rss"),
    _Rule("reddit.com", r"/u(?:ser)?/([\w-]+)/m/([\w-]+)", "https://www.reddit.com/user/{0}/m/{1}/.rss"),
    _Rule("reddit.com", r"/domain/([\w.-]+)", "https://www.reddit.com/domain/{0}/.rss"),
    _Rule("github.com", r"/([\w-]+)", "https://github.com/{0}.atom"),
    _Rule("github.com", _REPOSITORY + r"(?:\.git|/releases(?:/.*)?)?", "https://github.com/{0}/{1}/releases.atom"),
    _Rule("github.com", _REPOSITORY + r"/(tags|commits|discussions|wiki)", "https://github.com/{0}/{1}/{2}.atom"),
    _Rule("github.com", _REPOSITORY + r"/(?:commits|tree|blob)/(.+)", "https://github.com/{0}/{1}/commits/{2}.atom"),
    _Rule("gist.github.com", r"/([\w-]+)(?:/\w+)?", "https://gist.github.com/{0}.atom"),
    _Rule("gitlab.com", r"/([\w.-]+)", "https://gitlab.com/{0}.atom"),
    _Rule("gitlab.com", r"/((?:[\w.-]+/)+(?!-)[\w.-]+)(?:/-/releases)?", "https://gitlab.com/{0}/-/releases.atom"),
    _Rule("gitlab.com", r"/((?:[\w.-]+/)+(?!-)[\w.-]+)(?:/-/tags)?", "https://gitlab.com/{0}/-/tags?format=atom"),
    _Rule("gitlab.com", r"/(.+?)/-/commits/(.+)", "https://gitlab.com/{0}/-/commits/{1}?format=atom"),
    _Rule("codeberg.org", r"/([\w.-]+)", "https://codeberg.org/{0}.rss"),
    _Rule("codeberg.org", _REPOSITORY + r"(?:/releases)?", "https://codeberg.org/{0}/{1}/releases.rss"),
    _Rule("", _REPOSITORY + r"(?:/releases)?", "{origin}/{0}/{1}/releases.rss", mark=r'content="(?:Gitea|Forgejo)\b'),
    _Rule("medium.com", r"/(@[\w.-]+|tag/[\w-]+|[\w-]+)", "https://medium.com/feed/{0}"),
    _Rule("medium.com", r"/(@[\w.-]+)/.+", "https://medium.com/feed/{0}"),
    _Rule("medium.com", r"/(?!tag/|m/)([\w-]+)/[\w-]+-[0-9a-f]{8,12}", "https://medium.com/feed/{0}"),
    _Rule(".medium.com", r".*", "https://{host}/feed"),
    _Rule("", r".*", "{origin}/feed", mark=r"cdn-client\.medium\.com|com\.medium\.reader"),
    _Rule("open.substack.com", r"/pub/([\w-]+)(?:/.*)?", "https://{0}.substack.com/feed"),
    _Rule(".substack.com", r".*", "https://{host}/feed"),
    _Rule("", r".*", "{origin}/feed", mark=r"substackcdn\.com"),
    _Rule(".tumblr.com", r".*", "https://{host}/rss"),
    _Rule("tumblr.com", r"/(?:blog/view/)?([\w-]+)(?:/\d+(?:/[\w-]+)?)?", "https://{0}.tumblr.com/rss"),
    _Rule("", r".*", "{origin}/rss", mark=r"(?:assets|static)\.tumblr\.com"),
    _Rule(".blogspot.com", r".*", "https://{host}/feeds/posts/default"),
    _Rule("", r".*", "{origin}/feeds/posts/default", mark=r"content=['\"]blogger['\"]"),
    _Rule(".wordpress.com", r"(?:/\d.*)?", "https://{host}/feed/"),
    _Rule(".wordpress.com", r"(/(?:category|tag|author)/.+)", "https://{host}{0}/feed/"),
    _Rule(
        "", r".*", "{0}/feed/", mark=r"rel=['\"]https://api\.w\.org/['\"]\s+href=['\"](https?://[^'\"\s]+?)/wp-json/"
    ),
    _Rule("", r".*", "{origin}/feed/", mark=r"/wp-content/(?:themes|plugins)/"),
    _Rule("", r".*", "{origin}/rss/", mark=r"content=['\"]Ghost \d"),
    _Rule("", r"/blogs/([\w-]+)(?:/.*)?", "{origin}/blogs/{0}.atom", mark=r"cdn\.shopify\.com"),
    _Rule("", r".*", "{origin}/blog-feed.xml", mark=r"content=['\"]Wix\.com"),
    _Rule("", r"(.+)", "{origin}{0}?format=rss", mark=r"static1?\.squarespace\.com"),
    _Rule("", r".*", "{origin}/latest.rss", mark=r"content=['\"]Discourse \d"),
    _Rule("bsky.app", r"/profile/([\w.:-]+)(?:/.*)?", "https://bsky.app/profile/{0}/rss"),
    _Rule("", r"/@([\w.-]+)@([\w.-]+(?::\d+)?)", "{0}@{1}", _To.ACCOUNT),
    _Rule("", r"/@([\w.-]+)(?:/(?:\d+|with_replies|media))?", "{origin}/@{0}.rss"),  # Mastodon, Misskey, Sharkey
    _Rule("", r"/c/([\w.-]+)", "{origin}/feeds/c/{0}.xml", mark=r"content=['\"]Lemmy|lemmy-site"),
    _Rule("news.ycombinator.com", r"(?:/(?:news|front))?", "https://news.ycombinator.com/rss"),
    _Rule("news.ycombinator.com", r"/(newest|ask|show|jobs|best)", "https://hnrss.org/{0}"),
    _Rule("news.ycombinator.com", r"/(?:user|submitted|threads)\?id=([\w-]+)", "https://hnrss.org/user?id={0}"),
    _Rule("news.ycombinator.com", r"/item\?id=(\d+)", "https://hnrss.org/item?id={0}"),
    _Rule("lobste.rs", r"", "https://lobste.rs/rss"),
    _Rule("lobste.rs", r"/t/([\w,-]+)", "https://lobste.rs/t/{0}.rss"),
    *(
        rule
        for host in (
            *("stackoverflow.com", "serverfault.com", "superuser.com", "askubuntu.com", "mathoverflow.net"),
            ".stackexchange.com",
        )
        for rule in (
            _Rule(host, r"(?:/questions)?", "https://{host}/feeds"),
            _Rule(host, r"/questions/tagged/([^/]+)", "https://{host}/feeds/tag/{0}"),
            _Rule(host, r"/q(?:uestions)?/(\d+)(?:/.*)?", "https://{host}/feeds/question/{0}"),
            _Rule(host, r"/users/(\d+)(?:/.*)?", "https://{host}/feeds/user/{0}"),
        )
    ),
    _Rule("dev.to", r"/t/(\w+)", "https://dev.to/feed/tag/{0}"),
    _Rule("dev.to", r"/(?!t/)([\w-]+)(?:/[\w-]+)?", "https://dev.to/feed/{0}"),
    _Rule("arxiv.org", r"/list/([\w.-]+)(?:/\w+)?", "https://rss.arxiv.org/rss/{0}"),
    _Rule("vimeo.com", r"/(?!channels|groups|\d+$)([\w-]+)(?:/videos)?", "https://vimeo.com/{0}/videos/rss"),
    _Rule("vimeo.com", r"/(channels|groups)/([\w-]+)(?:/.*)?", "https://vimeo.com/{0}/{1}/videos/rss"),
    _Rule("dailymotion.com", r"/([\w-]+)", "https://www.dailymotion.com/rss/user/{0}"),
    _Rule("odysee.com", r"/(@[\w.-]+:\w+)(?:/.*)?", "https://odysee.com/$/rss/{0}"),
    _Rule("letterboxd.com", r"/(\w+)(?:/.*)?", "https://letterboxd.com/{0}/rss/"),
    _Rule(
        "store.steampowered.com", r"/(?:news/)?app/(\d+)(?:/.*)?", "https://store.steampowered.com/feeds/news/app/{0}"
    ),
    _Rule("pinterest.com", r"/(\w+)", "https://www.pinterest.com/{0}/feed.rss"),
    _Rule(
        *("soundcloud.com", r"/.+", "https://feeds.soundcloud.com/users/soundcloud:users:{0}/sounds.rss"),
        mark=r"soundcloud://users:(\d+)",
    ),
    _Rule("podcasts.apple.com", r"(?:/[^/]+)*/id(\d+)", "{0}", _To.PODCAST),
    _Rule("itunes.apple.com", r"(?:/[^/]+)*/id(\d+)", "{0}", _To.PODCAST),
    _Rule("overcast.fm", r"/itunes(\d+)(?:/.*)?", "{0}", _To.PODCAST),
    _Rule("pca.st", r"/itunes/(\d+)", "{0}", _To.PODCAST),
    _Rule("pod.link", r"/(\d+)(?:/.*)?", "{0}", _To.PODCAST),
    *(_Rule(host, r".*", "Spotify", _To.NOTHING) for host in ("open.spotify.com", "spotify.link")),
    *(_Rule(host, r".*", "Telegram", _To.NOTHING) for host in ("t.me", "telegram.me", "telegram.dog")),
    *(_Rule(host, r".*", "X", _To.NOTHING) for host in ("x.com", "twitter.com", "t.co")),
    *(_Rule(host, r".*", "Facebook", _To.NOTHING) for host in ("facebook.com", "fb.com", "fb.watch", "fb.me")),
    *(_Rule(host, r".*", "Instagram", _To.NOTHING) for host in ("instagram.com", "instagr.am")),
    *(_Rule(host, r".*", "Threads", _To.NOTHING) for host in ("threads.net", "threads.com")),
    *(_Rule(host, r".*", "TikTok", _To.NOTHING) for host in ("tiktok.com", "vm.tiktok.com")),
    *(_Rule(host, r".*", "LinkedIn", _To.NOTHING) for host in ("linkedin.com", "lnkd.in")),
    _Rule("whatsapp.com", r"/channel/.*", "WhatsApp", _To.NOTHING),
    _Rule("chat.whatsapp.com", r".*", "WhatsApp", _To.NOTHING),
    _Rule("discord.com", r"/(?:channels|invite)/.*", "Discord", _To.NOTHING),
    _Rule("discord.gg", r".*", "Discord", _To.NOTHING),
    _Rule("amazon.com", r"/podcasts/.*", "Amazon Music", _To.NOTHING),
    _Rule("deezer.com", r".*", "Deezer", _To.NOTHING),
    _Rule("twitch.tv", r".*", "Twitch", _To.NOTHING),
)
"""The order matters where several rules fit: the first is tried first."""

_ACCOUNT = re.compile(r"@([\w.-]+)@((?:[\w-]+\.)+[\w-]+(?::\d+)?)")

_YOUTUBE_HOSTS = frozenset({"youtube.com", "youtube-nocookie.com", "youtu.be"})
_CHANNEL = re.compile(r"UC[\w-]{22}")
_CHANNEL_PATH = re.compile(rf"/channel/({_CHANNEL.pattern})(?:/.*)?")
_NAMED_PATH = re.compile(r"(/@[^/]+|/user/[^/]+|/c/[^/]+)(?:/.*)?")
_VANITY_PATH = re.compile(
    r"(/(?!(?:watch|playlist|feed|results|premium|gaming|account|about|hashtag|shorts|live|embed|redirect|clip)\b)[\w.-]{3,})/?"
)
"""The oldest form of a channel's name: youtube.com/name."""
_VIDEO_PATH = re.compile(r"/(?:shorts|live|embed|v)/([\w-]{6,})(?:/.*)?")
_CHANNEL_MARKS = tuple(
    re.compile(mark.replace("ID", f"({_CHANNEL.pattern})"))
    for mark in (
        r"feeds/videos\.xml\?channel_id=ID",
        r'itemprop="(?:channelId|identifier)"\s+content="ID"',
        r'rel="canonical"\s+href="[^"]*/channel/ID',
        r'"externalChannelId"\s*:\s*"ID"',  # on a video's page: who uploaded it
        r'"externalId"\s*:\s*"ID"',  # on a channel's page: the channel
        r'"channelId"\s*:\s*"ID"',
    )
)
"""Where YouTube's pages name their channel, the surest first."""


def known_feeds(url: str) -> tuple[str, ...]:
    """Give the feeds that a site's rules make of a link alone, the best first; empty for an unknown site."""
    return tuple(_targets(url, _To.FEED))


def marked_feeds(url: str, page: str) -> tuple[str, ...]:
    """Give the feeds that a site's rules make of a link and the marks in its page, the best first."""
    return tuple(_targets(url, _To.FEED, page[:_MARKS_WITHIN_CHARS]))


def podcast_number(url: str) -> str | None:
    """Give the number in Apple's directory of the podcast that a link leads to, in Apple's app or another."""
    return next(_targets(url, _To.PODCAST), None)


def site_without_feeds(url: str) -> str | None:
    """Give the name of the site that a link leads to, if it is known to have no feeds."""
    return next(_targets(url, _To.NOTHING), None)


def account_page(text: str) -> str | None:
    """Give the link (without scheme) for what people type as @user@host, else None."""
    found = _ACCOUNT.fullmatch(text.strip())
    return f"{found[2]}/{found[0]}" if found else None


def account_in(url: str) -> tuple[str, str] | None:
    """Give user and host of the account elsewhere that a link such as https://a.example/@user@b.example shows."""
    user, _, host = next(_targets(url, _To.ACCOUNT), "").partition("@")
    return (user, host) if host else None


def is_youtube(url: str) -> bool:
    """Tell whether a link leads to YouTube (and not to one of its feeds)."""
    parts = urlsplit(url)
    return _PREFIXES.sub("", parts.hostname or "") in _YOUTUBE_HOSTS and not parts.path.startswith("/feeds/")


def youtube_feeds(url: str, feed_base_url: str) -> tuple[str, ...]:
    """Give the feeds that a YouTube link names by itself: those of a channel or a playlist."""
    parts = urlsplit(url)
    channel = _CHANNEL_PATH.fullmatch(parts.path)
    playlist = parse_qs(parts.query).get("list", [""])[0]
    feeds = []
    if channel:
        feeds.append(channel_feed(channel[1], feed_base_url))
    if re.fullmatch(r"(?:PL|UU|OL)[\w-]{10,}", playlist):  # other lists are personal, or made up for one visitor
        feeds.append(f"{feed_base_url}?{urlencode({'playlist_id': playlist})}")
    return tuple(feeds)


def youtube_page(url: str, feed_base_url: str) -> str | None:
    """Give the page that names the channel of a YouTube link (a handle, user or video), beside the feeds; else None."""
    parts = urlsplit(url)
    named = _NAMED_PATH.fullmatch(parts.path)
    if named is None and parts.hostname != "youtu.be":
        named = _VANITY_PATH.fullmatch(parts.path)
    if named:
        return urljoin(feed_base_url, str(named[1]))
    if parts.path == "/watch":
        video = parse_qs(parts.query).get("v", [""])[0]
    elif parts.hostname == "youtu.be":
        video = parts.path.strip("/")
    else:
        found = _VIDEO_PATH.fullmatch(parts.path)
        video = found[1] if found else ""
    if not re.fullmatch(r"[\w-]{6,}", video):
        return None
    return urljoin(feed_base_url, f"/watch?{urlencode({'v': video})}")


def channel_feed(channel_id: str, feed_base_url: str) -> str:
    """Give the feed of a YouTube channel."""
    return f"{feed_base_url}?{urlencode({'channel_id': channel_id})}"


def channel_id_in(page: str) -> str | None:
    """Give the id of the channel that a YouTube page belongs to, or None."""
    for mark in _CHANNEL_MARKS:
        found = mark.search(page)
        if found:
            return found[1]
    return None


def _targets(url: str, to: _To, page: str | None = None) -> Iterator[str]:
    """Give the targets of the rules that fit a link; with a page, of those rules that want a mark in it."""
    parts = urlsplit(url)
    host = _PREFIXES.sub("", parts.hostname or "")
    own = [rule for rule in _RULES if rule.host and _is_host(rule.host, host, parts.hostname or "")]
    for rule in own or (rule for rule in _RULES if not rule.host):
        if rule.to is to and bool(rule.mark) is (page is not None):
            groups = _groups(rule, parts, page or "")
            if groups is not None:
                yield rule.target.format(*groups, host=parts.hostname, origin=f"{parts.scheme}://{parts.netloc}")


def _is_host(wanted: str, host: str, full_host: str) -> bool:
    return full_host.endswith(wanted) if wanted.startswith(".") else wanted in (host, full_host)


def _groups(rule: _Rule, parts: SplitResult, page: str) -> tuple[str, ...] | None:
    path = parts.path.rstrip("/")
    found = re.fullmatch(rule.path, path) or re.fullmatch(rule.path, f"{path}?{parts.query}")
    marked = re.search(rule.mark, page)
    return (*found.groups(), *marked.groups()) if found and marked else None
