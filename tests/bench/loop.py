"""The peer of `pull-unchanged`: conditional GETs by httpx over the aiohttp transport, no more. Prints {"seconds"}."""

import asyncio
import json
import sys
import time

import httpx
import uvloop
from httpx_aiohttp import AiohttpTransport

from tests.bench.feeds import address

AT_ONCE = 64


async def main(count: int, port: int) -> None:
    """Ask for `count` unchanged feeds, `AT_ONCE` at a time."""
    free = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(transport=AiohttpTransport(), trust_env=False) as client:

        async def one(number: int) -> None:
            async with free:
                url = f"http://{address(number)}:{port}/{number}.xml"
                answer = await client.get(url, headers={"If-None-Match": f'"{number}-0"'})
                assert answer.status_code == 304, f"{url} answers {answer.status_code}"

        await one(0)  # the transport opens its session with the first request
        began = time.monotonic()
        await asyncio.gather(*(one(number) for number in range(count)))
        seconds = time.monotonic() - began
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
