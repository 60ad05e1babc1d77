import pytest

from contentsync.sources.words import count_words, words_in


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("", 0),
        ("<p></p>", 0),
        ("Three plain words", 3),
        ('<p>One <a href="https://example.org/a b c">two,</a><br>three.</p>\n<p>Four</p>', 4),
        ("Déjà vu à l'étranger", 4),
        ("今天天气很好真的吗是的", 6),
        ("Wir sehen uns in 東京都庁 wieder", 8),
    ],
    ids=["empty", "no words", "plain", "markup", "accents", "han", "mixed"],
)
def test_words_are_counted_without_tags(markup: str, words: int) -> None:
    assert count_words(markup) == words


def test_a_long_text_is_counted_by_its_beginning() -> None:
    assert count_words("<p>word</p> " * 10_000) == pytest.approx(10_000, rel=0.01)


def test_characters_make_fewer_words_where_words_have_blanks() -> None:
    assert words_in(1_200, "The council met on") == 200
    assert words_in(1_200, "市議会は火曜日に") == 600
