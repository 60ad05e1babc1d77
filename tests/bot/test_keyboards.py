"""Buttons: what they say, and that their data always fit."""

from datetime import UTC, datetime
from zoneinfo import available_timezones

from aiogram.types import InlineKeyboardMarkup

from contentsync.bot import callbacks, keyboards
from contentsync.bot.contract import source_buttons
from contentsync.bot.keyboards import PAGE_SOURCES, Follow, KeepSource, SetZone
from contentsync.db.models import Source, Subscriber

NOW = datetime(2026, 1, 15, 12, 5, tzinfo=UTC)
LARGE = 2**63 - 1


def texts(keyboard: InlineKeyboardMarkup) -> list[str]:
    return [button.text for row in keyboard.inline_keyboard for button in row]


def test_buttons_to_follow_begin_with_the_word() -> None:
    assert texts(keyboards.found(1, followed=False)) == ["Follow"]
    assert texts(keyboards.found(1, followed=True)) == ["Unfollow"]


def test_data_fit_for_every_id_and_zone() -> None:
    many = [Source(id=LARGE, kind="feed", key=str(n), url="u") for n in range(PAGE_SOURCES * 3)]
    keyboards.found(LARGE, followed=True)
    keyboards.source_list(many, 1)
    keyboards.confirm_drop(LARGE, LARGE)
    for zone in available_timezones():
        SetZone(zone=zone).pack()


def test_no_two_kinds_of_buttons_share_a_prefix() -> None:
    kinds = [
        kind.__prefix__
        for module in (keyboards, callbacks)
        for kind in vars(module).values()
        if isinstance(kind, type) and hasattr(kind, "__prefix__")
    ]
    assert len(kinds) == len(set(kinds)) > 8


def test_buttons_of_notices_carry_what_the_front_desk_reads() -> None:
    unfollow, keep = (button["callback_data"] for button in source_buttons(LARGE)[0])
    assert Follow.unpack(unfollow) == Follow(source_id=LARGE, on=False)
    assert KeepSource.unpack(keep) == KeepSource(source_id=LARGE)
    assert keyboards.found(LARGE, followed=True).inline_keyboard[0][0].callback_data == unfollow


def test_what_is_set_is_marked() -> None:
    shown = texts(keyboards.settings(Subscriber(chat_id=1, digest_minute=9 * 60, digest_size=5, paused=True)))
    assert [text for text in shown if text.startswith("✓")] == ["✓ 09:00", "✓ 5 items", "✓ Any length"]
    assert "Resume" in shown
    assert "✓ 30 min" in texts(keyboards.settings(Subscriber(chat_id=1, reading_minutes=30)))


def test_places_show_their_clock() -> None:
    assert texts(keyboards.zones([("Kyiv, Ukraine", "Europe/Kyiv")], NOW)) == ["Kyiv, Ukraine · 14:05"]


def test_who_has_set_the_zone_is_not_asked() -> None:
    assert "Set your time zone" in texts(keyboards.greeting(Subscriber(chat_id=1)))
    assert "Set your time zone" not in texts(keyboards.greeting(Subscriber(chat_id=1, time_zone="Asia/Tokyo")))
