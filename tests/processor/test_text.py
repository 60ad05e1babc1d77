"""Plain text, cut to length."""

import pytest

from contentsync.processor.text import shorten


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("fits", 4, "fits"),
        ("one two three", 9, "one two…"),
        ("one two, three", 10, "one two…"),
        ("endlessword", 6, "endle…"),
        ("今日は天気がいい", 5, "今日は天…"),
        ("a verylongsecondword", 10, "a verylon…"),
    ],
)
def test_shorten(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short
    assert len(short) <= limit
