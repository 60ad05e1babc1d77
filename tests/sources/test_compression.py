import gzip
import zlib

import pytest

from contentsync.sources.compression import Decoder, UndecodableBody

TEXT = b"<rss>" + b"abc " * 500
_raw = zlib.compressobj(wbits=-15)
RAW_DEFLATE = _raw.compress(TEXT) + _raw.flush()


def decode(encoding: str, data: bytes, *, piece_bytes: int = 7, limit_bytes: int = 10_000) -> bytes:
    decoder = Decoder(encoding)
    body = b""
    for start in range(0, len(data), piece_bytes):
        body += decoder.feed(data[start : start + piece_bytes], limit_bytes - len(body))
    return body + decoder.finish()


@pytest.mark.parametrize("piece_bytes", [1, 7, 100_000])
@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("X-GZip", gzip.compress(TEXT, mtime=0)),
        ("identity, gzip", gzip.compress(TEXT, mtime=0)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", RAW_DEFLATE),
        ("deflate", gzip.compress(TEXT, mtime=0)),
        ("gzip", gzip.compress(TEXT[:100], mtime=0) + gzip.compress(TEXT[100:], mtime=0)),
        ("gzip", gzip.compress(TEXT, mtime=0) + b"\0\0\0padding"),
        ("gzip", TEXT),
        ("utf-8", TEXT),
    ],
)
def test_what_was_sent_comes_out(encoding: str, data: bytes, piece_bytes: int) -> None:
    assert decode(encoding, data, piece_bytes=piece_bytes) == TEXT


@pytest.mark.parametrize("body", [b"", b"x"])
def test_bodies_too_short_for_a_header_come_out(body: bytes) -> None:
    assert decode("gzip", body) == body


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "br, gzip"])
def test_encodings_we_do_not_offer_are_refused(encoding: str) -> None:
    with pytest.raises(UndecodableBody):
        Decoder(encoding)


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(TEXT, mtime=0)[:-9],
        gzip.compress(TEXT, mtime=0)[:12] + b"\xff" * 50,
        gzip.compress(TEXT, mtime=0)[:-8] + b"\1" * 8,
    ],
)
def test_damaged_data_are_refused(data: bytes) -> None:
    with pytest.raises(UndecodableBody):
        decode("gzip", data)


def test_never_more_than_asked_for() -> None:
    bomb = gzip.compress(b" " * 50_000_000, mtime=0)
    decoder = Decoder("gzip")
    assert len(decoder.feed(bomb, 1001)) == 1001
    chained = b"".join([gzip.compress(b" " * 600, mtime=0)] * 3)
    assert len(Decoder("gzip").feed(chained, 1001)) == 1001
