"""What is shown of mute and keep rules."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from contentsync.bot.rule_keyboards import PAGE_RULES
from contentsync.bot.rule_previews import Preview
from contentsync.bot.texts import LIST_TITLE_LIMIT, Html, say, say_count, title_of
from contentsync.bot.topic_words import name_of
from contentsync.db.rules import LatestItem, RuleView
from contentsync.db.slots import zone_of
from contentsync.processor.rules import LANGUAGE, MUTE, WORDS, read_words
from contentsync.processor.text import shorten

SHOWN_ITEMS = 5
PREVIEW_TITLE_LIMIT = 100
MUCH = 0.4
"""From this part of the latest items on, a mute rule is probably not what was meant."""
TIMED = timedelta(days=2)
"""What ends sooner is told with the time of day."""


def say_rule(view: RuleView) -> Html:
    """What the rule is about."""
    rule = view.rule
    if view.source is not None:
        return say("rule_source", pattern=title_of(view.source, LIST_TITLE_LIMIT))
    if rule.kind == LANGUAGE:
        return say("rule_language", pattern=name_of(rule.pattern))
    key = f"rule_{rule.kind}"
    if rule.kind == WORDS:
        alternatives = read_words(rule.pattern)
        key += "_any" if len(alternatives) > 1 else "_all" if len(alternatives[0]) > 1 else ""
    return say(key, pattern=rule.pattern)


def say_end(expires_at: datetime | None, *, now: datetime, time_zone: str) -> Html:
    """How long a rule holds, where the person lives."""
    if expires_at is None:
        return say("rule_for_ever")
    zone = zone_of(time_zone)
    local, today = expires_at.astimezone(zone), now.astimezone(zone)
    day = f"{local:%A} {local.day} {local:%B}" if local - today <= timedelta(days=7) else f"{local.day} {local:%B}"
    if local.year != today.year:
        day += f" {local.year}"
    if local.date() == today.date():
        day = f"{local:%H:%M}"
    elif local - today < TIMED and (local.hour or local.minute):
        day += f", {local:%H:%M}"
    return say("rule_until", end=day)


def say_added(view: RuleView, preview: Preview, *, now: datetime, time_zone: str) -> Html:
    """A rule that is in force, and what it would have done to the latest items."""
    action = view.rule.action
    end = say_end(view.rule.expires_at, now=now, time_zone=time_zone)
    parts = [say(f"rule_{action}", end=end, rule=say_rule(view)), _say_met(action, preview)]
    if preview.before:
        parts.append(say_count(f"rule_{action}_before", preview.before))
    if preview.beaten:
        parts.append(say_count("rule_beaten", preview.beaten))
    if action == MUTE and len(preview.decided) > max(3, MUCH * preview.looked_at):
        parts.append(say("rule_mute_much"))
    return Html("\n\n".join(parts))


def say_removed(view: RuleView) -> Html:
    """A rule that was taken back."""
    return say(f"rule_{view.rule.action}_removed", rule=say_rule(view))


def say_rules(
    views: Sequence[RuleView], page: int, *, now: datetime, time_zone: str, gone: RuleView | None = None
) -> Html:
    """A page of the rules, 0 is the first; `gone` is one that was just removed."""
    first = page * PAGE_RULES
    pages = (len(views) + PAGE_RULES - 1) // PAGE_RULES
    if not views:
        head = say("rules_none")
    elif pages == 1:
        head = say("rules_head", count=len(views))
    else:
        head = say("rules_page", count=len(views), page=page + 1, pages=pages)
    lines = [
        say(
            f"rules_line_{view.rule.action}",
            number=number,
            rule=say_rule(view),
            end=say_end(view.rule.expires_at, now=now, time_zone=time_zone),
        )
        for number, view in enumerate(views[first : first + PAGE_RULES], first + 1)
    ]
    above = [say("rules_removed", rule=say_rule(gone))] if gone is not None else []
    return Html("\n\n".join([*above, head, *(["\n".join(lines)] if lines else [])]))


def say_card_menu(item: LatestItem) -> Html:
    """The question which part of an item is to be muted."""
    return say("card_mute", title=_title(item), source=shorten(item.source_title, LIST_TITLE_LIMIT))


def _say_met(action: str, preview: Preview) -> Html:
    count, total = len(preview.decided), preview.looked_at
    if not total:
        return say("rule_nothing_yet")
    if not count:
        return say(f"rule_{action}_met_none", total=total)
    head = say(f"rule_{action}_met_one" if count == 1 else f"rule_{action}_met", count=count, total=total)
    lines = [
        say("rule_met_line", title=_title(item), source=shorten(item.source_title, LIST_TITLE_LIMIT))
        for item in preview.decided[:SHOWN_ITEMS]
    ]
    if count > SHOWN_ITEMS:
        lines.append(say("rule_met_more", count=count - SHOWN_ITEMS))
    return Html("\n".join([head, *lines]))


def _title(item: LatestItem) -> str:
    return shorten(item.title or item.summary or "Untitled", PREVIEW_TITLE_LIMIT)
