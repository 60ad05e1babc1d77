"""What digests and cards look like."""

import re
from datetime import timedelta
from typing import Any

import pytest

from contentsync.bot import render
from contentsync.bot.callbacks import RateItem, ShowCard, ShowDigest
from contentsync.bot.render import Line, age, card, cut, digest, empty, plain, reason, units
from contentsync.db.digests import Part
from contentsync.db.stories import Telling
from tests.filling import NOW

NEW = [{"key": "new", "value": 0.9}, {"key": "rare_source", "value": 0.1}]
TAGS = re.compile(r"<(/?)(\w+)[^>]*>")


def telling(number: int = 1, **values: Any) -> Telling:
    fields: dict[str, Any] = {
        "item_id": number,
        "title": f"Title {number}",
        "link": f"https://example.org/{number}",
        "source_title": "Example",
        "published_at": NOW - timedelta(hours=3),
        "author": None,
        "summary_text": "",
        "media_kind": "article",
    }
    return Telling(**{**fields, **values})


def lines(count: int, **values: Any) -> list[Line]:
    return [Line(number, telling(number, **values), NEW) for number in range(1, count + 1)]


def digest_of(found: list[Line], time_zone: str = "UTC") -> list[Part]:
    return digest(12, found, now=NOW, time_zone=time_zone)


def is_balanced(body: str) -> bool:
    """Every tag is closed in order, and nothing else looks like one."""
    opened: list[str] = []
    for closing, name in TAGS.findall(body):
        if not closing:
            opened.append(name)
        elif not opened or opened.pop() != name:
            return False
    return not opened and "<" not in TAGS.sub("", body)


def test_a_story_that_moved_on_is_marked() -> None:
    moved_on = telling(1, title="Ferry <found>", is_update=True)
    (part,) = digest_of([Line(1, moved_on, NEW)])
    assert '">Update: Ferry &lt;found&gt;</a>' in part.body
    text, _ = card(moved_on, digest_id=12, position=1, rating=0, now=NOW, time_zone="UTC")
    assert text.startswith("<b>Update: Ferry &lt;found&gt;</b>")


def test_digest_layout() -> None:
    found = [
        Line(1, telling(1, also_in=("A & B", "C", "D")), NEW),
        Line(2, telling(2, link=None, published_at=NOW - timedelta(days=2)), [{"key": "rare_source", "value": 0.25}]),
    ]
    (part,) = digest_of(found)
    assert part.body == (
        "<b>📬 Your digest · Sun 1 Jun</b>\n\n"
        '1. <a href="https://example.org/1">Title 1</a>\n'
        "<i>Example · 3 h · also in A &amp; B, C (+1) · fresh</i>\n\n"
        "2. Title 2\n"
        "<i>Example · 2 d · rarely writes</i>"
    )
    assert part.stub == "📬 Your digest · Sun 1 Jun · 2 stories"
    assert part.keyboard == [
        [
            {"text": "1", "callback_data": ShowCard(digest_id=12, position=1).pack()},
            {"text": "2", "callback_data": ShowCard(digest_id=12, position=2).pack()},
        ]
    ]


def test_the_date_is_the_persons() -> None:
    assert "Mon 2 Jun" in digest_of(lines(1), "Pacific/Kiritimati")[0].body
    assert digest_of(lines(1))[0].stub.endswith("1 story")


def test_everything_is_escaped() -> None:
    nasty = "<b>&\"'</i>"
    found = lines(3, title=nasty, source_title=nasty, also_in=(nasty,), link="https://example.org/?a=\"<b>&c='")
    (part,) = digest_of(found)
    assert is_balanced(part.body)
    assert plain(part.body).count(nasty) == 9
    body, _ = card(
        telling(title=nasty, source_title=nasty, author=nasty, summary_text=nasty, also_in=(nasty,)),
        digest_id=1,
        position=1,
        rating=0,
        now=NOW,
        time_zone="UTC",
    )
    assert is_balanced(body)
    assert plain(body).count(nasty) == 5


