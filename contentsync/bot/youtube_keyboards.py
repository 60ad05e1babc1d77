"""The buttons of YouTube accounts. They name the wish, not the change: a tap that is handled twice has one effect."""

from collections.abc import Sequence
from enum import StrEnum

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from contentsync.bot.account_keyboards import Connect
from contentsync.db.account_models import Channel, Integration
from contentsync.db.models import Subscription
from contentsync.processor.text import shorten

PAGE_CHANNELS = 8
TITLE_CHARACTERS = 40


class Part(StrEnum):
    """What of a channel can be left out."""

    SHORTS = "shorts"
    LIVE = "live"


class Leaving(StrEnum):
    """How an account is disconnected."""

    ASK = "ask"
    KEEP = "keep"
    """What it led to stays followed."""
    DROP = "drop"


class YouTubePage(CallbackData, prefix="yt"):
    """Show the account."""

    account_id: int


class YouTubeWant(CallbackData, prefix="ytw"):
    """Take or leave out a part of all channels."""

    account_id: int
    part: Part
    on: bool


class YouTubeRead(CallbackData, prefix="ytr"):
    """Read the list now."""

    account_id: int


class YouTubeLeave(CallbackData, prefix="ytl"):
    """Disconnect."""

    account_id: int
    how: Leaving


class YouTubeChannels(CallbackData, prefix="ytc"):
    """Show a page of the channels, 0 is the first."""

    account_id: int
    page: int


class YouTubeChannel(CallbackData, prefix="yto"):
    """Show one channel; with `part`, take or leave that out of it."""

    channel_id: int
    page: int
    part: Part | None = None
    on: bool = True


Rows = list[list[InlineKeyboardButton]]


def connect(text: str) -> InlineKeyboardMarkup:
    """Where nothing is connected yet."""
    return InlineKeyboardMarkup(inline_keyboard=[[_button(text, Connect(kind="youtube"))]])


def sign_in(url: str) -> InlineKeyboardMarkup:
    """The way to Google."""
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Sign in with Google", url=url)]])


def account(integration: Integration) -> InlineKeyboardMarkup:
    """Under an account."""
    account_id = integration.id or 0
    rows: Rows = []
    if integration.state == "refused":
        rows.append([_button("Connect again", Connect(kind="youtube"))])
    rows.append(
        [
            _wish("Shorts", integration.options.get("with_shorts", True), account_id, Part.SHORTS),
            _wish("Live", integration.options.get("with_live", True), account_id, Part.LIVE),
        ]
    )
    rows.append([_button("Channels ›", YouTubeChannels(account_id=account_id, page=0))])
    if integration.state == "ok":
        rows[-1].append(_button("Read the list now", YouTubeRead(account_id=account_id)))
    rows.append([_button("Disconnect", YouTubeLeave(account_id=account_id, how=Leaving.ASK))])
    return InlineKeyboardMarkup(inline_keyboard=rows)


def leaving(account_id: int) -> InlineKeyboardMarkup:
    """Whether to disconnect really, and what of the channels."""
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [_button("Disconnect, keep the channels", YouTubeLeave(account_id=account_id, how=Leaving.KEEP))],
            [_button("Disconnect, unfollow them", YouTubeLeave(account_id=account_id, how=Leaving.DROP))],
            [_button("Stay connected", YouTubePage(account_id=account_id))],
        ]
    )


def channel_list(account_id: int, shown: Sequence[Channel], page: int, pages: int) -> InlineKeyboardMarkup:
    """A page of channels."""
    rows = [
        [_button(shorten(channel.title, TITLE_CHARACTERS), YouTubeChannel(channel_id=channel.id or 0, page=page))]
        for channel in shown
    ]
    turns = [_button("‹ Back", YouTubeChannels(account_id=account_id, page=page - 1))] if page > 0 else []
    if page + 1 < pages:
        turns.append(_button("More ›", YouTubeChannels(account_id=account_id, page=page + 1)))
    return InlineKeyboardMarkup(
        inline_keyboard=[*rows, *([turns] if turns else []), [_button("« Account", YouTubePage(account_id=account_id))]]
    )


def one_channel(channel: Channel, wishes: Subscription, page: int) -> InlineKeyboardMarkup:
    """Under one channel."""
    parts = {Part.SHORTS: ("Shorts", wishes.with_shorts), Part.LIVE: ("Live", wishes.with_live)}
    toggles = [
        _button(
            _state(label, on),
            YouTubeChannel(channel_id=channel.id or 0, page=page, part=part, on=not on),
        )
        for part, (label, on) in parts.items()
    ]
    back = _button("« Channels", YouTubeChannels(account_id=channel.integration_id, page=page))
    return InlineKeyboardMarkup(inline_keyboard=[toggles, [back]])


def _wish(label: str, on: bool, account_id: int, part: Part) -> InlineKeyboardButton:
    return _button(_state(label, on), YouTubeWant(account_id=account_id, part=part, on=not on))


def _state(label: str, on: bool) -> str:
    return f"{label}: {'on' if on else 'off'}"


def _button(text: str, data: CallbackData) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=data.pack())
