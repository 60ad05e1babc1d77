"""What `make bench` runs: JSON lines {"bench", "value", "unit", "peer", "peer_value", "ratio"} on stdout."""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench import chat, digests, pull, ranking, rules, stories
from tests.bench.lines import Line
from tests.instance import Instance


async def ready(folder: Path) -> list[Line]:
    """Seconds from the start of the process to its ready lines, on a data directory that exists; best of three."""
    seconds = []
    for _ in range(4):
        began = time.monotonic()
        async with Instance(folder):
            seconds.append(time.monotonic() - began)
    return [Line("ready", min(seconds[1:]), "s")]


BENCHES: dict[Callable[[Path], Awaitable[list[Line]]], set[str]] = {
    ready: {"ready"},
    chat.help_p95: {"help-p95"},
    pull.speed: {"pull-cold", "pull-unchanged", "pull-changed"},
    pull.memory: {"memory"},
    stories.assign: {"stories"},
    ranking.rank_one: {"rank-one"},
    rules.decide: {"rules"},
    digests.thousand: {"digests-1000"},
}
"""What measures, and the names it can be asked for by."""


@asynccontextmanager
async def _folder() -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


async def main(only: set[str]) -> None:
    """Run what was asked for, one after another."""
    for bench, names in BENCHES.items():
        if only and not only & names:
            continue
        async with _folder() as folder:
            for line in await bench(folder):
                print(json.dumps(line.as_dict()), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default="", help="names separated by commas")
    asyncio.run(main({name for name in parser.parse_args().only.split(",") if name}))
