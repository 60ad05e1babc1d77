"""The first hours of the simulated day: no service is asked for more than it gives. The whole day is a command."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.simulation.day import simulate

HOURS = 1.5


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_no_service_is_asked_for_more_than_it_gives(tmp_path: Path) -> None:
    report = await simulate(HOURS, tmp_path)
    print(report)
    assert (report.youtube_quota_errors, report.newsapi_refused, report.strict_host_refused) == (0, 0, 0)
    assert report.youtube_units > 40, "20 accounts were read"
    assert report.newsapi_requests > 50, "every topic was asked for"
    assert report.newsapi_most_in_24_hours_by_a_key <= 100
    assert report.strict_host_requests > 12, "every blog of the strict host was asked for"
    assert report.items > 300
    assert report.median_minutes["feed"] <= timedelta(hours=1) / timedelta(minutes=1)
