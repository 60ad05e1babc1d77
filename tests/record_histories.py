"""Record one history of each workflow from a real run: python -m tests.record_histories SHAPE

Writes tests/histories/<workflow>.<SHAPE>.json, where SHAPE names what this version of the commands is (a date), and
<workflow>.<SHAPE>-<variant>.json for each of `VARIANTS`. A file that exists is never written again: histories of
shipped shapes stay as they were.
"""

import asyncio
import json
import re
import socket
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHistory

from contentsync.bot.contract import SEND_NOTICES
from contentsync.puller.contract import CONNECT_ACCOUNT, PULL_DUE
from contentsync.puller.work import SYNC_BATCH
from tests.fakes.feeds import rss
from tests.fakes.web import FakeWeb
from tests.instance import Instance, has_button, says
from tests.living import (
    Services,
    connect_mailbox,
    connect_news,
    disconnect,
    leave_newsletters,
    sign_in,
    until_empty,
)

HISTORIES = Path(__file__).parent / "histories"
VARIANTS = {(PULL_DUE, SEND_NOTICES): "notices", (CONNECT_ACCOUNT, SYNC_BATCH): "announced"}
"""A workflow that ran this activity, too, has a file of its own; the variant's name."""
KEY = "0123456789abcdef0123456789abcdef"


async def record(shape: str) -> None:
    """Live through everything once, and keep the longest finished history of each workflow type."""
    with tempfile.TemporaryDirectory() as folder:
        services = Services(Path(folder), key=KEY)
        async with FakeWeb() as web, services, Instance(Path(folder), **services.settings()) as chat:
            await live(web, chat)
            await live_with_accounts(services, chat)
            await keep_failing(web, chat)
            port = json.loads((chat.data / "temporal.json").read_text())["port"]
            await save(await Client.connect(f"127.0.0.1:{port}"), shape)


async def live(web: FakeWeb, chat: Instance) -> None:
    """Follow a feed, ask for a digest, get a due one, and answer a question."""
    web.serve("/feed.xml", rss("history", 30), content_type="application/rss+xml")
    await chat.ask("/start")
    offer = await chat.ask(web.url("/feed.xml"), has_button("Follow"))
    await chat.tap(offer, "Follow")
    await chat.wait_for(has_button("Unfollow"), after=offer["message_id"] - 1)
    await chat.ask("/digest", says("history story 1"))
    question = await chat.ask("/add")
    assert question
    await chat.say("/cancel")
    settings = await chat.ask("/settings", has_button("Other"))
    await chat.tap(settings, "Other")
    await asyncio.sleep(2)
    await chat.ask("7:30")
    due_at = datetime.now(UTC).replace(second=0, microsecond=0)
    with sqlite3.connect(chat.data / "contentsync.db", timeout=10) as connection:
        connection.execute(
            "UPDATE subscriber SET digest_minute = ?, next_digest_at = ?",
            (due_at.hour * 60 + due_at.minute, due_at.strftime("%Y-%m-%d %H:%M:%S.%f")),
        )
        web.serve("/feed.xml", rss("future", 3), content_type="application/rss+xml")
        connection.execute("UPDATE source SET next_pull_at = ?", (due_at.strftime("%Y-%m-%d %H:%M:%S.%f"),))
    await chat.wait_for(says("history story 11"))
    port = json.loads((chat.data / "temporal.json").read_text())["port"]
    client = await Client.connect(f"127.0.0.1:{port}")
    for schedule in ("process", "housekeeping"):
        await client.get_schedule_handle(schedule).trigger()
    await asyncio.sleep(5)


async def live_with_accounts(services: Services, chat: Instance) -> None:
    """Connect an account of each kind, leave a newsletter's list, and disconnect an account."""
    services.send_mails()
    await connect_news(chat, KEY)
    await connect_mailbox(chat, services.imap)
    await leave_newsletters(chat)
    await sign_in(chat)
    await disconnect(chat, "News API")
    await until_empty(chat.data / "owned" / "1")


async def keep_failing(web: FakeWeb, chat: Instance) -> None:
    """The feed has failed for days, and fails once more: its follower is told."""
    web.fail("/feed.xml", 500)
    now = datetime.now(UTC)
    with sqlite3.connect(chat.data / "contentsync.db", timeout=10) as connection:
        connection.execute(
            "UPDATE source SET failures = 9, failing_since = ?, next_pull_at = ? WHERE url = ?",
            (f"{now - timedelta(days=4):%Y-%m-%d %H:%M:%S.%f}", f"{now:%Y-%m-%d %H:%M:%S.%f}", web.url("/feed.xml")),
        )
    await chat.wait_for(says("500"))
    await asyncio.sleep(2)


async def save(client: Client, shape: str) -> None:
    """Write the longest finished history of each type and variant that has no file of this shape."""
    longest: dict[str, str] = {}
    async for run in client.list_workflows():
        if run.status != WorkflowExecutionStatus.COMPLETED:
            continue
        history = await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
        text = re.sub(r'"identity": "[^"]*"', '"identity": "recorded"', history.to_json())
        text = re.sub(rf"\d+@{re.escape(socket.gethostname())}", "recorded", text)  # in names of sticky queues
        name = f"{run.workflow_type}.{shape}{_variant(history)}"
        if len(text) > len(longest.get(name, "")):
            longest[name] = text
    HISTORIES.mkdir(exist_ok=True)
    for name, text in sorted(longest.items()):
        path = HISTORIES / f"{name}.json"
        if not path.exists():
            path.write_text(text + "\n")
            print(path.name, len(text))


def _variant(history: WorkflowHistory) -> str:
    """What its file is called besides, "" for none."""
    started = history.events[0].workflow_execution_started_event_attributes.workflow_type.name
    ran = {event.activity_task_scheduled_event_attributes.activity_type.name for event in history.events}
    return next((f"-{name}" for (kind, ran_too), name in VARIANTS.items() if kind == started and ran_too in ran), "")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1]))
