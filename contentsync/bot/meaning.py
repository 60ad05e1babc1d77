"""What an answer in a dialog is, and what it can come to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from contentsync.bot.contract import DialogReply
from contentsync.db.models import Subscriber
from contentsync.db.subscribers import Changes


@dataclass(frozen=True)
class Asked:
    """Whom the question was put to, and when the answer came. `earlier`: their earlier answer that it builds on."""

    subscriber: Subscriber
    now: datetime
    draft_id: int
    earlier: str = ""


@dataclass(frozen=True)
class Meaning:
    """What an answer comes to: what to say, what to change, and what goes into the draft beside the reply."""

    reply: DialogReply
    changes: Changes = field(default_factory=Changes)
    text: str | None = None
    """Takes the place of the draft's text: a link to look behind, or what an account is connected with."""
    places: tuple[tuple[str, str], ...] = ()
    """Labels and zones to choose from; they come from what was typed, so they stay in the draft."""


Question = Callable[[str, Asked], Awaitable[Meaning]]
"""Understands what a person typed as the answer to one question."""
