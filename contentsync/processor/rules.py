"""What a person never wants to see, and what they always do: rules, and which of them an item meets. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from contentsync.processor.folding import BETWEEN, fold, fold_words
from contentsync.processor.regexes import Finder

MUTE, KEEP = "mute", "keep"
WORDS, PHRASE, SOURCE, AUTHOR, LANGUAGE, REGEX = "words", "phrase", "source", "author", "language", "regex"

MOST_RULES = 100
"""A person may have."""
MOST_REGEXES = 10
"""Among them; all are looked for in one pass."""
PATTERN_CHARACTERS = 200

TITLE_CHARACTERS = 500
SUMMARY_CHARACTERS = 2_000
"""What of an item is looked at: all of its summary, and all that is a title."""

_COMMA = re.compile("[,;、，،]")
_PIECE = re.compile(r'"([^"]*)"|([,;、，،])|((?:[^\s",;、，،]|(?<=\d),(?=\d))+)')


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is stored.

    action: mute | keep. kind: words | phrase | source | author | language (ISO 639) | regex. `pattern` is as it was
    typed; `source_id` is that of a rule on a source.
    """

    id: int
    action: str
    kind: str
    pattern: str
    source_id: int | None = None


@dataclass(frozen=True)
class Text:
    """What of an item the rules look at; made ready at most once, so it is worth keeping."""

    item_id: int
    source_id: int
    title: str
    summary: str
    author: str | None
    language: str | None

    @cached_property
    def words(self) -> list[str]:
        """The words of title and summary."""
        return fold_words(self._whole())

    @cached_property
    def folded(self) -> str:
        """Title and summary as words are looked for in them, which few texts need: most hold no word of any rule."""
        return fold(self._whole())

    @cached_property
    def folded_author(self) -> str:
        """The author, or several of them, as names are looked for in it."""
        return fold(self.author or "")

    def _whole(self) -> str:
        return f"{self.title[:TITLE_CHARACTERS]} {BETWEEN} {self.summary[:SUMMARY_CHARACTERS]}"


@dataclass(frozen=True, slots=True)
class _Needles:
    """What must all be in one folded text to meet the rule."""

    rule: Rule
    needles: tuple[str, ...]

    def are_in(self, folded: str) -> bool:
        return all(needle in folded for needle in self.needles)


class RuleSet:
    """A person's rules, put in order once and then asked of each item. False if there are none."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        known = list(rules)
        self._keeps = _Rules([rule for rule in known if rule.action == KEEP])
        self._mutes = _Rules([rule for rule in known if rule.action == MUTE])
        self._is_any = bool(known)

    def __bool__(self) -> bool:
        return self._is_any

    def verdict(self, text: Text) -> Rule | None:
        """The rule that decides over the item: the first (by id) that keeps it, else the first that mutes it."""
        return self._keeps.first(text) or self._mutes.first(text)


class _Rules:
    """Rules of one action."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = sorted(rules, key=lambda rule: rule.id)
        self._by_source: dict[int, list[Rule]] = {}
        self._by_language: dict[str, list[Rule]] = {}
        self._by_word: dict[str, list[_Needles]] = {}
        self._anywhere: list[_Needles] = []
        self._authors: list[_Needles] = []
        self._regexes: list[Rule] = []
        for rule in self._rules:
            self._place(rule)
        self._words = frozenset(self._by_word)
        self._finder = Finder([rule.pattern for rule in self._regexes]) if self._regexes else None

    def first(self, text: Text) -> Rule | None:
        """The first rule that the item meets."""
        return min(self._met(text), key=lambda rule: rule.id, default=None) if self._rules else None

    def _met(self, text: Text) -> list[Rule]:
        met: list[Rule] = []
        if self._by_source:
            met += self._by_source.get(text.source_id, ())
        if self._by_language and text.language:
            met += self._by_language.get(_primary(text.language), ())
        if self._authors and text.author:
            met += [wanted.rule for wanted in self._authors if wanted.are_in(text.folded_author)]
        if self._by_word:
            for word in self._words.intersection(text.words):
                met += [wanted.rule for wanted in self._by_word[word] if wanted.are_in(text.folded)]
        if self._anywhere:
            met += [wanted.rule for wanted in self._anywhere if wanted.are_in(text.folded)]
        if self._finder:
            whole = f"{text.title[:TITLE_CHARACTERS]}\n{text.summary[:SUMMARY_CHARACTERS]}"
            met += [self._regexes[index] for index in self._finder.find(whole)]
        return met

    def _place(self, rule: Rule) -> None:
        if rule.kind == SOURCE and rule.source_id is not None:
            self._by_source.setdefault(rule.source_id, []).append(rule)
        elif rule.kind == LANGUAGE:
            self._by_language.setdefault(_primary(rule.pattern), []).append(rule)
        elif rule.kind == REGEX:
            self._regexes.append(rule)
        elif rule.kind == AUTHOR:
            self._authors.append(_Needles(rule, read_name(rule.pattern)))
        elif rule.kind == PHRASE:
            self._place_words(_Needles(rule, (fold(rule.pattern),)))
        else:
            for needles in read_words(rule.pattern):
                self._place_words(_Needles(rule, needles))

    def _place_words(self, wanted: _Needles) -> None:
        """By its longest whole word, which is hardly ever in a text, so that most texts are done with one look."""
        whole = [word for needle in wanted.needles if needle.endswith(" ") for word in needle.split()]
        if whole:
            self._by_word.setdefault(max(whole, key=len), []).append(wanted)
        else:
            self._anywhere.append(wanted)


def read_words(typed: str) -> list[tuple[str, ...]]:
    """What was typed as words: alternatives between commas, of each what must all be there, in any order.

    A word, or several in "quotes", is what `fold` makes of it; one with * at its end is the beginning of a word. Empty
    if there are no words in it.
    """
    alternatives: list[list[str]] = [[]]
    for quoted, comma, word in _PIECE.findall(typed):
        if comma:
            alternatives.append([])
            continue
        folded = fold(quoted or word)
        if folded != " ":
            alternatives[-1].append(folded.rstrip() if word.endswith("*") else folded)
    return [tuple(needles) for needles in alternatives if needles]


def read_name(typed: str) -> tuple[str, ...]:
    """What was typed as the name of an author: all of its words, in any order. Empty if there are none."""
    return tuple(needle for part in _COMMA.sub(" ", typed).split() if (needle := fold(part)) != " ")


def _primary(language: str) -> str:
    return language.partition("-")[0].partition("_")[0].casefold()
