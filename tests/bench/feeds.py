"""A feed server for measurements: N feeds of 20 entries, about 24 KB each, spread over many loopback addresses.

Run as `python -m tests.bench.feeds COUNT`; prints one JSON line {"port", "addresses"} when it listens, then serves
until its standard input closes. Feed n is at http://<address(n)>:<port>/<n>.xml; GET /entries/<k> makes every feed
carry k further entries from then on; GET /stats?after=<Unix time> tells how often feeds were asked for since then,
and when first.
"""

import asyncio
import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from aiohttp import web

ENTRIES = 20
ADDRESSES = 250
WORDS = [
    "workflow", "river", "engine", "garden", "signal", "market", "window", "theory", "kitchen", "satellite", "harbour",
    "protein", "compiler", "election", "mountain", "library", "battery", "orchestra", "glacier", "currency",
]  # fmt: skip
EPOCH = datetime(2026, 11, 1, tzinfo=UTC)


def address(number: int) -> str:
    """The loopback address that serves feed `number`."""
    return f"127.1.0.{1 + number % ADDRESSES}"


def feed(number: int, extra: int = 0) -> bytes:
    """Feed `number` as RSS 2.0 with `extra` entries more than usual, newest first."""
    chance = random.Random(number)
    entries = []
    for index in range(ENTRIES + extra):
        title = " ".join(chance.choices(WORDS, k=8)).capitalize()
        text = " ".join(chance.choices(WORDS, k=110))
        published = format_datetime(EPOCH + timedelta(minutes=37 * index + number % 60))
        entries.append(
            f"<item><title>{title} {number}-{index}</title><link>http://{address(number)}/{number}/{index}</link>"
            f'<guid isPermaLink="false">{number}-{index}</guid><pubDate>{published}</pubDate>'
            f"<author>author{number}@example.org (Author {number})</author><description>"
            f"&lt;p&gt;{text} &lt;a href=&quot;/more/{index}&quot;&gt;more&lt;/a&gt;&lt;/p&gt;</description>"
            "</item>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
        f"<title>Feed {number}</title><link>http://{address(number)}/</link><description>A feed</description>"
        + "".join(reversed(entries))
        + "</channel></rss>"
    ).encode()


async def serve(count: int) -> None:
    """Serve until standard input ends."""
    bodies: dict[int, bytes] = {}
    extra = 0
    requested_at: list[float] = []

    async def one(request: web.Request) -> web.Response:
        requested_at.append(time.time())
        number = int(request.match_info["number"])
        tag = f'"{number}-{extra}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        if number not in bodies:
            bodies[number] = feed(number, extra)
        return web.Response(body=bodies[number], content_type="application/rss+xml", headers={"ETag": tag})

    async def more(request: web.Request) -> web.Response:
        nonlocal extra
        extra = int(request.match_info["extra"])
        bodies.update({number: feed(number, extra) for number in range(count)})
        return web.Response()

    async def stats(request: web.Request) -> web.Response:
        times = [at for at in requested_at if at >= float(request.query["after"])]
        return web.json_response({"requests": len(times), "first_at": times[0] if times else None})

    bodies.update({number: feed(number) for number in range(count)})
    app = web.Application()
    app.router.add_get("/{number:\\d+}.xml", one)
    app.router.add_get("/entries/{extra:\\d+}", more)
    app.router.add_get("/stats", stats)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    first = web.TCPSite(runner, address(0), 0)
    await first.start()
    port = runner.addresses[0][1]
    for number in range(1, ADDRESSES):
        await web.TCPSite(runner, address(number), port).start()
    print(json.dumps({"port": port, "addresses": ADDRESSES}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