def test_buttons_come_in_rows_of_five() -> None:
    (part,) = digest_of(lines(12))
    assert [[button["text"] for button in row] for row in part.keyboard] == [
        ["1", "2", "3", "4", "5"],
        ["6", "7", "8", "9", "10"],
        ["11", "12"],
    ]


@pytest.mark.parametrize("title", ["x" * 200, "😀" * 100, "日" * 200])
def test_titles_are_uncut_to_200_units(title: str) -> None:
    """Ten of them, from sources with long names that others tell as well, still are one message."""
    found = lines(10, title=title, source_title="s" * 90, also_in=("a" * 50,) * 12)
    parts = digest_of(found)
    assert len(parts) == 1
    assert parts[0].body.count(title) == 10
    assert units(plain(parts[0].body)) <= render.MESSAGE_UNITS


def test_longer_titles_are_cut_between_characters() -> None:
    (part,) = digest_of(lines(1, title="a" + "😀" * 150))
    shown = plain(part.body).split("\n\n1. ")[1].split("\n")[0]
    assert units(shown) <= 200
    assert shown == "a" + "😀" * 99 + "…"


@pytest.mark.parametrize(("count", "length"), [(30, 20), (30, 60), (30, 200), (11, 199)])
def test_large_digests_take_as_few_messages_as_fit(count: int, length: int) -> None:
    found = lines(count, title="t" * length, source_title="s" * 60, also_in=("a" * 40, "b" * 40, "c"))
    parts = digest_of(found)
    assert all(units(plain(part.body)) <= render.MESSAGE_UNITS for part in parts)
    assert all(is_balanced(part.body) for part in parts)
    numbers = [int(button["text"]) for part in parts for row in part.keyboard for button in row]
    assert numbers == list(range(1, count + 1))
    shown = [int(number) for part in parts for number in re.findall(r"^(\d+)\. ", plain(part.body), re.MULTILINE)]
    assert shown == numbers
    if len(parts) > 1:
        assert len(parts) <= -(-sum(units(plain(part.body)) for part in parts) // render.MESSAGE_UNITS) + 1
        assert parts[1].stub.startswith(f"📬 Your digest · Sun 1 Jun · 2 of {len(parts)} · ")
        assert sum(int(part.stub.rsplit(" · ", 1)[1].split()[0]) for part in parts) == count


def test_reasons_are_left_out_before_a_second_message_is_needed() -> None:
    found = lines(30, title="t" * 112, source_title="source")
    (part,) = digest_of(found)
    assert "fresh" not in part.body


@pytest.mark.parametrize(
    ("title", "summary", "shown"),
    [("", "A summary of what it says", "A summary of what it says"), ("", "", "Untitled"), ("T", "S", "T")],
)
def test_untitled_items_have_a_name(title: str, summary: str, shown: str) -> None:
    (part,) = digest_of(lines(1, title=title, summary_text=summary))
    assert f">{shown}</a>" in part.body


def test_card_layout() -> None:
    found = telling(
        title="A <title>", author="Jo", summary_text="What it says.", media_kind="video", also_in=("B", "C")
    )
    body, keyboard = card(found, digest_id=12, position=3, rating=1, now=NOW, time_zone="UTC")
    assert body == (
        "<b>A &lt;title&gt;</b>\n<i>Example · 3 h · by Jo · 🎬 video</i>\n<i>also in B, C</i>\n\nWhat it says."
    )
    assert keyboard == [
        [
            {"text": "👍 ✓", "callback_data": RateItem(digest_id=12, position=3, value=0).pack()},
            {"text": "👎", "callback_data": RateItem(digest_id=12, position=3, value=-1).pack()},
        ],
        [{"text": "↗ Open", "url": "https://example.org/1"}],
        [{"text": "« Back to the digest", "callback_data": ShowDigest(digest_id=12).pack()}],
    ]


@pytest.mark.parametrize(
    ("rating", "texts", "values"),
    [(0, ["👍", "👎"], [1, -1]), (1, ["👍 ✓", "👎"], [0, -1]), (-1, ["👍", "👎 ✓"], [1, 0])],
)
def test_card_shows_the_rating_and_offers_to_take_it_back(rating: int, texts: list[str], values: list[int]) -> None:
    _, keyboard = card(telling(link=None), digest_id=1, position=1, rating=rating, now=NOW, time_zone="UTC")
    assert [button["text"] for button in keyboard[0]] == texts
    assert [RateItem.unpack(button["callback_data"]).value for button in keyboard[0]] == values
    assert len(keyboard) == 2, "nothing to open without a link"


def test_summaries_are_cut_at_a_word() -> None:
    body, _ = card(telling(summary_text="word " * 400), digest_id=1, position=1, rating=0, now=NOW, time_zone="UTC")
    summary = body.split("\n\n")[1]
    assert 700 < len(summary) <= 800
    assert summary.endswith("word…")


def test_buttons_fit_into_64_bytes() -> None:
    huge = 2**63 - 1
    assert len(ShowCard(digest_id=huge, position=30).pack().encode()) <= 64
    assert len(RateItem(digest_id=huge, position=30, value=-1).pack().encode()) <= 64


def test_nothing_to_send_is_one_line() -> None:
    part = empty(render.NOTHING_NEW)
    assert (part.stub, part.keyboard) == (plain(part.body), [])


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(0), "0 min"),
        (timedelta(hours=-5), "0 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=1), "1 d"),
        (timedelta(days=29, hours=23), "29 d"),
        (timedelta(days=30), "2 May 2025"),
    ],
)
def test_age(ago: timedelta, shown: str) -> None:
    assert age(NOW - ago, now=NOW, time_zone="UTC") == shown


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ([("new", 0.9), ("rare_source", 0.1)], "fresh"),
        ([("new", 0.2), ("rare_source", 0.25)], "rarely writes"),
        ([("new", 0.2), ("rare_source", 0.01), ("same_source", -0.1)], "new to you"),
    ],
)
def test_reason(parts: list[tuple[str, float]], shown: str) -> None:
    assert reason([{"key": key, "value": value} for key, value in parts]) == shown


