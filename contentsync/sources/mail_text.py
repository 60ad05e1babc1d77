"""Bytes of a mail as text, whatever their sender said about them. Pure."""

import re

# What senders call it, and what they mean by it (as browsers read it). Source: WHATWG Encoding, section 4.2.
_MEANT = {
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "big5": "big5hkscs",
    "utf8": "utf-8",
    "utf-8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "x-user-defined": "cp1252",
}
# Codecs of Python that are no encodings of mail, and some of which take for ever.
_NO_CHARSETS = frozenset(
    ["idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "unicode-escape", "raw-unicode-escape"]
)
# In these, ASCII bytes may mean something else.
_UNLIKE_ASCII = ("utf-16", "utf-32", "utf-7", "utf16", "utf32", "utf7", "iso-2022", "hz", "unicode-1-1-utf-7")
_CHARSET_NAME = re.compile(r"[A-Za-z0-9_.:+-]{1,40}")


def text_of_bytes(data: bytes, charset: str) -> str:
    """The text of these bytes in this charset; without one, or in an unknown one, UTF-8 if it is that, else
    Windows-1252. What cannot be read becomes U+FFFD."""
    name = charset.strip("\"' ").lower()
    meant = _MEANT.get(name, name)
    if not name.startswith(_UNLIKE_ASCII) and (utf_8 := _as_utf_8(data)) is not None:
        return utf_8  # other encodings hardly ever happen to be valid UTF-8, and labels are often wrong
    if meant == "cp1252" or meant in _NO_CHARSETS or not _CHARSET_NAME.fullmatch(meant):
        return _guessed(data)
    try:
        return data.decode(meant, "replace")
    except (LookupError, ValueError):
        return _guessed(data)


def _guessed(data: bytes) -> str:
    utf_8 = _as_utf_8(data)
    return data.decode("cp1252", "replace") if utf_8 is None else utf_8


def _as_utf_8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
