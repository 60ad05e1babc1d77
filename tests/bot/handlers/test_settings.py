"""/settings, /pause, /resume and the dialogs behind the settings."""

from datetime import UTC, datetime

import pytest

from contentsync.bot.keyboards import SetReading, SetSize, SetTime, SetZone
from contentsync.db.models import Subscriber
from tests.bot.front import Front, Json, button_texts, send_button


async def person(front: Front) -> Subscriber:
    found = await front.subscriber()
    assert found is not None
    return found


async def settings(front: Front) -> Json:
    return await front.say("/settings")


async def test_what_is_set_is_shown(front: Front) -> None:
    message = await settings(front)
    for line in ("Digest: daily", "Time: 08:00", "Time zone: UTC (it is ", "Size: up to 10 items"):
        assert line in message["text"]
    assert {"✓ 08:00", "✓ 10 items", "07:00", "Other…", "Time zone…", "Pause"} <= set(button_texts(message))


async def test_a_time_by_button(front: Front) -> None:
    message = await settings(front)
    await front.tap(message, "18:00")
    changed = await front.becomes(message, "Time: 18:00")
    assert "✓ 18:00" in button_texts(changed)
    next_digest_at = (await person(front)).next_digest_at
    assert next_digest_at is not None
    assert (next_digest_at.hour, next_digest_at.minute) == (18, 0)
    assert next_digest_at > datetime.now(UTC)


async def test_reading_time_by_button(front: Front) -> None:
    message = await front.say("/settings")
    assert "Reading time: as long as it takes" in message["text"]
    for button, shown, stored in (("30 min", "up to 30 minutes", 30), ("Any length", "as long as it takes", None)):
        await front.tap(message, button)
        message = await front.becomes(message, f"Reading time: {shown}")
        subscriber = await front.subscriber()
        assert subscriber is not None
        assert subscriber.reading_minutes == stored


async def test_a_size_by_button(front: Front) -> None:
    message = await settings(front)
    await front.tap(message, "20 items")
    await front.becomes(message, "up to 20 items")
    assert (await person(front)).digest_size == 20


@pytest.mark.parametrize("by", ["button", "command"])
async def test_pause_and_resume(front: Front, by: str) -> None:
    message = await settings(front)
    if by == "button":
        await front.tap(message, "Pause")
        assert "Resume" in button_texts(await front.becomes(message, "Digest: paused"))
    else:
        assert (await front.say("/pause"))["text"].startswith("Paused")
    assert (await person(front)).next_digest_at is None
    assert "Your digest is paused." in (await front.say("/start"))["text"]
    if by == "button":
        await front.tap(await settings(front), "Resume")
        await front.telegram.wait_for(lambda m: "✓ 08:00" in button_texts(m) and "daily" in m["text"])
    else:
        assert (await front.say("/resume"))["text"].startswith("Welcome back. Your next digest comes on ")
    assert (await person(front)).next_digest_at is not None


async def test_a_time_typed(front: Front) -> None:
    message = await settings(front)
    await front.tap(message, "Other")
    await front.answer(message["message_id"])
    assert (await person(front)).dialog_open
    assert "cannot read that as a time" in (await front.say("soon"))["text"]
    assert (await front.say("7.30 pm"))["text"].startswith("Done: your digest comes daily at 19:30 UTC.")
    assert ((await person(front)).digest_minute, (await person(front)).dialog_open) == (19 * 60 + 30, False)


async def test_a_zone_typed(front: Front) -> None:
    greeting = await front.say("/start")
    await front.tap(greeting, "Set your time zone")
    asked = await front.answer(greeting["message_id"])
    assert asked["text"].startswith("Which city are you in?")
    assert "no such city" in (await front.say("qwxyzt"))["text"]
    assert (await front.say("Київ"))["text"].startswith("Done: your time zone is Europe/Kyiv, it is ")
    assert (await person(front)).time_zone == "Europe/Kyiv"
    greeting = await front.say("/start")
    assert "Your digest comes daily at 08:00, Europe/Kyiv." in greeting["text"]
    assert "Set your time zone" not in button_texts(greeting)


async def test_a_zone_chosen_among_several(front: Front) -> None:
    message = await settings(front)
    await front.tap(message, "Time zone")
    await front.answer(message["message_id"])
    choice = await front.say("paris")
    assert [text.partition(" · ")[0] for text in button_texts(choice)] == ["Paris, France", "Paris, United States"]
    await front.tap(choice, "Paris, France")
    await front.becomes(choice, "Done: your time zone is Europe/Paris")
    changed = await person(front)
    assert (changed.time_zone, changed.dialog_open) == ("Europe/Paris", False)


async def test_a_preset_answers_the_open_question(front: Front) -> None:
    message = await settings(front)
    await front.tap(message, "Other")
    await front.answer(message["message_id"])
    await front.tap(message, "09:00")
    await front.becomes(message, "Time: 09:00")
    assert not (await person(front)).dialog_open


@pytest.mark.parametrize(
    "data",
    [
        SetTime(minute=99_999).pack(),
        SetSize(size=10_000).pack(),
        SetReading(minutes=7).pack(),
        SetZone(zone="Not/AZone").pack(),
        "time:x",
        "gone:1",
    ],
)
async def test_made_up_buttons_break_nothing(front: Front, data: str) -> None:
    await front.say("/start")
    await front.tap(await send_button(front, data), "Button")
    assert (await front.say("/help"))["text"].startswith("What I understand")
    changed = await person(front)
    assert 0 <= changed.digest_minute < 1440
    assert 3 <= changed.digest_size <= 30
    assert changed.time_zone == "UTC"
