"""Stand-in until the rules' is merged."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """What to mute or keep."""

    id: int
    action: str
    kind: str
    pattern: str
    source_id: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """What rules look at."""

    item_id: int
    source_id: int
    title: str
    summary: str
    author: str | None
    language: str | None


class RuleSet:
    """Rules in the order in which they decide."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = sorted(rules, key=lambda rule: (rule.action != "keep", rule.id))

    def verdict(self, text: Text) -> Rule | None:
        """The rule that decides."""
        return next((rule for rule in self._rules if _matches(rule, text)), None)


def _matches(rule: Rule, text: Text) -> bool:
    if rule.kind == "source":
        return rule.source_id == text.source_id
    return rule.pattern.casefold() in f"{text.title} {text.summary}".casefold()
