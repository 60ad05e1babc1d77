"""What digests and cards look like: HTML as Telegram knows it, everything that is not ours escaped. Pure.

Source: https://core.telegram.org/bots/api#html-style
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contentsync.bot.callbacks import RateItem, ShowCard, ShowDigest
from contentsync.db.digests import Part
from contentsync.db.slots import zone_of
from contentsync.db.stories import Telling
from contentsync.processor.length import reading_minutes
from contentsync.processor.text import shorten

Keyboard = list[list[dict[str, str]]]

MESSAGE_UNITS = 4_096
"""UTF-16 code units of a message, counted without markup. Source: https://core.telegram.org/bots/api#sendmessage"""
TITLE_UNITS = 200
SOURCE_UNITS = 60
SUMMARY_CHARACTERS = 800
LEAST_MINUTES = 2
"""What is read in less is read before one has thought about it."""
BUTTONS_IN_ROW = 5
UPDATE = "Update: "
"""Before the title of a story that was sent before and moved on since."""
ALSO_IN = 2
"""Other sources that are named; further ones are counted."""

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
KINDS = {"video": "🎬 video", "short": "🎬 Short", "live": "🔴 live stream", "podcast": "🎧 podcast"}
FRESH = 0.5
"""From this part of the score on an item is called fresh: it is younger than a day."""

NOTHING_NEW = "📭 Nothing new in what you follow today."
NOTHING_NEW_ASKED = (
    "📭 Nothing new since your last digest. New items come in all day: try again later, "
    "or paste another link to follow more. /sources shows what you follow."
)
NOTHING_FOLLOWED = (
    "📭 You follow nothing yet. Paste a link to a site, blog, YouTube channel or podcast, then send /digest again."
)
NOT_HERE = "That digest is no longer here. Send /digest for a new one."
TOASTS = {1: "👍 Noted: more like this", -1: "👎 Noted: less like this", 0: "Taken back"}

_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Line:
    """One item of a digest. `reasons`: the parts of its score, as they are stored."""

    position: int
    telling: Telling
    reasons: Sequence[dict[str, Any]]


def digest(digest_id: int, lines: Sequence[Line], *, now: datetime, time_zone: str) -> list[Part]:
    """The messages of a digest: one, shortened a little where that makes it fit, else as many as it takes."""
    head = f"📬 Your digest · {_day(now, time_zone)}"
    full = [_line(line, now=now, time_zone=time_zone, brief=False) for line in lines]
    brief = [_line(line, now=now, time_zone=time_zone, brief=True) for line in lines]
    whole = next((texts for texts in (full, brief) if units(plain(_body(head, texts))) <= MESSAGE_UNITS), None)
    groups = [list(range(len(lines)))] if whole is not None else _groups(head, full)
    texts = full if whole is None else whole
    parts = []
    for number, group in enumerate(groups, start=1):
        title = f"{head} · {number} of {len(groups)}" if len(groups) > 1 else head
        parts.append(
            Part(
                stub=f"{title} · {_count(len(group))}",
                body=_body(title, [texts[index] for index in group]),
                keyboard=_numbers(digest_id, [lines[index].position for index in group]),
            )
        )
    return parts


def empty(text: str) -> Part:
    """A message that says there is nothing to send; `text` is one of the sentences above."""
    return Part(stub=text, body=html.escape(text, quote=False), keyboard=[])


def card(
    telling: Telling, *, digest_id: int, position: int, rating: int, now: datetime, time_zone: str
) -> tuple[str, Keyboard]:
    """An item in full: its text and buttons. `rating`: 1 liked, -1 disliked, 0 neither."""
    facts = [
        _escape(cut(telling.source_title, SOURCE_UNITS)),
        *_ages(telling, now=now, time_zone=time_zone),
        *([_escape(f"by {cut(telling.author, SOURCE_UNITS)}")] if telling.author else []),
        *([KINDS[telling.media_kind]] if telling.media_kind in KINDS else []),
        *_length(telling),
    ]
    text = f"<b>{_escape(_title(telling))}</b>\n<i>{' · '.join(facts)}</i>"
    if telling.also_in:
        text += f"\n<i>{_escape(_also_in(telling, named=5))}</i>"
    if telling.summary_text:
        text += f"\n\n{_escape(shorten(telling.summary_text, SUMMARY_CHARACTERS))}"
    keyboard = [[_rate(digest_id, position, "👍", 1, rating), _rate(digest_id, position, "👎", -1, rating)]]
    if telling.link:
        keyboard.append([{"text": "↗ Open", "url": telling.link}])
    keyboard.append([{"text": "« Back to the digest", "callback_data": ShowDigest(digest_id=digest_id).pack()}])
    return text, keyboard


