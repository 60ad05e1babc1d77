"""Sizes read from the first bytes of pictures."""

import struct

import pytest

from contentsync.localchat.images import image_size

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480)
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2" + struct.pack(">HBHH", 11, 8, 480, 640)
VP8 = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480)
VP8L = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", 639 | 479 << 14)
VP8X = b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")


@pytest.mark.parametrize("content", [PNG, JPEG, VP8, VP8L, VP8X, b"GIF89a" + struct.pack("<HH", 640, 480)])
def test_formats_browsers_show(content: bytes) -> None:
    assert image_size(content) == (640, 480)


@pytest.mark.parametrize("content", [b"", b"<svg/>", PNG[:18], b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBPVP8Z", b"GIF89a"])
def test_anything_else_has_no_size(content: bytes) -> None:
    assert image_size(content) is None
