"""The raw archive: what servers answered, as WARC files that any web archive tool can read.

Every record is a gzip member of its own, so it can be read alone from its offset. Only responses are kept: a request
could hold a key.

Source: ISO 28500 (WARC 1.0), annex D for the compression by record.
"""

import hashlib
import os
import zlib
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

from contentsync.sources.base import Fetched

GZIP_LEVEL = 3
"""Level 9, which tools for WARC files use, takes three times as long for files that are a tenth smaller."""

GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS
"""zlib's way of asking for a gzip header."""

OF_THE_TRANSFER = frozenset({"content-encoding", "transfer-encoding", "content-length"})
"""Headers that describe the bytes on the wire, not the decoded body that is kept."""

_ONE_LINE = str.maketrans("\r\n", "  ")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies: a gzip member of `length` bytes at `offset` of the file `path`."""

    path: str
    """Relative to the data directory, with forward slashes."""
    offset: int
    length: int


class ArchiveFile:
    """The archive of one batch, `raw/<yyyy>/<mm>/<dd>/<name>.warc.gz`. There is no file before the first `append`.

    What came through an account lies under `owned/<its id>/` instead of `raw/`, so that it goes away with the account.
    """

    def __init__(self, data_dir: Path, name: str, now: datetime, *, owner_id: int | None = None) -> None:
        self._data_dir = data_dir
        self._now = now
        root = data_dir / "raw" if owner_id is None else owned_directory(data_dir, owner_id)
        self._path = root / now.astimezone(UTC).strftime("%Y/%m/%d") / f"{name}.warc.gz"
        self._started = False

    def append(self, records: Sequence[bytes]) -> list[Place]:
        """Add encoded records and give the place of each. When this returns they are on the disk to stay.

        It waits for the disk: call it in a thread.

        Raises:
            FileExistsError: a file with this name was there before.
        """
        if not records:
            return []
        if not self._started:
            self._start()
        with self._path.open("ab") as file:
            start = file.tell()
            file.write(b"".join(records))
            file.flush()
            os.fsync(file.fileno())
        path = self._path.relative_to(self._data_dir).as_posix()
        offsets = [start]
        for record in records:
            offsets.append(offsets[-1] + len(record))
        return [Place(path, offset, end - offset) for offset, end in pairwise(offsets)]

    def _start(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("xb") as file:
            file.write(_encode_warcinfo(self._path.name, self._now))
        for directory in self._path.parents:
            _sync_directory(directory)
            if directory == self._data_dir:
                break
        self._started = True


def owned_directory(data_dir: Path, owner_id: int) -> Path:
    """Where everything lies that came through this account."""
    return data_dir / "owned" / str(owner_id)


def encode_response(fetched: Fetched, fetched_at: datetime) -> bytes:
    """One answer as a response record, compressed; its headers say what holds for the decoded body.

    What no HTTP server sent, a mail, is a resource record.
    """
    fields = (f"WARC-Target-URI: {fetched.url}", f"WARC-Payload-Digest: {_digest(fetched.body)}")
    if not fetched.url.startswith(("http://", "https://")):
        return _encode("resource", fetched_at, fetched.body, *fields, f"Content-Type: {fetched.content_type}")
    lines = [f"{name}: {value}" for name, value in fetched.headers if name.lower() not in OF_THE_TRANSFER]
    answer = [f"HTTP/1.1 {_status_line(fetched.status)}", *lines, f"Content-Length: {len(fetched.body)}"]
    return _encode(
        "response",
        fetched_at,
        _head(answer) + fetched.body,
        *fields,
        "Content-Type: application/http; msgtype=response",
    )


def _encode_warcinfo(filename: str, now: datetime) -> bytes:
    fields = f"software: contentsync/{version('contentsync')}\r\nformat: WARC File Format 1.0\r\n"
    return _encode(
        "warcinfo", now, fields.encode(), f"WARC-Filename: {filename}", "Content-Type: application/warc-fields"
    )


def _encode(kind: str, date: datetime, content: bytes, *fields: str) -> bytes:
    """A whole record. It is put together here because warcio's writer takes as long as the compression."""
    head = _head(
        [
            "WARC/1.0",
            f"WARC-Type: {kind}",
            f"WARC-Record-ID: <urn:uuid:{uuid4()}>",
            f"WARC-Date: {date.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            *fields,
            f"WARC-Block-Digest: {_digest(content)}",
            f"Content-Length: {len(content)}",
        ]
    )
    return zlib.compress(b"".join((head, content, b"\r\n\r\n")), GZIP_LEVEL, GZIP_WINDOW_BITS)


def _digest(content: bytes) -> str:
    """A digest in the form that web archives use for it: SHA-1, base 32."""
    return "sha1:" + b32encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()


def _head(lines: Sequence[str]) -> bytes:
    """Lines of headers and the empty one after them. No value can make a line of its own."""
    whole = [line.translate(_ONE_LINE) for line in lines]
    return ("\r\n".join(whole) + "\r\n\r\n").encode("utf-8", errors="replace")


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Unknown"


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
