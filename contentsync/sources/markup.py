"""HTML from strangers, made safe to keep, and the plain text in it."""

import html
import re
from functools import lru_cache
from typing import Literal
from urllib.parse import urljoin, urlsplit

import nh3

MAX_TITLE_CHARS = 1_000
MAX_MARKUP_CHARS = 100_000
MAX_LINK_CHARS = 4_096
MAX_DEPTH = 200
"""Elements inside each other beyond which HTML is kept as text: a sanitiser's work grows with the square of it."""

_TAGS = frozenset(
    "a abbr b blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption figure h1 h2 h3 "  # noqa: SIM905
    "h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span strike strong sub summary sup table "
    "tbody td tfoot th thead time tr tt u ul var".split()
)
_DROPPED_WITH_CONTENT = frozenset(
    ["script", "style", "noscript", "template", "title", "textarea", "select", "object", "svg", "math"]
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "time": {"datetime"},
}

# Elements that end by themselves, or are rarely closed: they do not make HTML deep.
_SHALLOW = re.compile("br|img|hr|input|meta|link|wbr|source|col|area|embed|param|track|p|li|dd|dt|td|th|tr")

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_ANY_TAG = re.compile(r"<[/!?a-zA-Z][^<>]*>?")
_IMAGE_TAG = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)
_TINY = re.compile(r"""\b(?:width|height)\s*[=:]\s*["']?\s*[01](?:px)?(?=["'\s/>;])""", re.IGNORECASE)
_TRACKER = re.compile(
    r"//(?:feeds\.feedburner\.com/~|feeds\.wordpress\.com/|pixel\.|stats\.wordpress\.com/|[\w.]*doubleclick\.net/"
    r"|[\w.]*feedsportal\.com/|rss\.buysellads\.com/|[\w.]*google-analytics\.com/)",
    re.IGNORECASE,
)
_FIRST_IMAGE = re.compile(r'<img [^<>]*?src="([^"]+)"')

_HIDDEN = re.compile(r"<(script|style)\b[^>]*>.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup"
    r"|tt|u|var|wbr)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_BLOCK_TAG = re.compile(
    r"</?(?:blockquote|br|center|div|h[1-6]|hr|img|li|ol|p|pre|table|tbody|td|th|tr|ul)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

# Windows-1252 under a Latin-1 label is so common that the control characters it seems to hold never are any.
_WINDOWS_1252 = {code: bytes([code]).decode("cp1252", errors="ignore") for code in range(0x80, 0xA0)}
_REPAIRS = _WINDOWS_1252 | dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127, *range(0xD800, 0xE000)], "")
_BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BROKEN_ASCII = bytes(code for code in _REPAIRS if code < 0x80)

_PLAIN_LINK = re.compile(r"https?://[\w.-]+(?::\d{1,5})?(?:[/?#][!-~]*)?", re.ASCII)

# Source: WHATWG URL, "forbidden domain code points", with the sub-delimiters no name on the web has.
_NOT_IN_HOSTS = re.compile(r"""[\s<>"'`^{}|\\%#?@$&()*+,;=!/\x00-\x1f]""")


def storable(text: str) -> str:
    """The text without characters that no database takes or no screen shows; line breaks and tabs stay."""
    if text.isascii():  # most texts, and far cheaper to look through than the rest
        data = text.encode("ascii")
        if len(data.translate(None, _BROKEN_ASCII)) == len(data):
            return text
    return text.translate(_REPAIRS) if _BROKEN.search(text) else text


def plain_text(markup: str, limit_chars: int = MAX_TITLE_CHARS) -> str:
    """One line of plain text: tags gone, references resolved (also those escaped twice), whitespace folded.

    Only names of HTML elements count as tags, so that "Vec<T>" and "a < b" stay. At most `limit_chars` characters.
    """
    text = markup[: limit_chars * 10]
    for _ in range(3):
        if "<" not in text and "&" not in text:
            break
        resolved = _REFERENCE.sub(lambda found: html.unescape(found[0]), _without_tags(text))
        if resolved == text:
            break
        text = resolved
    text = " ".join(storable(text).split())
    return text if len(text) <= limit_chars else text[: limit_chars - 1].rstrip() + "…"


def escaped_text(text: str) -> str:
    """Plain text as HTML, its line breaks kept."""
    return html.escape(text, quote=False).replace("\n", "<br>")


def sanitised(markup: str, base_url: str) -> str:
    """HTML with harmless elements only, absolute http(s) links, and without pixels that only count readers.

    Reads at most `MAX_MARKUP_CHARS`. HTML nested deeper than `MAX_DEPTH` is kept as text.
    """
    markup = storable(markup[:MAX_MARKUP_CHARS].strip())
    if "<" not in markup and "&" not in markup:
        return markup
    if markup.count("<") > MAX_DEPTH and _depth(markup) > MAX_DEPTH:
        markup = _ANY_TAG.sub(" ", markup)
    if "<img" in markup or "<IMG" in markup:
        markup = _IMAGE_TAG.sub(lambda found: "" if is_tracker(found[0]) else found[0], markup)
    return _cleaner(base_url).clean(markup).strip()


def is_tracker(image: str) -> bool:
    """Whether an image (its tag, or its address alone) is there to count readers."""
    return bool(_TINY.search(image) or _TRACKER.search(image))


def first_image(clean_html: str) -> str | None:
    """The address of the first image in sanitised HTML."""
    found = _FIRST_IMAGE.search(clean_html)
    return html.unescape(found[1]) if found else None


def absolute_link(link: str | None, base_url: str) -> str | None:
    """The link resolved against its base, if that makes an http(s) address with a host; else None."""
    link = storable(link or "").strip()
    if not link or len(link) > MAX_LINK_CHARS:
        return None
    if _PLAIN_LINK.fullmatch(link):
        return link
    if len(link.split()) > 1:  # as browsers do: line breaks inside go, spaces are escaped
        link = link.replace("\n", "").replace("\r", "").replace("\t", "").replace(" ", "%20")
    try:
        absolute = link if link.startswith(("https://", "http://")) else urljoin(base_url, link)
        parts = urlsplit(absolute)
        host = parts.hostname or ""
    except ValueError:  # an address in brackets that is none
        return None
    if parts.scheme not in ("http", "https") or not host or _NOT_IN_HOSTS.search(host):
        return None
    return parts.scheme + absolute[len(parts.scheme) :]  # the scheme in lower case


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    return _BLOCK_TAG.sub(" ", _INLINE_TAG.sub("", _HIDDEN.sub(" ", text)))


def _depth(markup: str) -> int:
    """How deep elements sit in each other at most, read from the tags alone."""
    depth = deepest = 0
    for closing, name in _TAG.findall(markup):
        if not _SHALLOW.fullmatch(name.lower()):
            depth = max(0, depth - 1) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest


@lru_cache(maxsize=64)
def _cleaner(base_url: str) -> nh3.Cleaner:
    try:
        return _cleaner_for(("rewrite_with_base", base_url))
    except ValueError:  # a name that IDNA does not allow: what is relative to it leads nowhere
        return _cleaner_for("deny")


def _cleaner_for(relative: tuple[Literal["rewrite_with_base"], str] | Literal["deny"]) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        url_relative=relative,
    )
