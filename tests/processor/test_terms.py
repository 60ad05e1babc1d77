"""What of a text is compared."""

from contentsync.processor.terms import NAME, PAIR, TELLING_WORDS, TOLD, WORD, split, terms_of


def words(text: str) -> list[str]:
    return [word for word, _ in split(text)]


def test_words_of_many_scripts() -> None:
    assert words("The ferry’s crew: 14 saved, 2nd ship's too") == [
        "The",
        "ferry",
        "crew",
        "14",
        "saved",
        "2nd",
        "ship",
        "too",
    ]
    assert words("नौका की टक्कर") == ["नौका", "की", "टक्कर"], "vowel signs belong to the word"
    assert words("渡轮相撞") == ["渡轮", "轮相", "相撞"]
    assert words("渡 a") == ["渡", "a"]
    assert words("ﬁrst ＡＢＣ") == ["first", "ABC"], "forms of one letter are one"
    assert words("—!?  _ ") == []


def test_what_terms_count() -> None:
    found = terms_of("Ferry collisions in Malmby", "Collision of a ferry and a trawler")
    assert found.weights == {
        "ferry": NAME,
        "collis": WORD,
        "ferry collis": PAIR,
        "in": WORD,
        "collis in": PAIR,
        "malmby": NAME,
        "in malmby": PAIR,
        "of": TOLD,
        "a": TOLD,
        "and": TOLD,
        "trawle": TOLD,
    }


def test_numbers_are_those_of_the_title() -> None:
    assert terms_of("Release v1.2 of 2025", "30 changes").numbers == {"v1", "2", "2025"}


def test_a_summary_tells_something_from_some_words_on() -> None:
    assert not terms_of("Title").has_summary
    assert not terms_of("Title", "Introduction").has_summary
    assert terms_of("Title", "word " * TELLING_WORDS).has_summary


def test_only_the_beginning_of_a_summary_counts() -> None:
    assert "late" not in terms_of("Title", "early " * 100 + "late").weights
    assert terms_of("", "").weights == {}
