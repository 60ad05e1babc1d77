"""Sites whose feeds can be told from a link alone. Pure; a site is a line in a table.

What these rules give is a guess until it has been fetched: a rule that no longer holds costs one request.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

_PREFIXES = re.compile(r"^(?:www|m|mobile|old|new|np|music)\.")


@dataclass(frozen=True, slots=True)
class _Rule:
    host: str
    """Without www; with a leading dot: any host below it."""
    path: str
    """A regular expression for the whole path, without a slash at its end."""
    feed: str
    """The feed's address; {0}, {1} … are the groups of `path`, {host} is the link's host."""


_RULES = (
    _Rule("reddit.com", r"", "https://www.reddit.com/.rss"),
    _Rule("reddit.com", r"/r/([\w+.-]+)(?:/(?:hot|new|top|rising|best))?", "https://www.reddit.com/r/{0}/.rss"),
    _Rule("reddit.com", r"/u(?:ser)?/([\w-]+)(?:/\w+)?", "https://www.reddit.com/user/{0}/.rss"),
    _Rule("github.com", r"/([\w-]+)", "https://github.com/{0}.atom"),
    _Rule("github.com", r"/([\w-]+)/([\w.-]+?)(?:\.git|/releases|/tags)?", "https://github.com/{0}/{1}/releases.atom"),
    _Rule("github.com", r"/([\w-]+)/([\w.-]+)/commits/([^?]+)", "https://github.com/{0}/{1}/commits/{2}.atom"),
    _Rule("medium.com", r"/(@[\w.-]+|tag/[\w-]+|[\w-]+)", "https://medium.com/feed/{0}"),
    _Rule("medium.com", r"/(@[\w.-]+)/.+", "https://medium.com/feed/{0}"),
    _Rule(".medium.com", r".*", "https://{host}/feed"),
    _Rule(".substack.com", r".*", "https://{host}/feed"),
    _Rule(".tumblr.com", r".*", "https://{host}/rss"),
    _Rule(".blogspot.com", r".*", "https://{host}/feeds/posts/default"),
    _Rule("bsky.app", r"/profile/([\w.:-]+)", "https://bsky.app/profile/{0}/rss"),
    _Rule("stackoverflow.com", r"/questions/tagged/([^/]+)", "https://stackoverflow.com/feeds/tag/{0}"),
    _Rule("arxiv.org", r"/list/([\w.-]+)(?:/\w+)?", "https://rss.arxiv.org/rss/{0}"),
)
"""The order matters where two rules fit: the first is tried first."""

_YOUTUBE_HOSTS = frozenset({"youtube.com", "youtube-nocookie.com", "youtu.be"})
_CHANNEL = re.compile(r"UC[\w-]{22}")
_CHANNEL_PATH = re.compile(rf"/channel/({_CHANNEL.pattern})(?:/.*)?")
_NAMED_PATH = re.compile(r"(/@[^/]+|/user/[^/]+|/c/[^/]+)(?:/.*)?")
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
    """Give the feeds that a site's rule makes of a link, the best first; empty for an unknown site."""
    parts = urlsplit(url)
    full_host = parts.hostname or ""
    host = _PREFIXES.sub("", full_host)
    feeds = []
    for rule in _RULES:
        found = re.fullmatch(rule.path, parts.path.rstrip("/"))
        if found and (full_host.endswith(rule.host) if rule.host.startswith(".") else host == rule.host):
            feeds.append(rule.feed.format(*found.groups(), host=full_host))
    return tuple(feeds)


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
