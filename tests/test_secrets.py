"""After a whole run with everything that is secret in it: nobody who reads files, logs or histories finds any of it."""

import asyncio
import json
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from temporalio.client import Client

from contentsync.puller.contract import HOUSEKEEPING
from tests.fakes.feeds import rss
from tests.fakes.telegram import FakeTelegram, Json
from tests.fakes.web import FakeWeb
from tests.finding import find_secrets
from tests.instance import Instance

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

FEED_TOKEN = "feed-token-4f9a1c7e"
UNFOLLOWED_TOKEN = "other-token-88d1e02b"
TYPED = "typed-secret-place-61b7"
NECESSARY = {
    "row contentsync.db source.url", "row contentsync.db source.key", "row contentsync.db raw_document.url",
    "file data/contentsync.db", "file data/contentsync.db-wal",
}  # fmt: skip
"""A private feed is asked for by its address, and its raw answer says where it came from: both have to keep it."""


async def wait_for_bot(telegram: FakeTelegram, after: int, words: str = "", button: str = "") -> Json:
    """The bot's first message after this one with these words and a button that begins so."""

    def wanted(message: Json) -> bool:
        labels = [b["text"] for row in message.get("reply_markup", {}).get("inline_keyboard", []) for b in row]
        is_labelled = not button or any(label.startswith(button) for label in labels)
        return message["from"]["is_bot"] and words in message.get("text", "") and is_labelled

    return await telegram.wait_for(wanted, 30, after=after)


async def tap(telegram: FakeTelegram, message: Json, label: str) -> None:
    rows = message["reply_markup"]["inline_keyboard"]
    data = next(b["callback_data"] for row in rows for b in row if b["text"].startswith(label))
    await telegram.tap(message["message_id"], data)


async def live(instance: Instance, telegram: FakeTelegram, web: FakeWeb) -> None:
    """Everything a person can do today that has a secret in it, going well and badly."""
    private = web.url(f"/private/feed.xml?token={FEED_TOKEN}")
    web.serve("/private/feed.xml", rss("cellar", 3), content_type="application/rss+xml")
    await wait_for_bot(telegram, await telegram.say("/start"))
    offer = await wait_for_bot(telegram, await telegram.say(private), button="Follow")
    await tap(telegram, offer, "Follow")
    await wait_for_bot(telegram, offer["message_id"] - 1, button="Unfollow")
    await wait_for_bot(telegram, await telegram.say("/digest"), "cellar story 1")

    web.fail("/other/feed.xml", 500)
    await wait_for_bot(telegram, await telegram.say("/add"))
    await wait_for_bot(telegram, await telegram.say(web.url(f"/other/feed.xml?token={UNFOLLOWED_TOKEN}")), "500")
    await wait_for_bot(telegram, await telegram.say(f"{web.url('/x')}#{UNFOLLOWED_TOKEN}"))
    settings = await wait_for_bot(telegram, await telegram.say("/settings"), button="Time zone")
    await tap(telegram, settings, "Time zone")
    asked = await wait_for_bot(telegram, settings["message_id"])
    await wait_for_bot(telegram, max(asked["message_id"], await telegram.say(TYPED)))
    await telegram.say("/cancel")

    telegram.faults.drop_before("getUpdates")
    telegram.faults.server_error("sendMessage")
    web.fail("/private/feed.xml", 500)
    await wait_for_bot(telegram, await telegram.say("/help"))
    async with asyncio.timeout(60):
        while (await wait_for_bot(telegram, await telegram.say("/sources")))["text"].find("failing") < 0:
            await asyncio.sleep(1)
    await keep_house(instance)


async def keep_house(instance: Instance) -> None:
    """Have the day's housekeeping done now, and wait for it."""
    port = json.loads((instance.data / "temporal.json").read_text())["port"]
    client = await Client.connect(f"127.0.0.1:{port}")
    await client.get_schedule_handle("housekeeping").trigger()
    async with asyncio.timeout(30):
        while not [run async for run in client.list_workflows(f"WorkflowType = '{HOUSEKEEPING}'") if run.close_time]:
            await asyncio.sleep(0.2)


async def test_secrets_stay_where_they_belong(tmp_path: Path) -> None:
    key = Fernet.generate_key().decode()
    (tmp_path / "telegram").mkdir()
    directory = tmp_path / "instance"
    directory.mkdir()
    async with FakeTelegram(tmp_path / "telegram") as telegram, FakeWeb() as web:
        secrets = [telegram.token, telegram.token.partition(":")[2], key, FEED_TOKEN, UNFOLLOWED_TOKEN, TYPED]
        instance = Instance(
            directory,
            TELEGRAM_BOT_TOKEN=telegram.token,
            TELEGRAM_API_BASE_URL=telegram.base_url,
            CONTENTSYNC_ACCESS="open",
            CONTENTSYNC_SECRET_KEY=key,
            CONTENTSYNC_MIN_PULL_INTERVAL_MINUTES="0",
            CONTENTSYNC_MAX_PULL_INTERVAL_MINUTES="0",
        )
        async with instance:
            await live(instance, telegram, web)
            running = await find_secrets(instance, secrets)
            everywhere = await find_secrets(
                instance, ["cellar story 2", "puller.FindFeeds", "bot_seconds=", "Ready after"]
            )
        stopped = await find_secrets(instance, secrets)

    for found in (running, stopped):
        for secret in secrets:
            warc = {place for place in found[secret] if place.startswith("warc data/raw/")}
            allowed = NECESSARY | warc if secret == FEED_TOKEN else set()
            assert found[secret] <= allowed, f"{secret} is in {sorted(found[secret] - allowed)}"
    assert "row contentsync.db source.url" in stopped[FEED_TOKEN]
    assert "row contentsync.db item.title" in everywhere["cellar story 2"], "what is looked for is found"
    assert any(place.startswith("warc data/raw/") for place in everywhere["cellar story 2"])
    assert {"file data/temporal.db", "row temporal.db history_node.data"} <= everywhere["puller.FindFeeds"]
    assert any(place.startswith("history ") for place in everywhere["puller.FindFeeds"])
    assert "stdout" in everywhere["Ready after"]
    assert everywhere["bot_seconds="] == {"file stderr.log"}
