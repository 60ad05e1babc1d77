"""The buttons of mailboxes and newsletters, and the data they carry (64 bytes at most; aiogram checks).

A notice of the puller has the first two buttons, too.
"""

from collections.abc import Sequence
from enum import StrEnum

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from contentsync.bot.account_keyboards import Connect
from contentsync.db import channels
from contentsync.db.account_models import Channel

PAGE_NEWSLETTERS = 6


class Deed(StrEnum):
    """What is done with a newsletter."""

    FOLLOW = "follow"
    DECLINE = "no"
    UNFOLLOW = "drop"
    LEAVE = "leave"
    """Leave its list, so that it comes no more."""


class Newsletter(CallbackData, prefix="news"):
    """Do this with a newsletter that stands on this page."""

    channel_id: int
    deed: Deed
    page: int


class NewsletterPage(CallbackData, prefix="newspage"):
    """Show a page of the newsletters, 0 is the first."""

    page: int


def newsletter_list(listed: Sequence[Channel], page: int, *, connect: str) -> InlineKeyboardMarkup:
    """Under a page of the newsletters: what can be done with each of it, the way to the other pages, and the button
    that connects a mailbox."""
    first = page * PAGE_NEWSLETTERS
    rows = [
        _deeds(channel, number, page)
        for number, channel in enumerate(listed[first : first + PAGE_NEWSLETTERS], first + 1)
    ]
    turns = [_button("‹ Back", NewsletterPage(page=page - 1))] if page > 0 else []
    if first + PAGE_NEWSLETTERS < len(listed):
        turns.append(_button("More ›", NewsletterPage(page=page + 1)))
    last = [_button(connect, Connect(kind="mailbox"))]
    return InlineKeyboardMarkup(inline_keyboard=[*rows, *([turns] if turns else []), last])


def leave_for_good(channel_id: int) -> InlineKeyboardMarkup:
    """Whether the newsletter shall not even come any more."""
    button = _button("Unsubscribe for good", Newsletter(channel_id=channel_id, deed=Deed.LEAVE, page=0))
    return InlineKeyboardMarkup(inline_keyboard=[[button]])


def leaving_page(link: str) -> InlineKeyboardMarkup:
    """The newsletter's own page for leaving it."""
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Open its unsubscribe page", url=link)]])


def _deeds(channel: Channel, number: int, page: int) -> list[InlineKeyboardButton]:
    def button(text: str, deed: Deed) -> InlineKeyboardButton:
        return _button(f"{text} {number}", Newsletter(channel_id=channel.id or 0, deed=deed, page=page))

    if channel.state == channels.OFFERED:
        return [button("Follow", Deed.FOLLOW), button("No to", Deed.DECLINE)]
    if channel.state == channels.FOLLOWED:
        return [button("Unfollow", Deed.UNFOLLOW)]
    return [button("Follow", Deed.FOLLOW)]


def _button(text: str, data: CallbackData) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=data.pack())
