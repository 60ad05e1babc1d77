"""The parser: a thread for few, a process for many, and what happens when that process dies."""

import asyncio
import os
import signal
import sys
from functools import partial

import pytest
from contentsync.puller.parser import MANY, Parser


def process_id() -> int:
    """Where the work runs."""
    return os.getpid()


def die_once(marker: str) -> str:
    """Kill the process that runs this, the first time."""
    try:
        with open(marker, "x"):  # noqa: PTH123
            os.kill(os.getpid(), signal.SIGKILL)
    except FileExistsError:
        return "second"
    return "never"


def refuse() -> None:
    """A failure of the work itself."""
    raise ValueError("no")


async def test_few_are_parsed_here_and_many_elsewhere() -> None:
    parser = Parser()
    async with parser.batch(MANY - 1) as few, parser.batch(MANY) as many, parser.batch(MANY) as more:
        assert await few.run(process_id) == os.getpid()
        elsewhere = await many.run(process_id)
        assert elsewhere != os.getpid()
        assert await more.run(process_id) == elsewhere, "large batches share one process"
        with pytest.raises(ValueError, match="no"):
            await many.run(refuse)
    parser.close()
    await _gone(elsewhere)


async def test_a_process_that_dies_is_replaced(tmp_path: object) -> None:
    parser = Parser()
    async with parser.batch(MANY) as batch:
        assert await batch.run(partial(die_once, f"{tmp_path}/died")) == "second"
    parser.close()


async def test_the_process_ends_with_a_parent_that_is_killed() -> None:
    program = (
        "import asyncio, sys\n"
        "from contentsync.puller.parser import MANY, Parser\n"
        "from tests.puller.test_parser import process_id\n"
        "async def main():\n"
        "    async with Parser().batch(MANY) as batch:\n"
        "        print(await batch.run(process_id), flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    os.kill(child, 0)
    parent.kill()
    await parent.wait()
    await _gone(child)


async def _gone(pid: int) -> None:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"process {pid} is still there")
