"""What a person is told about a link that leads nowhere good: each case through the whole process."""

from pathlib import Path

import pytest

from tests.fakes.web import FakeWeb, Reply
from tests.instance import Instance

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


async def test_every_bad_link_gets_its_own_sentence(tmp_path: Path) -> None:
    async with FakeWeb() as web, Instance(tmp_path) as chat:
        web.serve("/page", b"<html><body><p>Nothing to follow here.</p></body></html>", content_type="text/html")
        web.serve("/feed.xml", b"<!doctype html><html><body>moved</body></html>", content_type="application/rss+xml")
        web.serve("/large", b"<p>" + b"x" * 10_500_000, content_type="text/html")
        web.reply("/silent", Reply(hang=True))
        web.fail("/broken", 500)
        web.fail("/gone", 404)
        web.fail("/busy", 429, retry_after="120")
        web.fail("/forbidden", 403)
        web.redirect("/circle", "/circle")
        web.serve("/picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, content_type="image/png")
        await chat.ask("/start")
        expected = {
            "/add http://": "link",
            "https://user:secret@example.org/feed": "password",
            web.url("/page"): "no feed",
            web.url("/feed.xml"): "no feed",
            web.url("/large"): "10 MB",
            web.url("/silent"): "too slow",
            web.url("/broken"): "500",
            web.url("/gone"): "404",
            web.url("/busy"): "429",
            web.url("/forbidden"): "403",
            web.url("/circle"): "circles",
            web.url("/picture"): "image",
            "http://127.0.0.1:4/": "does not answer",
        }
        said = {link: (await chat.ask(link, seconds=60))["text"] for link in expected}
        for link, sentence in said.items():
            print(f"{link:45} {sentence}")
        missing = {link: said[link] for link, words in expected.items() if words not in said[link]}
        assert missing == {}
        assert "secret" not in "".join(said.values())


async def test_private_addresses_are_refused_by_default(tmp_path: Path) -> None:
    async with FakeWeb() as web, Instance(tmp_path, CONTENTSYNC_ALLOW_PRIVATE_NETWORKS="false") as chat:
        await chat.ask("/start")
        for link in (
            web.url("/feed.xml"),
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]:80/",
            "http://0x7f.1/",
        ):
            answer = await chat.ask(link)
            print(f"{link:45} {answer['text']}")
            assert "private" in answer["text"]
        assert web.connections == 0
