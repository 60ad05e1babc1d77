"""Which element of a feed says what: the names of the vocabularies, sorted by what the outline wants to know."""

from enum import IntEnum, auto

ATOM = "{http://www.w3.org/2005/Atom}"
ATOM_03 = "{http://purl.org/atom/ns#}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
RSS_10 = "{http://purl.org/rss/1.0/}"
RSS_090 = "{http://my.netscape.com/rdf/simple/0.9/}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_DC_TERMS = "{http://purl.org/dc/terms/}"
_ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
XHTML = "{http://www.w3.org/1999/xhtml}"
_SYNDICATION = "{http://purl.org/rss/1.0/modules/syndication/}"
XML = "{http://www.w3.org/XML/1998/namespace}"


class Part(IntEnum):
    ENTRY = auto()
    ID = auto()
    LINK = auto()
    TITLE = auto()
    SUMMARY = auto()
    MEDIA_SUMMARY = auto()
    CONTENT = auto()
    ENCODED = auto()
    AUTHOR = auto()
    CREATOR = auto()
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
    "item": Part.ENTRY,
    "entry": Part.ENTRY,
    "guid": Part.ID,
    "id": Part.ID,
    "link": Part.LINK,
    "title": Part.TITLE,
    "description": Part.SUMMARY,
    "summary": Part.SUMMARY,
    "content": Part.CONTENT,
    "author": Part.AUTHOR,
    "pubDate": Part.PUBLISHED,
    "pubdate": Part.PUBLISHED,
    "published": Part.PUBLISHED,
    "issued": Part.PUBLISHED,
    "updated": Part.UPDATED,
    "modified": Part.UPDATED,
    "lastBuildDate": Part.UPDATED,
    "enclosure": Part.ENCLOSURE,
    "image": Part.INSERT,
    "textInput": Part.INSERT,
    "textinput": Part.INSERT,
    "source": Part.INSERT,
    "language": Part.LANGUAGE,
    "ttl": Part.TTL,
}
PARTS = {
    **{namespace + name: part for namespace in ("", ATOM, ATOM_03, RSS_10, RSS_090) for name, part in _PLAIN.items()},
    **{_DC + "date": Part.UPDATED, _DC + "language": Part.LANGUAGE, _DC + "creator": Part.CREATOR},
    **{_CONTENT + "encoded": Part.ENCODED, _ITUNES + "author": Part.AUTHOR},
    **{_DC_TERMS + "issued": Part.PUBLISHED, _DC_TERMS + "modified": Part.UPDATED},
    **{_ITUNES + "image": Part.IMAGE, _ITUNES.replace("podcast", "PodCast") + "image": Part.IMAGE},
    **{_SYNDICATION + "updatePeriod": Part.UPDATE_PERIOD, _SYNDICATION + "updateFrequency": Part.UPDATE_FREQUENCY},
    **{
        namespace + name: part
        for namespace in ("{http://search.yahoo.com/mrss/}", "{http://search.yahoo.com/mrss}")
        for name, part in {
            "group": Part.MEDIA_GROUP,
            "content": Part.MEDIA,
            "thumbnail": Part.THUMBNAIL,
            "description": Part.MEDIA_SUMMARY,
        }.items()
    },
}
COUNTED = frozenset({Part.ENTRY, Part.ID, Part.LINK, Part.DOUBTFUL})


class Parts(dict[str, Part]):
    """Every tag's part; what is unknown is worked out once for each document, never kept longer."""

    def __init__(self) -> None:
        super().__init__(PARTS)

    def __missing__(self, tag: str) -> Part:
        name = tag.rpartition("}")[2].lower()
        part = Part.DOUBTFUL if name in ("id", "guid", "link", "item", "entry") else Part.OTHER
        self[tag] = part
        return part
