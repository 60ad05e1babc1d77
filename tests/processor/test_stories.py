"""Which items become one story. Titles are our own inventions."""

from datetime import timedelta

import pytest

from contentsync.processor.packed import nearly_identical, pack
from contentsync.processor.stories import GAP, VISITS, StoryIndex, Told
from contentsync.processor.terms import terms_of
from tests.filling import NOW

FERRY = "Ferry from Malmby to Østvik collides with Norwegian trawler, 14 rescued"
FERRY_TOO = "14 rescued after Malmby ferry collides with trawler off Østvik"
COUNCIL = "Council of Grantham votes for a new library roof after long dispute"


def told(number: int, title: str, summary: str = "", *, source: int | None = None, hours: float = 0) -> Told:
    return Told(number, source, NOW + timedelta(hours=hours), terms_of(title, summary))


def stories(*items: Told, index: StoryIndex | None = None) -> list[int | None]:
    index = StoryIndex() if index is None else index
    for item in items:
        index.add(item)
    return [index.story_of(item.item_id) for item in items]


def are_one(*items: Told) -> bool:
    return len(set(stories(*items))) == 1


def test_two_sources_tell_one_story() -> None:
    assert are_one(told(1, FERRY, source=1), told(2, FERRY_TOO, source=2))
    assert not are_one(told(1, FERRY, source=1), told(2, COUNCIL, source=2))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Fähre aus Malmby rammt Trawler vor Østvik, 14 Menschen gerettet",
         "14 Gerettete: Fähre aus Malmby rammt vor Østvik einen Trawler"),
        ("渡轮在东港附近与拖网渔船相撞 十四人获救", "东港渡轮与拖网渔船相撞,十四人获救"),
        ("東港沖でフェリーと漁船が衝突、14人救助", "フェリーと漁船が東港沖で衝突し14人を救助"),
        ("Паром из Мальмбю столкнулся с траулером у Эствика, спасены 14 человек",
         "У Эствика паром из Мальмбю столкнулся с траулером: 14 человек спасены"),
        ("เรือเฟอร์รีชนเรือประมงใกล้ท่าเรือตะวันออก ช่วยเหลือได้ 14 คน", "ช่วยเหลือ 14 คน หลังเรือเฟอร์รีชนเรือประมงใกล้ท่าเรือตะวันออก"),
        ("पूर्वी बंदरगाह के पास नौका और मछली पकड़ने वाले जहाज की टक्कर, 14 बचाए गए",
         "नौका और मछली पकड़ने वाले जहाज की पूर्वी बंदरगाह के पास टक्कर में 14 लोग बचाए गए"),
    ],
    ids=["de", "zh", "ja", "ru", "th", "hi"],
)  # fmt: skip
def test_in_any_script(one: str, other: str) -> None:
    assert are_one(told(1, one, source=1), told(2, other, source=2))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Weekly links", "Weekly links"),
        ("Episode 12: Of bridges", "Episode 13: Of tunnels"),
        ("Release 1.2.3", "Release 1.2.4"),
        ("Building a boat, part 1", "Building a boat, part 2"),
        ("Malmby ferry timetable for Monday", "Malmby ferry timetable for Tuesday"),
    ],
    ids=["links", "episodes", "releases", "parts", "days"],
)
def test_what_one_source_writes_again_and_again_is_no_story(one: str, other: str) -> None:
    assert not are_one(told(1, one, source=1), told(2, other, source=1))
    summary = "Everything that was worth a look, collected with love for you and for nobody else, as ever."
    assert one == other or not are_one(told(1, one, summary, source=1), told(2, other, summary, source=1))


def test_one_source_may_say_the_same_twice() -> None:
    text = "The ferry had left Malmby an hour earlier when it met the trawler in thick fog, the coast guard says."
    assert are_one(told(1, FERRY, text, source=1), told(2, FERRY, text, source=1))
    assert not are_one(told(1, FERRY, source=1), told(2, FERRY, source=1)), "a title alone proves nothing"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Home", "Home sweet home"),
        ("2025 in review", "Book review: The Long Winter"),
        ("Moving", "Moving to another host"),
        ("Introducing Quillfish", "Introducing Ovenbird"),
        ("v2.0.0", "v2.0.0"),
        ("Release 1.2.0", "Release 1.2.0"),
        ("1.2.0 released", "1.2.0 Released"),
        ("Weekly Links #12", "Weekly links #12"),
        ("Test entry", "Test Entry"),
        ("Merry Christmas!", "Merry Christmas"),
        ("How to learn Rust in 2025", "How to learn Go in 2025"),
        ("The best books of 2025", "The best games of 2025"),
        ("Monthly notes for May 2025", "Monthly status report for May 2025"),
    ],
)
def test_a_word_or_two_in_common_are_no_story(one: str, other: str) -> None:
    assert not are_one(told(1, one, source=1), told(2, other, source=2))
    notes = "What's changed: a crash was fixed by @jo in https://github.com/{0}/pull/7 Full changelog of {0}"
    assert not are_one(told(1, one, notes.format("heron"), source=1), told(2, other, notes.format("stork"), source=2))


