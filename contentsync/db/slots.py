"""When a daily digest is due: wall time in a person's zone to a moment in UTC. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class Slot:
    """One digest of one day: when it is due (UTC), and its name, `<local date>T<HH:MM>` as the person set the time."""

    due_at: datetime
    name: str


def next_slot(after: datetime, *, time_zone: str, digest_minute: int) -> Slot:
    """The first slot strictly after a moment; `digest_minute` counts from local midnight, 0 to 1439.

    A wall time that does not exist that day (clocks go forward over it): the first moment that does. One that exists
    twice (clocks go back): the first of the two. A date that a zone left out altogether has no slot.
    """
    zone = zone_of(time_zone)
    wall = time(*divmod(digest_minute, 60))
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        due_at = _moment(day, wall, zone)
        if due_at > after and _exists(day, zone):
            return Slot(due_at, f"{day.isoformat()}T{wall:%H:%M}")
        day += timedelta(days=1)


def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name. One that the time zone database does not know (any more) is UTC: one person's old
    setting must not stop everybody's digests."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _exists(day: date, zone: ZoneInfo) -> bool:
    """Whether the zone had this date: Samoa went from 29 to 31 December 2011."""
    return _moment(day, time(0), zone).astimezone(zone).date() == day


def _moment(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The first UTC moment at which clocks in the zone show this wall time or, in a gap, a later one."""
    local = datetime.combine(day, wall, tzinfo=zone)
    first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    # In a gap fold=0 counts with the offset before it and lands after it, fold=1 the other way round (PEP 495).
    return first if first <= second else _gap_end(second, first, zone)


def _gap_end(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment (whole seconds) between the two at which the zone's offset changes."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
