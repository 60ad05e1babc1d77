"""What is typed as a topic, a language, a key."""

import pytest

from contentsync.bot.account_questions import read_key
from contentsync.bot.topic_words import LANGUAGES, language_of, name_of, read_language, read_topic
from contentsync.sources import newsapi

KEY = "0123456789abcdef0123456789abcdef"


def test_topics_have_the_languages_that_can_be_searched() -> None:
    assert set(LANGUAGES) == set(newsapi.LANGUAGES)


@pytest.mark.parametrize(
    ("typed", "topic"),
    [
        ("climate change", "climate change"),
        ("  climate \n change\t", "climate change"),
        ("C++", "C++"),
        ('"exact words" OR other', '"exact words" OR other'),
        ("клімат", "клімат"),
        ("气候", "气候"),
        ("a\u200bb\x00c", "ab c"),
        ("x" * 100, "x" * 100),
        ("x" * 101, None),
        ("", None),
        ("🙂", None),
        ("?!", None),
    ],
)
def test_a_topic_is_a_few_words(typed: str, topic: str | None) -> None:
    assert read_topic(typed) == topic


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("en", "en"), ("English", "en"), (" french. ", "fr"), ("FRANÇAIS", "fr"), ("francais", "fr"),
        ("українська", "uk"), ("Ukrainian", "uk"), ("中文", "zh"), ("עברית", "he"), ("Urdu", "ur"),
        ("ud", None), ("Klingon", None), ("", None),
    ],
)  # fmt: skip
def test_a_language_is_known_by_its_names(typed: str, code: str | None) -> None:
    assert read_language(typed) == code


@pytest.mark.parametrize(("tag", "code"), [("en-US", "en"), ("uk", "uk"), ("zh-hans", "zh"), ("pl", "en"), ("", "en")])
def test_the_language_of_a_person(tag: str, code: str) -> None:
    assert language_of(tag) == code


def test_names() -> None:
    assert name_of("uk") == "Ukrainian"
    assert name_of("xx") == "xx"


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        (KEY, KEY),
        (f"  {KEY}\n", KEY),
        (f"apiKey={KEY}", KEY),
        (f"My key is {KEY}.", KEY),
        (f'"{KEY}"', KEY),
        ("another-form_of_key_0123", "another-form_of_key_0123"),
        ("short", None),
        ("several words here", None),
        ("", None),
        ("x" * 129, None),
    ],
)
def test_a_key_is_found_in_what_was_typed(typed: str, key: str | None) -> None:
    assert read_key(typed) == key
