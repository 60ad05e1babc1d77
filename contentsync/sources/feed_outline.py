"""What a well-formed feed states in so many words.

Most feeds say everything once, where everybody looks for it. The outline takes it from there, and knows which things
a feed may say only once: whether one says them twice or in an odd place is part of it.
"""

import html
from dataclasses import dataclass, field
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, ParseError, XMLParser, tostring

from contentsync.sources.feed_entries import Media
from contentsync.sources.feed_parts import ATOM, ATOM_03, COUNTED, PARTS, RDF, RSS_090, RSS_10, XHTML, XML, Part, Parts

MAX_ATTRIBUTES = 500
"""In one tag, for a plain document. Every reader's work grows with the square of it."""
CROWDED_BYTES = 100_000
"""The size from which on a tag can hold so many attributes that they matter."""
_HTML_TYPES = ("", "text/html", "html", "application/xhtml+xml", "xhtml")


@dataclass(slots=True)
class EntryOutline:
    """One entry's plain facts, as written. None for a fact that is missing, or stated twice, or is not plain text."""

    id: str | None = None
    link: str | None = None
    title: str | None = None
    base: str = ""
    summary: str = ""
    media_summary: str = ""
    content: str = ""
    encoded: str = ""
    """RSS's `content:encoded`, which goes before `content`."""
    content_base: str = ""
    author: str = ""
    creator: str = ""
    published: str = ""
    updated: str = ""
    images: list[str] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    told: set[Part] = field(default_factory=set)
    is_plain: bool = True
    """Whether it says each of id, link and title at most once, as text."""


@dataclass(slots=True)
class Outline:
    """A whole document's plain facts."""

    entries: list[EntryOutline]
    is_plain: bool
    """Whether all ids, links and entries stand where a feed has them, and nowhere else."""
    title: str = ""
    link: str = ""
    site: str = ""
    """Atom's link to the site, which goes before RSS's `link`."""
    language: str = ""
    ttl: str = ""
    update_period: str = ""
    update_frequency: str = ""


def outline_of(document: bytes) -> Outline | None:
    """The outline; None if the document is not well-formed, has a DOCTYPE or bottomless entries, or is no feed."""
    if b"<!DOCTYPE" in document[:2_000]:
        return None
    parser = XMLParser()  # noqa: S314 (no DOCTYPE, so no entities; expat bounds the rest)
    try:
        parser.feed(document)
        root = parser.close()
    except ParseError:
        return None
    found = _places(root)
    if found is None:
        return None
    channel, holder = found
    parts = Parts()
    elements = [child for child in holder if parts[child.tag] is Part.ENTRY]
    bases = [base for element in dict.fromkeys((root, channel, holder)) if (base := element.get(XML + "base"))]
    try:
        entries = [_outline_entry(element, bases, parts) for element in elements]
    except RecursionError:  # elements in each other by the thousand
        return None
    outline = Outline(entries, is_plain=True)
    _read_channel(channel, root, outline, parts)
    places = dict.fromkeys((root, channel, holder, *elements))
    expected = sum(_count(element, parts) for element in places)
    outline.is_plain = expected == sum(parts[element.tag] in COUNTED for element in root.iter())
    if len(document) > CROWDED_BYTES and any(len(element.keys()) > MAX_ATTRIBUTES for element in root.iter()):
        outline.is_plain = False
    return outline


def _places(root: Element) -> tuple[Element, Element] | None:
    """The element with the feed's own facts and the one that holds its entries."""
    if root.tag == "rss":
        channels = root.findall("channel")
        return (channels[0], channels[0]) if len(channels) == 1 else None
    if root.tag in (ATOM + "feed", ATOM_03 + "feed"):
        return root, root
    if root.tag == RDF + "RDF":
        channels = root.findall(RSS_10 + "channel") or root.findall(RSS_090 + "channel")
        return (channels[0], root) if len(channels) == 1 else None
    return None


def _count(element: Element, parts: Parts) -> int:
    """Ids, links and entries directly in an element or anywhere in its inserts."""
    found = 0
    for child in element:
        part = parts[child.tag]
        if part in COUNTED:
            found += 1
        elif part is Part.INSERT:
            found += sum(1 for inner in child.iter() if parts[inner.tag] in COUNTED)
    return found


def _outline_entry(element: Element, bases: list[str], parts: Parts) -> EntryOutline:
    entry = EntryOutline(id=element.get(RDF + "about"))
    own_base = element.get(XML + "base")
    for base in [*bases, own_base] if own_base else bases:
        entry.base = _joined(entry.base, base)
    for child in element:
        read = _READERS.get(parts[child.tag])
        if read is not None:
            read(entry, child)
    return entry


def _read_id(entry: EntryOutline, child: Element) -> None:
    _tell_once(entry, Part.ID)
    entry.id = _text(entry, child)


def _read_link(entry: EntryOutline, child: Element) -> None:
    if _leads_to_entry(child):
        _tell_once(entry, Part.LINK)
        entry.link = (child.get("href") or _text(entry, child)).strip()
    else:
        _add_linked_media(entry, child)


def _read_title(entry: EntryOutline, child: Element) -> None:
    _tell_once(entry, Part.TITLE)
    entry.title = _text(entry, child)


