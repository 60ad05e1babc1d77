"""The questions around mailboxes."""

from contentsync.bot.meaning import Question

QUESTIONS: dict[str, Question] = {}
