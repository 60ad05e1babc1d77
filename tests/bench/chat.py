"""How fast the chat answers."""

import asyncio
import json
import statistics
import time
from pathlib import Path

import httpx

from tests.bench.lines import Line
from tests.instance import Instance

CHATS = 20
ROUNDS = 15
PERIOD_SECONDS = 1.0
"""Telegram lets a bot answer a chat once a second, so nobody is answered faster.
Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this"""
TICKS = {"CONTENTSYNC_PULL_TICK_SECONDS": "60", "CONTENTSYNC_DIGEST_TICK_SECONDS": "60"}
"""The defaults; tests tick faster."""


async def help_p95(folder: Path) -> list[Line]:
    """95th percentile from posting /help to its answer, in 20 chats that each ask every second.

    `help-p95`: each chat at its own moment of the second. `help-burst-p95`: all 20 at the same moment.
    """
    async with Instance(folder, **TICKS, CONTENTSYNC_ACCESS="open") as chat:
        base = f"http://127.0.0.1:{chat.port}"
        async with httpx.AsyncClient(base_url=base, timeout=60, trust_env=False) as client:
            await _all_chats(client, rounds=2, spread=True)
            own = await _all_chats(client, rounds=ROUNDS, spread=True)
            burst = await _all_chats(client, rounds=ROUNDS, spread=False)
    return [Line("help-p95", _p95(own), "ms"), Line("help-burst-p95", _p95(burst), "ms")]


def _p95(milliseconds: list[float]) -> float:
    return statistics.quantiles(milliseconds, n=20)[-1]


async def _all_chats(client: httpx.AsyncClient, *, rounds: int, spread: bool) -> list[float]:
    """Milliseconds of every answer."""
    begin = time.perf_counter() + 1
    starts = [begin + (PERIOD_SECONDS * person / CHATS if spread else 0) for person in range(CHATS)]
    taken = await asyncio.gather(*(_one_chat(client, n + 1, rounds, start) for n, start in enumerate(starts)))
    return [1000 * seconds for one in taken for seconds in one]


async def _one_chat(client: httpx.AsyncClient, person: int, rounds: int, start: float) -> list[float]:
    """Seconds of each round, told by the page's own event stream."""
    taken = []
    async with client.stream("GET", "/localchat/events", params={"chat_id": person}) as stream:
        lines = stream.aiter_lines()
        while await anext(lines) != "event: ready":
            pass
        for number in range(rounds):
            await asyncio.sleep(max(0.0, start + number * PERIOD_SECONDS - time.perf_counter()))
            began = time.perf_counter()
            answer = await client.post("/localchat/messages", json={"text": "/help", "from_id": person})
            answer.raise_for_status()
            while not _is_answer(await anext(lines)):
                pass
            taken.append(time.perf_counter() - began)
    return taken


def _is_answer(line: str) -> bool:
    if not line.startswith("data: "):
        return False
    data = json.loads(line.removeprefix("data: "))
    return isinstance(data, dict) and bool(data.get("from", {}).get("is_bot")) and "/digest" in data.get("text", "")
