"""A person and their newsletters, from /newsletters to the last one unsubscribed."""

import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.bot.front import Json, buttons, send_button
from tests.bot.handlers.mailbox_front import MailFront
from tests.fakes.mails import confirmation, letter, newsletter

APP_PASSWORD = "hush-app-password"


@pytest.fixture
async def front(tmp_path: Path, temporal_dev: WorkflowEnvironment) -> AsyncIterator[MailFront]:
    async with MailFront(tmp_path, temporal_dev.client) as front:
        front.imap.password = APP_PASSWORD
        yield front


async def _has(front: MailFront, words: str, after: int = 0, seconds: float = 10) -> Json:
    return await front.telegram.wait_for(
        lambda m: m["from"]["is_bot"] and words in m.get("text", ""), seconds, after=after
    )


async def _connect(front: MailFront, password: str = APP_PASSWORD) -> Json:
    page = await front.say("/newsletters")
    await front.tap(page, "Connect a mailbox")
    question = await _has(front, "Which mailbox")
    asked = await front.say(f"me@example.org 127.0.0.1:{front.imap.port}")
    assert "Send me the password" in asked["text"]
    typed = await front.telegram.say(password)
    answer = await front.telegram.wait_for(lambda m: m["from"]["is_bot"], 20, after=typed)
    assert question["message_id"] < typed
    assert typed not in [
        message["message_id"] for message in await front.telegram.messages() if not message.get("deleted")
    ]
    return answer


async def test_from_the_mailbox_to_the_digest_and_out_again(front: MailFront, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for name in ("contentsync", "imapclient"):
        caplog.set_level(logging.DEBUG, logger=name)
    now = datetime.now(UTC)
    leave = front.lists.url("/leave?who=SECRET-READER")
    front.lists.serve("/leave?who=SECRET-READER", b"bye")
    front.imap.add(letter())
    front.imap.add(newsletter(1, sent_at=now, unsubscribe=leave))
    front.imap.add(newsletter(2, sent_at=now, unsubscribe=leave))
    front.imap.add(newsletter(1, title="Iron Daily", list_id="iron.example.org", sent_at=now, one_click=False))
    await _connect(front)
    offer = await _has(front, "2 newsletters in me@example.org")
    assert {"Tin Weekly", "Iron Daily"} == {name for name in ("Tin Weekly", "Iron Daily") if name in offer["text"]}
    await _has(front, "Connected: me@example.org")

    await front.tap(offer, "Follow Tin Weekly")
    following = await _has(front, "Following Tin Weekly")
    assert "2 issues now" in following["text"]
    page = (await front.telegram.messages(after=offer["message_id"] - 1))[0]
    assert "in your digest" in page["text"]
    assert [button["text"] for button in buttons(page)] == [
        "Follow 1",
        "No to 1",
        "Unfollow 2",
        "Connect another mailbox",
    ]

    await front.tap(page, "No to 1")
    await front.becomes(page, "not in your digest")
    page = (await front.telegram.messages(after=offer["message_id"] - 1))[0]
    await front.tap(page, "Unfollow 2")  # the same number as before
    goodbye = await _has(front, "it still comes to your mailbox")
    assert "127.0.0.1" in goodbye["text"]
    await front.tap(goodbye, "Unsubscribe for good")
    await front.becomes(goodbye, "you are off the list", seconds=10)
    (request,) = front.lists.requests
    assert (request.method, request.target) == ("POST", "/leave?who=SECRET-READER")
    assert "cookie" not in request.headers
    assert "unsubscribed" in (await front.say("/newsletters"))["text"]
    assert front.imap.changes == []

    await _secrets_are_nowhere(front, caplog, [APP_PASSWORD, "SECRET-READER", "PRIVATE-WORDS", "anna.ash"])


async def _secrets_are_nowhere(front: MailFront, caplog: pytest.LogCaptureFixture, secrets: list[str]) -> None:
    """Neither in the database, nor in Temporal's history, nor in a log."""
    async with front.db.engine.connect() as connection:
        names = await connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        rows: list[Any] = []
        for (name,) in list(names):
            rows += list(await connection.exec_driver_sql(f'SELECT * FROM "{name}"'))
    histories = []
    async for run in front.temporal.list_workflows(f'TaskQueue = "{front.settings.task_queue}"'):
        handle = front.temporal.get_workflow_handle(run.id, run_id=run.run_id)
        histories.append((await handle.fetch_history()).to_json())
    assert any("puller.LeaveList" in history for history in histories)
    places = {"database": repr(rows), "history": json.dumps(histories), "logs": caplog.text}
    found = [(place, secret) for place, text in places.items() for secret in secrets if secret in text]
    assert found == []
    assert "me@example.org" not in places["history"]


async def test_a_wrong_password_is_explained_and_forgotten(front: MailFront) -> None:
    answer = await _connect(front, password="wrong")
    assert "I could not open that mailbox" in answer["text"]
    assert "app password" in answer["text"]
    assert (await front.say("/newsletters"))["text"].startswith("No mailbox is connected")


async def test_a_confirmation_is_a_button(front: MailFront) -> None:
    mail = confirmation().replace(
        b"Sun, 22 Nov 2026 12:00:00 +0000", f"{datetime.now(UTC):%d %b %Y %H:%M:%S} +0000".encode()
    )
    front.imap.add(mail)
    await _connect(front)
    notice = await _has(front, "asks you to confirm")
    assert "example.org" in notice["text"]
    assert [(button["text"], button["url"]) for button in buttons(notice)] == [
        ("Confirm subscription", "https://tin.example.org/confirm?token=CONFIRM-TOKEN")
    ]


async def test_a_password_that_looks_like_a_link_is_still_a_password(front: MailFront) -> None:
    front.imap.password = "hunter.me"
    answer = await _connect(front, password="hunter.me")
    assert "Connected: me@example.org" in answer["text"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("me@gmail.com", "app password here"),
        ("me@hotmail.com", "no longer lets programs"),
        ("me@proton.me", "Bridge"),
        ("me@tuta.com", "does not let other programs"),
        ("me@gmx.de", "allow IMAP first"),
        ("me@my-own.example", "usual names of its server"),
        ("nonsense", "I cannot read that as an address"),
    ],
)
async def test_each_provider_gets_its_own_words(front: MailFront, typed: str, words: str) -> None:
    page = await front.say("/newsletters")
    await front.tap(page, "Connect a mailbox")
    await _has(front, "Which mailbox")
    assert words in (await front.say(typed))["text"]


