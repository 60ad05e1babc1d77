import pytest

from contentsync.processor.length import reading_minutes


@pytest.mark.parametrize(
    ("words", "seconds", "language", "minutes"),
    [
        (920, None, "en", 4.0),
        (920, None, None, 4.0),
        (1_000, None, "zh", 4.0),
        (1_000, None, "ja", 4.0),
        (None, 600, "en", 10.0),
        (920, 600, "en", 10.0),
        (60, None, "en", 0.0),
        (None, None, None, 0.0),
        (None, 0, None, 0.0),
    ],
    ids=["article", "no language", "chinese", "japanese", "video", "plays", "teaser", "unknown", "live"],
)
def test_minutes(words: int | None, seconds: int | None, language: str | None, minutes: float) -> None:
    assert reading_minutes(words, seconds, language) == pytest.approx(minutes)