def plain(body: str) -> str:
    """A message without its markup, as it is counted and as it is sent where the markup is refused."""
    return html.unescape(_TAG.sub("", body))


def units(text: str) -> int:
    """UTF-16 code units, in which Telegram counts."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """The text, or its beginning with an ellipsis: at most `limit` UTF-16 units, no character broken."""
    if units(text) <= limit:
        return text
    left = limit - 1
    for index, character in enumerate(text):
        left -= units(character)
        if left < 0:
            return text[:index].rstrip() + "…"
    return text


def age(then: datetime, *, now: datetime, time_zone: str) -> str:
    """How old something is: "5 min", "3 h", "2 d"; from a month on its date where the person lives."""
    minutes = max(0, int((now - then).total_seconds())) // 60
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h"
    if minutes < 30 * 24 * 60:
        return f"{minutes // (24 * 60)} d"
    local = then.astimezone(zone_of(time_zone))
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}"


def reason(reasons: Sequence[dict[str, Any]]) -> str:
    """Why an item is there, in two words: the largest part of its score."""
    key, value = max(((part["key"], part["value"]) for part in reasons), key=lambda part: part[1])
    if key == "rare_source":
        return "rarely writes"
    return "fresh" if value >= FRESH else "new to you"


def _line(line: Line, *, now: datetime, time_zone: str, brief: bool) -> str:
    telling = line.telling
    title = _escape(_title(telling))
    if telling.link:
        title = f'<a href="{html.escape(telling.link)}">{title}</a>'
    facts = [
        cut(telling.source_title, SOURCE_UNITS),
        *_ages(telling, now=now, time_zone=time_zone),
        *_length(telling),
    ]
    if telling.also_in:
        facts.append(_also_in(telling, named=0 if brief else ALSO_IN))
    if not brief:
        facts.append(reason(line.reasons))
    return f"{line.position}. {title}\n<i>{_escape(' · '.join(facts))}</i>"


def _ages(telling: Telling, *, now: datetime, time_zone: str) -> list[str]:
    """How old it is, where the source says when it was published; when we found it would be another thing."""
    return [age(telling.published_at, now=now, time_zone=time_zone)] if telling.published_at is not None else []


def _length(telling: Telling) -> list[str]:
    """How long it plays, as players show it ("4:05", "1:02:03"), or how long it takes to read ("4 min read").

    Nothing where that is not known, or takes less than two minutes.
    """
    if not telling.duration_seconds:
        minutes = round(reading_minutes(telling.word_count, None, telling.language))
        return [f"{minutes} min read"] if minutes >= LEAST_MINUTES else []
    minutes, seconds = divmod(telling.duration_seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return [f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"]


def _title(telling: Telling) -> str:
    title = telling.title or shorten(telling.summary_text, 80) or "Untitled"
    return cut(f"{UPDATE}{title}" if telling.is_update else title, TITLE_UNITS)


def _also_in(telling: Telling, *, named: int) -> str:
    names = [cut(name, SOURCE_UNITS // 2) for name in telling.also_in[:named]]
    further = len(telling.also_in) - len(names)
    if not names:
        return f"also in {further} more"
    return f"also in {', '.join(names)}" + (f" (+{further})" if further else "")


def _body(head: str, texts: Sequence[str]) -> str:
    return "\n\n".join((f"<b>{head}</b>", *texts))


def _groups(head: str, texts: Sequence[str]) -> list[list[int]]:
    """Indexes of the texts, as few messages as they fit in."""
    room = MESSAGE_UNITS - units(f"{head} · 99 of 99")
    groups: list[list[int]] = [[]]
    left = room
    for index, text in enumerate(texts):
        size = units(plain(text)) + len("\n\n")
        if size > left and groups[-1]:
            groups.append([])
            left = room
        groups[-1].append(index)
        left -= size
    return groups


def _numbers(digest_id: int, positions: Sequence[int]) -> Keyboard:
    buttons = [
        {"text": str(position), "callback_data": ShowCard(digest_id=digest_id, position=position).pack()}
        for position in positions
    ]
    return [buttons[start : start + BUTTONS_IN_ROW] for start in range(0, len(buttons), BUTTONS_IN_ROW)]


def _rate(digest_id: int, position: int, sign: str, value: int, rating: int) -> dict[str, str]:
    is_set = rating == value
    data = RateItem(digest_id=digest_id, position=position, value=0 if is_set else value)
    return {"text": f"{sign} ✓" if is_set else sign, "callback_data": data.pack()}


def _day(moment: datetime, time_zone: str) -> str:
    local = moment.astimezone(zone_of(time_zone))
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"


def _count(stories: int) -> str:
    return "1 story" if stories == 1 else f"{stories} stories"


def _escape(text: str) -> str:
    return html.escape(text, quote=False)
