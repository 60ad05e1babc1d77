"""Reading single records, and whole files with the tools of others."""

import gzip
import hashlib
import subprocess
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.warcwriter import WARCWriter

from contentsync.puller.archive import ArchiveFile, Place, encode_response
from contentsync.puller.archive_reading import RecordDamaged, read_answer
from contentsync.sources.base import Fetched
from tests.puller.conftest import NOW, World, rss
from tests.puller.test_activities import pull


def fetched(url: str, body: bytes, *headers: tuple[str, str]) -> Fetched:
    fields = dict(headers)
    return Fetched(
        url=url,
        status=203,
        headers=headers,
        body=body,
        body_hash=hashlib.sha256(body).hexdigest(),
        etag=fields.get("etag"),
        last_modified=fields.get("last-modified"),
        content_type=fields.get("content-type", ""),
    )


ANSWERS = [
    fetched(
        "https://example.org/a?q=ü&x=%20",
        "<rss>тест</rss>".encode("koi8-u"),
        ("content-type", "text/plain"),
        ("content-type", 'text/xml; charset="koi8-u"'),
        ("etag", 'W/"x:y"'),
        ("last-modified", "Sun, 01 Mar 2026 10:00:00 GMT"),
        ("x-empty", ""),
    ),
    fetched("https://example.org/empty", b""),
    fetched("https://example.org/zipped", gzip.compress(b"<rss/>"), ("content-type", "application/gzip")),
    fetched("https://example.org/lookalike", b"WARC/1.0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" * 50, ("content-type", "x")),
]


def stored(tmp_path: Path) -> list[Place]:
    return ArchiveFile(tmp_path, "batch", NOW).append([encode_response(answer, NOW) for answer in ANSWERS])


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_an_answer_is_read_as_it_came(tmp_path: Path, number: int) -> None:
    answer = ANSWERS[number]
    read = read_answer(tmp_path, stored(tmp_path)[number], url=answer.url, body_hash=answer.body_hash)
    assert (read.url, read.status, read.body, read.body_hash) == (answer.url, 203, answer.body, answer.body_hash)
    assert (read.content_type, read.etag, read.last_modified) == (
        answer.content_type, answer.etag, answer.last_modified,
    )  # fmt: skip
    assert read.headers == (*answer.headers, ("Content-Length", str(len(answer.body))))


def test_a_mail_is_a_resource_record(tmp_path: Path) -> None:
    mail = b"From: a@example.org\r\nSubject: x\r\n\r\nHello"
    buffer = BytesIO()
    writer = WARCWriter(buffer, gzip=True)
    record = writer.create_warc_record(
        "mid:1@example.org", "resource", payload=BytesIO(mail), length=len(mail), warc_content_type="message/rfc822"
    )
    writer.write_record(record)
    (place,) = ArchiveFile(tmp_path, "sync", NOW, owner_id=7).append([buffer.getvalue()])
    read = read_answer(tmp_path, place, url="mid:1@example.org", body_hash=hashlib.sha256(mail).hexdigest())
    assert (read.status, read.body, read.content_type) == (200, mail, "message/rfc822")


def test_what_is_not_the_record_is_refused(tmp_path: Path) -> None:
    first, second, *_ = stored(tmp_path)
    path = tmp_path / first.path
    whole = path.read_bytes()
    answer = ANSWERS[0]

    def read(place: Place) -> Fetched:
        return read_answer(tmp_path, place, url=answer.url, body_hash=answer.body_hash)

    assert read(first).body == answer.body
    with pytest.raises(RecordDamaged, match="body"):
        read(second)
    with pytest.raises(RecordDamaged, match="decompressed"):
        read(Place(first.path, first.offset + 1, first.length))
    with pytest.raises(RecordDamaged, match="decompressed"):
        read(Place(first.path, len(whole) + 10, 5))
    for position in range(first.offset + 10, first.offset + first.length, 37):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(RecordDamaged):
            read(first)
    for other in (b"", b"not a record at all", b"WARC/1.0\r\n"):
        path.write_bytes(gzip.compress(other))
        with pytest.raises(RecordDamaged):
            read(Place(first.path, 0, path.stat().st_size))
    path.unlink()
    with pytest.raises(FileNotFoundError):
        read(first)


async def test_files_are_what_the_tools_of_others_expect(world: World) -> None:
    """Every record has both digests, `warcio check` confirms them, and `warcio index` finds every answer."""
    ids = await world.follow(*[world.web.url(f"/{n}") for n in range(3)])
    for n in range(3):
        world.web.serve(f"/{n}", rss(f"story-{n}"), compression="gzip" if n else "")
    await pull(world, ids)
    (path,) = world.archives()
    with path.open("rb") as file:
        for record in ArchiveIterator(file, check_digests="raise"):
            record.content_stream().read()
            assert record.rec_headers.get_header("WARC-Block-Digest").startswith("sha1:")
            if record.rec_type != "warcinfo":
                assert record.rec_headers.get_header("WARC-Payload-Digest").startswith("sha1:")
                assert datetime.fromisoformat(record.rec_headers.get_header("WARC-Date")) == NOW.astimezone(UTC)
    program = [sys.executable, "-c", "from warcio.cli import main; main()"]
    checked = subprocess.run([*program, "check", "-v", str(path)], capture_output=True, text=True, check=True)
    assert checked.stdout.count("digest pass") == 4
    index = subprocess.run(
        [*program, "index", "-f", "offset,warc-type,warc-target-uri", str(path)],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for document in await world.raw_documents():
        assert any(f'"{document.offset}"' in line and document.url in line for line in index)
