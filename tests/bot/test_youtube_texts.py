"""What is said about YouTube accounts: every sentence filled, and nothing of it markup that is not ours."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contentsync.bot.texts import say_notice
from contentsync.bot.youtube_texts import say_account, say_quota
from contentsync.db.account_models import Integration
from contentsync.db.youtube_quota import Today

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "the list is about to be read"),
        ({"last_success_at": NOW - timedelta(hours=2)}, "last looked 2 h ago"),
        ({"last_error": "server_failed", "last_error_params": {"host": "api.example", "status": 503}}, "(503)"),
        (
            {"last_error": "quota_spent", "last_error_params": {"service": "YouTube", "retry_at": "02 Mar 08:00 UTC"}},
            "after 02 Mar 08:00 UTC",
        ),
        ({"state": "refused", "last_error": "account_refused"}, "Connect it again"),
    ],
    ids=["new", "fine", "failing", "spent", "refused"],
)
def test_an_account(changes: dict[str, Any], expected: str) -> None:
    account = Integration(subscriber_id=1, kind="youtube", account="<i>Me</i>", credentials="", **changes)
    text = say_account(account, {"followed": 3, "left": 1}, NOW)
    assert expected in text
    assert "3 channels followed, 1 left out by you" in text
    assert "&lt;i&gt;Me&lt;/i&gt;" in text


def test_the_quota() -> None:
    text = say_quota(Today(1_212, 10_000, datetime(2026, 3, 2, 8, tzinfo=UTC)))
    assert text == "Spent of what Google allows this bot in a day: 1,212 of 10,000, counted anew from 08:00 UTC."


@pytest.mark.parametrize(
    ("key", "params", "expected"),
    [
        ("youtube_connected", {"account": "<b>"}, "&lt;b&gt;"),
        ("youtube_refused", {"account": "Me"}, "connect it again"),
        (
            "youtube_not_connected",
            {"reason_key": "account_refused", "host": "oauth2.googleapis.com"},
            "oauth2.googleapis.com does not accept that",
        ),
    ],
)
def test_notices(key: str, params: dict[str, str], expected: str) -> None:
    assert expected in say_notice(key, params)
