"""What a web page says about its feeds. Pure."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from contentsync.errors import InvalidLink
from contentsync.sources.base import Fetched
from contentsync.sources.http import normalise_link

_FEED_TYPES = frozenset(
    "application/" + name
    for name in ("rss+xml", "atom+xml", "rdf+xml", "feed+json", "rss", "atom", "x.atom+xml", "x-atom+xml", "x-rss+xml")
)
_VAGUE_TYPES = frozenset({"application/json", "application/xml", "text/xml"})
_COMMENTS = re.compile(
    r"\b(?:comments?|kommentare?|commentaires?|comentarios|commenti|reacties)\b|комент|коммент", re.IGNORECASE
)
_FEED_ADDRESS = re.compile(r"(?:^|[/._?=&-])(?:rss2?|feeds?|atom|rdf)(?:$|[/._?=&-])", re.IGNORECASE)
_FEED_WORDS = frozenset({"rss", "atom", "feed", "rss feed", "rss-feed", "atom feed", "xml", "subscribe via rss"})
_NO_FEEDS_THERE = re.compile(
    r"(?:^|\.)(?:feedly|inoreader|netvibes|newsblur|theoldreader|bloglovin|facebook|twitter|x|t)\.(?:com|me)$"
)
_USUAL_PATHS = ("feed", "rss", "feed.xml", "rss.xml", "atom.xml", "index.xml", "feeds/posts/default", "feed.json")
_USUAL_PATHS_BELOW = ("feed", "feed.xml", "rss.xml", "index.xml")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_MAX_LINKS = 10
# A hostile page of 10 MB can hold half a million links, a minute of work. Feeds are declared near the beginning.
_MAX_BYTES = 3_000_000
_MAX_ELEMENTS = 5000


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A link that may lead to a feed: the addresses it can stand for, the likeliest first, and what it is called."""

    urls: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """The feeds a page declares, and its ordinary links that look like feeds; at most 10 each, the best first."""

    declared: tuple[FeedLink, ...] = ()
    mentioned: tuple[FeedLink, ...] = ()


def looks_like_page(fetched: Fetched) -> bool:
    """Tell whether a document is worth reading as a page: HTML by its type, or markup by its first character."""
    return (
        "html" in fetched.content_type.lower()
        or fetched.body[:1000].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")[:1] == b"<"
    )


def read_page(fetched: Fetched) -> Page:
    """Find a page's feed links. Broken HTML is read as far as possible, as browsers do."""
    tree = _tree(fetched)
    if tree is None:
        return Page()
    declared: list[tuple[int, FeedLink]] = []
    mentioned: list[tuple[int, FeedLink]] = []
    host = urlsplit(fetched.url).hostname
    own_feeds = _OwnFeeds.of(tree, fetched.url)
    for element, bases in _elements(tree, fetched.url):
        urls = tuple(dict.fromkeys(url for base in bases if (url := _absolute(base, element.get("href")))))
        if not urls:
            continue
        if element.tag == "link" and (rank := _declared_rank(element, urls[0])) is not None:
            declared.append((own_feeds.rank(urls[0], rank), FeedLink(urls, _words(element.get("title") or ""))))
        elif element.tag == "a" and _is_mention(element, urls[0]):
            title = _words(element.get("title") or element.text_content())
            rank = _comment_rank(urls[0], title) + (urlsplit(urls[0]).hostname != host)
            mentioned.append((rank, FeedLink(urls, title)))
    return Page(_best(declared), _best(mentioned))


def usual_feeds(url: str) -> tuple[FeedLink, ...]:
    """Give the addresses where sites usually have their feed, beside the page first and then at the top."""
    beside = urljoin(url, ".")
    top = urljoin(url, "/")
    below = [urljoin(beside, path) for path in _USUAL_PATHS_BELOW] if beside != top else []
    return tuple(FeedLink((address,)) for address in [*below, *(urljoin(top, path) for path in _USUAL_PATHS)])


def page_text(fetched: Fetched) -> str:
    """Give a page as text, for what no HTML parser can see; characters that do not fit its encoding are replaced."""
    return _declared_text(fetched) or fetched.body.decode(errors="replace")


def _tree(fetched: Fetched) -> html.HtmlElement | None:
    text = _declared_text(fetched)
    body, encoding = (fetched.body, None) if text is None else (text.encode(), "utf-8")  # None: as its <meta> says
    parser = html.HTMLParser(encoding=encoding, remove_comments=True)
    try:
        return html.document_fromstring(body[:_MAX_BYTES], parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):  # nothing in it
        return None


