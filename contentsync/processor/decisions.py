"""What became of every candidate of a digest, packed into a few bytes each: one verdict a candidate. Pure.

The packed form is a version byte and a zlib stream: a header, then columns over the candidates in the order of their
ids (distance to the id before, key, number), each number split into its bytes, because the high ones are nearly all 0.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NUMBERS: dict[str, str] = {
    "shown": "place",
    "sent": "",
    "duplicate": "of",
    "muted": "rule",
    "ranked": "place",
    "too_old": "",
    "no_room": "minutes",
}
"""Each key, and which of its params is kept beside it.

shown: in this digest, at this place. sent: itself in an earlier digest. duplicate: of an item of the same story that is
shown here or was sent earlier. muted: by a rule. ranked: not among the best; its place. too_old: for any digest.
no_room: among the best, but it takes these minutes to read, longer than was left.
"""

VERSION = 1
_KEYS = tuple(NUMBERS)
_CODES = {key: code for code, key in enumerate(_KEYS)}
_HEADER = struct.Struct("<qII")
_NUMBER_BYTES = 4
_LEVEL = 1
"""Places are as good as random, so that trying harder gains a hundredth."""


class Verdict(NamedTuple):
    """What became of an item. `number`: what `NUMBERS` says of the key, 0 where that is nothing."""

    item_id: int
    key: str
    number: int = 0


Row = tuple[int, str, int]
"""What a `Verdict` holds; thousands of these are made for a digest, and plain tuples are made fastest."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """The verdicts of one digest. Whatever is older than `since` and not among them was too old. `of`: how many were
    ranked against each other."""

    since: datetime
    of: int
    verdicts: Mapping[int, Verdict]
    """By item."""


def row_of(item_id: int, key: str, params: Mapping[str, Any]) -> Row:
    """A verdict as `pack` takes it, with the param that is kept.

    Raises:
        KeyError: no such key.
    """
    return item_id, key, int(params.get(NUMBERS[key], 0))


def pack(verdicts: Iterable[Row], *, since: datetime, of: int) -> bytes:
    """The verdicts as bytes; `since` and `of` as in `Decisions`. Numbers are 0 to 2^32 - 1.

    Raises:
        ValueError: an item has two verdicts, or a number does not fit.
    """
    found_ids, found_keys, found_numbers = list(zip(*verdicts, strict=True)) or ((), (), ())
    unordered = np.array(found_ids, dtype=np.int64)
    order = np.argsort(unordered)
    steps = np.diff(unordered[order], prepend=0)
    if len(steps) and int(steps.min()) < 1:
        raise ValueError("an item has two verdicts")
    codes = np.array([_CODES[key] for key in found_keys], dtype=np.uint8)[order].tobytes()
    numbers = np.array(found_numbers, dtype=np.int64)[order]
    header = _HEADER.pack(int(since.timestamp()), of, len(order))
    return bytes([VERSION]) + zlib.compress(header + _planes(steps) + codes + _planes(numbers), _LEVEL)


def unpack(packed: bytes) -> Decisions:
    """What `pack` was given, by item.

    Raises:
        ValueError: it is no form this version knows.
    """
    if packed[:1] != bytes([VERSION]):
        raise ValueError("these decisions are of another version")
    content = zlib.decompress(packed[1:])
    since, of, count = _HEADER.unpack_from(content)
    columns = content[_HEADER.size :]
    width = count * _NUMBER_BYTES
    ids = np.cumsum(_numbers(columns[:width], count)).tolist()
    codes = columns[width : width + count]
    numbers = _numbers(columns[width + count :], count).tolist()
    verdicts = {
        item_id: Verdict(item_id, _KEYS[code], number)
        for item_id, code, number in zip(ids, codes, numbers, strict=True)
    }
    return Decisions(datetime.fromtimestamp(since, UTC), of, verdicts)


def _planes(numbers: NDArray[np.int64]) -> bytes:
    """All lowest bytes, then all second ones, and so on."""
    if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < 2 ** (8 * _NUMBER_BYTES):
        raise ValueError("a number does not fit")
    return numbers.astype("<u4").view(np.uint8).reshape(-1, _NUMBER_BYTES).T.tobytes()


def _numbers(planes: bytes, count: int) -> NDArray[np.int64]:
    split = np.frombuffer(planes, dtype=np.uint8).reshape(_NUMBER_BYTES, count)
    return np.ascontiguousarray(split.T).view("<u4").reshape(count).astype(np.int64)
