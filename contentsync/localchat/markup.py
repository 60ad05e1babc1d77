"""Reads Telegram's HTML into plain text and entities, refusing what Telegram refuses, in its words.

Source: https://core.telegram.org/bots/api#html-style. Positions in error texts are byte offsets in UTF-8.
"""

import re
from dataclasses import dataclass
from typing import Any

from contentsync.localchat.errors import ApiError, bad_request

Entity = dict[str, Any]
"""A Bot API MessageEntity; `offset` and `length` count UTF-16 units."""

_TYPES = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
}  # fmt: skip
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x(?P<hex>[0-9a-fA-F]+)|#(?P<decimal>[0-9]+)|(?P<name>[A-Za-z]+));?")
_LONGEST_REFERENCE = 10
_NAME = re.compile(r"[^\s>]*")
_SPACE = re.compile(r"\s*")
_ATTRIBUTE = re.compile(r"[^\s=>]*")
_BARE_VALUE = re.compile(r"[A-Za-z0-9.-]*")


def utf16_length(text: str) -> int:
    """How long Telegram thinks a text is: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """The plain text of a piece of Telegram HTML, and its entities in the order they closed.

    Raises:
        ApiError: 400, when a tag is unknown, not closed, closed in the wrong order, or badly written.
    """
    return _Reader(source).read()


@dataclass(frozen=True)
class _OpenTag:
    name: str
    argument: str
    offset: int
    piece: int
    """How many pieces of text came before the tag."""


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._pieces: list[str] = []
        self._offset = 0
        self._stack: list[_OpenTag] = []
        self._entities: list[Entity] = []

    def read(self) -> tuple[str, list[Entity]]:
        position, source = 0, self._source
        while position < len(source):
            if source[position] == "<":
                is_end = source.startswith("/", position + 1)
                position = self._close(position) if is_end else self._open(position)
            else:
                position = self._text(position)
        if self._stack:
            raise _refuse(f'Can\'t find end tag corresponding to start tag "{self._stack[-1].name}"')
        return "".join(self._pieces), self._entities

    def _text(self, position: int) -> int:
        end = self._source.find("<", position)
        end = len(self._source) if end < 0 else end
        piece = _resolve_references(self._source[position:end])
        self._pieces.append(piece)
        self._offset += utf16_length(piece)
        return end

    def _open(self, start: int) -> int:
        name_match = _match(_NAME, self._source, start + 1)
        name, position = name_match.group().lower(), name_match.end()
        if position == len(self._source):
            raise self._refuse_at("Unclosed start tag", start)
        if name not in _TYPES:
            raise self._refuse_at(f'Unsupported start tag "{name}"', start)
        argument = ""
        while True:
            position = _match(_SPACE, self._source, position).end()
            if self._source.startswith(">", position):
                break
            attribute, value, position = self._attribute(name, start, position)
            argument = _argument(name, attribute, value) or argument
        if name == "span" and argument != "spoiler":
            raise self._refuse_at('Tag "span" must have class "tg-spoiler"', start)
        self._stack.append(_OpenTag(name, argument, self._offset, len(self._pieces)))
        return position + 1

    def _attribute(self, tag: str, start: int, position: int) -> tuple[str, str, int]:
        source = self._source
        if position == len(source):
            raise self._refuse_at("Unclosed start tag", start)
        name_match = _match(_ATTRIBUTE, source, position)
        name = name_match.group().lower()
        if not name:
            raise self._refuse_at(f'Empty attribute name in the tag "{tag}"', start)
        position = _match(_SPACE, source, name_match.end()).end()
        if not source.startswith("=", position):
            if tag == "blockquote" and name == "expandable" and position < len(source):
                return name, "", position
            raise self._refuse_at(f'Expected equal sign in declaration of an attribute of the tag "{tag}"', start)
        position = _match(_SPACE, source, position + 1).end()
        quote = source[position : position + 1]
        if quote in ("'", '"'):
            end = source.find(quote, position + 1)
            if end < 0:
                raise self._refuse_at("Unclosed start tag", start)
            return name, _resolve_references(source[position + 1 : end]), end + 1
        value_match = _match(_BARE_VALUE, source, position)
        end = value_match.end()
        if end == len(source):
            raise self._refuse_at("Unclosed start tag", start)
        if not source[end].isspace() and source[end] != ">":
            raise self._refuse_at("Unexpected end of name token", position)
        return name, value_match.group().lower(), end

    def _close(self, start: int) -> int:
        if not self._stack:
            raise self._refuse_at("Unexpected end tag", start)
        name_match = _match(_NAME, self._source, start + 2)
        position = _match(_SPACE, self._source, name_match.end()).end()
        if not self._source.startswith(">", position):
            raise self._refuse_at("Unclosed end tag", start)
        found, tag = name_match.group().lower(), self._stack.pop()
        if found and found != tag.name:
            where = f"Unmatched end tag at byte offset {self._byte(start)}"
            raise _refuse(f'{where}, expected "</{tag.name}>", found "</{found}>"')
        if self._offset > tag.offset:
            self._add(tag)
        return position + 1

    def _add(self, tag: _OpenTag) -> None:
        entity: Entity = {"type": _TYPES[tag.name], "offset": tag.offset, "length": self._offset - tag.offset}
        if tag.name == "a":
            url = checked_url(tag.argument or "".join(self._pieces[tag.piece :]))
            if url is None:
                return  # Telegram keeps the text and drops a link that is none
            entity["url"] = url
        elif tag.name == "blockquote" and tag.argument:
            entity["type"] = "expandable_blockquote"
        elif tag.name in ("pre", "code") and self._join_code(tag, entity):
            return
        self._entities.append(entity)

    def _join_code(self, tag: _OpenTag, entity: Entity) -> bool:
        """Whether `<pre>` and `<code class="language-…">` around the same text became one entity."""
        if tag.name == "code" and tag.argument:
            entity["language"] = tag.argument
        before = self._entities[-1] if self._entities else {}
        same_place = all(before.get(key) == entity[key] for key in ("offset", "length"))
        if not same_place or {before["type"], entity["type"]} != {"pre", "code"}:
            return False
        before["type"] = "pre"
        if "language" in entity:
            before["language"] = entity["language"]
        return True

    def _byte(self, position: int) -> int:
        return len(self._source[:position].encode("utf-8", "surrogatepass"))

    def _refuse_at(self, reason: str, position: int) -> ApiError:
        return _refuse(f"{reason} at byte offset {self._byte(position)}")


def checked_url(url: str) -> str | None:
    """The link Telegram would make of it, or None when it would make none. A missing scheme becomes http."""
    url = url.strip()
    match = re.fullmatch(r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<host>[^\s/?#]+)(?P<rest>[^\s]*)", url)
    if match is None:
        return None
    scheme = (match["scheme"] or "").lower()
    if scheme in ("http", "https", "tg", "ton"):
        return url
    return f"http://{url}" if not scheme and re.search(r"[^.:]\.[^.:\d]", match["host"]) else None


def _argument(tag: str, attribute: str, value: str) -> str:
    """What a tag keeps of an attribute."""
    match tag, attribute:
        case "a", "href":
            return value
        case "code", "class" if value.startswith("language-"):
            return value.removeprefix("language-")
        case "span", "class" if value.startswith("tg-"):
            return value.removeprefix("tg-")
        case "blockquote", "expandable":
            return "expandable"
    return ""


def _resolve_references(text: str) -> str:
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    if match["name"] is not None:
        return _NAMED.get(match["name"], match.group())
    code = int(match["hex"], 16) if match["hex"] is not None else int(match["decimal"])
    if code == 0 or code >= 0x10FFFF or len(match.group().rstrip(";")) >= _LONGEST_REFERENCE:
        return match.group()
    if 0xD800 <= code <= 0xDFFF:
        raise _refuse("Text contains invalid Unicode characters after decoding HTML entities")
    return chr(code)


def _match(pattern: re.Pattern[str], text: str, position: int) -> re.Match[str]:
    """The match of a pattern that also matches nothing, so that there always is one."""
    match = pattern.match(text, position)
    assert match is not None
    return match


def _refuse(reason: str) -> ApiError:
    return bad_request(f"can't parse entities: {reason}")
