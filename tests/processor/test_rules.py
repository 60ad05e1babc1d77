"""Rules: what meets them in which script, who wins, and that no expression is worse than its text is long."""

import random
import string

import pytest

from contentsync.processor.folding import fold
from contentsync.processor.regexes import MOST_INSTRUCTIONS, Fault, Finder, find_fault
from contentsync.processor.rules import KEEP, MOST_REGEXES, MUTE, Rule, RuleSet, Text, read_name, read_words


def text(
    title: str,
    summary: str = "",
    *,
    source_id: int = 1,
    author: str | None = None,
    language: str | None = None,
) -> Text:
    return Text(1, source_id, title, summary, author, language)


def meets(kind: str, pattern: str, item: Text) -> bool:
    return RuleSet([Rule(7, MUTE, kind, pattern)]).verdict(item) is not None


WORDS = {
    "one word": ("crypto", "Why Crypto fell", True),
    "whole words only": ("trump", "A trumpet solo", False),
    "all of them": ("apple car", "The car that Apple never built", True),
    "not only one": ("apple car", "Apple pie", False),
    "either": ("nft, crypto winter", "Winter of crypto", True),
    "or the other": ("nft, crypto winter", "An NFT", True),
    "neither": ("nft, crypto winter", "Crypto spring", False),
    "a number with a comma is one": ("10,000", "10,000 steps", True),
    "and not two": ("10,000", "10 steps", False),
    "quoted within": ('"sam altman" openai', "OpenAI fires Sam Altman", True),
    "quoted in another order": ('"sam altman" openai', "OpenAI, Altman and Sam", False),
    "beginning of a word": ("біткоїн*", "Курс біткоїна росте", True),
    "beginning, not middle": ("coin*", "Bitcoin", False),
    "accents in the text": ("cafe", "Le Café", True),
    "accents in the rule": ("café", "Cafe culture", True),
    "possessive": ("musk", "Musk’s rocket", True),
    "hyphen": ("covid-19", "COVID 19 again", True),
    "signs": ("c++", "C++26 and C++", True),
    "no letter C": ("c++", "Vitamin C", False),
    "German": ("fussball", "Fußball heute", True),
    "Han without blanks": ("东京", "我爱东京大学", True),
    "Han in another order": ("京东", "我爱东京大学", False),
    "Japanese": ("ドラマ", "韓国ドラマの最新情報", True),
    "voice matters": ("かき", "がき", False),
    "Korean with particles": ("삼성", "삼성전자는 오늘", True),
    "Thai": ("หวย", "ผลหวยวันนี้", True),
    "Arabic without points": ("محمد", "قال مُحَمَّد", True),
    "hidden in the middle": ("crypto", "cry\u200bpto", True),
    "nothing in it": ("🎰", "🎰 casino", False),
}


@pytest.mark.parametrize(("pattern", "title", "met"), WORDS.values(), ids=WORDS.keys())
def test_words(pattern: str, title: str, met: bool) -> None:
    assert meets("words", pattern, text(title)) is met
    assert meets("words", pattern, text("Else", f"It says: {title}.")) is met


OTHERS = {
    "phrase": ("phrase", "black friday", text("Black  Friday: deals"), True),
    "phrase in order": ("phrase", "black friday", text("Friday, black"), False),
    "phrase with commas": ("phrase", "ready, steady", text("Ready steady go"), True),
    "phrase over title and summary": ("phrase", "black friday", text("Black", "friday"), False),
    "words over title and summary": ("words", "black friday", text("Black", "friday"), True),
    "author": ("author", "jane doe", text("", author="Jane Doe"), True),
    "author among others": ("author", "Doe, Jane", text("", author="A. B. and Jane Döe"), True),
    "not another Jane": ("author", "Doe, Jane", text("", author="Jane Roe"), False),
    "no author": ("author", "jane", text("Jane writes"), False),
    "language": ("language", "de", text("", language="de"), True),
    "language of a country": ("language", "de", text("", language="de-AT"), True),
    "another language": ("language", "de", text("", language="den"), False),
    "no language": ("language", "de", text("de"), False),
    "regex": ("regex", r"\d+% off", text("Now 20% OFF"), True),
    "regex at the end of the title": ("regex", "deal$", text("Great deal", "More"), True),
    "regex at the beginning of the summary": ("regex", "^More", text("Great deal", "More"), True),
    "regex over a line": ("regex", "deal.More", text("Great deal", "More"), False),
    "regex with case": ("regex", "(?-i)AI", text("I said aix"), False),
    "regex, decomposed": ("regex", "cafe\u0301", text("Café"), True),
    "regex in Cyrillic": ("regex", "біткоїн[а-я]+", text("БІТКОЇНА нема"), True),
    "regex and half a character": ("regex", "b$", text("a\ud800b"), True),
}


@pytest.mark.parametrize(("kind", "pattern", "item", "met"), OTHERS.values(), ids=OTHERS.keys())
def test_other_kinds(kind: str, pattern: str, item: Text, met: bool) -> None:
    assert meets(kind, pattern, item) is met


def test_a_source_is_met_by_its_id() -> None:
    rules = RuleSet([Rule(1, MUTE, "source", "", source_id=5)])
    assert rules.verdict(text("x", source_id=5)) == Rule(1, MUTE, "source", "", 5)
    assert rules.verdict(text("x", source_id=6)) is None


