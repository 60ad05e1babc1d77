"""Dates as feeds write them, read into aware UTC times."""

import calendar
import re
import time
from datetime import UTC, datetime, timedelta, timezone

EARLIEST_YEAR = 1980
LATEST_YEAR = 2100
MAX_DATE_CHARS = 100

_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if number}

# The zone names of RFC 822 section 5.1, and those that newsrooms use beside them; hours from UTC.
_ZONE_HOURS = {
    **{"Z": 0, "UT": 0, "GMT": 0, "UTC": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6},
    **{"PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2},
    **{"EET": 2, "EEST": 3, "MSK": 3, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13},
}

_RFC_822 = re.compile(
    r"(?:[A-Za-z]{3,9},?\s+)?(\d{1,2})\s+([A-Za-z]{3})[a-z]*\.?,?\s+(\d{4})\s+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?"
    r"\s*([A-Za-z]{1,4}|[+-]\d\d:?\d\d)?"
)
_ISO_8601 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(Z|z|[+-]\d\d:?\d\d)?)?",
)
_UTC_NAMES = frozenset({"Z", "GMT", "UTC", "UT", "+0000", "-0000", "+00:00"})


def read_date(text: str) -> datetime | None:
    """The UTC time that a date in one of the two usual forms names; None for any other text.

    A missing or unknown zone is read as UTC, a missing time of day as midnight.
    Source: RFC 822 section 5 as RSS uses it, with four-digit years; RFC 3339 as Atom and JSON Feed use it.
    """
    text = text.strip()
    if not text or len(text) > MAX_DATE_CHARS:
        return None
    try:
        if found := _ISO_8601.fullmatch(text):
            year, month, day, hour, minute, second, zone = found.groups()
            return _moment(int(year), int(month), int(day), hour, minute, second, zone)
        if found := _RFC_822.fullmatch(text):
            day, name, year, hour, minute, second, zone = found.groups()
            return _moment(int(year), _MONTHS[name.capitalize()], int(day), hour, minute, second, zone)
    except (ValueError, KeyError, OverflowError):
        return None  # the form is right, but there is no such day or month
    return None


def has_usual_form(text: str) -> bool:
    """Whether `read_date` knows the form of this date; it may still name no day anything can be published on."""
    text = text.strip()
    return len(text) <= MAX_DATE_CHARS and bool(_ISO_8601.fullmatch(text) or _RFC_822.fullmatch(text))


def from_utc_tuple(parts: time.struct_time | None) -> datetime | None:
    """The time that feedparser's UTC tuple names; None if there is none, or no such day."""
    if parts is None:
        return None
    try:
        return sane(datetime.fromtimestamp(calendar.timegm(parts), UTC))
    except (ValueError, OverflowError, OSError):
        return None


def sane(moment: datetime) -> datetime | None:
    """The time itself, or None if nobody can have published anything then."""
    return moment if EARLIEST_YEAR <= moment.year <= LATEST_YEAR else None


def _moment(
    year: int, month: int, day: int, hour: str | None, minute: str | None, second: str | None, zone: str | None
) -> datetime | None:
    # A leap second has no place in datetime: it becomes the second before.
    seconds = min(int(second or 0), 59)
    local = datetime(year, month, day, int(hour or 0), int(minute or 0), seconds, tzinfo=_zone(zone))
    return sane(local if local.tzinfo is UTC else local.astimezone(UTC))


def _zone(name: str | None) -> timezone:
    if name is None or name in _UTC_NAMES:
        return UTC
    if name[0] in "+-":
        digits = name[1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return timezone(-offset if name[0] == "-" else offset)
    return timezone(timedelta(hours=_ZONE_HOURS.get(name.upper(), 0)))
