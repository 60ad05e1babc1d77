"""Why an item is in a digest, in words made of the stored parts of its score. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from contentsync.bot.sentences.why import SHORT, WORDS
from contentsync.processor.text import shorten

LARGEST = 3
"""Reasons that are told."""
LEAST_SHARE = 0.1
"""Of the largest reason: what counts less is no reason to name."""
WORD_CHARACTERS = 40
MANY = 3
"""Items a person must have liked before it is said that they like a kind, a length or a language."""

Reason = Mapping[str, Any]
"""A stored part of a score: key, value, and maybe params."""


def why(reasons: Sequence[Reason], *, is_fresh: bool, topics: Mapping[int, str]) -> list[str]:
    """The largest parts that speak for the item, in words, the largest first; never empty.

    `is_fresh`: it was younger than a day. `topics`: the person's topics by id.
    """
    largest = _largest(reasons)
    words = [_words(WORDS, reason, is_fresh=is_fresh, topics=topics) for reason in largest]
    return list(dict.fromkeys(words))[:LARGEST] or [WORDS["nothing"]]


def why_in_short(reasons: Sequence[Reason], *, is_fresh: bool, topics: Mapping[int, str]) -> str:
    """The largest of them in a few words."""
    largest = _largest(reasons)
    if not largest:
        return SHORT["nothing"]
    return _words(WORDS | SHORT, largest[0], is_fresh=is_fresh, topics=topics)


def _largest(reasons: Sequence[Reason]) -> list[Reason]:
    """What speaks for the item and can be said, the largest first; before all else what it has its place for, if that
    was set apart."""
    said = [reason for reason in reasons if reason["value"] > 0 and _can_be_said(reason)]
    said.sort(key=lambda reason: (not reason.get("place"), -reason["value"], reason["key"]))
    most = max((reason["value"] for reason in said), default=0.0)
    return [reason for reason in said if reason["value"] >= LEAST_SHARE * most or reason.get("place")]


def _can_be_said(reason: Reason) -> bool:
    """Whether there are true words for it: that a person likes something is only said if they ever did."""
    liked = (reason.get("params") or {}).get("liked", MANY)
    return reason["key"] in WORDS and liked >= (MANY if reason["key"] in ("kind", "length", "language") else 1)


def _words(sentences: Mapping[str, str], reason: Reason, *, is_fresh: bool, topics: Mapping[int, str]) -> str:
    key, params = str(reason["key"]), reason.get("params") or {}
    if key == "new":
        return sentences["new" if is_fresh else "old"]
    if key == "topic":
        text = topics.get(int(params.get("topic", 0)))
        return sentences["topic"].format(topic=shorten(text, WORD_CHARACTERS)) if text else sentences["topic_bare"]
    if key == "tellers":
        count = int(params.get("sources", 0))
        return sentences["tellers" if count > 1 else "tellers_one"].format(count=count)
    if key in ("kind", "length"):
        return sentences.get(f"{key}_{params.get(key)}", sentences[key])
    if key in ("words", "source", "author"):
        return _liked(sentences, key, params)
    return sentences[key]


def _liked(sentences: Mapping[str, str], key: str, params: Mapping[str, Any]) -> str:
    count, word = int(params.get("liked", 0)), shorten(str(params.get("word") or ""), WORD_CHARACTERS)
    if key == "words" and not word:
        return sentences["words_bare"]
    form = f"{key}_liked_one" if count == 1 else f"{key}_liked"
    return sentences[form].format(count=count, word=word)