def test_keep_beats_mute_and_the_first_decides() -> None:
    every = [
        Rule(4, KEEP, "words", "rust"),
        Rule(3, KEEP, "regex", "ru.t"),
        Rule(2, MUTE, "phrase", "a b"),
        Rule(1, MUTE, "source", "", source_id=1),
        Rule(5, MUTE, "words", "b"),
    ]
    for seed in range(5):
        random.Random(seed).shuffle(every)
        rules = RuleSet(every)
        assert rules.verdict(text("rust a b")).id == 3  # type: ignore[union-attr]
        assert rules.verdict(text("a b", source_id=2)).id == 2  # type: ignore[union-attr]
        assert rules.verdict(text("a b")).id == 1  # type: ignore[union-attr]
        assert rules.verdict(text("b", source_id=2)).id == 5  # type: ignore[union-attr]
        assert rules.verdict(text("c", source_id=2)) is None


def test_no_rules_are_false() -> None:
    assert not RuleSet([])
    assert RuleSet([]).verdict(text("x")) is None
    assert RuleSet([Rule(1, MUTE, "words", "x")])


def test_many_rules_decide_as_each_alone_does() -> None:
    dice = random.Random(1)
    words = ["ant", "bee", "café", "dog", "eel", "東", "ё", "c++", *(f"w{number}" for number in range(12))]

    def some(count: int) -> str:
        return " ".join(dice.choices(words, k=count))

    rules = [
        Rule(number, dice.choice((MUTE, MUTE, KEEP)), kind, pattern)
        for number, (kind, pattern) in enumerate(
            (kind, some(2).replace("+", "p")) for kind in dice.choices(("words", "phrase", "author", "regex"), k=50)
        )
    ]
    together, each, hits = RuleSet(rules), [RuleSet([rule]) for rule in rules], 0
    for _ in range(300):
        item = text(some(4), some(4), author=some(2))
        alone = [rule for one in each if (rule := one.verdict(item))]
        expected = min(alone, key=lambda rule: (rule.action != KEEP, rule.id), default=None)
        assert together.verdict(item) == expected
        hits += expected is not None
    assert 30 < hits < 300


def test_what_is_read_as_words() -> None:
    assert read_words("Crypto  scam") == [(" crypto ", " scam ")]
    assert read_words('"Sam Altman" x, y*;') == [(" sam altman ", " x "), (" y",)]
    assert read_words("one、二，3") == [(" one ",), (" 二 ",), (" 3 ",)]
    assert read_words('"" , !!! 🎰') == []
    assert read_name("Doe, Jane!") == (" doe ", " jane ")
    assert read_name("—") == ()


FAULTS = {
    "(abc": Fault("group_open", "(", 1),
    "a(b(c)": Fault("group_open", "(", 2),
    "abc)": Fault("group_closed", ")", 4),
    r"[)]\)a)": Fault("group_closed", ")", 7),
    "[abc": Fault("class_open", "[", 1),
    "x[z-a]": Fault("class_range", "z-a", 3),
    "*a": Fault("repeat_nothing", "*", 1),
    "a**": Fault("repeat_twice", "**", 2),
    "a{1001}": Fault("repeat_size", "{1001}", 2),
    "a(?=b)": Fault("unsupported", "(?=", 2),
    r"(a)\1": Fault("escape", r"\1", 4),
    "abc\\": Fault("escape_open", "\\", 4),
    r"x\Qabc": Fault("escape_open", r"\Q", 2),
    "a)|(b": Fault("group_closed", ")", 2),
    r"\p{L}\p{L}": Fault("too_large"),
    "((a{900}){1})b{900}": Fault("too_large"),
    "a*": Fault("empty"),
    "a|": Fault("empty"),
    "": Fault("empty"),
}


@pytest.mark.parametrize("pattern", FAULTS)
def test_what_is_wrong_with_an_expression(pattern: str) -> None:
    assert find_fault(pattern) == FAULTS[pattern]


def test_no_typed_expression_breaks_anything() -> None:
    dice = random.Random(2)
    found = set()
    for _ in range(1_000):
        pattern = "".join(dice.choices(r"ab()[]{}*+?|\.^$-,1iQEpL<>=!:é東" + string.ascii_letters[:4], k=8))
        fault = find_fault(pattern)
        if fault is None:
            Finder([pattern, "x"]).find("ab x")
        else:
            found.add(fault.key)
            assert fault.part == pattern[fault.position - 1 :][: len(fault.part)] or not fault.position
    assert len(found) > 7


def test_the_largest_expressions_fit_together() -> None:
    """A set of expressions that is out of memory finds nothing, and says nothing."""
    largest = [rf"(?:[a-f].{{0,15}}){{8}}{number}" for number in range(MOST_REGEXES)]
    assert [find_fault(pattern) for pattern in largest] == [None] * MOST_REGEXES
    assert find_fault(largest[0] + ".{0,90}!") == Fault("too_large"), f"they are near {MOST_INSTRUCTIONS}"
    hostile = "abcdef" * 400
    finder = Finder(largest)
    assert [finder.find(f"{hostile}{number}") for number in range(MOST_REGEXES)] == [[n] for n in range(MOST_REGEXES)]
    assert finder.find(hostile) == []


def test_words_are_looked_for_as_texts_are_folded() -> None:
    for pattern, title, met in WORDS.values():
        needles = read_words(pattern)
        assert any(all(needle in fold(title) for needle in each) for each in needles) is met