def _read_summary(entry: EntryOutline, child: Element) -> None:
    entry.summary = entry.summary or _text(entry, child)


def _read_media_summary(entry: EntryOutline, child: Element) -> None:
    entry.media_summary = entry.media_summary or child.text or ""


def _read_content(entry: EntryOutline, child: Element) -> None:
    if not entry.content:
        entry.content = _markup(child)
        entry.content_base = entry.content_base or child.get(XML + "base", "")


def _read_encoded(entry: EntryOutline, child: Element) -> None:
    entry.encoded = entry.encoded or _markup(child)
    entry.content_base = child.get(XML + "base") or entry.content_base


def _read_author(entry: EntryOutline, child: Element) -> None:
    if not entry.author:
        # Atom's authors hold a name, those of RSS are one.
        name = next((inner.text for inner in child if inner.tag in (ATOM + "name", ATOM_03 + "name")), child.text)
        entry.author = (name or "").strip()


def _read_creator(entry: EntryOutline, child: Element) -> None:
    entry.creator = entry.creator or (child.text or "").strip()


def _read_published(entry: EntryOutline, child: Element) -> None:
    entry.published = _text(entry, child) or entry.published


def _read_updated(entry: EntryOutline, child: Element) -> None:
    entry.updated = _text(entry, child) or entry.updated


def _read_image(entry: EntryOutline, child: Element) -> None:
    entry.images.append(child.get("url") or child.get("href") or "")


def _read_media(entry: EntryOutline, child: Element) -> None:
    for element in child.iter():
        part = PARTS.get(element.tag)
        if part is Part.MEDIA or part is Part.ENCLOSURE:
            _add_media(entry, element)
        elif part is Part.THUMBNAIL:
            _read_image(entry, element)
        elif part is Part.MEDIA_SUMMARY:
            _read_media_summary(entry, element)


def _read_misplaced(entry: EntryOutline, _child: Element) -> None:
    entry.is_plain = False


_READERS = {
    Part.ID: _read_id,
    Part.LINK: _read_link,
    Part.TITLE: _read_title,
    Part.SUMMARY: _read_summary,
    Part.MEDIA_SUMMARY: _read_media_summary,
    Part.CONTENT: _read_content,
    Part.ENCODED: _read_encoded,
    Part.AUTHOR: _read_author,
    Part.CREATOR: _read_creator,
    Part.PUBLISHED: _read_published,
    Part.UPDATED: _read_updated,
    Part.THUMBNAIL: _read_image,
    Part.IMAGE: _read_image,
    Part.ENCLOSURE: _read_media,
    Part.MEDIA: _read_media,
    Part.MEDIA_GROUP: _read_media,
    Part.ENTRY: _read_misplaced,
    Part.DOUBTFUL: _read_misplaced,
}


def _tell_once(entry: EntryOutline, part: Part) -> None:
    if part in entry.told:
        entry.is_plain = False
    entry.told.add(part)


def _joined(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference)
    except ValueError:  # an address in brackets that is none
        return base


def _add_media(entry: EntryOutline, element: Element) -> None:
    if url := element.get("url", "").strip():
        entry.media.append(Media(url, element.get("type", ""), element.get("medium", "")))


def _add_linked_media(entry: EntryOutline, link: Element) -> None:
    if link.get("rel") == "enclosure" and (url := link.get("href", "").strip()):
        entry.media.append(Media(url, link.get("type", "")))


def _leads_to_entry(link: Element) -> bool:
    if not link.attrib:
        return True
    return link.get("rel", "alternate").lower() == "alternate" and link.get("type", "").lower() in _HTML_TYPES


def _text(entry: EntryOutline, element: Element) -> str:
    if len(element):
        entry.is_plain = False
    return (element.text or "").strip()


def _markup(element: Element) -> str:
    """What an element holds: text that is HTML, or XHTML elements of the document itself."""
    if not len(element):
        return (element.text or "").strip()
    for inner in element.iter():
        inner.tag = inner.tag.removeprefix(XHTML)
    parts = [
        html.escape(element.text or "", quote=False),
        *(tostring(child, "unicode", method="html") for child in element),
    ]
    return "".join(parts).strip()


def _read_channel(channel: Element, root: Element, outline: Outline, parts: Parts) -> None:
    outline.language = channel.get(XML + "lang") or root.get(XML + "lang") or ""
    for child in channel:
        part = parts[child.tag]
        text = child.text or ""
        if part is Part.TITLE:
            outline.title = outline.title or text.strip()
        elif part is Part.LINK:
            _read_site(outline, child)
        elif part is Part.LANGUAGE:
            outline.language = text
        elif part is Part.TTL:
            outline.ttl = text
        elif part is Part.UPDATE_PERIOD:
            outline.update_period = text
        elif part is Part.UPDATE_FREQUENCY:
            outline.update_frequency = text


def _read_site(outline: Outline, link: Element) -> None:
    """Where the feed says that its site is: the first of Atom's links that leads there, else RSS's."""
    if (href := link.get("href", "").strip()) and link.get("rel", "alternate") == "alternate":
        outline.site = outline.site or href
    else:
        outline.link = outline.link or (link.text or "").strip()
