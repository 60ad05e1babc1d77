"""What digests and cards look like: HTML as Telegram knows it, everything that is not ours escaped. Pure.

Source: https://core.telegram.org/bots/api#html-style
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from aiogram.filters.callback_data import CallbackData

from contentsync.bot import why_texts
from contentsync.bot.callbacks import MuteCard, RateItem, SavedPage, SaveItem, ShowCard, ShowDigest, ShowWhy, Taste
from contentsync.bot.texts import Html, say
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
FRESH = timedelta(days=1)
"""Until this age an item is called fresh."""
WHY_TITLE_UNITS = 80
NO_TOPICS: Mapping[int, str] = MappingProxyType({})

NOTHING_NEW = "📭 Nothing new in what you follow today."
NOTHING_NEW_ASKED = (
    "📭 Nothing new since your last digest. New items come in all day: try again later, "
    "or paste another link to follow more. /sources shows what you follow."
)
NOTHING_FOLLOWED = (
    "📭 You follow nothing yet. Paste a link to a site, blog, YouTube channel or podcast, then send /digest again."
)
NOT_HERE = "That digest is no longer here. Send /digest for a new one."

_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Line:
    """One item of a digest. `reasons`: the parts of its score, as they are stored. `is_update`: its story was sent."""

    position: int
    telling: Telling
    reasons: Sequence[dict[str, Any]]
    is_update: bool = False


@dataclass(frozen=True, slots=True)
class Marks:
    """What a person did with an item. `rating`: 1 liked, -1 disliked, 0 neither."""

    rating: int = 0
    is_saved: bool = False
    is_muted: bool = False


def digest(
    digest_id: int, lines: Sequence[Line], *, now: datetime, time_zone: str, topics: Mapping[int, str] = NO_TOPICS
) -> list[Part]:
    """The messages of a digest: one, shortened a little where that makes it fit, else as many as it takes.

    `topics`: those that reasons may name, by id.
    """
    head = f"📬 Your digest · {day(now, time_zone)}"
    full = [_line(line, now=now, time_zone=time_zone, topics=topics, brief=False) for line in lines]
    brief = [_line(line, now=now, time_zone=time_zone, topics=topics, brief=True) for line in lines]
    whole = next((texts for texts in (full, brief) if units(plain(_body(head, texts))) <= MESSAGE_UNITS), None)
    groups = [list(range(len(lines)))] if whole is not None else groups_of(head, full)
    texts = full if whole is None else whole
    parts = []
    for number, group in enumerate(groups, start=1):
        title = f"{head} · {number} of {len(groups)}" if len(groups) > 1 else head
        parts.append(
            Part(
                stub=f"{title} · {_count(len(group))}",
                body=_body(title, [texts[index] for index in group]),
                keyboard=_rows(
                    [
                        _button(str(position), ShowCard(digest_id=digest_id, position=position))
                        for position in (lines[index].position for index in group)
                    ]
                ),
            )
        )
    return parts


def empty(text: str) -> Part:
    """A message that says there is nothing to send; `text` is one of the sentences above."""
    return Part(stub=text, body=html.escape(text, quote=False), keyboard=[])


def why(
    digest_id: int, lines: Sequence[Line], *, now: datetime, time_zone: str, topics: Mapping[int, str]
) -> list[tuple[str, Keyboard]]:
    """The messages that say of each entry of a digest why it is there. `now`: when the digest was put together."""
    head = say("why_head", day=day(now, time_zone))
    texts = [
        say(
            "why_entry",
            position=line.position,
            title=cut(_title(line.telling, is_update=line.is_update), WHY_TITLE_UNITS),
            reasons=_reasons(line, now=now, topics=topics),
        )
        for line in lines
    ]
    return [
        (
            "\n\n".join([head, *(texts[index] for index in group)]),
            _rows(
                [
                    _button(str(lines[index].position), ShowWhy(digest_id=digest_id, position=lines[index].position))
                    for index in group
                ]
            ),
        )
        for group in groups_of(plain(head), texts)
    ]


def why_one(
    digest_id: int, line: Line, *, taste: int, now: datetime, topics: Mapping[int, str]
) -> tuple[str, Keyboard]:
    """Why an entry is in its digest, with buttons to say whether that is right. `taste`: 1 more, -1 less, 0 neither."""
    text = say(
        "why_one", title=_title(line.telling, is_update=line.is_update), reasons=_reasons(line, now=now, topics=topics)
    )
    buttons = [
        _button(
            f"{label} ✓" if taste == value else label,
            Taste(digest_id=digest_id, position=line.position, value=0 if taste == value else value),
        )
        for label, value in (("More like this", 1), ("Less like this", -1))
    ]
    back = _button("« Back to the card", ShowCard(digest_id=digest_id, position=line.position))
    return text, [buttons, [back]]


def card(digest_id: int, line: Line, *, marks: Marks, now: datetime, time_zone: str) -> tuple[str, Keyboard]:
    """An item in full: its text, and buttons that show what was done with it."""
    telling, place = line.telling, {"digest_id": digest_id, "position": line.position}
    facts = [
        _escape(cut(telling.source_title, SOURCE_UNITS)),
        *_ages(telling, now=now, time_zone=time_zone),
        *([_escape(f"by {cut(telling.author, SOURCE_UNITS)}")] if telling.author else []),
        *([KINDS[telling.media_kind]] if telling.media_kind in KINDS else []),
        *_length(telling),
    ]
    text = f"<b>{_escape(_title(telling, is_update=line.is_update))}</b>\n<i>{' · '.join(facts)}</i>"
    if telling.also_in:
        text += f"\n<i>{_escape(_also_in(telling, named=5))}</i>"
    if telling.summary_text:
        text += f"\n\n{_escape(shorten(telling.summary_text, SUMMARY_CHARACTERS))}"
    marked = [
        *(
            _button(
                _marked(sign, marks.rating == value), RateItem(**place, value=0 if marks.rating == value else value)
            )
            for sign, value in (("👍", 1), ("👎", -1))
        ),
        _button(_marked("⭐", marks.is_saved), SaveItem(**place, on=not marks.is_saved)),
        _button(_marked("🔇", marks.is_muted), MuteCard(**place)),
    ]
    opens = [{"text": "↗ Open", "url": telling.link}] if telling.link else []
    back = _button("« Back to the digest", ShowDigest(digest_id=digest_id))
    return text, [marked, [*opens, _button("Why?", ShowWhy(**place))], [back]]


def saved(tellings: Sequence[Telling], *, page: int, size: int, count: int) -> tuple[str, Keyboard]:
    """A page of what a person keeps; page 0 is the first, `size` items are on each, `count` are there in all."""
    if not tellings:
        return say("saved_none"), []
    lines = [
        say(
            "saved_line",
            number=number,
            title=_linked(cut(_title(telling), WHY_TITLE_UNITS), telling.link),
            source=cut(telling.source_title, SOURCE_UNITS),
        )
        for number, telling in enumerate(tellings, page * size + 1)
    ]
    turns = [_button("‹ Back", SavedPage(page=page - 1))] if page > 0 else []
    turns += [_button("More ›", SavedPage(page=page + 1))] if (page + 1) * size < count else []
    return "\n\n".join([say("saved_head", count=count), *lines]), [turns] if turns else []


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


def day(moment: datetime, time_zone: str) -> str:
    """The date where the person lives: "Sun 1 Jun"."""
    local = moment.astimezone(zone_of(time_zone))
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"


def is_fresh(telling: Telling, now: datetime) -> bool:
    """Whether it is younger than a day; what says no date was found just now."""
    return telling.published_at is None or now - telling.published_at < FRESH


def groups_of(head: str, texts: Sequence[str]) -> list[list[int]]:
    """Indexes of the texts, as few messages as they fit in, each with a head."""
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


def _line(line: Line, *, now: datetime, time_zone: str, topics: Mapping[int, str], brief: bool) -> str:
    telling = line.telling
    title = _linked(_title(telling, is_update=line.is_update), telling.link)
    facts = [
        cut(telling.source_title, SOURCE_UNITS),
        *_ages(telling, now=now, time_zone=time_zone),
        *_length(telling),
    ]
    if telling.also_in:
        facts.append(_also_in(telling, named=0 if brief else ALSO_IN))
    if not brief:
        facts.append(why_texts.why_in_short(line.reasons, is_fresh=is_fresh(telling, now), topics=topics))
    return f"{line.position}. {title}\n<i>{_escape(' · '.join(facts))}</i>"


def _linked(text: str, link: str | None) -> Html:
    return Html(f'<a href="{html.escape(link)}">{_escape(text)}</a>' if link else _escape(text))


def _reasons(line: Line, *, now: datetime, topics: Mapping[int, str]) -> Html:
    reasons = why_texts.why(line.reasons, is_fresh=is_fresh(line.telling, now), topics=topics)
    return Html("\n".join(say("why_reason", reason=reason) for reason in reasons))


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


def _title(telling: Telling, *, is_update: bool = False) -> str:
    title = cut(telling.title or shorten(telling.summary_text, 80) or "Untitled", TITLE_UNITS)
    return f"{UPDATE}{title}" if is_update else title


def _also_in(telling: Telling, *, named: int) -> str:
    names = [cut(name, SOURCE_UNITS // 2) for name in telling.also_in[:named]]
    further = len(telling.also_in) - len(names)
    if not names:
        return f"also in {further} more"
    return f"also in {', '.join(names)}" + (f" (+{further})" if further else "")


def _body(head: str, texts: Sequence[str]) -> str:
    return "\n\n".join((f"<b>{head}</b>", *texts))


def _rows(buttons: Sequence[dict[str, str]]) -> Keyboard:
    return [list(buttons[start : start + BUTTONS_IN_ROW]) for start in range(0, len(buttons), BUTTONS_IN_ROW)]


def _button(text: str, data: CallbackData) -> dict[str, str]:
    return {"text": text, "callback_data": data.pack()}


def _marked(sign: str, is_set: bool) -> str:
    return f"{sign} ✓" if is_set else sign


def _count(stories: int) -> str:
    return "1 story" if stories == 1 else f"{stories} stories"


def _escape(text: str) -> str:
    return html.escape(text, quote=False)
