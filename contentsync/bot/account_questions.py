"""The questions around News API keys and topics."""

import re

from contentsync.bot.contract import CONNECT, DialogReply
from contentsync.bot.meaning import Asked, Meaning, Question
from contentsync.bot.topic_words import read_language, read_topic

NEWSAPI_KEY = "newsapi_key"
TOPIC = "topic"
TOPIC_LANGUAGE = "topic_language"

ADD_TOPIC = "add_topic"
"""The reply that says nothing itself: the draft now holds the words of a topic, to be added with
`params["language"]`."""

_USUAL_KEY = re.compile(r"(?<![0-9a-zA-Z])[0-9a-f]{32}(?![0-9a-zA-Z])")
_POSSIBLE_KEY = re.compile(r"[0-9A-Za-z_-]{16,128}")


def read_key(text: str) -> str | None:
    """The key in what was typed: 32 hexadecimal digits wherever they stand, else one word that might be a key."""
    usual = _USUAL_KEY.search(text)
    if usual is not None:
        return usual[0]
    word = text.strip().strip("\"'`<>")
    return word if _POSSIBLE_KEY.fullmatch(word) else None


async def _newsapi_key(text: str, _asked: Asked) -> Meaning:
    """Whatever it is, it may be a secret: it is deleted from the chat, and only a key stays in the draft."""
    key = read_key(text)
    if key is None:
        return Meaning(DialogReply(f"ask_{NEWSAPI_KEY}_again", asks=NEWSAPI_KEY, forget=True), text="")
    return Meaning(DialogReply(CONNECT, {"kind": "newsapi"}, forget=True), text=key)


async def _topic(text: str, asked: Asked) -> Meaning:
    words = read_topic(text)
    if words is None:
        return Meaning(DialogReply(f"ask_{TOPIC}_again", asks=TOPIC))
    return Meaning(DialogReply(f"ask_{TOPIC_LANGUAGE}", asks=f"{TOPIC_LANGUAGE}:{asked.draft_id}"), text=words)


async def _topic_language(text: str, asked: Asked) -> Meaning:
    """The words move on into this answer's draft, which is then the one that counts."""
    if not asked.earlier:
        return Meaning(DialogReply("dialog_lost"))
    language = read_language(text)
    if language is None:
        reply = DialogReply(f"ask_{TOPIC_LANGUAGE}_again", asks=f"{TOPIC_LANGUAGE}:{asked.draft_id}")
        return Meaning(reply, text=asked.earlier)
    return Meaning(DialogReply(ADD_TOPIC, {"language": language}), text=asked.earlier)


QUESTIONS: dict[str, Question] = {NEWSAPI_KEY: _newsapi_key, TOPIC: _topic, TOPIC_LANGUAGE: _topic_language}
