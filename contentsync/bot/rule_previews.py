"""What a rule would have done to what came lately, found out with the code that applies it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from contentsync.db.rules import LatestItem, RuleView
from contentsync.processor.rules import KEEP, Rule, RuleSet, Text

LATEST_ITEMS = 200
"""So many a rule is tried on."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What becomes of `looked_at` items by one rule more.

    `decided`: those that it meets and that its action then holds for. `before`: how many of them were muted already
    without it. `beaten`: how many more it meets that another rule keeps.
    """

    looked_at: int
    decided: tuple[LatestItem, ...]
    before: int
    beaten: int


def try_rule(rule: Rule, others: Sequence[Rule], items: Sequence[LatestItem]) -> Preview:
    """The difference that the rule makes beside the others."""
    alone, without, with_it = RuleSet([rule]), RuleSet(others), RuleSet([*others, rule])
    decided: list[LatestItem] = []
    before = beaten = 0
    for item in items:
        text = text_of(item)
        verdict = with_it.verdict(text)
        if verdict is None or alone.verdict(text) is None:
            continue
        if verdict.action != rule.action:
            beaten += 1
            continue
        decided.append(item)
        earlier = without.verdict(text)
        before += earlier is not None and earlier.action != KEEP
    return Preview(len(items), tuple(decided), before, beaten)


def text_of(item: LatestItem) -> Text:
    """The item as rules look at it."""
    return Text(item.item_id, item.source_id, item.title, item.summary, item.author, item.language)


def rule_of(view: RuleView) -> Rule:
    """The rule as it is applied."""
    rule = view.rule
    return Rule(rule.id or 0, rule.action, rule.kind, rule.pattern, rule.source_id)
