import gzip
import sys
import tracemalloc
import zlib
from typing import Any

import brotli
import pytest

from contentsync.sources.compression import Decoder, UndecodableBody

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_brotli: Any = brotli  # it has no types
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
        ("br", _brotli.compress(TEXT)),
        ("zstd", zstd.compress(TEXT)),
        ("zstd", zstd.compress(TEXT[:100]) + zstd.compress(TEXT[100:])),
        ("zstd", zstd.compress(TEXT) + b"\0\0\0padding"),
        ("gzip", TEXT),
        ("utf-8", TEXT),
    ],
)
def test_what_was_sent_comes_out(encoding: str, data: bytes, piece_bytes: int) -> None:
    assert decode(encoding, data, piece_bytes=piece_bytes) == TEXT


@pytest.mark.parametrize("body", [b"", b"x"])
def test_bodies_too_short_for_a_header_come_out(body: bytes) -> None:
    assert decode("gzip", body) == body


@pytest.mark.parametrize("encoding", ["compress", "gzip, gzip", "br, gzip", "zstd, zstd"])
def test_encodings_we_do_not_offer_are_refused(encoding: str) -> None:
    with pytest.raises(UndecodableBody):
        Decoder(encoding)


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", gzip.compress(TEXT, mtime=0)[:-9]),
        ("gzip", gzip.compress(TEXT, mtime=0)[:12] + b"\xff" * 50),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-8] + b"\1" * 8),
        ("br", _brotli.compress(TEXT)[:-3]),
        ("br", TEXT),
        ("zstd", zstd.compress(TEXT)[:-3]),
        ("zstd", TEXT),
    ],
)
def test_damaged_data_are_refused(encoding: str, data: bytes) -> None:
    with pytest.raises(UndecodableBody):
        decode(encoding, data)


def test_an_empty_brotli_stream_is_one_byte() -> None:
    assert decode("br", _brotli.compress(b"")) == b""


def test_a_zstd_window_beyond_what_browsers_allow_is_refused() -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.compression_level: 1}
    data = zstd.ZstdCompressor(options=options)
    body = data.compress(b"x" * 100_000_000, zstd.ZstdCompressor.FLUSH_BLOCK)
    with pytest.raises(UndecodableBody):
        Decoder("zstd").feed(body, 1000)


@pytest.mark.parametrize(
    ("encoding", "bomb"),
    [
        ("gzip", gzip.compress(b" " * 50_000_000, mtime=0)),
        ("deflate", zlib.compress(b" " * 50_000_000)),
        ("br", _brotli.compress(b" " * 50_000_000, quality=5)),
        ("zstd", zstd.compress(b" " * 50_000_000)),
    ],
    ids=["gzip", "deflate", "br", "zstd"],
)
def test_a_bomb_takes_no_more_than_is_asked_for(encoding: str, bomb: bytes) -> None:
    tracemalloc.start()
    try:
        assert len(Decoder(encoding).feed(bomb, 1001)) == 1001
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_never_more_than_asked_for() -> None:
    chained = b"".join([gzip.compress(b" " * 600, mtime=0)] * 3)
    assert len(Decoder("gzip").feed(chained, 1001)) == 1001
