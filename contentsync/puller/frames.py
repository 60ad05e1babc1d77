"""How the program and its pull processes talk: pickled values, each behind its length, over a socket of their own."""

import asyncio
import os
import pickle
import struct
from typing import Any

_LENGTH = struct.Struct("!I")
_NUMBER = struct.Struct("!q")


def frame(value: object) -> bytes:
    """A value as it is sent."""
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(data)) + data


async def read_frame(reader: asyncio.StreamReader) -> Any:
    """The next value.

    Raises:
        asyncio.IncompleteReadError, ConnectionError: the other side has gone.
    """
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return pickle.loads(await reader.readexactly(length))  # noqa: S301 - both sides are this program


def leave_note(file: int, number: int) -> None:
    """Write down, where it outlives this process, which errand's document is read now."""
    os.pwrite(file, _NUMBER.pack(number), 0)


def find_note(file: int) -> int | None:
    """Which errand's document was read last."""
    note = os.pread(file, _NUMBER.size, 0)
    number: int | None = _NUMBER.unpack(note)[0] if note else None
    return number
