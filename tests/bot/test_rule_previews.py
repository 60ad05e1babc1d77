"""Previews: they count what a replay hides."""

import random

from contentsync.bot.rule_previews import text_of, try_rule
from contentsync.db.rules import LatestItem
from contentsync.processor.rules import KEEP, MUTE, Rule, RuleSet

WORDS = "crypto bitcoin rust python musk tesla election film game music".split()  # noqa: SIM905 - as one reads it


def latest(number: int, title: str) -> LatestItem:
    return LatestItem(number, number % 5, "Source", title, "", f"Author {number % 3}", "de" if number % 4 else "en")


def test_counts_are_those_of_a_replay() -> None:
    dice = random.Random(3)
    items = [latest(number, " ".join(dice.choices(WORDS, k=4))) for number in range(200)]
    kinds = [
        ("words", "crypto"), ("words", "rust, musk tesla"), ("phrase", "film game"), ("regex", r"t\w+ m"),
        ("author", "Author 1"), ("language", "en"), ("words", "music"), ("words", "python"),
    ]  # fmt: skip
    seen = set()
    for _ in range(60):
        others = [Rule(number, dice.choice((MUTE, KEEP)), *dice.choice(kinds)) for number in range(dice.randint(0, 4))]
        rule = Rule(9, dice.choice((MUTE, KEEP)), *dice.choice(kinds))
        preview = try_rule(rule, others, items)
        replayed = RuleSet([*others, rule])
        shown = {
            i.item_id for i in items if (verdict := replayed.verdict(text_of(i))) is None or verdict.action == KEEP
        }
        was = RuleSet(others)
        shown_before = {i.item_id for i in items if (v := was.verdict(text_of(i))) is None or v.action == KEEP}
        decided = {item.item_id for item in preview.decided}
        assert preview.looked_at == 200
        if rule.action == MUTE:
            assert decided.isdisjoint(shown)
            assert shown_before - shown == decided - (set(range(200)) - shown_before)
            assert len(shown_before) - len(shown) == len(preview.decided) - preview.before
        else:
            assert decided <= shown
            assert shown - shown_before <= decided
            assert len(shown) - len(shown_before) == preview.before
            assert preview.beaten == 0
        met = sum(RuleSet([rule]).verdict(text_of(item)) is not None for item in items)
        assert len(preview.decided) + preview.beaten == met
        seen.add((bool(preview.decided), bool(preview.before), bool(preview.beaten)))
    assert len(seen) > 3


def test_nothing_to_try_it_on() -> None:
    preview = try_rule(Rule(1, MUTE, "words", "x"), [], [])
    assert (preview.looked_at, preview.decided, preview.before, preview.beaten) == (0, (), 0, 0)
