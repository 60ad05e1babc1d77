"""What of an item a person's taste looks at, packed into a few hundred bytes: hashed words and phrases, and its length.

Pure. Terms are never stored in clear: 32 bits of a hash each, and whoever has the text can hash it again.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from contentsync.processor.length import reading_minutes
from contentsync.processor.terms import split

VERSION = 1
BEGINNING = 5
"""Characters kept of a word: "elects", "election" and "elected" are one interest. Whole words and 4 or 6 characters did
worse on real clicks."""
MOST_WORDS, MOST_PHRASES, MOST_TOLD = 24, 16, 12
"""What is kept of a title's words, its pairs of words, and the words that only the summary has."""
WORD, PHRASE, TOLD = 1.0, 0.4, 0.35
"""What a term counts."""
PRINT_WORDS = 4
"""Fewer words are a heading that comes again ("Weekly links"), not one piece of news."""
SLOT_BITS = 18
SLOTS = 1 << SLOT_BITS
"""Terms are weighed in tables of so many slots, found by the first bits of their hash."""

_HEADER = struct.Struct("<BBBBII")
"""Version, count of words, of phrases, of told words, tenths of a minute, print: three words of 32 bits."""
_HEADER_WORDS = _HEADER.size // 4

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an item: plain title and summary, who tells it, of which kind and how long it is."""

    title: str
    summary: str
    source_id: int
    author: str | None
    media_kind: str
    language: str | None
    word_count: int | None
    duration_seconds: int | None


@dataclass(frozen=True, slots=True)
class Bags:
    """The terms of many items, one after another: each term's slot, what it counts, and which item it belongs to.

    `starts`: where the terms of each item begin, and at last where they end. `minutes`: 0 where unknown. `prints`:
    equal for items of the same words in any order; 0 for less than `PRINT_WORDS` of them, which many items share.
    """

    slots: Ints
    counts: Floats
    items: Ints
    starts: Ints
    minutes: Floats
    prints: Ints

    def sums(self, values: npt.NDArray[Any]) -> Values:
        """The sum of each item's terms' values."""
        begins = self.starts[:-1]
        sums = np.add.reduceat(np.append(values, 0.0), begins) if len(begins) else np.zeros(0)
        return np.asarray(np.where(begins == self.starts[1:], 0.0, sums), dtype=np.float64)


def features_of(facts: Facts) -> bytes:
    """The features of an item, at most 220 bytes."""
    words, phrases = _terms(facts.title)
    told, _ = _terms(facts.summary[: MOST_TOLD * 12])
    words, phrases = words[:MOST_WORDS], phrases[:MOST_PHRASES]
    known = set(words)
    told = [word for word in told if word not in known][:MOST_TOLD]
    tenths = min(round(reading_minutes(facts.word_count, facts.duration_seconds, facts.language) * 10), 2**32 - 1)
    print_ = sum(words + told) % 2**32 if len(words) + len(told) >= PRINT_WORDS else 0
    header = _HEADER.pack(VERSION, len(words), len(phrases), len(told), tenths, print_)
    return header + struct.pack(f"<{len(words) + len(phrases) + len(told)}I", *words, *phrases, *told)


def named_terms(title: str) -> Iterator[tuple[int, str]]:
    """The slot of each word and phrase of a title, with how it is written there; phrases last."""
    written = [word for word, _ in split(title)]
    for word in written:
        yield slot_of(_hash(_stem(word))), word
    for before, after in _pairs(title):
        yield slot_of(_hash(f"{_stem(before)} {_stem(after)}")), f"{before} {after}"


def slot_of(term: int) -> int:
    """The slot of a hashed term."""
    return term >> (32 - SLOT_BITS)


def unpack(features: Sequence[bytes]) -> Bags:
    """The terms of many items at once. Empty bytes, and a version that is not known, have none."""
    known = [blob if blob and blob[0] == VERSION else _NOTHING for blob in features]
    joined = np.frombuffer(b"".join(known), dtype="<u4")
    sizes = np.array(list(map(len, known)), dtype=np.int64) // 4
    heads = np.cumsum(sizes) - sizes
    first = joined[heads]
    words, phrases, told = (first >> 8) & 255, (first >> 16) & 255, first >> 24
    is_term = np.ones(len(joined), np.bool_)
    is_term[heads] = is_term[heads + 1] = is_term[heads + 2] = False
    terms = joined[is_term]
    items = np.repeat(np.arange(len(known)), sizes - _HEADER_WORDS)
    parts = np.stack([words, phrases, told], axis=1).ravel()
    counts = np.repeat(np.tile(np.array([WORD, PHRASE, TOLD], np.float32), len(known)), parts)
    return Bags(
        slots=(terms >> (32 - SLOT_BITS)).astype(np.int64),
        counts=counts,
        items=items,
        starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes - _HEADER_WORDS)]),
        minutes=joined[heads + 1].astype(np.float32) / 10,
        prints=joined[heads + 2].astype(np.int64),
    )


_NOTHING = _HEADER.pack(VERSION, 0, 0, 0, 0, 0)


def _terms(text: str) -> tuple[list[int], list[int]]:
    words = dict.fromkeys(_hash(_stem(word)) for word, _ in split(text))
    phrases = dict.fromkeys(_hash(f"{_stem(before)} {_stem(after)}") for before, after in _pairs(text))
    return list(words), list(phrases)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Words in a row. Pairs of characters overlap already."""
    for (before, kind), (after, kind_after) in pairwise(split(text)):
        if kind == kind_after == "word":
            yield before, after


def _stem(word: str) -> str:
    return word.casefold()[:BEGINNING]


def _hash(term: str) -> int:
    return crc32(term.encode())