async def test_nobody_touches_the_newsletters_of_others(front: MailFront) -> None:
    front.imap.add(newsletter(sent_at=datetime.now(UTC)))
    await _connect(front)
    offer = await _has(front, "A newsletter in me@example.org")
    (follow, _no) = buttons(offer)
    await front.say("/start", from_id=2)
    stranger = await send_button(front, follow["callback_data"], chat_id=2)
    await front.telegram.tap(stranger["message_id"], follow["callback_data"], 2)
    await front.say("/help", from_id=2)
    assert "not decided yet" in (await front.say("/newsletters"))["text"]


async def test_unfollowing_in_sources_offers_to_leave_the_list(front: MailFront) -> None:
    front.imap.add(newsletter(sent_at=datetime.now(UTC), unsubscribe="https://tin.example.org/page", one_click=False))
    await _connect(front)
    offer = await _has(front, "A newsletter in me@example.org")
    await front.tap(offer, "Follow Tin Weekly")
    await _has(front, "One issue now")
    listed = await front.say("/sources")
    assert "Tin Weekly" in listed["text"]
    await front.tap(listed, "Unfollow 1")
    await front.becomes(listed, "Unfollow Tin Weekly?")
    await front.tap((await front.telegram.messages(after=listed["message_id"] - 1))[0], "Yes, unfollow")
    goodbye = await _has(front, "Its own page takes you off the list")
    assert [button["url"] for button in buttons(goodbye)] == ["https://tin.example.org/page"]
    assert "not in your digest" in (await front.say("/newsletters"))["text"]


async def test_a_password_that_no_longer_works_is_told_once_and_can_be_renewed(front: MailFront) -> None:
    front.imap.add(newsletter(sent_at=datetime.now(UTC)))
    await _connect(front)
    offer = await _has(front, "A newsletter in me@example.org")
    front.imap.password = "new-password"
    await front.tap(offer, "Follow Tin Weekly")
    refused = await _has(front, "I can no longer open me@example.org")
    await _has(front, "Its issues come with your digest", after=offer["message_id"])
    assert "Connect it again" in (await front.say("/newsletters"))["text"]
    await front.tap(refused, "Connect again")
    await _has(front, "Which mailbox", after=refused["message_id"])
    await front.say(f"me@example.org 127.0.0.1:{front.imap.port}")
    await front.telegram.say("new-password")
    await _has(front, "Connected: me@example.org", after=refused["message_id"])
    page = (await front.say("/newsletters"))["text"]
    assert "fine, last looked a moment ago" in page
    listed = await front.say("/sources")
    assert "fine, last new" in listed["text"], "the issues came with the new password"
