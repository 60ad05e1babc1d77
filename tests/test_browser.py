"""A newcomer in a real browser: opens /chat, pastes a link, taps Follow, reads the digest."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.fakes.feeds import newspaper
from tests.fakes.web import FakeWeb
from tests.instance import Instance, says

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PICTURES = os.environ.get("CHAT_SHOTS", "")
"""A directory for screenshots; none are taken when it is not set."""
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


PAPERS = {
    "Harbour Weekly": {
        "The night ferry is back, and it is electric": "The first crossing took nine hours and used no fuel at all. "
        "Tickets cost what the slow train costs, and the café is open all night.",
        "A lighthouse keeper's guide to reading clouds": "Forty years of notes on what the sky says before the radio.",
        "Why the tide tables were wrong for a week": "A moved sensor, a missing minus sign, and three dry boats.",
        "Small harbours count their whales": "Volunteers on eleven piers compare what they saw since March.",
        "What it costs to keep a wooden boat": "An honest account, by month and by bucket of paint.",
    },
    "Observatory Notes": {
        "A quiet star turns out to be two": "Two years of patient nights, and one calibration that nobody believed.",
        "Building a telescope from a filing cabinet": "The mirror was the easy part.",
        "How to photograph a comet with a phone": "A tripod, a timer, and the patience to throw most of it away.",
        "The asteroid that visits every 61 years": "It is back in May. Our grandparents left notes for us.",
        "Dark skies within an hour of the city": "Seven places, with the last bus home.",
    },
    "Compiler Letters": {
        "Parsing at the speed of memory": "Where the last factor of two was hiding: in the allocator, as ever.",
        "A bug that only happened on Thursdays": "Week numbers, caches, and a very long train of coincidences.",
        "Ten years of one small language": "What was right, what was luck, and what we would never do again.",
        "Types for people who dislike types": "Start at the edges and let the middle come to you.",
        "The case for boring build systems": "Nobody remembers a build that works. That is the point.",
    },
}


async def picture(page: Page, name: str) -> None:
    """Keep a screenshot if they are wanted."""
    if PICTURES:
        await page.wait_for_timeout(400)
        await page.screenshot(path=f"{PICTURES}/{name}.png")


async def test_from_an_open_page_to_a_digest(tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("NO CHROMIUM on this machine: the way through the browser was not tested")
    async with FakeWeb() as web, Instance(tmp_path) as chat, async_playwright() as playwright:
        for number, (title, headlines) in enumerate(PAPERS.items()):
            web.serve(f"/{number}", newspaper(title, headlines), content_type="application/rss+xml")
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 900, "height": 1120}, color_scheme="light")
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        await page.goto(f"http://127.0.0.1:{chat.port}/chat")
        await page.get_by_role("button", name="Start").click()
        await expect(page.get_by_text("Paste a link")).to_be_visible(timeout=15_000)
        for number, title in enumerate(PAPERS):
            await page.locator("#input").fill(web.url(f"/{number}"))
            await page.keyboard.press("Enter")
            await page.get_by_role("button", name="Follow", exact=True).last.click(timeout=15_000)
            await expect(page.get_by_text(f"Following {title}")).to_be_visible(timeout=15_000)
        await picture(page, "followed-light")
        await page.locator("#input").fill("/digest")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("link", name="The night ferry is back, and it is electric")).to_be_visible(
            timeout=15_000
        )
        await page.wait_for_timeout(4_000)  # until the toast has gone
        await picture(page, "chat-light")
        await page.emulate_media(color_scheme="dark")
        await picture(page, "chat-dark")
        await page.set_viewport_size({"width": 390, "height": 844})
        await picture(page, "phone-dark")
        digest = await chat.wait_for(says("The night ferry"))
        number = digest["text"].split(". The night ferry")[0].rsplit("\n", 1)[-1]
        await page.get_by_role("button", name=number, exact=True).last.click()
        await expect(page.get_by_text("used no fuel at all")).to_be_visible(timeout=15_000)
        await picture(page, "card-phone-dark")
        await page.emulate_media(color_scheme="light")
        await picture(page, "card-phone-light")
        await page.locator("#input").fill("/connect")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Connect newsletters by mail")).to_be_visible(timeout=15_000)
        await picture(page, "connect-phone-light")
        await browser.close()
        assert failures == []
