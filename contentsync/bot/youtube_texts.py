"""What is said about YouTube accounts, put together from its sentences. Pure."""

from collections.abc import Mapping
from datetime import datetime

from contentsync.bot.texts import TITLE_LIMIT, Html, say, say_age, say_count, say_retried
from contentsync.db import channels
from contentsync.db.account_models import Channel, Integration
from contentsync.db.models import Subscription
from contentsync.db.youtube_quota import Today
from contentsync.processor.text import shorten


def say_account(account: Integration, counts: Mapping[str, int], now: datetime) -> Html:
    """How an account is. `counts`: its channels by state."""
    return say(
        "youtube_account",
        account=account.account,
        state=_state(account, now),
        channels=say_count("channels", counts.get(channels.FOLLOWED, 0)),
        left=counts.get(channels.LEFT, 0),
    )


def _state(account: Integration, now: datetime) -> Html:
    if account.state == "refused":
        return say("youtube_ended")
    if account.last_error is not None:
        return say("youtube_trouble", reason=say_retried(account.last_error, account.last_error_params))
    if account.last_success_at is None:
        return say("youtube_ok_new")
    return say("youtube_ok", ago=say_age(account.last_success_at, now))


def say_leaving(account: Integration, counts: Mapping[str, int]) -> Html:
    """Whether to disconnect, and what of its channels. `counts`: these by state."""
    followed = say_count("channels", counts.get(channels.FOLLOWED, 0))
    return say("youtube_confirm_disconnect", account=account.account, channels=followed)


def say_channel(channel: Channel, wishes: Subscription) -> Html:
    """What is taken of a channel."""
    return say(
        "youtube_channel",
        title=shorten(channel.title, TITLE_LIMIT),
        shorts="taken" if wishes.with_shorts else "left out",
        live="taken" if wishes.with_live else "left out",
    )


def say_quota(today: Today) -> Html:
    """How much of the day's units all accounts together have spent."""
    return say("youtube_quota", spent=f"{today.spent:,}", limit=f"{today.limit:,}", time=f"{today.until:%H:%M}")
