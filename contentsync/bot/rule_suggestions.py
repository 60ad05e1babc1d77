"""The words of a title that somebody may not want to read of again. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from contentsync.processor.folding import fold
from contentsync.processor.rules import PHRASE, WORDS
from contentsync.processor.terms import JOINED

MOST = 3
COMMON = 0.1
"""What more of the other titles have says nothing."""
SHORTEST = 4
"""Letters of a word that is no name; shorter ones mostly hold a sentence together."""
LONGEST_NAME = 3
"""Words of a name."""
LONGEST_JOINED = 6
"""Characters of a name in a script that writes no blanks."""

Row = TypeVar("Row", str, list[str])

_WORD = re.compile(
    rf"[{JOINED}]+|[^\W_{JOINED}](?:[^\W_{JOINED}]|[\u0300-\u036f\u0591-\u065f\u0900-\u0dff+#]|['’&-](?=[^\W_]))*"
)
_BLANK = re.compile(r"\s+")
_IS_JOINED = re.compile(rf"[{JOINED}]")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A rule's kind and pattern."""

    kind: str
    pattern: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Some words of the title. `is_part`: of something longer, so that only other titles can tell that it is a unit."""

    pattern: str
    is_name: bool
    is_part: bool = False


def suggest(title: str, others: Sequence[str]) -> list[Suggestion]:
    """At most `MOST`, the best first: what others of the titles have too, but not many of them; names before words."""
    folded = [fold(other) for other in others]
    most = max(3.0, COMMON * len(folded))
    found: list[tuple[tuple[bool, bool, int], str]] = []
    for candidate in _candidates(title):
        needle = fold(candidate.pattern)
        count = sum(needle in other for other in folded)
        if needle != " " and count <= most and (count or not candidate.is_part):
            found.append(((count > 0, candidate.is_name, len(candidate.pattern)), candidate.pattern))
    chosen: list[str] = []
    for _, pattern in sorted(found, key=lambda one: one[0], reverse=True):
        if not any(fold(pattern) in fold(other) or fold(other) in fold(pattern) for other in chosen):
            chosen.append(pattern)
    return [Suggestion(PHRASE if " " in pattern else WORDS, pattern) for pattern in chosen[:MOST]]


def _candidates(title: str) -> list[_Candidate]:
    """Words, names of several words, and parts of what is written without blanks."""
    found: list[_Candidate] = []
    capitals: list[list[str]] = [[]]
    end = 0
    for match in _WORD.finditer(title):
        word = match[0]
        if _IS_JOINED.match(word):
            found += [_Candidate(part, is_name=False, is_part=True) for part in _parts(word, LONGEST_JOINED)]
            continue
        is_marked = any(map(str.isdigit, word)) or (word.isupper() and len(word) > 1)
        if is_marked or len(word) >= SHORTEST:
            # A sentence begins with a capital, whatever the word.
            found.append(_Candidate(word, is_name=is_marked or (word[0].isupper() and match.start() > 0)))
        is_capital = word[0].isupper()
        if not (is_capital and capitals[-1] and _BLANK.fullmatch(title[end : match.start()])):
            capitals.append([])
        if is_capital:
            capitals[-1].append(word)
        end = match.end()
    for row in capitals:
        for part in _parts(row, LONGEST_NAME):
            found.append(_Candidate(" ".join(part), is_name=True, is_part=len(part) < len(row)))
    return found


def _parts(whole: Row, longest: int) -> list[Row]:
    """All that follows each other in it, from 2 to `longest` of them."""
    return [
        whole[start : start + length] for length in range(2, longest + 1) for start in range(len(whole) - length + 1)
    ]
