"""A pull process: does errands until the program that started it lets go of the socket. Run by `runner`.

    python -m contentsync.puller.process SOCKET NOTE

Both are descriptors that the program hands down: the socket to talk over, and a file for `frames.leave_note`.
"""

import asyncio
import gc
import os
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from functools import partial

import httpx
import uvloop

from contentsync.puller.errand import Equipment, Errand, failed, outcome_of
from contentsync.puller.frames import frame, leave_note, read_frame
from contentsync.puller.report import bug_of
from contentsync.sources.http import open_client


async def serve(connection: socket.socket, note: int) -> None:
    """Take errands, each with a number, and answer each with its number and what came of it, as soon as it has."""
    reader, writer = await asyncio.open_connection(sock=connection)
    equipment: Equipment = await read_frame(reader)
    client = open_client(allow_private_networks=equipment.allow_private_networks, trusted_hosts=equipment.trusted_hosts)
    running: set[asyncio.Task[None]] = set()
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            number, errand = await read_frame(reader)
            task = asyncio.create_task(_answer(number, errand, equipment, client, writer, note))
            running.add(task)
            task.add_done_callback(running.discard)


async def _answer(
    number: int,
    errand: Errand,
    equipment: Equipment,
    client: httpx.AsyncClient,
    writer: asyncio.StreamWriter,
    note: int,
) -> None:
    before_reading = partial(leave_note, note, number)
    outcome = await outcome_of(errand, kinds=equipment.kinds, client=client, before_reading=before_reading)
    try:
        data = frame((number, outcome))
    except Exception as error:  # noqa: BLE001 - what cannot cross is a bug, and told as one; somebody waits for it
        data = frame((number, failed(bug_of(error))))
    writer.write(data)


def main(descriptor: int, note: int) -> None:
    """Serve on this socket. The program alone says when to stop, so signals meant for all are not for us."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    connection = socket.socket(fileno=descriptor)
    threading.Thread(target=_end_with_program, args=(descriptor,), daemon=True).start()
    gc.freeze()  # what was imported never goes, so there is no need to look through it again and again
    uvloop.run(serve(connection, note))


def _end_with_program(descriptor: int) -> None:
    """End at once when the other side of the socket is gone, even in the middle of a document."""
    gone = select.poll()
    gone.register(descriptor, 0)  # a hang-up is always told
    gone.poll()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
