"""Record one history of each workflow from a real run: python -m tests.record_histories SHAPE

Writes tests/histories/<workflow>.<SHAPE>.json, where SHAPE names what this version of the commands is (a date). A file
that exists is never written again: histories of shipped shapes stay as they were.
"""

import asyncio
import json
import re
import socket
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client, WorkflowExecutionStatus

from tests.fakes.feeds import rss
from tests.fakes.web import FakeWeb
from tests.instance import Instance, has_button, says

HISTORIES = Path(__file__).parent / "histories"


async def record(shape: str) -> None:
    """Live through everything once, and keep the longest finished history of each workflow type."""
    with tempfile.TemporaryDirectory() as folder:
        async with FakeWeb() as web, Instance(Path(folder)) as chat:
            await live(web, chat)
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


async def save(client: Client, shape: str) -> None:
    """Write the longest finished history of each type that has no file of this shape."""
    longest: dict[str, str] = {}
    async for run in client.list_workflows():
        if run.status != WorkflowExecutionStatus.COMPLETED:
            continue
        text = (await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()).to_json()
        if len(text) > len(longest.get(run.workflow_type, "")):
            text = text.replace(socket.gethostname(), "host")
            longest[run.workflow_type] = re.sub(r'"identity": "[^"]*"', '"identity": "recorded"', text)
    HISTORIES.mkdir(exist_ok=True)
    for workflow_type, text in sorted(longest.items()):
        path = HISTORIES / f"{workflow_type}.{shape}.json"
        if not path.exists():
            path.write_text(text + "\n")
            print(path.name, len(text))


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1]))
