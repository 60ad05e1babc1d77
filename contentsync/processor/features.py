"""Stand-in until the ranker's is merged."""

import re
import struct
import zlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an item."""

    title: str
    summary: str
    source_id: int
    author: str | None
    media_kind: str
    language: str | None
    word_count: int | None
    duration_seconds: int | None


def features_of(facts: Facts) -> bytes:
    """Hashed words of the title."""
    words = sorted({zlib.crc32(word.encode()) for word in re.findall(r"\w+", facts.title.casefold())})
    return b"\x01" + struct.pack(f"<{len(words)}I", *words)
