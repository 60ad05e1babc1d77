"""What a person typed, understood: times of day and links. Pure."""

import re
import unicodedata
from collections.abc import Sequence

TIME = re.compile(
    r"(?P<hour>\d{1,2})"
    r"(?:(?:\s*[:.,\-h]\s*|\s+)(?P<minute>\d{2})|(?P<compact>\d{2}))?"
    r"\s*(?:(?P<half>[ap])\.?\s*m\.?|h|hours?|uhr|o'?\s?clock)?",
)
NAMED_TIMES = {"midnight": 0, "noon": 12 * 60, "midday": 12 * 60}

COMMAND = re.compile(r"/\w+(?:@\w+)?(?:\s|$)")

WITH_SCHEME = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
HOST = r"(?:(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,}|(?:\d{1,3}\.){3}\d{1,3})(?::\d+)?"
"""A host with a dot and a top-level domain of letters, or an IPv4 address."""
BARE = re.compile(rf"{HOST}(?:[/?#]\S*)?")
ACCOUNT = re.compile(rf"@[\w.-]+@{HOST}")
"""How people write an account on Mastodon and its like: @user@host."""


def parse_time(text: str) -> int | None:
    """The wall time as minutes after midnight (0 to 1439); None if it is no time of day.

    Understands 7:30, 07.30, 7.30 pm, 19h, 7h30, 0730, 730, 7, noon.
    """
    text = unicodedata.normalize("NFKC", text).strip().casefold().removeprefix("at ").strip()
    if text in NAMED_TIMES:
        return NAMED_TIMES[text]
    match = TIME.fullmatch(text)
    if match is None:
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or match["compact"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] == "p" else 0)
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def format_time(minute: int) -> str:
    """Minutes after midnight as people write them, "07:30"."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def is_command(text: str) -> bool:
    """Whether it is one for the bot; /this+/ is a regular expression."""
    return text.startswith("/") and (COMMAND.match(text) is not None or text.count("/") == 1)


def links_in(text: str, marked: Sequence[str] = ()) -> list[str]:
    """The links of a message in their order, each once: what Telegram marked as links, else what has a scheme.

    In @user@host.example Telegram may mark the host alone, which is not what is meant.
    """
    if ACCOUNT.fullmatch(text.strip()):
        return []
    found = [link.strip() for link in marked] or [_without_closing(link) for link in WITH_SCHEME.findall(text)]
    return list(dict.fromkeys(found))


def bare_link(text: str) -> str | None:
    """The text, if it is one word that is as good as a link: "example.org/blog", "@user@host.example"."""
    text = text.strip()
    return text if BARE.fullmatch(text) or ACCOUNT.fullmatch(text) else None


def _without_closing(link: str) -> str:
    """The link without the punctuation of the sentence around it. A bracket stays if it was opened within."""
    while link and (link[-1] in ".,;:!?'\"»”…" or (link[-1] in ")]}" and link.count(link[-1]) > _opened(link))):
        link = link[:-1]
    return link


def _opened(link: str) -> int:
    return link.count({")": "(", "]": "[", "}": "{"}[link[-1]])
