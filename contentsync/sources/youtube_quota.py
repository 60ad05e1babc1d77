"""How Google counts what the YouTube Data API costs: units of a project, by the day in California. Pure.

Every list that is asked for here costs one unit a page.
Source: https://developers.google.com/youtube/v3/determine_quota_cost
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DAY_UNITS = 10_000
"""What a project has a day unless Google granted it more."""
PACIFIC = ZoneInfo("America/Los_Angeles")


def day_of(now: datetime) -> tuple[datetime, datetime]:
    """Beginning and end of the day to which `now` belongs, from midnight to midnight in California; aware UTC."""
    midnight = now.astimezone(PACIFIC).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    # Arithmetic within a zone keeps to the wall clock, so this is right on days of 23 and 25 hours, too.
    return midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC)
