"""Newsletters through a whole process: from a mailbox into a digest, and no password on the disk."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.imap import FakeImap
from tests.fakes.mails import letter, newsletter
from tests.fakes.web import self_signed
from tests.instance import Instance, says

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

SECRETS = ("hush-app-password", "SECRET-READER", "PRIVATE-WORDS", "anna.ash")


async def test_an_issue_comes_with_the_digest(tmp_path: Path) -> None:
    tls, certificate = self_signed(tmp_path, "127.0.0.1")
    async with (
        FakeImap(tls, password=SECRETS[0]) as imap,
        Instance(tmp_path, SSL_CERT_FILE=str(certificate)) as chat,
    ):
        imap.add(letter())
        imap.add(newsletter(sent_at=datetime.now(UTC)))
        await chat.ask("/start")
        page = await chat.ask("/newsletters")
        await chat.tap(page, "Connect a mailbox")
        await chat.wait_for(says("Which mailbox"))
        await chat.ask(f"me@example.org 127.0.0.1:{imap.port}", says("Send me the password"))
        await chat.say(SECRETS[0])
        offer = await chat.wait_for(says("A newsletter in me@example.org"), seconds=40)
        connected = await chat.wait_for(says("Connected: me@example.org"), seconds=40)
        assert connected["message_id"] < offer["message_id"]
        assert SECRETS[0] not in [message.get("text") for message in await chat.messages()]
        await chat.tap(offer, "Follow Tin Weekly")
        await chat.wait_for(says("One issue now"), seconds=40)
        digest = await chat.ask("/digest", says("Issue 1 of Tin Weekly"), seconds=40)
        assert "Tin Weekly" in digest["text"]
        await chat.stop()
        assert imap.changes == []
        log = (tmp_path / "stderr.log").read_bytes()
        ours = [path for path in chat.data.rglob("*") if path.is_file()]
        stored = {path: path.read_bytes() for path in ours}
        found = [
            (str(path.relative_to(chat.data)), secret)
            for path, content in [*stored.items(), (chat.data / "log", log)]
            for secret in SECRETS
            if secret.encode() in content and "owned" not in path.parts
        ]
        assert found == []
