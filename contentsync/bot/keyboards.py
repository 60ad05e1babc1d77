"""The buttons of the front desk, and the data they carry (64 bytes at most; aiogram checks).

In English the buttons to follow and to unfollow begin with exactly these words.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from contentsync.bot.answers import format_time
from contentsync.bot.zones import clock
from contentsync.db.models import Source, Subscriber

PAGE_SOURCES = 10
TIMES = (7 * 60, 8 * 60, 9 * 60, 18 * 60, 20 * 60)
SIZES = (5, 10, 15, 20)
READING_MINUTES = (0, 10, 20, 30, 45)
"""0: off."""


class MenuItem(StrEnum):
    """What the greeting offers, and other messages beside their own buttons."""

    ADD = "add"
    ACCOUNTS = "accounts"
    SETTINGS = "settings"
    HELP = "help"


class Menu(CallbackData, prefix="menu"):
    """A tap on one of these: the answer is a message of its own."""

    item: MenuItem


class Ask(CallbackData, prefix="ask"):
    """Open a dialog with this question."""

    question: str


class Follow(CallbackData, prefix="follow"):
    """Follow the source that this message shows, or stop to."""

    source_id: int
    on: bool


class SourcesPage(CallbackData, prefix="sources"):
    """Show a page of the list, 0 is the first."""

    page: int


class SourceDrop(CallbackData, prefix="drop"):
    """Unfollow a source of the list: first asked, then `sure`."""

    source_id: int
    page: int
    sure: bool


class KeepSource(CallbackData, prefix="keep"):
    """Go on following a source that does not work."""

    source_id: int


class SetTime(CallbackData, prefix="time"):
    """Digest time in minutes after midnight."""

    minute: int


class SetSize(CallbackData, prefix="size"):
    """Items in a digest."""

    size: int


class SetReading(CallbackData, prefix="reading"):
    """How many minutes the items of a digest may take together; 0: no matter."""

    minutes: int


class SetPaused(CallbackData, prefix="paused"):
    """Pause or resume."""

    on: bool


class SetZone(CallbackData, prefix="zone"):
    """An IANA name."""

    zone: str


Rows = list[list[InlineKeyboardButton]]


def greeting(subscriber: Subscriber) -> InlineKeyboardMarkup:
    """Under /start; a person whose zone is still the default is offered to set it."""
    rows = [[_button("Add a link", Menu(item=MenuItem.ADD)), _accounts("Connect an account")]]
    if subscriber.time_zone == "UTC":
        rows.append([_button("Set your time zone", Ask(question="time_zone"))])
    rows.append([_button("Settings", Menu(item=MenuItem.SETTINGS)), _button("Help", Menu(item=MenuItem.HELP))])
    return InlineKeyboardMarkup(inline_keyboard=rows)


def found(source_id: int, *, followed: bool) -> InlineKeyboardMarkup:
    """Under a source that was found."""
    button = _button("Unfollow" if followed else "Follow", Follow(source_id=source_id, on=not followed))
    return InlineKeyboardMarkup(inline_keyboard=[[button]])


def begin() -> InlineKeyboardMarkup:
    """Where nothing is followed yet."""
    return InlineKeyboardMarkup(
        inline_keyboard=[[_button("Add a link", Menu(item=MenuItem.ADD)), _accounts("Connect an account")]]
    )


def source_list(sources: Sequence[Source], page: int) -> InlineKeyboardMarkup:
    """Under a page of the list: a button for each source of it, and the way to the other pages."""
    first = page * PAGE_SOURCES
    buttons = [
        _button(f"Unfollow {number}", SourceDrop(source_id=source.id or 0, page=page, sure=False))
        for number, source in enumerate(sources[first : first + PAGE_SOURCES], first + 1)
    ]
    rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    turns = [_button("‹ Back", SourcesPage(page=page - 1))] if page > 0 else []
    if first + PAGE_SOURCES < len(sources):
        turns.append(_button("More ›", SourcesPage(page=page + 1)))
    return InlineKeyboardMarkup(inline_keyboard=[*rows, turns] if turns else rows)


def confirm_drop(source_id: int, page: int) -> InlineKeyboardMarkup:
    """Whether to unfollow really."""
    yes = _button("Yes, unfollow", SourceDrop(source_id=source_id, page=page, sure=True))
    return InlineKeyboardMarkup(inline_keyboard=[[yes, _button("Keep", SourcesPage(page=page))]])


def settings(subscriber: Subscriber) -> InlineKeyboardMarkup:
    """Under /settings; what is set is marked."""
    times = [
        _button(_marked(format_time(minute), minute == subscriber.digest_minute), SetTime(minute=minute))
        for minute in TIMES
    ]
    times.append(_button("Other…", Ask(question="digest_time")))
    sizes = [_button(_marked(f"{size} items", size == subscriber.digest_size), SetSize(size=size)) for size in SIZES]
    reading = [
        _button(
            _marked(f"{minutes} min" if minutes else "Any length", minutes == (subscriber.reading_minutes or 0)),
            SetReading(minutes=minutes),
        )
        for minutes in READING_MINUTES
    ]
    pause = _button("Resume" if subscriber.paused else "Pause", SetPaused(on=not subscriber.paused))
    zone = _button("Time zone…", Ask(question="time_zone"))
    rows = [
        times[:3],
        times[3:],
        sizes[:2],
        sizes[2:],
        reading[:2],
        reading[2:],
        [zone, pause],
        [_accounts("Accounts")],
    ]
    return InlineKeyboardMarkup(inline_keyboard=rows)


def zones(places: Sequence[tuple[str, str]], now: datetime) -> InlineKeyboardMarkup:
    """Labels and zones to choose from, each with its wall clock."""
    rows = [[_button(f"{label} · {clock(now, zone)}", SetZone(zone=zone))] for label, zone in places]
    return InlineKeyboardMarkup(inline_keyboard=rows)


def _marked(text: str, chosen: bool) -> str:
    return f"✓ {text}" if chosen else text


def _accounts(text: str) -> InlineKeyboardButton:
    return _button(text, Menu(item=MenuItem.ACCOUNTS))


def _button(text: str, data: CallbackData) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=data.pack())