def _declared_text(fetched: Fetched) -> str | None:
    """Give the body decoded as a byte order mark or its Content-Type say; None if they say nothing of use."""
    if fetched.body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return fetched.body.decode("utf-16", errors="replace")
    charset = _CHARSET.search(fetched.content_type)
    try:
        return fetched.body.decode(charset[1], errors="replace") if charset else None
    except LookupError:  # no such encoding
        return None


def _elements(tree: html.HtmlElement, url: str) -> Iterator[tuple[html.HtmlElement, tuple[str, ...]]]:
    """Give each link with the bases it can be relative to: that declared before it, then that declared at all.

    Browsers use the first <base> for the whole page; some pages were made for readers that went by the order.
    """
    base_of_page = next((b for e in tree.iter("base") if (b := _absolute(url, e.get("href")))), url)
    base_so_far = url
    for element in islice(tree.iter("base", "link", "a"), _MAX_ELEMENTS):
        if element.tag == "base":
            base_so_far = base_of_page
        else:
            yield element, tuple(dict.fromkeys((base_so_far, base_of_page)))


def _absolute(base: str, href: str | None) -> str | None:
    """Give an address resolved against its base, if that makes an http(s) link."""
    if not href or not href.strip():
        return None
    href = href.strip().removeprefix("feed:") if href.strip().startswith("feed:http") else href.strip()
    try:
        return normalise_link(urljoin(base, href))
    except (InvalidLink, ValueError):  # one link of many on a page; not worth a word
        return None


def _declared_rank(element: html.HtmlElement, url: str) -> int | None:
    """Give the place of a <link> among those that declare feeds, 0 the best; None if it declares none."""
    relations = (element.get("rel") or "").lower().split()
    media_type = (element.get("type") or "").partition(";")[0].strip().lower()
    vague = media_type in _VAGUE_TYPES
    if "stylesheet" in relations or not ("feed" in relations or "alternate" in relations):
        return None
    if "feed" not in relations and media_type not in _FEED_TYPES and not vague:
        return None
    return _comment_rank(url, element.get("title") or "") + vague


def _is_mention(element: html.HtmlElement, url: str) -> bool:
    parts = urlsplit(url)
    if _NO_FEEDS_THERE.search(parts.hostname or ""):
        return False
    words = _words(element.text_content()).lower()
    media_type = (element.get("type") or "").strip().lower()
    return (
        media_type in _FEED_TYPES
        or words in _FEED_WORDS
        or bool(_FEED_ADDRESS.search(f"{parts.path}?{parts.query}"))
        or bool(re.match(r"(?:feeds?|rss)\d?\.", parts.hostname or ""))
    )


def is_about_comments(url: str, title: str) -> bool:
    """Tell whether a feed is one of what readers say, by its address or its title."""
    return bool(_COMMENTS.search(urlsplit(url).path) or _COMMENTS.search(title))


def _comment_rank(url: str, title: str) -> int:
    return 2 if is_about_comments(url, title) else 0


@dataclass(frozen=True, slots=True)
class _OwnFeeds:
    """The feeds that WordPress declares for the page itself, beside those of the whole site.

    On a post's page it is that of the post's comments; on the page of a category or an author it is what they are
    about, and a person who pastes such a page means it. The classes of <body> tell which. Source: WordPress,
    `get_body_class` and `feed_links_extra`.
    """

    page_url: str
    rank_of_own: int | None

    @classmethod
    def of(cls, tree: html.HtmlElement, url: str) -> "_OwnFeeds":
        body = tree.find(".//body")
        classes = set((body.get("class") or "").lower().split()) if body is not None else set()
        is_post = bool(classes & {"single", "singular", "page", "attachment"})
        return cls(url, 2 if is_post else -1 if "archive" in classes else None)

    def rank(self, feed_url: str, rank: int) -> int:
        """Give the place of a declared feed, which is `rank` but for the page's own feed."""
        if self.rank_of_own is None:
            return rank
        page, feed = urlsplit(self.page_url), urlsplit(feed_url)
        of_path = page.path.strip("/") and feed.path.startswith(page.path.rstrip("/") + "/feed")
        of_query = page.query and feed.query.endswith(page.query) and "feed=" in feed.query
        return self.rank_of_own if of_path or of_query else rank


def _best(ranked: list[tuple[int, FeedLink]]) -> tuple[FeedLink, ...]:
    """Give the links by rank, then as they stand on the page, each address once."""
    by_address = {link.urls[0]: link for _, link in sorted(ranked, key=lambda pair: pair[0], reverse=True)}
    order = dict.fromkeys(link.urls[0] for _, link in sorted(ranked, key=lambda pair: pair[0]))
    return tuple(by_address[address] for address in order)[:_MAX_LINKS]


def _words(text: str) -> str:
    return " ".join(text.split())[:200]
