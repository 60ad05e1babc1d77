"""Text and entities as a message carries them."""

from typing import Any

import pytest

from contentsync.localchat.entities import MAX_ENTITIES, format_text
from contentsync.localchat.errors import ApiError


def marks(source: str, parse_mode: str = "", given: list[Any] | None = None) -> list[tuple[str, str]]:
    """Each entity as its type and the text under it."""
    text, entities = format_text(source, parse_mode, given or [])
    units = text.encode("utf-16-le")
    return [(e["type"], units[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le")) for e in entities]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("/start payload_1", [("bot_command", "/start")]),
        ("😀 /help, /digest@contentsync_bot", [("bot_command", "/help"), ("bot_command", "/digest@contentsync_bot")]),
        ("a/b /a/b //c", []),
        ("see https://e.org/a?b=c#d.", [("url", "https://e.org/a?b=c#d")]),
        ("(https://e.org/A_(b))", [("url", "https://e.org/A_(b)")]),
        ("example.com/feed and sub.example.co.uk!", [("url", "example.com/feed"), ("url", "sub.example.co.uk")]),
        ("http://127.0.0.1:8000/feed.xml", [("url", "http://127.0.0.1:8000/feed.xml")]),
        ("https://youtube.com/@handle", [("url", "https://youtube.com/@handle")]),
        ("node.js e.g. 3.14 and so on", []),
        ("me@example.org, @someone", [("email", "me@example.org"), ("mention", "@someone")]),
        ("#tag1 #1 a#b", [("hashtag", "#tag1")]),
    ],
)  # fmt: skip
def test_what_is_found_in_plain_text(source: str, found: list[tuple[str, str]]) -> None:
    assert marks(source) == found


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        ("  <b> a </b>\n", "a", [("bold", "a")]),
        ("<b>a</b><b>b</b>", "ab", [("bold", "ab")]),
        ("<b>a<b>b</b>c</b>", "abc", [("bold", "abc")]),
        ("<i> </i>a", "a", []),
        ("<code>x <b>y</b> https://e.org</code>", "x y https://e.org", [("code", "x y https://e.org")]),
        ("<b>https://e.org</b>", "https://e.org", [("bold", "https://e.org"), ("url", "https://e.org")]),
        ("<a href='https://e.org'>/start</a>", "/start", [("text_link", "/start")]),
        ("<a href='https://e.org'>a<a href='https://f.org'>b</a></a>", "ab", [("text_link", "ab")]),
        (" 😀<i>x</i> ", "😀x", [("italic", "x")]),
    ],
)
def test_how_html_is_tidied(source: str, text: str, found: list[tuple[str, str]]) -> None:
    assert format_text(source, "HTML", [])[0] == text
    assert marks(source, "HTML") == found


def test_entities_a_bot_gives_itself() -> None:
    given = [
        {"type": "bold", "offset": 0, "length": 2},
        {"type": "text_link", "offset": 3, "length": 1, "url": "https://e.org/"},
        {"type": "custom_emoji", "offset": 0, "length": 2, "custom_emoji_id": "1"},
    ]
    assert marks("😀 x", "", given) == [("bold", "😀"), ("text_link", "x")]


def test_an_entity_beyond_the_text_is_refused() -> None:
    with pytest.raises(ApiError, match="entity beginning at UTF-16 offset 1 ends after the end of the text"):
        format_text("ab", "", [{"type": "bold", "offset": 1, "length": 2}])


def test_more_than_a_hundred_entities_are_dropped() -> None:
    source = " ".join(f"<b>{number}</b>" for number in range(150))
    text, entities = format_text(source, "HTML", [])
    assert text.endswith(" 149")
    assert len(entities) == MAX_ENTITIES
    assert entities[-1]["offset"] == len(" ".join(str(number) for number in range(99))) + 1


def test_an_unknown_parse_mode_is_refused() -> None:
    with pytest.raises(ApiError, match="unsupported parse_mode"):
        format_text("x", "BBCode", [])
