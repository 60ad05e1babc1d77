"""What is typed after /mute and /keep, and for how long: read as it is meant."""

from datetime import UTC, datetime

import pytest

from contentsync.bot.rule_pages import say_end
from contentsync.bot.rule_suggestions import Suggestion, suggest
from contentsync.bot.rule_words import Misfit, Wish, match_sources, read_rule
from contentsync.bot.texts import SENTENCES, say
from contentsync.db.models import Source

NOW = datetime(2025, 11, 22, 23, 30, tzinfo=UTC)
"""A Saturday; where it is read, in Kyiv, half past one on Sunday."""


def read(text: str) -> Wish | Misfit:
    return read_rule(text, now=NOW, time_zone="Europe/Kyiv")


KINDS = {
    "crypto": ("words", "crypto"),
    " crypto\u200b  scam\n": ("words", "crypto scam"),
    '"black friday"': ("phrase", "black friday"),
    "«black friday»": ("phrase", "black friday"),
    '"a phrase for a week"': ("phrase", "a phrase for a week"),
    '"a" “b c”, d': ("words", '"a" "b c", d'),
    "/ab+c/": ("regex", "ab+c"),
    "/until 1 May/": ("regex", "until 1 May"),
    "regex: a.b": ("regex", "a.b"),
    "@verge": ("source", "verge"),
    "Source: The Verge": ("source", "The Verge"),
    "https://example.org/x": ("source", "https://example.org/x"),
    "author: Jane Doe": ("author", "Jane Doe"),
    "by:Jane": ("author", "Jane"),
    "language: German": ("language", "de"),
    "lang: Français": ("language", "fr"),
    "language: PL": ("language", "pl"),
    "words: a b": ("words", "a b"),
    "node.js": ("words", "node.js"),
    "waiting for godot": ("words", "waiting for godot"),
    "wait until dark": ("words", "wait until dark"),
}


@pytest.mark.parametrize("text", KINDS)
def test_kinds(text: str) -> None:
    assert read(text) == Wish(*KINDS[text])


ENDS = {
    "for a week": "2025-11-29T23:30",
    "for the week": "2025-11-29T23:30",
    "for the next 2 weeks": "2025-12-06T23:30",
    "for 3 days": "2025-11-25T23:30",
    "3 days": "2025-11-25T23:30",
    "for an hour": "2025-11-23T00:30",
    "for 36h": "2025-11-24T11:30",
    "2 hours": "2025-11-23T01:30",
    "for a couple of months": "2026-01-21T23:30",
    "for today": "2025-11-23T22:00",
    "until tomorrow": "2025-11-23T22:00",
    "until Sunday": "2025-11-29T22:00",
    "until mon": "2025-11-23T22:00",
    "till the end of the month": "2025-11-30T22:00",
    "until next week": "2025-11-23T22:00",
    "until 1 May": "2026-04-30T21:00",
    "until the 1st of May": "2026-04-30T21:00",
    "until May 1, 2027": "2027-04-30T21:00",
    "until 2026-03-04": "2026-03-03T22:00",
    "until 04.03.": "2026-03-03T22:00",
    "until 3 pm": "2025-11-23T13:00",
    "until 1:15": "2025-11-23T23:15",
    "for ever": None,
    "forever": None,
    "for 1000 years": None,
}


@pytest.mark.parametrize("end", ENDS)
def test_ends(end: str) -> None:
    wish = read(f"some words {end}")
    assert isinstance(wish, Wish)
    assert wish.pattern == "some words"
    expected = ENDS[end]
    assert wish.expires_at == (datetime.fromisoformat(f"{expected}+00:00") if expected else None)


@pytest.mark.parametrize("text", ['"a b"', "/a b/", "@a b", "author: a b", "language: German", "a, b"])
def test_every_kind_can_end(text: str) -> None:
    with_end, without = read(f"{text} for a day"), read(text)
    assert isinstance(with_end, Wish)
    assert isinstance(without, Wish)
    assert (with_end.kind, with_end.pattern) == (without.kind, without.pattern)
    assert with_end.expires_at == datetime(2025, 11, 23, 23, 30, tzinfo=UTC)


MISFITS = {
    "": "rule_empty", "   ": "rule_empty", "🎰": "rule_empty", "for a week": "rule_empty", "author: —": "rule_empty",
    "@": "rule_empty", '"!"': "rule_empty", "x" * 201: "rule_long", "x until 31 April": "rule_time_wrong",
    "x until 1 May 2020": "rule_time_wrong", "x for 0 days": "rule_time_wrong", "x until yesterday": "rule_time_wrong",
    "language: Klingon": "rule_no_language", "/ab": "regex_unclosed", "/r/python": "regex_unclosed",
    "/(a/": "regex_group_open", "/a)/": "regex_group_closed", "/[a/": "regex_class_open",
    "/[z-a]/": "regex_class_range",
    "/*a/": "regex_repeat_nothing", "/a**/": "regex_repeat_twice", "/a{2,1}/": "regex_repeat_size",
    "/(?=a)/": "regex_unsupported", r"/(a)\1/": "regex_escape", r"/a\Qb/": "regex_escape_open",
    r"/\p{L}{9}/": "regex_too_large", "/a*/": "regex_empty", "/(?P<x/": "regex_other",
}  # fmt: skip


