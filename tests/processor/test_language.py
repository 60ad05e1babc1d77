"""Languages: declared and guessed."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from contentsync.processor.language import LanguageGuesser, primary_language


@pytest.fixture(scope="module")
def guesser() -> LanguageGuesser:
    return LanguageGuesser()


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("PT_br", "pt"),
        (" de ", "de"),
        ("zh-Hant-TW", "zh"),
        ("fil", "fil"),
        (None, None),
        ("", None),
        ("english", None),
        ("und", None),
        ("zxx", None),
        ("e", None),
    ],
)
def test_primary_language(tag: str | None, language: str | None) -> None:
    assert primary_language(tag) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How to build a small web server without any framework at all", "en"),
        ("Die Bahn führt neue Regeln für Verspätungen ein", "de"),
        ("Le président a annoncé de nouvelles mesures pour les écoles", "fr"),
        ("Уряд оголосив про нові правила для шкіл у цьому році", "uk"),
        ("今日は東京でとても天気がいいので散歩に行きました", "ja"),
        ("Release 1.2.3", None),
        ("12345 67890 12345 67890 12345", None),
        ("", None),
    ],
)
def test_guess(guesser: LanguageGuesser, text: str, language: str | None) -> None:
    assert guesser.guess(text) == language


def test_guesses_from_many_threads(guesser: LanguageGuesser) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(guesser.guess, ["How to build a small web server without any framework"] * 20))
    assert found == {"en"}
