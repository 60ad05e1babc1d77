"""From the bytes of an answer to a document that XML and JSON readers can be trusted with."""

import codecs
import itertools
import re
import zlib

GZIP_MAGIC = b"\x1f\x8b"
MAX_UNPACKED_BYTES = 20_000_000
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'

# Source: XML 1.0 appendix F.1; the longer marks first, because UTF-32 begins like UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00<\x00?", "utf-16-be"),
    (b"<\x00?\x00", "utf-16-le"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
# Source: WHATWG Encoding, "Names and labels": what these labels mean in practice.
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
}
# Python calls these text encodings; no feed is written in one, and some take quadratic time.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "utf-7", "undefined", "mbcs"})

_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']""", re.IGNORECASE)
_DECLARATION = re.compile(r"<\?xml\b[^>]{0,400}>\s*", re.IGNORECASE)

_ENTRY_TAG = re.compile(rb"<(?:\w{1,40}:)?(?:item|entry)[\s/>]", re.IGNORECASE)
_ENTRY_END = re.compile(rb"</(?:\w{1,40}:)?(?:item|entry)\s*>", re.IGNORECASE)
_ROOT_TAG = re.compile(rb"<\w")
_ENTITY = re.compile(rb"<!ENTITY[^>]*>?")
# A few letters or one character reference: enough for &nbsp; and &copy;, useless for a bomb.
_HARMLESS_ENTITY = re.compile(rb'<!ENTITY\s+\w{1,40}\s+"(?:&#\w{1,8};|[^&"%]{0,4})"\s*>')
_BLANKS = re.compile(rb"\s{2,}")
_CHARACTER_REFERENCE = re.compile(rb"&#(?:([0-9]+)|[xX]([0-9a-fA-F]+))")
# feedparser looks for an address in an author with a pattern that takes quadratic time. So only authors stay that are
# short and contain nothing in which an end tag could hide: text, simple CDATA, and the tags of names and addresses.
_AUTHOR_NAMES = rb"(?:[^\s<>/:]{1,100}:)?(?:author|creator|managingeditor|webmaster|publisher|owner)(?=[\s/>])"
_AUTHOR_TAG = re.compile(
    rb"(?P<author><" + _AUTHOR_NAMES + rb"[^<>]*+>(?:[^<]++|<!\[CDATA\[[^<\]]*+\]\]>"
    rb"|</?(?:\w{1,40}:)?(?:name|email|uri|url|homepage)\s*+>)*+</" + _AUTHOR_NAMES + rb"\s*+>)"
    rb"|<(?P<end>/?)" + _AUTHOR_NAMES,
    re.IGNORECASE,
)
MAX_AUTHOR_BYTES = 600


def unpacked(body: bytes) -> bytes:
    """The body, unpacked if it is a gzip file: some servers send feeds as one and do not say so."""
    if not body.startswith(GZIP_MAGIC):
        return body
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body, MAX_UNPACKED_BYTES)
    except zlib.error:
        return body


def decoded(body: bytes, content_type: str) -> str:
    """The text of a document, never failing.

    Believed in this order: a byte order mark, the charset of the HTTP header, the XML declaration, UTF-8. Text that
    is valid UTF-8 under a single-byte label is UTF-8; a label under which the bytes cannot be read is passed over.
    Source: RFC 7303 section 3.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, errors="replace")
    labels = [found[1] for found in [_CHARSET.search(content_type)] if found]
    labels += [found[1].decode("ascii", "ignore") for found in [_DECLARED.match(body[:400])] if found]
    for encoding in [known for label in labels if (known := _codec(label))]:
        for attempt in ["utf-8", encoding] if encoding.startswith(("cp125", "iso8859")) else [encoding]:
            text = _strict(body, attempt)
            if text is not None:
                return text
    return _guessed(body)


def xml_document(text: str) -> bytes:
    """The text as UTF-8 with a declaration that says so, and nothing before it."""
    text = text.strip("\ufeff \t\r\n")
    declared = _DECLARATION.match(text)
    return (DECLARATION + (text[declared.end() :] if declared else text)).encode("utf-8", errors="replace")


def shortened(document: bytes, *, max_entries: int, max_bytes: int, max_tags: int) -> bytes:
    """The document with its first entries only, so many that it stays in all three bounds, and all that follows them.

    A document whose first entries are larger than the bounds is cut off.
    """
    if len(document) <= max_bytes and document.count(b"<") <= min(max_tags, max_entries):
        return document
    cut, tags, position = None, 0, 0
    for number, start in enumerate(found.start() for found in _ENTRY_TAG.finditer(document)):
        tags += document.count(b"<", position, start)
        position = start
        if number >= max_entries or tags > max_tags or start > max_bytes:
            cut = start
            break
    if cut is not None:
        ends = [found.end() for found in _ENTRY_END.finditer(document, cut)]
        document = document[:cut] + document[ends[-1] if ends else len(document) :]
    return _cut_off(document, max_bytes, max_tags)


def disarmed(document: bytes) -> bytes:
    """The document without what makes feedparser slow or fail: big entities, endless authors, impossible characters."""
    root = _ROOT_TAG.search(document, len(DECLARATION))
    start = root.start() if root else len(document)
    prolog = _ENTITY.sub(_keep_harmless, document[len(DECLARATION) : start])
    body = _CHARACTER_REFERENCE.sub(_possible_character, _AUTHOR_TAG.sub(_keep_short_author, document[start:]))
    return document[: len(DECLARATION)] + _BLANKS.sub(b"\n", prolog) + body


def _cut_off(document: bytes, max_bytes: int, max_tags: int) -> bytes:
    document = document[:max_bytes]
    if document.count(b"<") <= max_tags:
        return document
    last = next(itertools.islice(re.finditer(b"<", document), max_tags, None))
    return document[: last.start()]


def _keep_harmless(found: re.Match[bytes]) -> bytes:
    return found[0] if _HARMLESS_ENTITY.fullmatch(found[0]) else b""


def _keep_short_author(found: re.Match[bytes]) -> bytes:
    """A short author as it is, nothing for a long one, and any other tag of an author renamed so that none is read."""
    if found["author"] is None:
        return b"<" + found["end"] + b"unread-author"
    return found[0] if len(found[0]) <= MAX_AUTHOR_BYTES else b""


def _possible_character(found: re.Match[bytes]) -> bytes:
    digits, base = (found[1], 10) if found[1] is not None else (found[2], 16)
    code = int(digits, base) if len(digits) <= 10 else 0
    possible = 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000 or code in (9, 10, 13)
    return found[0] if possible else b"&#65533"


def _codec(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    return None if name in _NO_CHARSETS else _SUPERSETS.get(name, name)


def _strict(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except (UnicodeError, LookupError):  # LookupError: the label of a transformation (base64, rot13), not of a charset
        return None


def _guessed(body: bytes) -> str:
    """UTF-8 with some damage, if most of what is not ASCII can be read so; else Windows-1252."""
    text = body.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    if not damaged or damaged * 2 < len(text) - len(text.encode("ascii", "ignore")):
        return text
    return body.decode("cp1252", errors="replace")
