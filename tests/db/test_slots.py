"""When daily digests are due."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from contentsync.db.slots import next_slot, zone_of

ZONES = [
    "UTC", "Africa/Cairo", "Africa/Casablanca", "Africa/El_Aaiun", "Africa/Lagos", "America/Adak", "America/Anchorage",
    "America/Asuncion", "America/Caracas", "America/Chicago", "America/Denver", "America/Godthab", "America/Halifax",
    "America/Havana", "America/Los_Angeles", "America/Mexico_City", "America/Miquelon", "America/New_York",
    "America/Nuuk", "America/Santiago", "America/Sao_Paulo", "America/Scoresbysund", "America/St_Johns",
    "Antarctica/Troll", "Asia/Amman", "Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem", "Asia/Kathmandu", "Asia/Kolkata",
    "Asia/Tehran", "Asia/Tokyo", "Atlantic/Azores", "Australia/Adelaide", "Australia/Lord_Howe", "Australia/Sydney",
    "Europe/Berlin", "Europe/Chisinau", "Europe/Dublin", "Europe/Istanbul", "Europe/Kyiv", "Europe/London",
    "Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Easter", "Pacific/Fiji", "Pacific/Kiritimati",
    "Pacific/Norfolk",
]  # fmt: skip
WALL_TIMES = [
    "00:00",
    "00:01",
    "00:30",
    "01:00",
    "01:30",
    "01:59",
    "02:00",
    "02:15",
    "02:30",
    "03:00",
    "23:30",
    "23:59",
]


def minute(wall: str) -> int:
    hours, minutes = wall.split(":")
    return int(hours) * 60 + int(minutes)


@pytest.mark.parametrize(
    ("zone", "wall", "after", "due", "name"),
    [
        ("UTC", "08:00", "2025-03-01T07:59:59+00:00", "2025-03-01T08:00:00+00:00", "2025-03-01T08:00"),
        ("UTC", "08:00", "2025-03-01T08:00:00+00:00", "2025-03-02T08:00:00+00:00", "2025-03-02T08:00"),
        ("UTC", "00:00", "2025-12-31T23:59:59+00:00", "2026-01-01T00:00:00+00:00", "2026-01-01T00:00"),
        ("Asia/Tokyo", "00:01", "2025-06-01T15:00:00+00:00", "2025-06-01T15:01:00+00:00", "2025-06-02T00:01"),
        ("Pacific/Kiritimati", "23:59", "2025-01-01T00:00:00+00:00", "2025-01-01T09:59:00+00:00", "2025-01-01T23:59"),
        # Clocks go forward over the wall time: the first moment that exists.
        ("America/New_York", "02:30", "2025-03-09T00:00:00+00:00", "2025-03-09T07:00:00+00:00", "2025-03-09T02:30"),
        ("America/New_York", "02:00", "2025-03-09T00:00:00+00:00", "2025-03-09T07:00:00+00:00", "2025-03-09T02:00"),
        ("America/New_York", "03:00", "2025-03-09T00:00:00+00:00", "2025-03-09T07:00:00+00:00", "2025-03-09T03:00"),
        ("America/New_York", "01:59", "2025-03-09T00:00:00+00:00", "2025-03-09T06:59:00+00:00", "2025-03-09T01:59"),
        ("Europe/Kyiv", "03:30", "2025-03-29T12:00:00+00:00", "2025-03-30T01:00:00+00:00", "2025-03-30T03:30"),
        ("Australia/Lord_Howe", "02:15", "2025-10-04T00:00:00+00:00", "2025-10-04T15:30:00+00:00", "2025-10-05T02:15"),
        ("Africa/Cairo", "00:00", "2024-04-25T12:00:00+00:00", "2024-04-25T22:00:00+00:00", "2024-04-26T00:00"),
        ("Asia/Tehran", "00:30", "2022-03-21T12:00:00+00:00", "2022-03-21T20:30:00+00:00", "2022-03-22T00:30"),
        ("America/Toronto", "23:45", "1919-03-30T12:00:00+00:00", "1919-03-31T04:30:00+00:00", "1919-03-30T23:45"),
        # Clocks go back over it: the first of the two.
        ("America/New_York", "01:30", "2025-11-02T00:00:00+00:00", "2025-11-02T05:30:00+00:00", "2025-11-02T01:30"),
        ("America/New_York", "01:30", "2025-11-02T05:30:00+00:00", "2025-11-03T06:30:00+00:00", "2025-11-03T01:30"),
        ("Australia/Lord_Howe", "01:45", "2025-04-05T00:00:00+00:00", "2025-04-05T14:45:00+00:00", "2025-04-06T01:45"),
        ("Africa/Cairo", "23:30", "2024-10-31T00:00:00+00:00", "2024-10-31T20:30:00+00:00", "2024-10-31T23:30"),
        # Samoa had no 30 December 2011.
        ("Pacific/Apia", "08:00", "2011-12-29T18:00:00+00:00", "2011-12-30T18:00:00+00:00", "2011-12-31T08:00"),
    ],
)
def test_slot(zone: str, wall: str, after: str, due: str, name: str) -> None:
    slot = next_slot(datetime.fromisoformat(after), time_zone=zone, digest_minute=minute(wall))
    assert (slot.due_at.isoformat(), slot.name) == (due, name)


@pytest.mark.parametrize("zone", ZONES)
def test_every_date_has_exactly_one_slot(zone: str) -> None:
    """Around each change of the clocks in two years, at each wall time: one slot a local date, strictly ascending."""
    for changed_on in changes(zone, date(2022, 1, 1), 730):
        for wall in WALL_TIMES:
            at = datetime(changed_on.year, changed_on.month, changed_on.day, tzinfo=UTC) - timedelta(days=2)
            slots = []
            for _ in range(5):
                slots.append(next_slot(at, time_zone=zone, digest_minute=minute(wall)))
                assert slots[-1].due_at > at
                at = slots[-1].due_at
            days = [date.fromisoformat(slot.name[:10]) for slot in slots]
            assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days)), (zone, wall, days)
            for slot in slots:
                wanted = datetime.fromisoformat(slot.name)
                assert f"{wanted:%H:%M}" == wall
                assert wall_clock(slot.due_at, zone) >= wanted, "never before the wish"
                assert wall_clock(slot.due_at - timedelta(seconds=1), zone) < wanted, "at the first moment there is"


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_same_slot_from_anywhere_before_it(zone: str) -> None:
    """A slot does not depend on when it is asked for."""
    slot = next_slot(datetime(2025, 3, 9, tzinfo=UTC), time_zone=zone, digest_minute=150)
    for seconds in (1, 60, 3_599, 7_200, 40_000):
        assert next_slot(slot.due_at - timedelta(seconds=seconds), time_zone=zone, digest_minute=150) == slot


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "/etc/passwd", "Europe", "x" * 300])
def test_unknown_zone_is_utc(name: str) -> None:
    assert zone_of(name).key == "UTC"


def changes(zone: str, since: date, days: int) -> list[date]:
    """The dates on which the zone's offset changes, and one on which it does not."""
    found = [since]
    for offset in range(days):
        noon = datetime(since.year, since.month, since.day, 12, tzinfo=ZoneInfo(zone)) + timedelta(days=offset)
        if noon.utcoffset() != (noon + timedelta(days=1)).utcoffset():
            found.append(noon.date())
    return found


def wall_clock(moment: datetime, zone: str) -> datetime:
    """What clocks in the zone show, without an offset."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
