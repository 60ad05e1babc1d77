"""Blogs that publish through a simulated day, each at an address of its own; one host allows a request a minute."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime

from aiohttp import web

STRICT = "127.3.0.1"
"""The host that answers 429 to more than one request a minute, and says so beforehand as Reddit does."""
STRICT_SECONDS = 60.0


@dataclass
class Clock:
    """The simulated time, which all stand-ins share."""

    now: datetime

    def seconds(self) -> float:
        """The same as a number, in seconds."""
        return self.now.timestamp()


@dataclass
class Blogs:
    """`async with Blogs(clock, count) as blogs:`; blog n is at `blogs.url(n)`, blogs of the strict host come last."""

    clock: Clock
    count: int
    strict: int
    day: timedelta = timedelta(hours=24)
    refused: int = 0
    """Requests that the strict host answered with 429."""
    requests: Counter[str] = field(default_factory=Counter)
    """By host."""

    def __post_init__(self) -> None:
        self._began_at = self.clock.now
        self._strict_free_at = 0.0
        self._published = {number: self._times(number) for number in range(self.count + self.strict)}

    async def __aenter__(self) -> "Blogs":
        app = web.Application()
        app.router.add_get(r"/{number:\d+}.xml", self._serve)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        first = web.TCPSite(self._runner, STRICT, 0)
        await first.start()
        self._port = self._runner.addresses[0][1]
        for number in range(self.count):
            await web.TCPSite(self._runner, self.host(number), self._port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def host(self, number: int) -> str:
        """Where a blog lives."""
        return f"127.2.{number // 200}.{1 + number % 200}" if number < self.count else STRICT

    def url(self, number: int) -> str:
        """The feed of a blog."""
        return f"http://{self.host(number)}:{self._port}/{number}.xml"

    def published(self, number: int) -> list[datetime]:
        """When the blog publishes, the oldest first."""
        return self._published[number]

    def _times(self, number: int) -> list[datetime]:
        """From one entry a week to one every half an hour; a few lie before the day."""
        chance = random.Random(number)
        gap = timedelta(minutes=chance.choice([30, 90, 240, 720, 2880, 10080]))
        at, times = self._began_at - 3 * gap, []
        while (at := at + gap * chance.uniform(0.5, 1.5)) < self._began_at + self.day:
            times.append(at.replace(microsecond=0))
        return times

    async def _serve(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        host = self.host(number)
        self.requests[host] += 1
        headers = {}
        if host == STRICT:
            if self.clock.seconds() < self._strict_free_at:
                self.refused += 1
                return web.Response(status=429, headers={"Retry-After": str(int(STRICT_SECONDS))})
            self._strict_free_at = self.clock.seconds() + STRICT_SECONDS
            headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(STRICT_SECONDS))}
        entries = [at for at in self._published[number] if at <= self.clock.now]
        headers["ETag"] = f'"{number}-{len(entries)}"'
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=self._feed(number, entries), content_type="application/rss+xml", headers=headers)

    def _feed(self, number: int, entries: list[datetime]) -> bytes:
        first = max(0, len(entries) - 20)
        items = "".join(
            f"<item><title>Blog {number} post {index}</title><link>http://{self.host(number)}/{number}/{index}</link>"
            f"<guid>{number}-{index}</guid><pubDate>{format_datetime(at)}</pubDate></item>"
            for index, at in enumerate(entries[first:], first)
        )
        return (
            f'<?xml version="1.0"?><rss version="2.0"><channel><title>Blog {number}</title>'
            f"<link>http://{self.host(number)}/</link><description>x</description>{items}</channel></rss>"
        ).encode()
