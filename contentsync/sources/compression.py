"""Undoing a Content-Encoding without ever inflating more than was asked for.

httpx decodes whole chunks, and chained encodings, before anyone can count: 16 KB can become 16 MB or 16 GB.
"""

import sys
import zlib
from collections.abc import AsyncIterable
from typing import Any, Protocol

import brotli
from typing_extensions import override

from contentsync.errors import TooLarge

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
"""What `Decoder` can undo, to be told to servers."""

_GZIP_MAGIC = b"\x1f\x8b"
MAX_ENCODED_BYTES = 10_000_000
MAX_GZIP_MEMBERS = 1000
"""Empty members and blocks decode to nothing, so that no limit on what comes out ever stops them."""

_ZSTD_MAGIC = b"\x28\xb5"
_ZSTD_WINDOW_LOG = 23
"""8 MB, the largest window that may be needed. Source: RFC 9659, section 3."""
_NEXT_MEMBER: dict[str, tuple[bytes, ...]] = {
    "gzip": (_GZIP_MAGIC,),
    "x-gzip": (_GZIP_MAGIC,),
    "deflate": (_GZIP_MAGIC,),
    "br": (),
    "zstd": (_ZSTD_MAGIC,),
}
"""What begins another member after the end of one."""
_SUPPORTED = tuple(_NEXT_MEMBER)
_UNSUPPORTED = ("compress", "x-compress", "dcb", "dcz")


class UndecodableBody(Exception):
    """The body is compressed in a way that cannot be undone, or is damaged."""


class _Inflater(Protocol):
    """What undoes one stream; zlib's and zstd's objects are of this shape."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _BrotliInflater(_Inflater):
    """Brotli in that shape."""

    def __init__(self) -> None:
        untyped: Any = brotli
        self._decompressor = untyped.Decompressor()

    @property
    @override
    def eof(self) -> bool:
        return bool(self._decompressor.is_finished())

    @property
    @override
    def unused_data(self) -> bytes:
        return b""

    @override
    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        part: bytes = self._decompressor.process(data, output_buffer_limit=max_length)
        return part[:max_length]


async def decoded_body(chunks: AsyncIterable[bytes], content_encoding: str, *, url: str, limit_bytes: int) -> bytes:
    """A whole body as it was meant.

    Raises:
        UndecodableBody: see `Decoder`.
        TooLarge: it is longer than `limit_bytes`.
    """
    decoder = Decoder(content_encoding)
    body = bytearray()
    async for chunk in chunks:
        body += decoder.feed(chunk, limit_bytes + 1 - len(body))
        if len(body) > limit_bytes:
            raise TooLarge(url, limit_bytes)
    body += decoder.finish()
    return bytes(body)


class Decoder:
    """Undoes one Content-Encoding, piece by piece.

    Forgiving where servers are known to be wrong: "gzip" over a plain body, deflate without its zlib header, padding
    after the end, an encoding that does not exist.
    """

    def __init__(self, content_encoding: str) -> None:
        """Begin a body.

        Raises:
            UndecodableBody: the encoding is none of ours, or a chain of several.
        """
        names = [name.strip() for name in content_encoding.lower().split(",")]
        names = [name for name in names if name not in ("", "identity")]
        if len(names) > 1 or any(name in _UNSUPPORTED for name in names):
            raise UndecodableBody("unknown compression")
        self._encoding = names[0] if names and names[0] in _SUPPORTED else None
        self._held_back = b""
        self._inflater: _Inflater | None = None
        self._taken_bytes = 0
        self._members = 0

    def feed(self, data: bytes, limit_bytes: int) -> bytes:
        """Give the next decoded bytes, at most `limit_bytes`.

        Ask for one byte more than you accept: if it comes, the body is too long, and feeding must end.

        Raises:
            UndecodableBody: the data are damaged, or made to keep us busy.
        """
        if self._encoding is None:
            return data[:limit_bytes]
        self._taken_bytes += len(data)
        if self._taken_bytes > MAX_ENCODED_BYTES:
            raise UndecodableBody("endless compression")
        data, self._held_back = self._held_back + data, b""
        parts = []
        while data and limit_bytes > 0:
            if self._inflater is None or self._inflater.eof:
                if len(data) < 2 and self._encoding != "br":
                    self._held_back = data
                    break
                if self._inflater is not None and not data.startswith(_NEXT_MEMBER[self._encoding]):
                    break  # padding; some bodies consist of several members
                self._members += 1
                if self._members > MAX_GZIP_MEMBERS:
                    raise UndecodableBody("endless compression")
                self._inflater = self._inflater_for(data)
                if self._inflater is None:
                    self._encoding = None
                    return data[:limit_bytes]
            try:
                part = self._inflater.decompress(data, limit_bytes)
            except (zlib.error, brotli.error, zstd.ZstdError) as error:
                raise UndecodableBody("damaged compression") from error
            parts.append(part)
            limit_bytes -= len(part)
            data = self._inflater.unused_data
        return b"".join(parts)

    def finish(self) -> bytes:
        """Give what was held back, once the last data were fed.

        Raises:
            UndecodableBody: the compressed data end too early.
        """
        if self._inflater is not None and not self._inflater.eof:
            raise UndecodableBody("the answer broke off")
        return self._held_back if self._inflater is None else b""

    def _inflater_for(self, head: bytes) -> _Inflater | None:
        if self._encoding == "br":
            return _BrotliInflater()
        if self._encoding == "zstd":
            return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
        if head.startswith(_GZIP_MAGIC):
            return zlib.decompressobj(wbits=31)
        if self._encoding != "deflate":
            return None
        zlib_header = head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0  # RFC 1950, section 2.2
        return zlib.decompressobj(wbits=15 if zlib_header else -15)
