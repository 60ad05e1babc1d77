"""The questions of /mute and /keep without words."""

from contentsync.bot.contract import DialogReply
from contentsync.bot.meaning import Asked, Meaning, Question
from contentsync.bot.rule_words import Misfit, read_rule
from contentsync.processor.rules import KEEP, MUTE

MUTE_WHAT = "mute"
KEEP_WHAT = "keep"

ADD_RULE = "add_rule"
"""The reply that says nothing itself: the draft holds what was typed, a rule with `params["action"]` is to be made of
it, or, while the question stays open, what is wrong with it is to be said."""


async def _mute(text: str, asked: Asked) -> Meaning:
    return _rule(text, asked, MUTE, MUTE_WHAT)


async def _keep(text: str, asked: Asked) -> Meaning:
    return _rule(text, asked, KEEP, KEEP_WHAT)


def _rule(text: str, asked: Asked, action: str, question: str) -> Meaning:
    wish = read_rule(text, now=asked.now, time_zone=asked.subscriber.time_zone)
    if wish == Misfit("rule_empty"):
        return Meaning(DialogReply(f"ask_{question}_again", asks=question))
    return Meaning(DialogReply(ADD_RULE, {"action": action}, asks=question if isinstance(wish, Misfit) else None))


QUESTIONS: dict[str, Question] = {MUTE_WHAT: _mute, KEEP_WHAT: _keep}
