import time
from datetime import UTC, datetime

import pytest

from contentsync.sources.dates import from_utc_tuple, has_usual_form, read_date


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Tue, 04 Mar 2025 08:30:00 +0100", at(2025, 3, 4, 7, 30)),
        ("Tue, 4 Mar 2025 08:30 GMT", at(2025, 3, 4, 8, 30)),
        ("4 March 2025 08:30:15 EST", at(2025, 3, 4, 13, 30, 15)),
        ("Tuesday, 4 Mar 2025 08:30:00 -05:30", at(2025, 3, 4, 14, 0)),
        ("Tue, 04 Mar 2025 08:30:00", at(2025, 3, 4, 8, 30)),
        ("Tue, 04 Mar 2025 08:30:00 XYZ", at(2025, 3, 4, 8, 30)),
        ("Sat, 31 Dec 2016 23:59:60 GMT", at(2016, 12, 31, 23, 59, 59)),
        ("2025-03-04T08:30:00Z", at(2025, 3, 4, 8, 30)),
        (" 2025-03-04T08:30:00.123456789+02:00\n", at(2025, 3, 4, 6, 30)),
        ("2025-03-04 08:30", at(2025, 3, 4, 8, 30)),
        ("2025-03-04T08:30:00-0700", at(2025, 3, 4, 15, 30)),
        ("2025-03-04", at(2025, 3, 4)),
    ],
)
def test_usual_forms(text: str, moment: datetime) -> None:
    assert read_date(text) == moment
    assert has_usual_form(text)


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 01 Jan 0001 00:00:00 +0000",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "0000-00-00 00:00:00",
        "2025-02-30",
        "Tue, 32 Mar 2025 08:30:00 GMT",
        "Tue, 04 Set 2025 08:30:00 GMT",
        "2025-03-04T25:30:00Z",
        "2025-03-04T08:30:00+99:00",
    ],
)
def test_usual_forms_that_name_no_day_to_publish_on(text: str) -> None:
    assert read_date(text) is None
    assert has_usual_form(text)


@pytest.mark.parametrize("text", ["", "soon", "20250304", "March 4, 2025", "2025년 3월 4일", "2025-03-04" * 20])
def test_other_forms_are_left_to_others(text: str) -> None:
    assert read_date(text) is None
    assert not has_usual_form(text)


def test_from_utc_tuple() -> None:
    assert from_utc_tuple(time.strptime("2025-03-04 08:30", "%Y-%m-%d %H:%M")) == at(2025, 3, 4, 8, 30)
    assert from_utc_tuple(None) is None
    assert from_utc_tuple(time.struct_time((99999, 1, 1, 0, 0, 0, 0, 1, 0))) is None
    assert from_utc_tuple(time.struct_time((1, 1, 1, 0, 0, 0, 0, 1, 0))) is None
