"""What a document is, told from its first bytes."""

import json
import re

_BINARIES = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"BM", "an image"),
    (b"\x00\x00\x01\x00", "an image"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a damaged gzip file"),
    (b"ID3", "an audio file"),
    (b"OggS", "an audio file"),
    (b"\xff\xfb", "an audio file"),
    (b"\x1aE\xdf\xa3", "a video"),
)
_ROOTS = {
    "html": "an HTML page",
    "head": "an HTML page",
    "body": "an HTML page",
    "urlset": "a sitemap",
    "sitemapindex": "a sitemap",
    "opml": "OPML",
    "svg": "an image",
}
_FEED_ROOTS = frozenset({"rss", "feed", "rdf", "channel", "entry"})
_HTML_ELEMENT = re.compile(
    "a|article|b|br|center|div|font|h[1-6]|img|main|meta|p|pre|script|section|span|style|table|title"
)
_HEAD_CHARS = 65_536

_BEFORE_ROOT = re.compile(
    r"(?:\s+|<\?[^>]*>|<!--.*?-->|<!DOCTYPE(?:[^\[<>]|\[.*?\]\s*(?=>))*>)", re.DOTALL | re.IGNORECASE
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_TAG = re.compile(r"<(?:[\w.-]{1,40}:)?([A-Za-z][\w.-]{0,40})")
_FEED_TAG = re.compile(r"<(?:rss|feed|rdf:RDF)\s[^<>]*(?:version|xmlns)", re.IGNORECASE)


def binary_kind(body: bytes) -> str | None:
    """What a body that is not text at all is; None if it may be text."""
    if not body.strip():
        return "an empty answer"
    if body[:4] == b"RIFF":
        return "an image" if body[8:12] == b"WEBP" else "an audio file"
    if body[4:8] == b"ftyp":
        return "an image" if body[8:12] in (b"avif", b"heic") else "a video"
    return next((kind for magic, kind in _BINARIES if body.startswith(magic)), None)


def feed_part(text: str) -> str | None:
    """The text from where its XML feed begins, past anything a broken server put before it; None if there is none."""
    head = text[:_HEAD_CHARS]
    if root_name(head) in _FEED_ROOTS:
        return text
    begins = _FEED_TAG.search(head)
    return text[begins.start() :] if begins else None


def text_kind(text: str) -> str:
    """What a text that is not a feed is instead, as it can stand in "this is …"."""
    head = text[:_HEAD_CHARS].lstrip("\ufeff \t\r\n")
    root = root_name(head)
    if root in _ROOTS:
        return _ROOTS[root]
    if root in _FEED_ROOTS:
        return "a damaged feed"
    if head.startswith(("{", "[")):
        return "JSON of another kind" if _is_json(text) else "something like JSON, but damaged"
    if "<!doctype html" in head.lower() or _HTML_ELEMENT.fullmatch(root):
        return "an HTML page"
    if head.startswith(("<?xml", "<!")) or root:
        return "an XML document of another kind"
    return "binary data" if _CONTROL.search(head) else "plain text"


def root_name(text: str) -> str:
    """The local name of the first element in lower case, if nothing but declarations and comments precede it."""
    position = 0
    while found := _BEFORE_ROOT.match(text, position):
        position = found.end()
    root = _TAG.match(text, position)
    return root[1].lower() if root else ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
