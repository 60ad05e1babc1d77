"""How long it takes to read, watch or hear something. Pure."""

WORDS_A_MINUTE = 230
"""English non-fiction is read silently at 238 words a minute by the average adult, by most at 175 to 300.

Source: Brysbaert, "How many words do we read per minute?", Journal of Memory and Language 109 (2019),
https://doi.org/10.1016/j.jml.2019.104047
"""
HAN_OR_KANA_WORDS_A_MINUTE = 250
"""Chinese and Japanese words are counted as two characters each: 500 characters a minute, the usual estimate for silent
reading."""
LEAST_WORDS = 120
"""Fewer are more often a teaser than the whole text, and then tell nothing about its length."""

_HAN_OR_KANA = frozenset({"ja", "yue", "zh"})


def reading_minutes(word_count: int | None, duration_seconds: int | None, language: str | None) -> float:
    """Minutes that it takes; 0 where that is not known. What plays takes as long as it plays."""
    if duration_seconds:
        return duration_seconds / 60
    if word_count is None or word_count < LEAST_WORDS:
        return 0.0
    return word_count / (HAN_OR_KANA_WORDS_A_MINUTE if language in _HAN_OR_KANA else WORDS_A_MINUTE)
