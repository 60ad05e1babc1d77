"""The raw archive: what servers answered, as WARC files that any web archive tool can read.

Every record is a gzip member of its own, so it can be read alone from its offset. Only responses are kept: a request
could hold a key.

Source: ISO 28500 (WARC 1.0), annex D for the compression by record.
"""

import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from contentsync.sources.base import Fetched

GZIP_LEVEL = 3
"""Level 9, which warcio itself uses, takes three times as long for files that are a tenth smaller."""

GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS
"""zlib's way of asking for a gzip header."""

OF_THE_TRANSFER = frozenset({"content-encoding", "transfer-encoding", "content-length"})
"""Headers that describe the bytes on the wire, not the decoded body that is kept."""


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
    if not fetched.url.startswith(("http://", "https://")):
        return _encode(
            "resource", uri=fetched.url, date=fetched_at, payload=fetched.body, content_type=fetched.content_type
        )
    headers = [(name, value) for name, value in fetched.headers if name.lower() not in OF_THE_TRANSFER]
    headers.append(("Content-Length", str(len(fetched.body))))
    return _encode(
        "response",
        uri=fetched.url,
        date=fetched_at,
        payload=fetched.body,
        http_headers=StatusAndHeaders(_status_line(fetched.status), headers, protocol="HTTP/1.1"),
    )


def _encode_warcinfo(filename: str, now: datetime) -> bytes:
    fields = f"software: contentsync/{version('contentsync')}\r\nformat: WARC File Format 1.0\r\n"
    return _encode("warcinfo", uri="", date=now, payload=fields.encode(), extra={"WARC-Filename": filename})


def _encode(
    kind: str,
    *,
    uri: str,
    date: datetime,
    payload: bytes,
    http_headers: Any = None,
    content_type: str = "",
    extra: dict[str, str] | None = None,
) -> bytes:
    buffer = BytesIO()
    writer = WARCWriter(buffer, gzip=False)
    record = writer.create_warc_record(
        uri,
        kind,
        payload=BytesIO(payload),
        length=len(payload),
        http_headers=http_headers,
        warc_content_type=content_type,
        warc_headers_dict={"WARC-Date": date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), **(extra or {})},
    )
    writer.write_record(record)
    return zlib.compress(buffer.getbuffer(), GZIP_LEVEL, GZIP_WINDOW_BITS)


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
