"""Which hosts belong together, and how much is asked of them at once."""

import asyncio
import gc

import pytest

from contentsync.puller.hosts import AT_ONCE, AT_ONCE_PER_FAMILY, HostSlots, host_family


@pytest.mark.parametrize(
    ("url", "family"),
    [
        ("https://example.org/feed", "example.org"),
        ("https://Blog.Example.org./feed", "example.org"),
        ("https://a.b.c.example.org:8443/feed", "example.org"),
        ("https://news.example.co.uk/feed", "example.co.uk"),
        ("https://example.co.uk/feed", "example.co.uk"),
        ("https://blog.heise.de/feed", "heise.de"),
        ("http://127.0.0.7:8000/feed", "127.0.0.7"),
        ("http://[::1]:8000/feed", "::1"),
        ("http://localhost/feed", "localhost"),
        ("not a link", ""),
        ("http://[broken/", ""),
    ],
)
def test_host_family(url: str, family: str) -> None:
    assert host_family(url) == family


async def test_a_family_gets_few_requests_at_once_and_keeps_nobody_else_waiting() -> None:
    slots = HostSlots()
    end = asyncio.Event()
    inside: list[str] = []

    async def ask(url: str) -> None:
        async with slots.slot(url):
            inside.append(url)
            await end.wait()

    slow = [asyncio.create_task(ask(f"http://{n}.slow.org/")) for n in range(AT_ONCE * 2)]
    others = [asyncio.create_task(ask(f"http://127.0.0.{n}/")) for n in range(AT_ONCE * 2)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(inside) == AT_ONCE
    assert sum("slow" in url for url in inside) == AT_ONCE_PER_FAMILY
    end.set()
    await asyncio.gather(*slow, *others)
    assert len(inside) == AT_ONCE * 4


async def test_families_nobody_talks_to_are_forgotten() -> None:
    slots = HostSlots()
    for number in range(50):
        async with slots.slot(f"http://{number}.{number}.org/"):
            pass
    gc.collect()
    assert len(slots._families) == 0
