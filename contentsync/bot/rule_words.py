"""What a person typed after /mute or /keep, understood. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contentsync.bot.answers import bare_link
from contentsync.bot.rule_times import read_ending
from contentsync.bot.topic_words import LANGUAGES, read_language
from contentsync.db.models import Source
from contentsync.processor.folding import fold
from contentsync.processor.regexes import Fault, find_fault
from contentsync.processor.rules import (
    AUTHOR,
    LANGUAGE,
    PATTERN_CHARACTERS,
    PHRASE,
    REGEX,
    SOURCE,
    WORDS,
    read_name,
    read_words,
)

_LABELS = {
    "author": AUTHOR, "by": AUTHOR, "language": LANGUAGE, "lang": LANGUAGE, "source": SOURCE, "site": SOURCE,
    "feed": SOURCE, "channel": SOURCE, "from": SOURCE, "word": WORDS, "words": WORDS, "phrase": PHRASE, "regex": REGEX,
}  # fmt: skip
_LABELLED = re.compile(rf"({'|'.join(_LABELS)})\s*:\s*(.*)", re.IGNORECASE)
_NOWHERE = ("unclosed", "too_large", "empty")
"""What is wrong with an expression as a whole."""
_CODE = re.compile(r"[a-z]{2}", re.IGNORECASE)
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″＂「」『』", '"'))
_SCHEME = re.compile(r"^(?:https?://)?(?:www\.)?", re.IGNORECASE)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Wish:
    """A rule as it was typed. `pattern` of a language is its code, of a source what the person calls it."""

    kind: str
    pattern: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why it is no rule: the key of a sentence, and what that shows."""

    key: str
    values: dict[str, str | int] = field(default_factory=dict)


def read_rule(typed: str, *, now: datetime, time_zone: str) -> Wish | Misfit:
    """The rule that is meant."""
    text = _cleaned(typed)
    if _is_closed(text):  # what stands in it is not ours to read
        return _wish(text, None)
    ending = read_ending(text, now=now, time_zone=time_zone)
    if ending.is_wrong:
        return Misfit("rule_time_wrong")
    if not ending.rest:
        return Misfit("rule_empty")
    return _wish(ending.rest, ending.expires_at)


def match_sources(called: str, sources: Sequence[Source]) -> list[Source]:
    """Those of the sources that a person calls so: by exactly this title or link, else by the host, else by a part of
    the title or of the host."""
    link, name = _bare(called), fold(called)
    exact = [source for source in sources if fold(source.title) == name != " " or link in _links(source)]
    if exact:
        return exact
    host = link.partition("/")[0]
    by_host = [source for source in sources if host in _hosts(source)]
    if by_host or name == " " or bare_link(called) or "://" in called:
        return by_host
    return [source for source in sources if any(name in fold(known) for known in (source.title, *_hosts(source)))]


def _links(source: Source) -> list[str]:
    return [_bare(link) for link in (source.url, source.site_url) if link]


def _hosts(source: Source) -> list[str]:
    return [link.partition("/")[0] for link in _links(source)]


def _bare(url: str) -> str:
    return _SCHEME.sub("", url.strip()).rstrip("/").casefold()


def _wish(text: str, expires_at: datetime | None) -> Wish | Misfit:
    kind, pattern = _kind_of(text)
    if not pattern:
        return Misfit("rule_empty")
    if len(pattern) > PATTERN_CHARACTERS:
        return Misfit("rule_long", {"most": PATTERN_CHARACTERS})
    if kind == REGEX:
        fault = _unclosed(pattern) or find_fault(pattern)
        if fault is not None:
            return _misfit(fault)
    elif kind == LANGUAGE:
        code = read_language(pattern) or (pattern.lower() if _CODE.fullmatch(pattern) else None)
        if code is None:
            names = ", ".join(names[0] for names in list(LANGUAGES.values())[:5])
            return Misfit("rule_no_language", {"name": pattern, "names": names})
        pattern = code
    elif not _has_words(kind, pattern):
        return Misfit("rule_empty")
    return Wish(kind, pattern, expires_at)


def _kind_of(text: str) -> tuple[str, str]:
    labelled = _LABELLED.fullmatch(text)
    if labelled is not None:
        kind, pattern = _LABELS[labelled[1].lower()], labelled[2].strip()
        if kind == REGEX:
            return kind, pattern[1:-1] if _is_regex(pattern) else pattern
        return kind, pattern if kind == WORDS else pattern.strip('"').lstrip("@" if kind == SOURCE else "").strip()
    if text.startswith("/"):
        return REGEX, text[1:-1] if _is_regex(text) else text
    if _is_phrase(text):
        return PHRASE, text[1:-1].strip()
    if text.startswith("@"):
        return SOURCE, text[1:].strip()
    if re.match(r"https?://\S+$", text, re.IGNORECASE):
        return SOURCE, text
    return WORDS, text


def _is_closed(text: str) -> bool:
    return _is_regex(text) or _is_phrase(text)


def _is_regex(text: str) -> bool:
    return len(text) > 2 and text.startswith("/") and text.endswith("/")


def _is_phrase(text: str) -> bool:
    return re.fullmatch(r'"[^"]+"', text) is not None


def _unclosed(pattern: str) -> Fault | None:
    return Fault("unclosed") if pattern.startswith("/") and not pattern.endswith("/") else None


def _has_words(kind: str, pattern: str) -> bool:
    if kind == WORDS:
        return bool(read_words(pattern))
    return bool(read_name(pattern)) if kind == AUTHOR else fold(pattern) != " "


def _misfit(fault: Fault) -> Misfit:
    if fault.position:
        return Misfit(f"regex_{fault.key}", {"part": fault.part, "position": fault.position})
    return Misfit(f"regex_{fault.key}" if fault.key in _NOWHERE else "regex_other")


def _cleaned(text: str) -> str:
    """On one line, without what cannot be seen, and with plain quotation marks."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text)).translate(_QUOTES)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
