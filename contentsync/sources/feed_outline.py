"""What a well-formed feed states in so many words: the plain facts that a fast reader's answer is checked against.

The fast reader is quick because it takes the first thing that looks right. The outline knows which things a feed
may say only once, says so if a feed says them twice or in an odd place, and keeps what the fast reader drops
(images, the raw dates, language, ttl).
"""

from dataclasses import dataclass, field
from enum import IntEnum, auto
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, ParseError, XMLParser

from contentsync.sources.feed_entries import Media

ATOM = "{http://www.w3.org/2005/Atom}"
ATOM_03 = "{http://purl.org/atom/ns#}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
RSS_10 = "{http://purl.org/rss/1.0/}"
_RSS_090 = "{http://my.netscape.com/rdf/simple/0.9/}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_DC_TERMS = "{http://purl.org/dc/terms/}"
_ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
_SYNDICATION = "{http://purl.org/rss/1.0/modules/syndication/}"
_XML = "{http://www.w3.org/XML/1998/namespace}"


MAX_ATTRIBUTES = 500
"""In one tag, for a plain document. Every reader's work grows with the square of it."""
CROWDED_BYTES = 100_000
"""The size from which on a tag can hold so many attributes that they matter."""


class _Part(IntEnum):
    ENTRY = auto()
    ID = auto()
    LINK = auto()
    TITLE = auto()
    SUMMARY = auto()
    MEDIA_SUMMARY = auto()
    PUBLISHED = auto()
    UPDATED = auto()
    ENCLOSURE = auto()
    MEDIA = auto()
    MEDIA_GROUP = auto()
    THUMBNAIL = auto()
    IMAGE = auto()
    INSERT = auto()
    """Holds links and titles that are not those of the feed or entry around it."""
    LANGUAGE = auto()
    TTL = auto()
    UPDATE_PERIOD = auto()
    UPDATE_FREQUENCY = auto()
    DOUBTFUL = auto()
    """Named like an id, a link or an entry, in a vocabulary where nobody expects one."""
    OTHER = auto()


_PLAIN = {
    "item": _Part.ENTRY,
    "entry": _Part.ENTRY,
    "guid": _Part.ID,
    "id": _Part.ID,
    "link": _Part.LINK,
    "title": _Part.TITLE,
    "description": _Part.SUMMARY,
    "summary": _Part.SUMMARY,
    "pubDate": _Part.PUBLISHED,
    "pubdate": _Part.PUBLISHED,
    "published": _Part.PUBLISHED,
    "issued": _Part.PUBLISHED,
    "updated": _Part.UPDATED,
    "modified": _Part.UPDATED,
    "lastBuildDate": _Part.UPDATED,
    "enclosure": _Part.ENCLOSURE,
    "image": _Part.INSERT,
    "textInput": _Part.INSERT,
    "textinput": _Part.INSERT,
    "source": _Part.INSERT,
    "language": _Part.LANGUAGE,
    "ttl": _Part.TTL,
}
_PARTS = {
    **{namespace + name: part for namespace in ("", ATOM, ATOM_03, RSS_10, _RSS_090) for name, part in _PLAIN.items()},
    **{_DC + "date": _Part.UPDATED, _DC + "language": _Part.LANGUAGE},
    **{_DC_TERMS + "issued": _Part.PUBLISHED, _DC_TERMS + "modified": _Part.UPDATED},
    **{_ITUNES + "image": _Part.IMAGE, _ITUNES.replace("podcast", "PodCast") + "image": _Part.IMAGE},
    **{_SYNDICATION + "updatePeriod": _Part.UPDATE_PERIOD, _SYNDICATION + "updateFrequency": _Part.UPDATE_FREQUENCY},
    **{
        namespace + name: part
        for namespace in ("{http://search.yahoo.com/mrss/}", "{http://search.yahoo.com/mrss}")
        for name, part in {
            "group": _Part.MEDIA_GROUP,
            "content": _Part.MEDIA,
            "thumbnail": _Part.THUMBNAIL,
            "description": _Part.MEDIA_SUMMARY,
        }.items()
    },
}
_COUNTED = frozenset({_Part.ENTRY, _Part.ID, _Part.LINK, _Part.DOUBTFUL})
_HTML_TYPES = ("", "text/html", "html", "application/xhtml+xml", "xhtml")


@dataclass(slots=True)
class EntryOutline:
    """One entry's plain facts, as written. None for a fact that is missing, or stated twice, or is not plain text."""

    id: str | None = None
    link: str | None = None
    title: str | None = None
    base: str = ""
    has_summary: bool = False
    media_summary: str = ""
    published: str = ""
    updated: str = ""
    images: list[str] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    told: set[_Part] = field(default_factory=set)
    is_plain: bool = True
    """Whether it says each of id, link and title at most once, as text."""


@dataclass(slots=True)
class Outline:
    """A whole document's plain facts."""

    entries: list[EntryOutline]
    is_plain: bool
    """Whether all ids, links and entries stand where a feed has them, and nowhere else."""
    language: str = ""
    ttl: str = ""
    update_period: str = ""
    update_frequency: str = ""


def outline_of(document: bytes) -> Outline | None:
    """The outline; None if the document is not well-formed, has a DOCTYPE, or is not shaped like a feed."""
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
    parts = _Parts()
    entries = [child for child in holder if parts[child.tag] is _Part.ENTRY]
    bases = [base for element in dict.fromkeys((root, channel, holder)) if (base := element.get(_XML + "base"))]
    outline = Outline([_outline_entry(entry, bases, parts) for entry in entries], is_plain=True)
    _read_channel(channel, root, outline, parts)
    places = dict.fromkeys((root, channel, holder, *entries))
    expected = sum(_count(element, parts) for element in places)
    outline.is_plain = expected == sum(parts[element.tag] in _COUNTED for element in root.iter())
    if len(document) > CROWDED_BYTES and any(len(element.keys()) > MAX_ATTRIBUTES for element in root.iter()):
        outline.is_plain = False
    return outline


class _Parts(dict[str, _Part]):
    """Every tag's part; what is unknown is worked out once for each document, never kept longer."""

    def __init__(self) -> None:
        super().__init__(_PARTS)

    def __missing__(self, tag: str) -> _Part:
        name = tag.rpartition("}")[2].lower()
        part = _Part.DOUBTFUL if name in ("id", "guid", "link", "item", "entry") else _Part.OTHER
        self[tag] = part
        return part


def _places(root: Element) -> tuple[Element, Element] | None:
    """The element with the feed's own facts and the one that holds its entries."""
    if root.tag == "rss":
        channels = root.findall("channel")
        return (channels[0], channels[0]) if len(channels) == 1 else None
    if root.tag in (ATOM + "feed", ATOM_03 + "feed"):
        return root, root
    if root.tag == RDF + "RDF":
        channels = root.findall(RSS_10 + "channel") or root.findall(_RSS_090 + "channel")
        return (channels[0], root) if len(channels) == 1 else None
    return None


def _count(element: Element, parts: _Parts) -> int:
    """Ids, links and entries directly in an element or anywhere in its inserts."""
    found = 0
    for child in element:
        part = parts[child.tag]
        if part in _COUNTED:
            found += 1
        elif part is _Part.INSERT:
            found += sum(1 for inner in child.iter() if parts[inner.tag] in _COUNTED)
    return found


def _outline_entry(element: Element, bases: list[str], parts: _Parts) -> EntryOutline:
    entry = EntryOutline(id=element.get(RDF + "about"))
    own_base = element.get(_XML + "base")
    for base in [*bases, own_base] if own_base else bases:
        entry.base = _joined(entry.base, base)
    for child in element:
        read = _READERS.get(parts[child.tag])
        if read is not None:
            read(entry, child)
    return entry


def _read_id(entry: EntryOutline, child: Element) -> None:
    _tell_once(entry, _Part.ID)
    entry.id = _text(entry, child)


def _read_link(entry: EntryOutline, child: Element) -> None:
    if _leads_to_entry(child):
        _tell_once(entry, _Part.LINK)
        entry.link = (child.get("href") or _text(entry, child)).strip()
    else:
        _add_linked_media(entry, child)


def _read_title(entry: EntryOutline, child: Element) -> None:
    _tell_once(entry, _Part.TITLE)
    entry.title = _text(entry, child)


def _read_summary(entry: EntryOutline, child: Element) -> None:
    entry.has_summary = bool(_text(entry, child)) or entry.has_summary


def _read_media_summary(entry: EntryOutline, child: Element) -> None:
    entry.media_summary = entry.media_summary or child.text or ""


def _read_published(entry: EntryOutline, child: Element) -> None:
    entry.published = _text(entry, child) or entry.published


def _read_updated(entry: EntryOutline, child: Element) -> None:
    entry.updated = _text(entry, child) or entry.updated


def _read_image(entry: EntryOutline, child: Element) -> None:
    entry.images.append(child.get("url") or child.get("href") or "")


def _read_media(entry: EntryOutline, child: Element) -> None:
    for element in child.iter():
        part = _PARTS.get(element.tag)
        if part is _Part.MEDIA or part is _Part.ENCLOSURE:
            _add_media(entry, element)
        elif part is _Part.THUMBNAIL:
            _read_image(entry, element)
        elif part is _Part.MEDIA_SUMMARY:
            _read_media_summary(entry, element)


def _read_misplaced(entry: EntryOutline, _child: Element) -> None:
    entry.is_plain = False


_READERS = {
    _Part.ID: _read_id,
    _Part.LINK: _read_link,
    _Part.TITLE: _read_title,
    _Part.SUMMARY: _read_summary,
    _Part.MEDIA_SUMMARY: _read_media_summary,
    _Part.PUBLISHED: _read_published,
    _Part.UPDATED: _read_updated,
    _Part.THUMBNAIL: _read_image,
    _Part.IMAGE: _read_image,
    _Part.ENCLOSURE: _read_media,
    _Part.MEDIA: _read_media,
    _Part.MEDIA_GROUP: _read_media,
    _Part.ENTRY: _read_misplaced,
    _Part.DOUBTFUL: _read_misplaced,
}


def _tell_once(entry: EntryOutline, part: _Part) -> None:
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


def _read_channel(channel: Element, root: Element, outline: Outline, parts: _Parts) -> None:
    outline.language = channel.get(_XML + "lang") or root.get(_XML + "lang") or ""
    for child in channel:
        part = parts[child.tag]
        text = child.text or ""
        if part is _Part.LANGUAGE:
            outline.language = text
        elif part is _Part.TTL:
            outline.ttl = text
        elif part is _Part.UPDATE_PERIOD:
            outline.update_period = text
        elif part is _Part.UPDATE_FREQUENCY:
            outline.update_frequency = text
