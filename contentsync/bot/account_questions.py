"""The questions around News API keys and topics."""

from contentsync.bot.meaning import Question

QUESTIONS: dict[str, Question] = {}
