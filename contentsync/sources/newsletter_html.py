"""The HTML of a newsletter: what is hidden in it, which links it has, and what is left to read. Pure.

Mail programs know tables and inline styles only, so a newsletter is mostly scaffolding; that is taken down first, and
`markup.sanitised` has the last word on what stays.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from contentsync.sources.markup import absolute_link, escaped_text, is_tracker, plain_text, sanitised
from contentsync.sources.newsletter_links import is_leaving, is_view_text

MAX_HTML_CHARS = 2_000_000
MAX_ELEMENTS = 15_000
"""Many times what newsletters have; of anything larger only its words are kept."""
MAX_WORDS_CHARS = 20_000
MAX_PREHEADER_CHARS = 300
MIN_PREHEADER_CHARS = 15
MAX_AROUND_CHARS = 150
"""Of the words around the link to the page, which go with it."""
MAX_LINE_CHARS = 400
MAX_HIDDEN_CHARS = 3_000
MAX_LINKS_AT_AN_END = 60
"""The link to the page is among the first of a newsletter, or among its last."""
NOWHERE = "https://newsletter.invalid/"
"""What relative links are relative to in a mail: nothing. Source: RFC 2606, section 2."""

_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|max-height\s*:\s*0(?:px|em)?\s*(?:;|!|$)"
    r"|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
# Templates shrink whole rows to close the gaps between their cells, and give what is in them its size again.
_SHRUNK = re.compile(r"font-size\s*:\s*[01](?:px|pt|em)?\s*(?:;|!|$)", re.IGNORECASE)
_PREHEADER_NAME = re.compile(r"pre-?header|preview-?text|hidden-?preview", re.IGNORECASE)
# What fills the preview line of mail programs after the preheader: joiners, soft hyphens, spaces of every width.
_FILLING = re.compile("[\u00ad\u034f\u061c\u115f\u180e\u200b-\u200f\u2007\u2060-\u2064\ufeff]+")
_TINY_STYLE = re.compile(r"(?:^|;)\s*(?:max-)?(?:width|height)\s*:\s*[0-2](?:px)?\s*(?:;|!|$)", re.IGNORECASE)
_COUNTING_IMAGE = re.compile(
    r"/(?:wf/)?open(?:\.php|\.gif|\.aspx)?(?:[/?]|$)|/track(?:ing)?/(?:open|o)|/o\.gif|pixel|beacon|/e/o/|emailopen"
    r"|spacer|blank\.gif|/imp\?",
    re.IGNORECASE,
)
_SCAFFOLDING = frozenset("table tbody thead tfoot tr center font span o:p".split())  # noqa: SIM905
_CELLS = frozenset(["td", "th", "section", "article", "header", "footer", "main"])
_GONE = frozenset("head style script title noscript template svg math object form input button select".split())  # noqa: SIM905
_EMPTY_BLOCKS = re.compile(r"<(div|p|a|strong|em|b|i|h[1-6]|ul|li)(?: [^<>]*)?>(?:\s|&nbsp;|<br>)*</\1>")


@dataclass(frozen=True, slots=True)
class Reading:
    """What there is to read. `links` are all http(s) links with their texts, as they stood in the mail."""

    body_html: str = ""
    preheader: str = ""
    view_link: str | None = None
    language: str | None = None
    links: tuple[tuple[str, str], ...] = ()


def read_html(text: str) -> Reading:
    """The reading of a newsletter's HTML, from any text whatever.

    Not in `body_html`: what is hidden, pixels that count readers, the link to the page in a browser, and links that
    unsubscribe, because these belong to one reader.
    """
    root = _parsed(text[:MAX_HTML_CHARS])
    if root is None:
        return Reading(body_html=escaped_text(plain_text(text[:MAX_HTML_CHARS], MAX_WORDS_CHARS)))
    language = root.get("lang") or ""
    preheader = _take_hidden(root)
    links = tuple(_links(root))
    view_link = _take_view_link(root)
    _drop_images(root)
    _drop_leaving(root)
    _take_down(root)
    clean = sanitised(lxml_html.tostring(root, encoding="unicode"), NOWHERE)
    return Reading(_without_empty_blocks(clean), preheader, view_link, language or None, links)


def _parsed(text: str) -> Any:
    if not text.strip():
        return None
    try:
        parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
        root = lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    if sum(1 for _ in root.iter()) > MAX_ELEMENTS:
        return None
    return root


def _take_hidden(root: Any) -> str:
    """Remove what nobody sees; gives the preheader, the first of it that says something before the text begins."""
    preheader = ""
    for element in list(root.iter(etree.Element)):
        if element.tag in ("html", "body", "head", "img", "meta", "style", "title", "script"):
            continue
        is_named = _PREHEADER_NAME.search(f"{element.get('class', '')} {element.get('id', '')}")
        is_hidden = _is_hidden(element)
        if not is_hidden and not is_named:
            continue
        if element.getparent() is None:
            continue
        text = _line(element, MAX_HIDDEN_CHARS)
        if not preheader and len(text) >= MIN_PREHEADER_CHARS and not is_view_text(text):
            preheader = _shortened(text)
        if is_hidden:
            element.drop_tree()
    return preheader


def _is_hidden(element: Any) -> bool:
    style = element.get("style", "")
    if _HIDDEN_STYLE.search(style) or element.get("hidden") is not None:
        return True
    if not _SHRUNK.search(style):
        return False
    return not any(
        child.tag == "img" or "font-size" in child.get("style", "")
        for child in element.iter(etree.Element)
        if child is not element
    )


def _links(root: Any) -> Iterator[tuple[str, str]]:
    for anchor in root.iter("a"):
        link = absolute_link(anchor.get("href"), NOWHERE)
        if link and not link.startswith(NOWHERE):
            alt = " ".join(image.get("alt", "") for image in anchor.iter("img"))
            yield link, (_line(anchor) or alt).strip()


def _take_view_link(root: Any) -> str | None:
    """The link to the newsletter's page. It is taken out together with the words around it, if these are few."""
    anchors = list(root.iter("a"))
    for anchor in [*anchors[:MAX_LINKS_AT_AN_END], *anchors[MAX_LINKS_AT_AN_END:][-MAX_LINKS_AT_AN_END:]]:
        link = absolute_link(anchor.get("href"), NOWHERE)
        if not link or link.startswith(NOWHERE):
            continue
        parent = anchor.getparent()
        around = _line(parent) if parent is not None else ""
        text = _line(anchor)
        if not is_view_text(text, around) or is_leaving(text, link):
            continue
        alone = parent is not None and parent.tag not in ("body", "html") and len(around) <= MAX_AROUND_CHARS
        only_link = parent is not None and len(list(parent.iter("a"))) == 1
        (parent if alone and only_link else anchor).drop_tree()
        return link
    return None