@pytest.mark.parametrize(
    ("text", "limit", "shown"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("😀😀", 3, "😀…"), ("a b c", 3, "a…")]
)
def test_cut(text: str, limit: int, shown: str) -> None:
    assert cut(text, limit) == shown


def test_an_undated_item_shows_no_age() -> None:
    (part,) = digest_of([Line(1, telling(1, published_at=None), NEW)])
    assert "<i>Example · " in part.body
    assert " min" not in part.body
    text, _ = card(telling(1, published_at=None), digest_id=1, position=1, rating=0, now=NOW, time_zone="UTC")
    assert "<i>Example</i>" in text


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, ""), (0, ""), (9, "0:09"), (245, "4:05"), (3723, "1:02:03"), (86_400, "24:00:00")]
)
def test_how_long_a_video_plays(seconds: int | None, shown: str) -> None:
    told = telling(media_kind="video", duration_seconds=seconds)
    (part,) = digest_of([Line(1, told, NEW)])
    text, _ = card(told, digest_id=12, position=1, rating=0, now=NOW, time_zone="UTC")
    for body in (part.body, text):
        assert re.findall(r" · (\d[\d:]*:\d\d)\b", body) == ([shown] if shown else [])


@pytest.mark.parametrize(
    ("words", "language", "shown"),
    [(None, "en", ""), (60, "en", ""), (300, "en", ""), (920, "en", "4"), (1_000, "ja", "4"), (50_000, None, "217")],
)
def test_how_long_a_text_takes_to_read(words: int | None, language: str | None, shown: str) -> None:
    (part,) = digest_of([Line(1, telling(word_count=words, language=language), NEW)])
    assert re.findall(r" · (\d+) min read\b", part.body) == ([shown] if shown else [])
