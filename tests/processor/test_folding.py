"""Folding: what counts as the same word."""

import pytest

from contentsync.processor.folding import BETWEEN, fold

CASES = {
    "case and punctuation": ("Hello, World! don't", " hello world don t "),
    "accents": ("Élysée naïve Việt", " elysee naive viet "),
    "letters with strokes": ("Łódź Ærø Straße ILGAZ", " lodz aero strasse ilgaz "),
    "decomposed": ("e\u0301te\u0301", " ete "),
    "Turkish": ("İstanbul ısı", " istanbul isi "),
    "Cyrillic": ("Їжак, ЩЁ", " іжак ще "),
    "Greek": ("Ελλάδα", " ελλαδα "),
    "Arabic points and tatweel": ("مُحَمَّد أحـــمد", " محمد احمد "),
    "Hebrew points and hyphen": ("שָׁלוֹם־עולם", " שלום עולם "),
    "vowel signs of Hindi stay": ("हिन्दी में", " हिन्दी में "),
    "Han": ("東京2024", " 東 京 2024 "),
    "kana keep their voice": ("か\u3099が か", " が が か "),
    "Hangul": ("삼성은", " 삼 성 은 "),
    "hidden characters": ("cry\u200bpto cryp\u00adto", " crypto crypto "),
    "forms": ("ﬁne Ａ① Ⅳ", " fine a1 iv "),
    "signs that end a word": ("C++ C# #AI +1 C", " c++ c# ai 1 c "),
    "numbers": ("COVID-19 10,000", " covid 19 10 000 "),
    "emoji": ("❤️ 🎰", " "),
    "nothing": ("", " "),
    "half a character": ("a \ud800 b", " a b "),
}


@pytest.mark.parametrize(("text", "folded"), CASES.values(), ids=CASES.keys())
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_folding_twice_changes_nothing() -> None:
    for text, folded in CASES.values():
        assert fold(folded) == folded, text


def test_nothing_reaches_over_the_mark_between() -> None:
    assert " one two " not in fold(f"One {BETWEEN} two")
    assert " one two " not in fold(f"Öne {BETWEEN} two")


def test_more_words_than_are_known_fold_alike() -> None:
    many = " ".join(f"é{number}" for number in range(40_000))
    assert fold(many) == " " + " ".join(f"e{number}" for number in range(40_000)) + " "
    assert fold("é7") == " e7 "
    assert fold("é" * 100) == f" {'e' * 100} "
