"""Regular expressions that people write, on an engine whose time grows with the text and no faster (RE2). Pure.

Source: https://github.com/google/re2/wiki/Syntax
"""

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

import re2

MOST_INSTRUCTIONS = 1_500
"""Of one compiled expression: "crypto|bitcoin" has 20, a letter of any script 1,200. The engine's time is at worst this
much times the text."""
MEMORY_BYTES = 8_000_000
"""Of all expressions of a person together, while they are used. Ten of `MOST_INSTRUCTIONS` fit: the engine wants room
for twenty of its states, each at most 8 bytes an instruction, or a set of expressions finds nothing at all."""
_CHECK_BYTES = 1_000_000
"""The same for one that is looked at for the first time; the engine gives up sooner then."""

_FAULTS = {
    "missing )": "group_open",
    "unexpected )": "group_closed",
    "missing ]": "class_open",
    "invalid character class range": "class_range",
    "no argument for repetition operator": "repeat_nothing",
    "bad repetition operator": "repeat_twice",
    "invalid repetition size": "repeat_size",
    "invalid perl operator": "unsupported",
    "invalid escape sequence": "escape",
    "trailing \\": "escape_open",
    "pattern too large": "too_large",
}
"""How the engine's messages begin, and what each is called by us."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an expression. `part`: what of it; `position`: its first character's number, from 1; 0 where
    nothing in particular is to blame.

    key: group_open | group_closed | class_open | class_range | repeat_nothing | repeat_twice | repeat_size |
    unsupported | escape | escape_open | too_large | empty (it is in every text) | other
    """

    key: str
    part: str = ""
    position: int = 0


def find_fault(pattern: str) -> Fault | None:
    """What is wrong with the expression; None if it can be used."""
    try:
        alone = re2.compile(pattern, _options(_CHECK_BYTES))
    except re2.error as error:
        return _fault(pattern, error.args[0].decode("utf-8", "replace"))
    try:
        size = re2.compile(_in_lines(pattern), _options(_CHECK_BYTES)).programsize
    except re2.error:  # \Q without \E takes in whatever comes after it
        return Fault("escape_open", r"\Q", pattern.rindex(r"\Q") + 1)
    if size > MOST_INSTRUCTIONS:
        return Fault("too_large")
    return Fault("empty") if alone.search("") is not None else None


class Finder:
    """Several expressions, looked for at once: case does not matter, and ^ and $ are the ends of a line."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._set = re2.Set.SearchSet(_options(MEMORY_BYTES))
        for pattern in patterns:
            self._set.Add(_in_lines(pattern))
        self._set.Compile()

    def find(self, text: str) -> list[int]:
        """The indexes of those that occur in the text."""
        # What a damaged page leaves of half a character cannot be UTF-8.
        return self._set.Match(normalize("NFC", text).encode("utf-8", "replace")) or []


def _in_lines(pattern: str) -> str:
    return f"(?m:{normalize('NFC', pattern)})"


def _options(memory_bytes: int) -> re2.Options:
    options = re2.Options()
    options.log_errors = False  # they hold what somebody typed
    options.case_sensitive = False
    options.never_capture = True
    options.max_mem = memory_bytes
    return options


def _fault(pattern: str, message: str) -> Fault:
    key = next((name for beginning, name in _FAULTS.items() if message.startswith(beginning)), "other")
    if key in ("group_open", "group_closed"):
        position = _lone_bracket(pattern)
        return Fault(key, pattern[position:][:1], position + 1)
    if key == "class_open":
        part = "["
    elif key == "escape_open":
        part = "\\"
    else:
        part = message.partition(": ")[2]
    at = pattern.rfind(part) if key in ("class_open", "escape_open") else pattern.find(part)
    return Fault(key, part, at + 1) if part else Fault(key)


def _lone_bracket(pattern: str) -> int:
    """Where the first ) without a ( stands, or the last ( without a )."""
    opened: list[int] = []
    is_escaped = in_class = False
    for position, character in enumerate(pattern):
        if is_escaped or character == "\\":
            is_escaped = not is_escaped
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character == "(":
            opened.append(position)
        elif character == ")":
            if not opened:
                return position
            opened.pop()
    return opened[-1] if opened else 0
