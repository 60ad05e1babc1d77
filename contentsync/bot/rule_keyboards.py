"""The buttons of rules, and the data they carry (64 bytes at most; aiogram checks)."""

import zlib
from collections.abc import Sequence
from datetime import datetime

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from contentsync.bot.callbacks import ShowCard
from contentsync.bot.keyboards import Ask
from contentsync.bot.rule_questions import KEEP_WHAT, MUTE_WHAT
from contentsync.bot.rule_suggestions import Suggestion
from contentsync.bot.texts import title_of
from contentsync.db.models import Source
from contentsync.db.rules import LatestItem, RuleView
from contentsync.processor.rules import AUTHOR, MUTE, SOURCE
from contentsync.processor.text import shorten

PAGE_RULES = 10
MOST_CHOICES = 8
LABEL_LIMIT = 40


class RuleChange(CallbackData, prefix="rule"):
    """Change a rule. change: drop | back | day | week | ever. The card it came from, if it came from one."""

    rule_id: int
    change: str
    digest_id: int = 0
    position: int = 0


class RulesPage(CallbackData, prefix="rules"):
    """Show a page of the rules, 0 is the first."""

    page: int


class RuleRemove(CallbackData, prefix="ruledrop"):
    """Remove a rule that stands on this page, or (`on`) bring it back."""

    rule_id: int
    page: int
    on: bool


class RuleSource(CallbackData, prefix="rulesource"):
    """Mute or keep this source, until then in seconds since 1970; 0 has no end."""

    action: str
    source_id: int
    until: int


class MuteThis(CallbackData, prefix="mutethis"):
    """Mute this of the item: kind source | author | words | phrase. `mark` tells words of a title from each other."""

    digest_id: int
    position: int
    kind: str
    mark: int


def mark_of(pattern: str) -> int:
    """A number that tells these words from others of the same title."""
    return zlib.crc32(pattern.encode("utf-8", "replace"))


def mute_menu(
    item: LatestItem, suggestions: Sequence[Suggestion], *, digest_id: int, position: int
) -> InlineKeyboardMarkup:
    """What can be muted of an item."""

    def row(label: str, kind: str, mark: int) -> list[InlineKeyboardButton]:
        data = MuteThis(digest_id=digest_id, position=position, kind=kind, mark=mark)
        return [_button(shorten(label, LABEL_LIMIT), data)]

    rows = [row(f"“{each.pattern}”", each.kind, mark_of(each.pattern)) for each in suggestions]
    if item.author:
        rows.append(row(f"Author: {item.author}", AUTHOR, mark_of(item.author)))
    rows.append(row(f"Source: {item.source_title}", SOURCE, item.source_id))
    rows.append([_button("« Back", ShowCard(digest_id=digest_id, position=position))])
    return InlineKeyboardMarkup(inline_keyboard=rows)


def added(view: RuleView, *, digest_id: int = 0, position: int = 0) -> InlineKeyboardMarkup:
    """Under a rule that is in force: taking it back, and how long it is to hold."""

    def button(label: str, change: str) -> InlineKeyboardButton:
        data = RuleChange(rule_id=view.rule.id or 0, change=change, digest_id=digest_id, position=position)
        return _button(label, data)

    lengths = [button("For a day", "day"), button("For a week", "week")]
    if view.rule.expires_at is not None:
        lengths.append(button("For ever", "ever"))
    return InlineKeyboardMarkup(inline_keyboard=[[button("Undo", "drop")], lengths, _ways(digest_id, position)])


def removed(rule_id: int, *, digest_id: int = 0, position: int = 0) -> InlineKeyboardMarkup:
    """Under a rule that was taken back."""
    data = RuleChange(rule_id=rule_id, change="back", digest_id=digest_id, position=position)
    return InlineKeyboardMarkup(inline_keyboard=[[_button("Bring it back", data)], _ways(digest_id, position)])


def choose_source(action: str, sources: Sequence[Source], until: datetime | None) -> InlineKeyboardMarkup:
    """Which of the sources is meant."""
    moment = int(until.timestamp()) if until is not None else 0
    rows = [
        [_button(title_of(source, LABEL_LIMIT), RuleSource(action=action, source_id=source.id or 0, until=moment))]
        for source in sources[:MOST_CHOICES]
    ]
    return InlineKeyboardMarkup(inline_keyboard=rows)


def rule_list(views: Sequence[RuleView], page: int, *, gone_id: int = 0) -> InlineKeyboardMarkup:
    """Under a page of /rules; `gone_id` is a rule that was just removed."""
    first = page * PAGE_RULES
    rows = [[_button("Undo", RuleRemove(rule_id=gone_id, page=page, on=True))]] if gone_id else []
    buttons = [
        _button(f"Remove {number}", RuleRemove(rule_id=view.rule.id or 0, page=page, on=False))
        for number, view in enumerate(views[first : first + PAGE_RULES], first + 1)
    ]
    rows += [buttons[start : start + 3] for start in range(0, len(buttons), 3)]
    turns = [_button("‹ Back", RulesPage(page=page - 1))] if page > 0 else []
    if first + PAGE_RULES < len(views):
        turns.append(_button("More ›", RulesPage(page=page + 1)))
    if turns:
        rows.append(turns)
    rows.append([_button("Mute something", Ask(question=MUTE_WHAT)), _button("Always show", Ask(question=KEEP_WHAT))])
    return InlineKeyboardMarkup(inline_keyboard=rows)


def again(action: str) -> InlineKeyboardMarkup:
    """After what was typed could not be used."""
    return InlineKeyboardMarkup(
        inline_keyboard=[[_button("Try again", Ask(question=MUTE_WHAT if action == MUTE else KEEP_WHAT))]]
    )


def _ways(digest_id: int, position: int) -> list[InlineKeyboardButton]:
    if digest_id:
        return [_button("« Back to the item", ShowCard(digest_id=digest_id, position=position))]
    return [_button("All rules", RulesPage(page=0))]


def _button(text: str, data: CallbackData) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=data.pack())
