"""Reading the raw archive: an answer as it came, from its record alone.

A record that was changed on the disk is never taken for what a server said: the compressed member has a checksum, and
the body has to be the one whose hash was written down.
"""

import hashlib
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from contentsync.puller.archive import GZIP_WINDOW_BITS, Place
from contentsync.sources.base import Fetched

OK = 200
"""The status of what no HTTP server sent: an e-mail, kept as a resource record."""


class RecordDamaged(Exception):
    """What lies at this place is not the record that was put there; the text says what is wrong with it."""


def read_answer(data_dir: Path, place: Place, *, url: str, body_hash: str) -> Fetched:
    """The answer of this record, as the source's reader got it when it was fetched.

    It waits for the disk: call it in a thread or a process.

    Raises:
        OSError: the archive file is missing or cannot be opened.
        RecordDamaged: see there.
    """
    record = _record(_member(data_dir / place.path, place))
    body = record.content_stream().read()
    if hashlib.sha256(body).hexdigest() != body_hash:
        raise RecordDamaged("its body is not the one that came")
    if record.http_headers is None:
        content_type = record.rec_headers.get_header("Content-Type", "")
        return Fetched(url, OK, (("content-type", content_type),), body, body_hash, content_type=content_type)
    headers = tuple((name, value) for name, value in record.http_headers.headers)
    fields = {name.lower(): value for name, value in headers}
    return Fetched(
        url=url,
        status=int(record.http_headers.get_statuscode()),
        headers=headers,
        body=body,
        body_hash=body_hash,
        etag=fields.get("etag"),
        last_modified=fields.get("last-modified"),
        content_type=fields.get("content-type", ""),
    )


def _member(path: Path, place: Place) -> bytes:
    with path.open("rb") as file:
        file.seek(place.offset)
        packed = file.read(place.length)
    try:
        return zlib.decompress(packed, GZIP_WINDOW_BITS)
    except zlib.error as error:
        raise RecordDamaged("it cannot be decompressed") from error


def _record(content: bytes) -> Any:
    try:
        return next(ArchiveIterator(BytesIO(content)))
    except (ArchiveLoadFailed, StopIteration) as error:
        raise RecordDamaged("it is no WARC record") from error
