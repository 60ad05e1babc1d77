"""How many words there are to read, counted fast enough to do it for everything that comes. Pure."""

import re

CHARACTERS_OF_WORD = 6
"""A word of English text with the blank behind it, where only characters are told. Other languages differ little."""
HAN_OR_KANA_OF_WORD = 2
"""Chinese and Japanese are written without blanks; most of their words have two characters."""

_READ_CHARACTERS = 4_000
"""Of a longer text only the beginning is counted; the rest has as many words as that, character for character."""
_TAG = re.compile(r"<[^<>]*>")
_LEADS_OF_HAN_OR_KANA = bytes(range(0xE3, 0xEA))
"""The first bytes of U+3000 to U+9FFF in UTF-8: kana, Han, and their punctuation. Source: RFC 3629, section 3."""


def count_words(markup: str) -> int:
    """The words of HTML or plain text, tags left out."""
    beginning = markup[:_READ_CHARACTERS]
    text = _TAG.sub(" ", beginning) if "<" in beginning else beginning
    words = len(text.split())
    if not text.isascii():
        words += _han_or_kana(text) // HAN_OR_KANA_OF_WORD
    return words * len(markup) // len(beginning) if beginning else 0


def words_in(characters: int, sample: str) -> int:
    """About how many words a text of so many characters has, judged by a sample of it."""
    is_han_or_kana = _han_or_kana(sample) * 2 > len(sample)
    return characters // (HAN_OR_KANA_OF_WORD if is_han_or_kana else CHARACTERS_OF_WORD)


def _han_or_kana(text: str) -> int:
    # Bytes are deleted ten times as fast as a regular expression finds characters.
    data = text.encode("utf-8", "replace")
    return len(data) - len(data.translate(None, _LEADS_OF_HAN_OR_KANA))
