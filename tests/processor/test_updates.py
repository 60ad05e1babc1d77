"""When a story that was sent has moved on."""

from contentsync.processor.terms import terms_of
from contentsync.processor.updates import Later, news_since, update_of

BEFORE = [
    terms_of("Ferry collides with trawler off Østvik", "The coast guard is on its way to the ferry from Malmby."),
    terms_of("Malmby ferry in collision with a trawler"),
]


def later(item_id: int, source_id: int, title: str, summary: str = "") -> Later:
    return Later(item_id, source_id, terms_of(title, summary))


def test_the_same_in_other_words_is_no_update() -> None:
    retold = [
        later(3, 3, "Trawler and Malmby ferry collide off Østvik"),
        later(4, 4, "Collision: coast guard on its way to Østvik ferry"),
    ]
    assert update_of(BEFORE, retold) is None
    assert update_of(BEFORE, []) is None


def test_new_numbers_and_names_that_two_sources_tell_are_one() -> None:
    moved = [
        later(3, 3, "Captain Lindqvist arrested after ferry collision, 14 rescued and 2 missing"),
        later(4, 4, "Police arrest ferry captain Lindqvist; 14 rescued, 2 missing off Østvik"),
        later(5, 5, "Ferry collision off Østvik"),
    ]
    assert update_of(BEFORE, moved) in (3, 4)
    assert update_of(BEFORE, moved[:1]) is None, "one source's word is half as much"


def test_what_counts() -> None:
    news = news_since(BEFORE, [later(3, 3, "14 missing off Østvik, says Lindqvist", "He wept and prayed")])
    assert news["14"] == news["lindqv"] == 0.5
    assert news["missin"] == 0.25
    assert news["prayed"] == 0.125
    assert not {"østvik", "off", "he", "14 missin"} & news.keys()
    again = news_since(BEFORE, [later(3, 3, "14 missing"), later(4, 4, "14 are missing")])
    assert again["14"] == 1.0
    assert news_since(BEFORE, [later(3, 3, "14 missing"), later(4, 3, "14 are missing")])["14"] == 0.5
