"""The raw archive: readable by other tools, from the start and at any record."""

import hashlib
import zlib
from base64 import b32encode
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from contentsync.puller.archive import ArchiveFile, encode_response
from contentsync.sources.base import Fetched

NOW = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)


def fetched(number: int, body: bytes) -> Fetched:
    return Fetched(
        url=f"http://example.org/{number}?q=ü",
        status=200,
        headers=(
            ("Content-Type", "application/rss+xml"),
            ("Content-Encoding", "gzip"),
            ("transfer-encoding", "chunked"),
            ("content-length", "3"),
            ("X-Twice", "a"),
            ("X-Twice", "b"),
        ),
        body=body,
        body_hash=hashlib.sha256(body).hexdigest(),
    )


BODIES = [b"<rss>one</rss>" * 100, b"", bytes(range(256)) * 10]


def test_every_record_can_be_read_from_the_start_and_from_its_offset(tmp_path: Path) -> None:
    archive = ArchiveFile(tmp_path, "batch", NOW)
    records = [encode_response(fetched(number, body), NOW) for number, body in enumerate(BODIES)]
    places = archive.append(records[:2]) + archive.append(records[2:])
    path = tmp_path / "raw/2026/03/01/batch.warc.gz"
    assert {place.path for place in places} == {"raw/2026/03/01/batch.warc.gz"}
    assert places[-1].offset + places[-1].length == path.stat().st_size

    with path.open("rb") as file:
        kinds, contents = zip(
            *[(record.rec_type, record.content_stream().read()) for record in ArchiveIterator(file)], strict=True
        )
    assert kinds == ("warcinfo", "response", "response", "response")
    assert list(contents[1:]) == BODIES
    assert b"software: contentsync/" in contents[0]

    for number, (place, body) in enumerate(zip(places, BODIES, strict=True)):
        member = path.read_bytes()[place.offset : place.offset + place.length]
        zlib.decompress(member, 31)  # exactly one whole gzip member
        record = next(ArchiveIterator(BytesIO(member)))
        assert record.content_stream().read() == body
        assert record.rec_headers["WARC-Target-URI"] == f"http://example.org/{number}?q=ü"
        assert record.rec_headers["WARC-Date"] == "2026-03-01T12:30:05Z"
        digest = b32encode(hashlib.sha1(body).digest()).decode()
        assert record.rec_headers["WARC-Payload-Digest"] == f"sha1:{digest}"


def test_headers_say_what_holds_for_the_decoded_body(tmp_path: Path) -> None:
    record = next(ArchiveIterator(BytesIO(encode_response(fetched(1, b"abcd"), NOW))))
    assert record.http_headers.statusline == "200 OK"
    assert record.http_headers.headers == [
        ("Content-Type", "application/rss+xml"),
        ("X-Twice", "a"),
        ("X-Twice", "b"),
        ("Content-Length", "4"),
    ]


def test_the_checker_of_warcio_finds_nothing_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = ArchiveFile(tmp_path, "batch", NOW)
    archive.append([encode_response(fetched(number, body), NOW) for number, body in enumerate(BODIES)])
    path = str(tmp_path / "raw/2026/03/01/batch.warc.gz")

    class Options:
        inputs = (path,)
        verbose = True

    assert Checker(Options()).process_all() == 0, capsys.readouterr().out


def test_without_records_there_is_no_file(tmp_path: Path) -> None:
    assert ArchiveFile(tmp_path, "batch", NOW).append([]) == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_never_written_by_two(tmp_path: Path) -> None:
    record = encode_response(fetched(1, b"x"), NOW)
    ArchiveFile(tmp_path, "batch", NOW).append([record])
    with pytest.raises(FileExistsError):
        ArchiveFile(tmp_path, "batch", NOW).append([record])


def test_an_unknown_status_is_kept_as_it_is(tmp_path: Path) -> None:
    odd = Fetched(url="http://a/", status=299, headers=(), body=b"x", body_hash="")
    record = next(ArchiveIterator(BytesIO(encode_response(odd, NOW))))
    assert record.http_headers.statusline == "299 Unknown"
