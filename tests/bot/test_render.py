"""What digests and cards look like."""

import re
from datetime import timedelta
from typing import Any

import pytest

from contentsync.bot import render
from contentsync.bot.callbacks import MuteCard, RateItem, SaveItem, ShowCard, ShowDigest, ShowWhy, Taste
from contentsync.bot.render import Keyboard, Line, Marks, age, cut, digest, empty, plain, units
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


def card(found: Telling, *, marks: Marks = Marks(), is_update: bool = False) -> tuple[str, Keyboard]:  # noqa: B008
    line = Line(3, found, NEW, is_update=is_update)
    return render.card(12, line, marks=marks, now=NOW, time_zone="UTC")


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
    line = Line(1, telling(1, title="Ferry <found>"), NEW, is_update=True)
    (part,) = digest_of([line])
    assert '">Update: Ferry &lt;found&gt;</a>' in part.body


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
    body, _ = card(telling(title=nasty, source_title=nasty, author=nasty, summary_text=nasty, also_in=(nasty,)))
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
    body, keyboard = card(found, marks=Marks(rating=1))
    assert body == (
        "<b>A &lt;title&gt;</b>\n<i>Example · 3 h · by Jo · 🎬 video</i>\n<i>also in B, C</i>\n\nWhat it says."
    )
    assert keyboard == [
        [
            {"text": "👍 ✓", "callback_data": RateItem(digest_id=12, position=3, value=0).pack()},
            {"text": "👎", "callback_data": RateItem(digest_id=12, position=3, value=-1).pack()},
            {"text": "⭐", "callback_data": SaveItem(digest_id=12, position=3, on=True).pack()},
            {"text": "🔇", "callback_data": MuteCard(digest_id=12, position=3).pack()},
        ],
        [
            {"text": "↗ Open", "url": "https://example.org/1"},
            {"text": "Why?", "callback_data": ShowWhy(digest_id=12, position=3).pack()},
        ],
        [{"text": "« Back to the digest", "callback_data": ShowDigest(digest_id=12).pack()}],
    ]


@pytest.mark.parametrize(
    ("marks", "texts", "values"),
    [
        (Marks(), ["👍", "👎", "⭐", "🔇"], [1, -1, True]),
        (Marks(rating=1), ["👍 ✓", "👎", "⭐", "🔇"], [0, -1, True]),
        (Marks(rating=-1, is_saved=True), ["👍", "👎 ✓", "⭐ ✓", "🔇"], [1, 0, False]),
        (Marks(is_muted=True), ["👍", "👎", "⭐", "🔇 ✓"], [1, -1, True]),
    ],
)
def test_card_shows_what_was_tapped_and_offers_to_take_it_back(
    marks: Marks, texts: list[str], values: list[int | bool]
) -> None:
    _, keyboard = card(telling(link=None), marks=marks)
    assert [button["text"] for button in keyboard[0]] == texts
    like, dislike, save = (button["callback_data"] for button in keyboard[0][:3])
    assert [RateItem.unpack(like).value, RateItem.unpack(dislike).value, SaveItem.unpack(save).on] == values
    assert [button["text"] for button in keyboard[1]] == ["Why?"], "nothing to open without a link"


def test_an_update_is_called_one() -> None:
    found = [Line(1, telling(1), NEW, is_update=True)]
    (part,) = digest_of(found)
    assert ">Update: Title 1</a>" in part.body
    assert card(telling(1), is_update=True)[0].startswith("<b>Update: Title 1</b>")


TOPICS = {7: "Climate & seas"}
LIKED = [
    {"key": "new", "value": 0.2, "params": {}},
    {"key": "words", "value": 1.2, "params": {"word": "Temporal", "liked": 4}},
    {"key": "tellers", "value": 0.5, "params": {"sources": 3}},
    {"key": "same_source", "value": -0.9, "params": {"before": 1}},
]


def test_why_of_a_whole_digest() -> None:
    found = [
        Line(1, telling(1, title="<One>"), LIKED),
        Line(2, telling(2), [{"key": "topic", "value": 1, "params": {"topic": 7}}]),
    ]
    ((text, keyboard),) = render.why(12, found, now=NOW, time_zone="UTC", topics=TOPICS)
    assert text == (
        "<b>Why these, in your digest of Sun 1 Jun</b>\n\n"
        "1. <b>&lt;One&gt;</b>\n• you liked 4 items about Temporal\n• 3 sources tell it\n• it is fresh\n\n"
        "2. <b>Title 2</b>\n• your topic Climate &amp; seas"
    )
    assert [button["callback_data"] for button in keyboard[0]] == [
        ShowWhy(digest_id=12, position=position).pack() for position in (1, 2)
    ]


