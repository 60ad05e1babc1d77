"""What items say about words."""

from contentsync.processor.background import FEW_ITEMS, NO_BACKGROUND, RELATED, TOGETHER, background_of
from contentsync.processor.features import unpack
from tests.processor.titles import features_of_title


def slot(word: str) -> int:
    return int(unpack([features_of_title(word)]).slots[0])


def related(titles: list[str], word: str) -> dict[int, float]:
    import_ = background_of([features_of_title(title) for title in titles])
    _, slots, shares = import_.related(unpack([features_of_title(word)]).slots[:1])
    return dict(zip(slots.tolist(), shares.tolist(), strict=True))


def filler(count: int) -> list[str]:
    return [f"the f{number}a f{number}b" for number in range(count)]


def test_rare_words_count_more() -> None:
    rarity = background_of([features_of_title(title) for title in [*filler(20), "the ferry"]]).rarity
    assert rarity[slot("the")] < rarity[slot("ferry")] < rarity[slot("never")]
    assert rarity.min() > 0


def test_words_that_go_together() -> None:
    titles = [f"f{n}a hubble telescope f{n}b" for n in range(TOGETHER)]
    found = related([*titles, *filler(30)], "hubble")
    assert list(found) == [slot("telescope")]
    assert 0 < found[slot("telescope")] <= RELATED
    assert related([*titles, *filler(30)], "telescope").keys() == {slot("hubble")}, "both ways"


def test_twice_is_chance_and_one_text_is_one() -> None:
    twice = [f"f{n}a hubble telescope f{n}b" for n in range(TOGETHER - 1)]
    assert related([*twice, *filler(30)], "hubble") == {}
    assert related([*twice[:1] * 9, *filler(30)], "hubble") == {}, "one title told by nine sources"


def test_what_goes_with_everything_goes_with_nothing() -> None:
    titles = [f"the hubble f{n}c" for n in range(TOGETHER)]
    assert related([*titles, *filler(FEW_ITEMS)], "hubble") == {}


def test_no_items() -> None:
    assert NO_BACKGROUND.items == 0
    assert len(set(NO_BACKGROUND.rarity.tolist())) == 1
    assert NO_BACKGROUND.related(unpack([features_of_title("any word")]).slots)[1].tolist() == []
