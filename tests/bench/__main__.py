"""What `make bench` runs: JSON lines {"bench", "value", "unit", "peer", "peer_value", "ratio"} on stdout."""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench import chat, pull, stories
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


BENCHES: dict[str, Callable[[Path], Awaitable[list[Line]]]] = {
    "ready": ready,
    "help-p95": chat.help_p95,
    "pull-cold": pull.cold,
    "stories": stories.assign,
}
"""Each gives one or more lines; `memory` comes out of `pull-cold`."""


@asynccontextmanager
async def _folder() -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


async def main(only: set[str]) -> None:
    """Run what was asked for, one after another."""
    for name, bench in BENCHES.items():
        if only and not only & ({name, "memory"} if name == "pull-cold" else {name}):
            continue
        async with _folder() as folder:
            for line in await bench(folder):
                print(json.dumps(line.as_dict()), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default="", help="names separated by commas")
    asyncio.run(main({name for name in parser.parse_args().only.split(",") if name}))
