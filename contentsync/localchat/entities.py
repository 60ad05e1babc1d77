"""Turns what a bot or a person wrote into the text and the entities that a Bot API message carries."""

from itertools import accumulate
from typing import Any

from contentsync.localchat.errors import bad_request
from contentsync.localchat.links import find_marks
from contentsync.localchat.markup import Entity, checked_url, parse_html, utf16_length

MAX_TEXT_UNITS = 4096
MAX_CAPTION_UNITS = 1024
MAX_ENTITIES = 100
"""More are ignored. Source: https://core.telegram.org/bots/api#formatting-options"""

_STYLES = ("bold", "italic", "underline", "strikethrough", "spoiler")
_CODE = ("code", "pre")
_QUOTES = ("blockquote", "expandable_blockquote")
_GIVEN = (*_STYLES, *_CODE, *_QUOTES, "text_link")
"""Types a bot may set; the others are found in the text."""
_BLANK = " \n\t\r"


def format_text(source: str, parse_mode: str, given: list[Any]) -> tuple[str, list[Entity]]:
    """Text as the bot wrote it → plain text and entities as Telegram stores them; empty text when nothing is left.

    Raises:
        ApiError: 400, when the HTML or an entity is not well-formed, or the parse mode is not HTML.
    """
    if parse_mode.lower() == "html":
        text, entities = parse_html(source)
    elif parse_mode.lower() in ("", "none"):
        text, entities = source, _checked(source, given)
    else:
        raise bad_request("unsupported parse_mode")
    return finish(text, entities)


def finish(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Trim the text, join and clean the entities, and mark what Telegram finds by itself."""
    text, entities = _trim(text, entities)
    entities = _without_nesting_in_code(_joined(entities))
    fixed = [e for e in entities if e["type"] not in _STYLES and e["type"] not in _QUOTES]
    units = _units(text)
    found = [_entity(kind, units[start], units[end]) for kind, start, end in find_marks(text)]
    entities += [e for e in found if not any(_overlap(e, other) for other in fixed)]
    entities.sort(key=lambda e: (e["offset"], -e["length"]))
    return text, entities[:MAX_ENTITIES]


def _entity(kind: str, start: int, end: int) -> Entity:
    return {"type": kind, "offset": start, "length": end - start}


def _units(text: str) -> list[int]:
    """The UTF-16 offset of each character, and of the end."""
    return list(accumulate((1 + (character > "\uffff") for character in text), initial=0))


def _checked(text: str, given: list[Any]) -> list[Entity]:
    """The entities a bot gave itself, those that Telegram takes from bots."""
    length = utf16_length(text)
    checked: list[Entity] = []
    for entity in given:
        if not isinstance(entity, dict) or "type" not in entity:
            raise bad_request("can't parse MessageEntity: Can't find field \"type\"")
        if not isinstance(entity.get("offset"), int) or not isinstance(entity.get("length"), int):
            raise bad_request('can\'t parse MessageEntity: Fields "offset" and "length" must be Integers')
        start, end = entity["offset"], entity["offset"] + entity["length"]
        if start < 0 or end > length:
            raise bad_request(
                f"entity beginning at UTF-16 offset {start} ends after the end of the text at UTF-16 offset {end}"
            )
        kept = _entity(str(entity["type"]), start, end)
        if kept["type"] == "text_link":
            url = checked_url(str(entity.get("url", "")))
            if url is None:
                continue
            kept["url"] = url
        if kept["type"] == "pre" and entity.get("language"):
            kept["language"] = str(entity["language"])
        if kept["type"] in _GIVEN and kept["length"] > 0:
            checked.append(kept)
    return checked


def _trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Without blanks around; entities move along, and those left with blanks only go."""
    trimmed = text.strip(_BLANK)
    shift = len(text) - len(text.lstrip(_BLANK))  # blanks are one unit each
    length = utf16_length(trimmed)
    kept: list[Entity] = []
    units = _units(trimmed)
    for entity in entities:
        start = max(0, entity["offset"] - shift)
        end = min(length, entity["offset"] + entity["length"] - shift)
        if end > start and trimmed[_index(units, start) : _index(units, end)].strip(_BLANK):
            kept.append(entity | {"offset": start, "length": end - start})
    return trimmed, kept


def _index(units: list[int], offset: int) -> int:
    """The character at a UTF-16 offset."""
    low, high = 0, len(units) - 1
    while low < high:
        middle = (low + high) // 2
        if units[middle] < offset:
            low = middle + 1
        else:
            high = middle
    return low


def _joined(entities: list[Entity]) -> list[Entity]:
    """Entities of one style that touch or overlap become one; of two links that overlap the first stays."""
    result: list[Entity] = []
    for entity in sorted(entities, key=lambda e: (e["offset"], -e["length"])):
        same = [e for e in result if e["type"] == entity["type"]]
        if entity["type"] in _STYLES and same and entity["offset"] <= same[-1]["offset"] + same[-1]["length"]:
            end = max(same[-1]["offset"] + same[-1]["length"], entity["offset"] + entity["length"])
            same[-1]["length"] = end - same[-1]["offset"]
        elif entity["type"] in _STYLES or not any(_overlap(e, entity) for e in same):
            result.append(dict(entity))
    return result


def _without_nesting_in_code(entities: list[Entity]) -> list[Entity]:
    """Code holds no other formatting. Source: https://core.telegram.org/bots/api#formatting-options"""
    code = [e for e in entities if e["type"] in _CODE]
    return [e for e in entities if e["type"] in (*_CODE, *_QUOTES) or not any(_overlap(e, c) for c in code)]


def _overlap(one: Entity, other: Entity) -> bool:
    return bool(one["offset"] < other["offset"] + other["length"] and other["offset"] < one["offset"] + one["length"])
