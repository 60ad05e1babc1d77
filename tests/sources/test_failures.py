import httpx
import pytest

from contentsync.errors import NotFound, RateLimited, Refused, ServerFailed
from contentsync.sources.failures import MAX_RETRY_AFTER_SECONDS, http_failure, retry_after_seconds

DATE = {"Date": "Sun, 06 Nov 1994 08:49:37 GMT"}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Sun, 06 Nov 1994 08:59:37 GMT", 600),
        ("Sunday, 06-Nov-94 08:59:37 GMT", 600),
        ("Sun Nov  6 08:59:37 1994", 600),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
        ("Sun, 06 Nov 2094 08:00:00 GMT", MAX_RETRY_AFTER_SECONDS),
        ("9" * 5000, MAX_RETRY_AFTER_SECONDS),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(value: str, seconds: int | None) -> None:
    assert retry_after_seconds(httpx.Headers({**DATE, "Retry-After": value}, encoding="utf-8")) == seconds


def test_retry_after_without_a_date_counts_from_now() -> None:
    assert retry_after_seconds(httpx.Headers({"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"})) == 0


@pytest.mark.parametrize(
    ("status", "retry_after", "expected"),
    [
        (404, None, NotFound),
        (410, None, NotFound),
        (429, None, RateLimited),
        (429, "7", RateLimited),
        (503, "7", RateLimited),
        (503, None, ServerFailed),
        (500, "7", ServerFailed),
        (599, None, ServerFailed),
        (401, None, Refused),
        (403, None, Refused),
        (451, None, Refused),
        (300, None, Refused),
        (304, None, Refused),
    ],
)
def test_each_status_has_its_class(status: int, retry_after: str | None, expected: type[Exception]) -> None:
    failure = http_failure(
        "https://a.example/", status, httpx.Headers({"Retry-After": retry_after} if retry_after else {})
    )
    assert type(failure) is expected
    assert failure.status == status
    assert failure.retry_after_seconds == (7 if retry_after else None)
