"""A YouTube account in a whole process: from /youtube over Google's consent page to the channels and their videos."""

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.fakes.google import FakeGoogle
from tests.histories_text import readable
from tests.instance import Instance, has_button, says
from tests.living import consent, sign_in_link

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

CHANNELS = {"UC" + letter * 22: f"Channel {letter}" for letter in "abc"}
VIDEOS = {
    "Channel a": "How kilns are fired",
    "Channel b": "Sourdough after three days",
    "Channel c": "Ferries of the far north",
}


async def histories(chat: Instance) -> str:
    """Everything that Temporal keeps of every workflow of this instance."""
    recorded = json.loads((chat.data / "temporal.json").read_text())
    client = await Client.connect(f"127.0.0.1:{recorded['port']}")
    found = []
    async for one in client.list_workflows():
        found.append(readable(await client.get_workflow_handle(one.id, run_id=one.run_id).fetch_history()))
    return "\n".join(found)


async def test_from_the_chat_to_google_and_back(tmp_path: Path) -> None:
    async with FakeGoogle() as google:
        for channel_id, title in CHANNELS.items():
            google.subscribe(channel_id, title)
            google.publish(channel_id, f"video-{title[-1]}-1", VIDEOS[title], seconds=933)
        async with Instance(tmp_path, **google.settings()) as chat:
            await chat.ask("/start")
            back, page = await consent(await sign_in_link(chat))
            assert back.startswith(f"http://localhost:{chat.port}/oauth2/callback?")
            assert page.status_code == 200
            assert "Thank you" in page.text
            assert f'href="http://localhost:{chat.port}/chat"' in page.text
            await chat.wait_for(says("Connected: Channel of me (@me)"))
            listed = await asyncio.wait_for(_all_listed(chat), 20)
            assert all(title in listed for title in CHANNELS.values())
            digest = await chat.ask("/digest", says("How kilns are fired"))
            assert "Ferries of the far north" in digest["text"]
            state = await chat.ask("/youtube", says("3 channels followed"))
            assert "Connected" in state["text"]
            assert google.units == 2

            replayed = await chat.get(back.partition(str(chat.port))[2])
            assert (replayed.status_code, "done already" in replayed.text) == (409, True)
            forged = await chat.get("/oauth2/callback?state=forged&code=x")
            assert (forged.status_code, "leads nowhere" in forged.text) == (400, True)
            late = await sign_in_link(chat)
            with sqlite3.connect(chat.data / "contentsync.db", timeout=10) as connection:
                connection.execute("UPDATE oauth_state SET expires_at = '2026-01-01 00:00:00.000000'")
            assert (await consent(late))[1].status_code == 410
            google.declines = True
            assert (await consent(await sign_in_link(chat)))[1].status_code == 403

            secrets = {s for s in google.secrets if s.startswith(("4/0A", "ya29.", "1//0"))} | {google.client_secret}
            assert len(secrets) >= 4
            kept = await histories(chat)
            assert "puller.ConnectAccount" in kept
            assert '"draft_id":' in kept, "payloads are read, too"
            assert [secret for secret in secrets if secret in kept] == []
            account = await chat.ask("/youtube", says("3 channels followed"))
            await chat.tap(account, "Disconnect")
            question = await chat.wait_for(has_button("Disconnect, unfollow"), after=account["message_id"] - 1)
            await chat.tap(question, "Disconnect, unfollow")
            await chat.wait_for(says("no longer followed"), after=account["message_id"] - 1)
            await asyncio.wait_for(_grant_ended(google), 20)
            assert await chat.stop() == 0
            files = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
            assert {"contentsync.db", "temporal.db", "stderr.log"} <= {path.name for path in files}
            found = [
                (path.name, secret[:4]) for path in files for secret in secrets if secret.encode() in path.read_bytes()
            ]
            assert found == []


async def _all_listed(chat: Instance) -> str:
    while True:
        listed = (await chat.ask("/sources"))["text"]
        if all(title in listed for title in CHANNELS.values()) and "waiting" not in listed:
            return str(listed)
        await asyncio.sleep(0.3)


async def _grant_ended(google: FakeGoogle) -> None:
    while google.has_grant():
        await asyncio.sleep(0.1)
