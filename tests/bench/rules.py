"""How fast rules decide: over a day's candidates, and with expressions made to be slow on texts made for them."""

import random
import time
from pathlib import Path

from contentsync.processor.regexes import find_fault
from contentsync.processor.rules import MOST_REGEXES, SUMMARY_CHARACTERS, TITLE_CHARACTERS, Rule, RuleSet, Text
from tests.bench.lines import Line

TEXTS = 5_000
CHARACTERS = 300
WORD_RULES = 50
SLOWEST_PATTERNS = (
    r"(a+)+$", r"(a|aa)+$", r"(a|a?)+$", r"(.*a){25}", r"([a-z]+)*$", r"^(([a-z])+.)+[A-Z]([a-z])+$", r"(x+x+)+y",
    r"(\w+\s?)*\?$", r"(a?){30}a{30}", r"(.*?,){30}P", r"(?:a.{0,18}){9}b", r"(.{1,12}){1,12}x", r".*a.{12}b",
    r"(?:[a-f].{0,15}){8}1", r"[\w.]+@([\w-]+\.)+\w+$", r"^(.*?[,;]){40}$", r"(ab|a|b)*c", r"((a|b)*a(a|b){9})",
)  # fmt: skip
HOSTILE = ("a", "ab", "aab,", "x", "abcdef", "a b ", "a,", "aA1", "a@b.", "ab" * 5 + "c")
"""Repeated to the length that is looked at."""


async def decide(_: Path) -> list[Line]:
    """Milliseconds of a processor: all texts against all rules, first and again; the slowest expression on its worst
    text, and ten of them at once."""
    writer = random.Random(1)
    vocabulary = ["".join(writer.choices("abcdefghijklmnopqrstuvwxyz", k=writer.randint(3, 9))) for _ in range(20_000)]
    weights = [1 / (rank + 3) for rank in range(len(vocabulary))]
    lines = []
    for name, accent in (("rules", "e"), ("rules-accents", "é")):
        texts = [_text(number, writer, vocabulary, weights, accent) for number in range(TEXTS)]
        rules = [
            Rule(number, "mute", "words", " ".join(writer.choices(vocabulary[500:], k=1 + number % 2)))
            for number in range(WORD_RULES - 5)
        ] + [Rule(100 + number, "mute", "regex", rf"\b{writer.choice(vocabulary)}s? \w+ing\b") for number in range(5)]
        first, again = [_milliseconds(RuleSet(rules), texts) for _ in range(2)]
        lines += [Line(name, first, "ms"), Line(f"{name}-again", again, "ms")]
    slowest = max(_slowest(pattern) for pattern in SLOWEST_PATTERNS)
    together = _milliseconds(
        RuleSet([Rule(number, "mute", "regex", SLOWEST_PATTERNS[-number]) for number in range(1, MOST_REGEXES + 1)]),
        [Text(1, 1, *_hostile(each), None, None) for each in HOSTILE],
    )
    return [*lines, Line("rules-redos", slowest, "ms"), Line("rules-redos-ten", together / len(HOSTILE), "ms")]


def _text(number: int, writer: random.Random, vocabulary: list[str], weights: list[float], accent: str) -> Text:
    words = " ".join(writer.choices(vocabulary, weights, k=60)).replace("e", accent)
    return Text(number, 1, words[:80], words[80:CHARACTERS], None, "en")


def _hostile(piece: str) -> tuple[str, str]:
    return (piece * TITLE_CHARACTERS)[:TITLE_CHARACTERS], (piece * SUMMARY_CHARACTERS)[: SUMMARY_CHARACTERS - 1] + "!"


def _slowest(pattern: str) -> float:
    """Checking the expression (which refuses some of them), and the text that takes it longest all the same."""
    began = time.process_time()
    find_fault(pattern)
    checked = (time.process_time() - began) * 1_000
    rules = [Rule(1, "mute", "regex", pattern)]
    return checked + max(_milliseconds(RuleSet(rules), [Text(1, 1, *_hostile(each), None, None)]) for each in HOSTILE)


def _milliseconds(rules: RuleSet, texts: list[Text]) -> float:
    began = time.process_time()
    for text in texts:
        rules.verdict(text)
    return (time.process_time() - began) * 1_000
