"""The terms by which two texts are compared: beginnings of words, pairs of words, and pairs of characters in scripts
that write no blanks. Pure; knows no language."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

BEGINNING = 6
"""Characters kept of a word: a stem for every language that bends its words at their end. A stemmer for English did no
better on English headlines."""
SUMMARY_WORDS = 16
"""Words of a summary that are looked at: the lead of a piece of news says what it is about, the rest tells more."""
TELLING_WORDS = 6
"""Words that a summary has at least if it tells anything: not "Introduction", not "Read more"."""
WORD, NAME, PAIR, TOLD = 1.0, 1.3, 0.5, 0.35
"""What a term counts: a word of the title, one that begins with a capital (or holds a digit), two words in a row, and a
word that only the summary has."""

JOINED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
)
"""Thai, Lao, Burmese, Khmer, kana, Han, Hangul: written without blanks, or with particles that stick to the word.
As it stands between the brackets of a regular expression."""
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
"""Vowel signs and points, which belong to a word but are no letters to a regular expression."""
_WORD = re.compile(rf"(?P<joined>[{JOINED}]+)|(?:[^\W_{JOINED}]|[{_MARKS}])+")
_POSSESSIVE = re.compile(r"['’][sS]\b")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is compared of an item. `weights`: each term and what it counts; a pair of words has a blank in it.

    `numbers`: those of the title, as they are written. `has_summary`: one that tells something.
    """

    weights: dict[str, float]
    numbers: frozenset[str]
    has_summary: bool


def terms_of(title: str, summary: str = "") -> Terms:
    """The terms of an item from its plain title and summary."""
    weights: dict[str, float] = {}
    numbers = set()
    before: str | None = None
    for word, kind in split(title):
        stem = _stem(word)
        is_number = any(map(str.isdigit, word))
        if is_number:
            numbers.add(word)
        counts = NAME if is_number or word[0].isupper() else WORD
        weights[stem] = max(counts, weights.get(stem, 0.0))
        # Pairs of characters overlap already.
        if before is not None and kind == "word":
            weights[f"{before} {stem}"] = PAIR
        before = stem if kind == "word" else None
    told = _beginning(summary)
    for word in told:
        weights.setdefault(_stem(word), TOLD)
    return Terms(weights, frozenset(numbers), has_summary=len(told) >= TELLING_WORDS)


def split(text: str) -> Iterator[tuple[str, str]]:
    """The words of a text as they are written, each with its kind: "word", or "pair" (of characters)."""
    for match in _WORD.finditer(_POSSESSIVE.sub("", unicodedata.normalize("NFKC", text))):
        found = match[0]
        if match["joined"] is None or len(found) == 1:
            yield found, "word" if match["joined"] is None else "pair"
        else:
            for at in range(len(found) - 1):
                yield found[at : at + 2], "pair"


def _stem(word: str) -> str:
    return word.casefold()[:BEGINNING]


def _beginning(summary: str) -> list[str]:
    words = []
    # A word has seldom more than 12 characters; what comes later is not looked at, so it need not be split.
    for word, _ in split(summary[: SUMMARY_WORDS * 12]):
        words.append(word)
        if len(words) == SUMMARY_WORDS:
            break
    return words
