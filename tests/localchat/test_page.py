"""The page in a real browser: what a person sees and does."""

import asyncio
import os
import shutil
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
)
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.fakes.telegram import FakeTelegram

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

SHOTS = os.environ.get("CHAT_SHOTS", "")
"""A directory for screenshots; none are taken when it is not set."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

DIGEST = """<b>Your digest</b> · Monday, 3 new

<b>1. A telescope the size of a continent</b>
<i>Nature News</i> · 2 h · also in Ars Technica
<blockquote>because you liked “Radio astronomy”</blockquote>
<b>2. Rust 2.0 will not happen, and that is good news</b>
<i>Planet Rust</i> · 5 h
<b>3. How small teams ship</b> — <a href="https://example.org/teams">example.org</a>
<i>Weekly Notes</i> · yesterday

More: /sources, /settings"""
NUMBERS = InlineKeyboardMarkup(
    inline_keyboard=[
        [InlineKeyboardButton(text=str(number), callback_data=f"card:{number}") for number in range(1, 4)],
        [
            InlineKeyboardButton(text="Refresh", callback_data="refresh"),
            InlineKeyboardButton(text="Open the site", url="https://example.org/"),
        ],
    ]
)
ANSWERED = InlineKeyboardMarkup(
    inline_keyboard=[
        [InlineKeyboardButton(text="👍", callback_data="up"), InlineKeyboardButton(text="👎", callback_data="down")],
        [InlineKeyboardButton(text="Remove", callback_data="remove", style="danger")],
    ]
)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("NO CHROMIUM on this machine: the chat page was not tested")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def answering(telegram: FakeTelegram, bot: Bot) -> AsyncIterator[Bot]:
    """A small bot that answers, edits, deletes, and takes files."""
    dispatcher = Dispatcher()
    dispatcher.message.register(_answer)
    dispatcher.callback_query.register(_answer_tap)
    await bot.set_my_commands(
        [
            BotCommand(command="digest", description="What is new, now"),
            BotCommand(command="sources", description="Whom you follow"),
            BotCommand(command="settings", description="Time zone, hour and size"),
            BotCommand(command="help", description="What I can do"),
        ]
    )
    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False))
    yield bot
    await dispatcher.stop_polling()
    await polling


async def _answer(message: Message) -> None:
    if message.document is not None:
        await message.answer(f"Got <b>{message.document.file_name}</b>.", parse_mode="HTML")
        content = BufferedInputFile(b"<opml/>" * 300, "subscriptions.opml")
        await message.answer_document(content, caption="Here is yours.")
        return
    if message.location is not None:
        await message.answer("You are near Berlin. Time zone: Europe/Berlin.")
        return
    match message.text:
        case "/start":
            await message.answer("Hello! <b>Paste a link</b> and I follow it.\nTry /digest.", parse_mode="HTML")
        case "/digest":
            await message.answer(DIGEST, parse_mode="HTML", reply_markup=NUMBERS)
        case "/settings":
            row = [KeyboardButton(text="Share location", request_location=True), KeyboardButton(text="Skip")]
            keyboard = ReplyKeyboardMarkup(keyboard=[row], resize_keyboard=True, one_time_keyboard=True)
            await message.answer("Where are you?", reply_markup=keyboard)
        case "/photo":
            await message.answer_photo(BufferedInputFile(_picture(), "sky.png"), caption="The sky")
        case "/html":
            await message.answer("<b>not markup</b><img src=x onerror=alert(1)>")
        case _:
            await message.answer(f"You said: {message.text}")


async def _answer_tap(query: CallbackQuery) -> None:
    message = query.message
    assert isinstance(message, Message)
    match query.data:
        case "up":
            await query.answer("More like this 👍")
        case "down":
            await query.answer("Less like this, then.", show_alert=True)
        case "remove":
            await message.delete()
            await query.answer("Removed")
        case "refresh":
            await asyncio.sleep(0.4)
            await query.answer()
            await message.edit_text("<b>Nothing new</b> since then.", parse_mode="HTML", reply_markup=ANSWERED)
        case _:
            await query.answer()
            await message.answer(
                "<b>A telescope the size of a continent</b>\n\nRadio dishes on <code>4</code> continents now look at "
                "the same spot.\n\n<tg-spoiler>They saw a black hole.</tg-spoiler>",
                parse_mode="HTML",
                reply_markup=ANSWERED,
            )


def _picture() -> bytes:
    """A small PNG, made by hand: an evening sky."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    width, height = 320, 180
    rows = b"".join(b"\0" + bytes((60 + y // 2, 120 + y // 2, 220)) * width for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


async def open_chat(browser: Browser, telegram: FakeTelegram, query: str = "", **options: Any) -> Page:
    """The page, with every error of its script and every refused resource as a failure of the test."""
    page = await browser.new_page(locale="en-GB", **options)
    page.set_default_timeout(10_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.problems = problems  # type: ignore[attr-defined]
    await page.goto(f"{telegram.base_url}/chat{query}")
    return page


async def shoot(page: Page, name: str) -> None:
    if SHOTS:
        await page.wait_for_timeout(350)
        await page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


async def write(page: Page, text: str) -> None:
    await page.get_by_label("Message", exact=True).fill(text)
    await page.keyboard.press("Enter")


async def test_a_first_conversation(browser: Browser, telegram: FakeTelegram, answering: Bot) -> None:
    page = await open_chat(browser, telegram, viewport={"width": 1100, "height": 780})
    await expect(page.get_by_text("Press Start")).to_be_visible()
    await shoot(page, "empty-light")
    await page.get_by_role("button", name="Start", exact=True).click()
    log = page.get_by_role("log")
    await expect(log.get_by_text("Paste a link")).to_be_visible()
    await answering.send_chat_action(1, "typing")
    await expect(page.get_by_text("typing…")).to_be_visible()
    await log.get_by_role("button", name="/digest").click()
    await expect(log.get_by_text("A telescope the size of a continent")).to_be_visible()
    await expect(log.locator("strong", has_text="Your digest")).to_be_visible()
    link = log.get_by_role("link", name="example.org", exact=True)
    assert await link.get_attribute("rel") == "noopener noreferrer"
    await shoot(page, "digest-light")
    await log.get_by_role("button", name="1", exact=True).click()
    await expect(log.get_by_text("Radio dishes")).to_be_visible()
    await log.get_by_role("button", name="👍").click()
    await expect(page.get_by_text("More like this 👍")).to_be_visible()
    await shoot(page, "card-light")
    await log.get_by_role("button", name="👎").click()
    await expect(page.get_by_role("dialog").get_by_text("Less like this, then.")).to_be_visible()
    await shoot(page, "alert-light")
    await page.keyboard.press("Enter")
    await log.get_by_role("button", name="Remove").click()
    await expect(log.get_by_text("Radio dishes")).to_have_count(0)
    await log.get_by_role("button", name="Refresh").click()
    await expect(log.locator("[aria-busy=true]")).to_have_count(1)
    await expect(log.get_by_text("Nothing new")).to_be_visible()
    assert page.problems == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_on_a_phone(browser: Browser, telegram: FakeTelegram, answering: Bot, scheme: str) -> None:
    page = await open_chat(
        browser, telegram, viewport={"width": 390, "height": 844}, color_scheme=scheme, device_scale_factor=2
    )
    await write(page, "/digest")
    log = page.get_by_role("log")
    await expect(log.get_by_text("Your digest")).to_be_visible()
    await shoot(page, f"phone-digest-{scheme}")
    await log.get_by_role("button", name="2", exact=True).click()
    await expect(log.get_by_text("Radio dishes")).to_be_visible()
    await write(page, "/settings")
    await expect(page.get_by_role("button", name="Share location")).to_be_visible()
    await shoot(page, f"phone-card-{scheme}")
    await page.get_by_role("button", name="Share location").click()
    await page.get_by_label("Latitude, longitude").fill("52.52, 13.405")
    await shoot(page, f"phone-location-{scheme}")
    await page.get_by_role("dialog").get_by_role("button", name="Send").click()
    await expect(log.get_by_text("You are near Berlin")).to_be_visible()
    await page.get_by_label("Message", exact=True).press_sequentially("/s")
    await expect(page.get_by_role("option")).to_have_count(2)
    await shoot(page, f"phone-menu-{scheme}")
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, "the page scrolls sideways"
    await page.keyboard.press("Escape")
    assert page.problems == []  # type: ignore[attr-defined]


async def test_files_photos_and_markup_that_is_none(
    browser: Browser, telegram: FakeTelegram, answering: Bot, tmp_path: Path
) -> None:
    page = await open_chat(browser, telegram, viewport={"width": 900, "height": 900}, color_scheme="dark")
    mine = tmp_path / "my feeds.opml"
    mine.write_text("<opml version='2.0'/>")
    await page.locator("#file").set_input_files(mine)
    log = page.get_by_role("log")
    await expect(log.get_by_text("Got my feeds.opml.")).to_be_visible()
    await expect(log.get_by_text("Here is yours.")).to_be_visible()
    async with page.expect_download() as download:
        await log.get_by_role("link", name="subscriptions.opml").click()
    assert Path(await (await download.value).path()).read_bytes() == b"<opml/>" * 300
    await write(page, "/photo")
    picture = log.get_by_role("img", name="Photo")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 320
    await write(page, "/html")
    await expect(log.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    assert await log.locator("img[src=x]").count() == 0
    await shoot(page, "files-dark")
    assert page.problems == []  # type: ignore[attr-defined]


async def test_what_was_said_is_there_after_a_reload_and_each_person_has_a_chat(
    browser: Browser, telegram: FakeTelegram, answering: Bot
) -> None:
    page = await open_chat(browser, telegram)
    await write(page, "one")
    log = page.get_by_role("log")
    await expect(log.get_by_text("You said: one")).to_be_visible()
    await page.get_by_label("Message", exact=True).fill("half a thou")
    await page.reload()
    await expect(log.get_by_text("You said: one")).to_be_visible()
    await expect(page.get_by_label("Message", exact=True)).to_have_value("half a thou")
    await page.get_by_role("button", name="You").click()
    await shoot(page, "people-light")
    await page.get_by_role("link", name="+ Another person").click()
    await expect(page.get_by_text("Press Start")).to_be_visible()
    await write(page, "two")
    await expect(log.get_by_text("You said: two")).to_be_visible()
    assert [message["text"] for message in await telegram.messages(2)] == ["two", "You said: two"]
    await page.get_by_role("button", name="Person 2").click()
    await page.get_by_label("Block the bot").check()
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("button", name="Restart the bot").click()
    await expect(log.get_by_text("Hello!")).to_be_visible()
    await expect(page.get_by_label("Message", exact=True)).to_be_visible()


async def test_the_page_finds_a_server_that_was_restarted(browser: Browser, tmp_path: Path) -> None:
    telegram = FakeTelegram(tmp_path)
    async with telegram:
        page = await open_chat(browser, telegram)
        await write(page, "before")
        await expect(page.get_by_role("log").get_by_text("before")).to_be_visible()
    await expect(page.get_by_text("connecting…")).to_be_visible()
    async with telegram:
        await telegram.say("from elsewhere")
        await expect(page.get_by_role("log").get_by_text("from elsewhere")).to_be_visible()
        await expect(page.get_by_role("log").get_by_text("before")).to_have_count(1)


async def test_a_long_chat_loads_piece_by_piece(browser: Browser, telegram: FakeTelegram) -> None:
    for number in range(130):
        await telegram.say(f"number {number}")
    page = await open_chat(browser, telegram)
    log = page.get_by_role("log")
    await expect(log.get_by_text("number 129", exact=True)).to_be_in_viewport()
    await expect(log.get_by_text("number 29", exact=True)).to_have_count(0)
    await page.get_by_role("button", name="Earlier messages").click()
    await expect(log.get_by_text("number 0", exact=True)).to_have_count(1)
    await expect(page.get_by_role("button", name="Earlier messages")).to_be_hidden()
    assert await log.locator(".message").count() == 130