def test_a_story_that_nobody_told_for_days_has_ended() -> None:
    late = GAP.total_seconds() / 3_600
    assert are_one(told(1, FERRY, source=1), told(2, FERRY_TOO, source=2, hours=late))
    assert not are_one(told(1, FERRY, source=1), told(2, FERRY_TOO, source=2, hours=late + 1))


def test_an_item_can_make_two_stories_one() -> None:
    index = StoryIndex()
    apart = stories(
        told(1, "Malmby ferry collides with trawler", source=1),
        told(2, "Fourteen rescued off Østvik in thick fog", source=2),
        index=index,
    )
    assert len(set(apart)) == 2
    title = "Malmby ferry collides with trawler, fourteen rescued off Østvik in thick fog"
    index.add(told(3, title, source=3))
    assert index.story_of(1) == index.story_of(2) == index.story_of(3)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1), (1, 3, 0, 2)], ids=str)
def test_in_whatever_order_they_come(order: tuple[int, ...]) -> None:
    titles = [FERRY, FERRY_TOO, COUNCIL, "Trawler and Malmby ferry collide off Østvik: 14 rescued"]
    index = StoryIndex()
    for number in order:
        index.add(told(number + 1, titles[number], source=number + 1))
    assert index.story_of(1) == index.story_of(2) == index.story_of(4) != index.story_of(3)


def test_an_edited_title_stays_in_its_story() -> None:
    index = StoryIndex()
    story = index.add(told(1, FERRY, source=1))
    index.settle({story: 7})
    assert index.add(told(1, COUNCIL, source=1), story_id=7) == 7
    assert len(index) == 1
    assert stories(told(2, FERRY_TOO, source=2), index=index) != [7], "what it said before is forgotten"


def test_stored_stories_keep_their_id_when_new_ones_join() -> None:
    index = StoryIndex()
    index.put(told(1, FERRY, source=1), story_id=7)
    index.put(told(2, COUNCIL, source=2), story_id=8)
    assert index.add(told(3, FERRY_TOO, source=3)) == 7
    assert index.merged() == {}
    assert index.unite(7, 8) == 7, "the larger one stays"
    assert index.merged() == {8: 7}
    assert index.resolve(8) == 7


def test_what_could_not_be_stored_is_forgotten() -> None:
    index = StoryIndex()
    index.put(told(1, FERRY, source=1), story_id=7)
    index.put(told(2, COUNCIL, source=2), story_id=8)
    index.add(told(3, FERRY_TOO, source=3))
    index.add(told(4, "Something else altogether happens in Vik", source=4))
    assert index.abandon() == {7}
    assert (index.story_of(1), index.story_of(2), index.story_of(3), index.story_of(4)) == (None, 8, None, None)


def test_a_word_of_many_stories_is_found_again_when_it_is_rare() -> None:
    """Who has a word is not kept while more stories have it than are looked at."""
    index, many = StoryIndex(), VISITS + 50
    for number in range(many):
        title = f"Malmby ferry collision {number:04}alpha {number:04}beta {number:04}gamma"
        index.put(told(number + 1, title, source=number), story_id=number + 1)
    index.put(told(9_001, "Malmby ferry collision", source=9_001), story_id=9_001)
    for number in range(many - 3):
        index.remove(number + 1)
    assert index.add(told(9_002, "Malmby ferry collision", source=9_002)) == 9_001
    for item_id in (9_001, 9_002, *range(many - 2, many + 1)):
        index.remove(item_id)
    assert len(index) == 0
    assert index.add(told(1, "Malmby")) < 0, "nothing is left of what was there"


def test_a_story_of_many_items_is_one_however_long_it_gets() -> None:
    index = StoryIndex()
    for number in range(300):
        index.add(
            told(number + 1, f"{FERRY_TOO} says {number:04}paper", f"{number:04}one two {number:04}", source=number)
        )
    assert len({index.story_of(number + 1) for number in range(300)}) == 1
    index.remove(7)
    assert index.story_of(7) is None
    assert index.story_of(8) == index.story_of(300)


def test_old_stories_leave_the_index() -> None:
    index = StoryIndex(window_items=20)
    for number in range(30):
        index.add(told(number + 1, f"{number:03}alpha {number:03}beta {number:03}gamma", hours=number))
    index.forget_before(NOW + timedelta(hours=5))
    assert len(index) == 18
    assert index.story_of(5) is None
    assert index.story_of(30) is not None
    index.forget_before(NOW + timedelta(days=9))
    assert len(index) == 0
    assert stories(told(1, FERRY), index=index) != [None]


def test_nearly_identical_needs_the_same_numbers_and_summaries_that_agree() -> None:
    text = "A long text that says what happened to the ferry and to the trawler on that foggy night in May."
    other = "Quite another summary about a council, its library and the roof that nobody wanted to pay for."
    ferry = pack(terms_of(FERRY, text))
    assert nearly_identical(ferry, pack(terms_of(FERRY, text)))
    assert not nearly_identical(ferry, pack(terms_of(FERRY.replace("14", "15"), text)))
    assert not nearly_identical(ferry, pack(terms_of(FERRY, other)))
    assert not nearly_identical(pack(terms_of(FERRY)), pack(terms_of(FERRY)))