def _drop_images(root: Any) -> None:
    for image in list(root.iter("img")):
        source = image.get("src", "").strip()
        sizes = (image.get("width", ""), image.get("height", ""))
        tiny = any(size.strip().removesuffix("px") in ("0", "1", "2") for size in sizes)
        style = image.get("style", "")
        counting = bool(_COUNTING_IMAGE.search(source)) and not image.get("alt", "").strip()
        hidden = _TINY_STYLE.search(style) or _HIDDEN_STYLE.search(style)
        if tiny or hidden or counting or not source.startswith(("http://", "https://")) or is_tracker(source):
            image.drop_tree()


def _drop_leaving(root: Any) -> None:
    for anchor in list(root.iter("a")):
        if is_leaving(_line(anchor), anchor.get("href", "")):
            anchor.drop_tree()


def _take_down(root: Any) -> None:
    """Leave the text and its structure of what was built for mail programs."""
    for element in list(root.iter(etree.Element)):
        if element.getparent() is None:
            continue
        tag = str(element.tag)
        if tag in _GONE:
            element.drop_tree()
        elif tag in _SCAFFOLDING or ":" in tag:
            element.drop_tag()
        elif tag in _CELLS:
            element.tag = "div"
        for name in ("style", "class", "id", "bgcolor", "align", "valign"):
            element.attrib.pop(name, None)


def _without_empty_blocks(clean: str) -> str:
    for _ in range(20):
        less = _EMPTY_BLOCKS.sub("", clean)
        if less == clean:
            break
        clean = less
    return _FILLING.sub("", clean).strip()


def _line(element: Any, limit_chars: int = MAX_LINE_CHARS) -> str:
    """The element's text on one line, without what only fills; no more is read than about `limit_chars`."""
    text = ""
    for piece in element.itertext():
        text += piece
        if len(text) > limit_chars:
            break
    return " ".join(_FILLING.sub("", text).split())


def _shortened(text: str) -> str:
    return plain_text(text.replace("<", "‹"), MAX_PREHEADER_CHARS)
