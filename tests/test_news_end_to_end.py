"""News API through the whole process: a key and a topic typed in the chat become a digest; the key is found nowhere."""

import gzip
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contentsync.db.base import utc_now
from tests.fakes.newsapi import FakeNewsApi
from tests.instance import Instance, has_button, says

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

KEY = "0123456789abcdef0123456789abcdef"


def contents(directory: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below, unpacked."""
    for path in directory.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            yield path, gzip.decompress(content) if path.suffix == ".gz" else content


async def test_from_a_key_in_the_chat_to_a_digest(tmp_path: Path) -> None:
    async with FakeNewsApi(key=KEY, now=utc_now()) as api:
        for number in range(3):
            published_at = api.now - timedelta(hours=25 + number)
            api.publish("rust", "en", f"Rust news {number}", f"https://example.org/{number}", published_at)
        async with Instance(tmp_path, NEWSAPI_BASE_URL=api.base_url) as chat:
            await chat.ask("/start")
            page = await chat.ask("/connect", has_button("Connect News API"))
            await chat.tap(page, "Connect News API")
            question = await chat.wait_for(says("News API key"), after=page["message_id"])
            await chat.ask(KEY, says("News API is connected"))
            said = await chat.messages(after=question["message_id"])
            assert KEY not in str(said), "the message with the key is deleted"
            await chat.ask("/topics rust", says("3 articles now"))
            digest = await chat.ask("/digest", says("Rust news 1"))
            assert "Jo Doe (Example News)" in digest["text"] or "rust" in digest["text"]
            sources = await chat.ask("/sources", says("News API"))
            assert "fine" in sources["text"]
        assert api.refused == []
        searched = 0
        for path, content in contents(tmp_path):
            searched += 1
            assert KEY.encode() not in content, path
        assert searched >= 5, "the database, Temporal's file, the local chat's, the archive, the log"