@pytest.mark.parametrize("text", MISFITS)
def test_what_is_no_rule_gets_a_sentence(text: str) -> None:
    misfit = read(text)
    assert isinstance(misfit, Misfit)
    assert misfit.key == MISFITS[text]
    sentence = say(misfit.key, **misfit.values)
    assert misfit.key == "regex_other" or str(misfit.values.get("part", "")) in sentence


def test_every_sentence_about_expressions_can_be_said() -> None:
    assert {key for key in SENTENCES if key.startswith("regex_")} == {
        key for key in MISFITS.values() if key.startswith("regex_")
    }


def test_what_is_wrong_is_shown_escaped() -> None:
    misfit = read("/a[z-<]/")
    assert isinstance(misfit, Misfit)
    assert "<code>z-&lt;</code> at character 3" in say(misfit.key, **misfit.values)


SHOWN = {
    "2025-11-23T05:00": "until 07:00",
    "2025-11-23T22:00": "until Monday 24 November",
    "2025-11-24T05:00": "until Monday 24 November, 07:00",
    "2025-11-29T23:30": "until Sunday 30 November",
    "2025-12-15T23:30": "until 16 December",
    "2026-04-30T21:00": "until 1 May 2026",
}


@pytest.mark.parametrize("end", SHOWN)
def test_ends_are_shown_where_the_person_lives(end: str) -> None:
    expires_at = datetime.fromisoformat(f"{end}+00:00")
    assert say_end(expires_at, now=NOW, time_zone="Europe/Kyiv") == SHOWN[end]
    assert say_end(None, now=NOW, time_zone="Europe/Kyiv") == "for ever"


def source(number: int, title: str, url: str, site_url: str | None = None) -> Source:
    return Source(id=number, kind="feed", key=str(number), url=url, title=title, site_url=site_url)


def test_sources_are_found_as_people_call_them() -> None:
    known = [
        source(1, "The Verge", "https://www.theverge.com/rss/index.xml", "https://www.theverge.com/"),
        source(2, "Verge of Night", "https://night.example/feed"),
        source(3, "Le Café", "https://feeds.example/cafe", "https://cafe.example"),
        source(4, "", "https://untitled.example/feed"),
    ]
    for called, ids in {
        "the verge": [1], "verge": [1, 2], "https://theverge.com": [1], "theverge.com/rss/index.xml": [1],
        "http://www.night.example/other": [2], "cafe": [3], "cafe.example": [3], "untitled": [4],
        "erge": [], "https://verge": [], "!": [], "": [4], "nothing": [],
    }.items():  # fmt: skip
        if called:
            assert [found.id for found in match_sources(called, known)] == ids, called


OTHERS = [
    "Bitcoin falls again", "Elon Musk buys a farm", "Weather is fine today", "Tesla and Musk sue",
    "Temporal workflows explained", "The best of the week", "韓国ドラマの最新情報", "新しい韓国ドラマ",
    *(f"The number {number} and what it means" for number in range(40)),
]  # fmt: skip


def test_suggestions_are_what_others_have_too_but_not_all() -> None:
    def patterns(title: str) -> list[str]:
        return [suggestion.pattern for suggestion in suggest(title, OTHERS)]

    assert suggest("Why Elon Musk wants Bitcoin", OTHERS)[:2] == [
        Suggestion("phrase", "Elon Musk"),
        Suggestion("words", "Bitcoin"),
    ]
    assert patterns("The Best Crypto Is Bitcoin, Says Elon Musk")[0] == "Elon Musk"
    assert "number" not in patterns("A number of bugs"), "too common"
    assert patterns("人気の韓国ドラマが終了") == ["韓国ドラマ"]
    assert patterns("全く別の話") == []
    assert "C++26" in patterns("C++26: what is new?")
    assert patterns("") == patterns("🎰 !!!") == []
    assert len(suggest("word " * 500, [])) == 1


def test_suggestions_meet_their_own_title() -> None:
    for title in (*OTHERS, "Елон Маск, Tesla & 東京タワー — “quoted” don't 'n' x-ray C# 100%"):
        for suggestion in suggest(title, OTHERS):
            wish = read(f'"{suggestion.pattern}"' if suggestion.kind == "phrase" else suggestion.pattern)
            assert wish == Wish(suggestion.kind, suggestion.pattern)
