"""How long a rule is to hold, out of the end of what was typed: "for a week", "until 1 May". Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from contentsync.bot.answers import parse_time
from contentsync.db.slots import zone_of

FOR_EVER_DAYS = 3_650
"""From so many days on a rule has no end."""

_UNITS = {
    "minute": 1, "min": 1, "hour": 60, "hr": 60, "h": 60, "day": 1440, "d": 1440, "week": 10_080, "wk": 10_080,
    "w": 10_080, "month": 43_200, "year": 525_600, "yr": 525_600,
}  # fmt: skip
"""Minutes of each; a month has 30 days."""
_NUMBERS = {
    word: number
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], start=1
    )
} | {"a": 1, "an": 1, "the": 1, "next": 1, "the next": 1, "a couple of": 2, "a few": 3}  # fmt: skip
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_MONTH = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?"
)
_WEEKDAY = r"mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"

_NUMBER = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_FOR = re.compile(
    rf"(?:^|\s+)for\s+(?:(?:the\s+)?next\s+)?(?:(?P<count>\d{{1,9}})\s*|(?P<number>{_NUMBER})\s+)"
    rf"(?P<unit>{'|'.join(_UNITS)})s?$",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?:^|\s+)(?P<count>\d{1,9})\s+(?P<unit>minute|min|hour|day|week|month|year)s?$", re.IGNORECASE)
_EVER = re.compile(r"(?:^|\s+)for\s?ever$", re.IGNORECASE)
_TODAY = re.compile(r"(?:^|\s+)(?:for|until|till|'?til)\s+(?:today|tonight|midnight)$", re.IGNORECASE)
_UNTIL = re.compile(r"(?:^|\s+)(?:until|till|'?til)\s+(?P<when>\S.*)$", re.IGNORECASE)

_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_DOTTED = re.compile(r"(?P<day>\d{1,2})\.\s*(?P<month>\d{1,2})\.?(?:\s*(?P<year>\d{4}))?")
_DAY_FIRST = re.compile(
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?(?P<name>{_MONTH})\.?,?(?:\s+(?P<year>\d{{4}}))?",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"(?P<name>{_MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?(?:\s+(?P<year>\d{{4}}))?", re.IGNORECASE
)
_LIKE_A_DATE = re.compile(rf"\d|(?:{_MONTH}|{_WEEKDAY}|yesterday)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ending:
    """What is left of the text, and when the rule is over: None is never. `is_wrong`: it ends like a time, but none
    that will come."""

    rest: str
    expires_at: datetime | None = None
    is_wrong: bool = False


def read_ending(text: str, *, now: datetime, time_zone: str) -> Ending:
    """The text without the time at its end. A day begins where the person lives; "until" it is before it begins."""
    text = text.strip()
    ever = _EVER.search(text)
    if ever is not None:
        return Ending(text[: ever.start()])
    lasting = _FOR.search(text) or _BARE.search(text)
    if lasting is not None:
        return _ending(text[: lasting.start()], _minutes(lasting), now)
    local = now.astimezone(zone_of(time_zone)).date()
    today = _TODAY.search(text)
    if today is not None:
        return Ending(text[: today.start()], _begin(local + timedelta(days=1), time_zone))
    until = _UNTIL.search(text)
    if until is None:
        return Ending(text)
    when = until["when"].strip(" .!")
    day = _read_day(when, local)
    minute = parse_time(when) if day is None else None
    if minute is not None:
        return Ending(text[: until.start()], _next_moment(minute, now, time_zone))
    if day is not None and local < day <= local + timedelta(days=FOR_EVER_DAYS):
        return Ending(text[: until.start()], _begin(day, time_zone))
    # "until dark" is no time but two more words; "until 31 April" was meant to be one.
    is_wrong = _LIKE_A_DATE.match(when) is not None
    return Ending(text[: until.start()] if is_wrong else text, is_wrong=is_wrong)


def _minutes(lasting: re.Match[str]) -> int:
    count = int(lasting["count"]) if lasting["count"] else _NUMBERS[" ".join(lasting["number"].lower().split())]
    return count * _UNITS[lasting["unit"].lower()]


def _ending(rest: str, minutes: int, now: datetime) -> Ending:
    if minutes == 0:
        return Ending(rest, is_wrong=True)
    return Ending(rest, now + timedelta(minutes=minutes) if minutes < FOR_EVER_DAYS * 1440 else None)


def _begin(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone_of(time_zone)).astimezone(UTC)


def _next_moment(minute: int, now: datetime, time_zone: str) -> datetime:
    """When it is so many minutes after midnight the next time, where the person lives."""
    zone = zone_of(time_zone)
    local = now.astimezone(zone)
    then = datetime.combine(local.date(), time(minute // 60, minute % 60), tzinfo=zone)
    if then <= local:
        then = datetime.combine(local.date() + timedelta(days=1), then.time(), tzinfo=zone)
    return then.astimezone(UTC)


def _read_day(text: str, today: date) -> date | None:
    """The day that is meant, the next of its name; None if it is none."""
    text = text.removeprefix("the ").removeprefix("next ").lower()
    if text == "tomorrow":
        return today + timedelta(days=1)
    if text in ("next week", "week"):
        return today + timedelta(days=7 - today.weekday())
    if text in ("next month", "month", "end of the month", "end of month"):
        return (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    if text in ("next year", "year", "end of the year", "end of year"):
        return date(today.year + 1, 1, 1)
    if re.fullmatch(_WEEKDAY, text):
        return today + timedelta(days=(_DAYS.index(text[:3]) - today.weekday() - 1) % 7 + 1)
    for form in (_ISO, _DOTTED, _DAY_FIRST, _MONTH_FIRST):
        found = form.fullmatch(text)
        if found is not None:
            return _date(found, today)
    return None


def _date(found: re.Match[str], today: date) -> date | None:
    parts = found.groupdict()
    month = _MONTHS.index(parts["name"][:3]) + 1 if parts.get("name") else int(parts["month"])
    try:
        if parts["year"]:
            return date(int(parts["year"]), month, int(parts["day"]))
        this = date(today.year, month, int(parts["day"]))
        return this if this > today else date(today.year + 1, month, int(parts["day"]))
    except ValueError:
        return None