def test_why_of_thirty_items_comes_in_messages_that_fit() -> None:
    found = [Line(number, telling(number, title="t" * 300), LIKED) for number in range(1, 31)]
    messages = render.why(12, found, now=NOW, time_zone="UTC", topics={})
    assert all(units(plain(text)) <= render.MESSAGE_UNITS and is_balanced(text) for text, _ in messages)
    assert sum(text.count("• ") for text, _ in messages) == 90
    assert sum(len(row) for _, keyboard in messages for row in keyboard) == 30


@pytest.mark.parametrize(("taste", "texts", "values"), [
    (0, ["More like this", "Less like this"], [1, -1]),
    (1, ["More like this ✓", "Less like this"], [0, -1]),
    (-1, ["More like this", "Less like this ✓"], [1, 0]),
])  # fmt: skip
def test_why_of_one_offers_to_correct_it(taste: int, texts: list[str], values: list[int]) -> None:
    text, keyboard = render.why_one(12, Line(3, telling(3), LIKED), taste=taste, now=NOW, topics={})
    assert text.startswith("<b>Title 3</b>\n\nIt is in your digest because:\n• you liked 4 items about Temporal\n")
    assert [button["text"] for button in keyboard[0]] == texts
    assert [Taste.unpack(button["callback_data"]).value for button in keyboard[0]] == values
    assert keyboard[1] == [{"text": "« Back to the card", "callback_data": ShowCard(digest_id=12, position=3).pack()}]


def test_saved_items_by_page() -> None:
    found = [telling(number, title="A & B") for number in range(11, 21)]
    text, ((back, further),) = render.saved(found, page=1, size=10, count=25)
    assert text.startswith(
        '<b>Saved</b> (25)\n\n11. <a href="https://example.org/11">A &amp; B</a>\n<i>Example</i>\n\n12. '
    )
    assert (back["text"], further["text"]) == ("‹ Back", "More ›")
    assert render.saved([telling(1)], page=0, size=10, count=1)[1] == []
    assert render.saved([], page=0, size=10, count=0)[0].startswith("You have saved nothing yet.")


def test_summaries_are_cut_at_a_word() -> None:
    body, _ = card(telling(summary_text="word " * 400))
    summary = body.split("\n\n")[1]
    assert 700 < len(summary) <= 800
    assert summary.endswith("word…")


def test_buttons_fit_into_64_bytes() -> None:
    huge = 2**63 - 1
    assert len(ShowCard(digest_id=huge, position=30).pack().encode()) <= 64
    assert len(RateItem(digest_id=huge, position=30, value=-1).pack().encode()) <= 64
    assert len(MuteCard(digest_id=huge, position=30).pack().encode()) <= 64
    assert len(Taste(digest_id=huge, position=30, value=-1).pack().encode()) <= 64


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
    ("text", "limit", "shown"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("😀😀", 3, "😀…"), ("a b c", 3, "a…")]
)
def test_cut(text: str, limit: int, shown: str) -> None:
    assert cut(text, limit) == shown


def test_an_undated_item_shows_no_age() -> None:
    (part,) = digest_of([Line(1, telling(1, published_at=None), NEW)])
    assert "<i>Example · " in part.body
    assert " min" not in part.body
    text, _ = card(telling(1, published_at=None))
    assert "<i>Example</i>" in text


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, ""), (0, ""), (9, "0:09"), (245, "4:05"), (3723, "1:02:03"), (86_400, "24:00:00")]
)
def test_how_long_a_video_plays(seconds: int | None, shown: str) -> None:
    told = telling(media_kind="video", duration_seconds=seconds)
    (part,) = digest_of([Line(1, told, NEW)])
    text, _ = card(told)
    for body in (part.body, text):
        assert re.findall(r" · (\d[\d:]*:\d\d)\b", body) == ([shown] if shown else [])


@pytest.mark.parametrize(
    ("words", "language", "shown"),
    [(None, "en", ""), (60, "en", ""), (300, "en", ""), (920, "en", "4"), (1_000, "ja", "4"), (50_000, None, "217")],
)
def test_how_long_a_text_takes_to_read(words: int | None, language: str | None, shown: str) -> None:
    (part,) = digest_of([Line(1, telling(word_count=words, language=language), NEW)])
    assert re.findall(r" · (\d+) min read\b", part.body) == ([shown] if shown else [])
