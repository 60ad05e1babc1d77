"""Times and links as people type them."""

import pytest

from contentsync.bot.answers import bare_link, format_time, is_command, links_in, parse_time


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("7:30", "07:30"),
        ("07.30", "07:30"),
        ("7,30", "07:30"),
        ("7-30", "07:30"),
        ("7 30", "07:30"),
        ("7.30 pm", "19:30"),
        ("7:30PM", "19:30"),
        ("7 p.m.", "19:00"),
        ("7am", "07:00"),
        ("12am", "00:00"),
        ("12:30 am", "00:30"),
        ("12 pm", "12:00"),
        ("19h", "19:00"),
        ("7h30", "07:30"),
        ("0730", "07:30"),
        ("730", "07:30"),
        ("1930", "19:30"),
        ("7", "07:00"),
        ("at 8", "08:00"),
        ("8 Uhr", "08:00"),
        ("8 o'clock", "08:00"),
        ("  23:59 ", "23:59"),
        ("00:00", "00:00"),
        ("Noon", "12:00"),
        ("midnight", "00:00"),
        ("７：３０", "07:30"),
    ],
)
def test_times(text: str, time: str) -> None:
    minute = parse_time(text)
    assert minute is not None
    assert format_time(minute) == time


@pytest.mark.parametrize(
    "text", ["", "abc", "24:00", "7:60", "25", "13pm", "0 am", "8:5", "7:30:00", "99999", "7:30 8:30", "-7", "/cancel"]
)
def test_no_times(text: str) -> None:
    assert parse_time(text) is None


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://a.example/c.", ["https://a.example/c"]),
        ("(https://a.example/A_(b))", ["https://a.example/A_(b)"]),
        ("https://a.example, HTTP://b.example https://a.example", ["https://a.example", "HTTP://b.example"]),
        ("ftp://a.example nothing", []),
    ],
)
def test_links_with_a_scheme(text: str, links: list[str]) -> None:
    assert links_in(text) == links


def test_a_host_marked_within_an_account_is_no_link() -> None:
    assert links_in("@user@host.example", ["host.example"]) == []


def test_what_telegram_marked_is_taken_as_it_is() -> None:
    assert links_in("read a.example and https://b.example", ["a.example", "https://b.example/?q=(x"]) == [
        "a.example",
        "https://b.example/?q=(x",
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("example.org", " example.org/blog?x=1 ", "sub.example.co.uk:8080/x", "приклад.укр", "127.0.0.1:80/a"),
        *("@user@host.example", " @first.last@sub.host.example:8080 ", "@я@приклад.укр"),
    ],
)
def test_bare_links(text: str) -> None:
    assert bare_link(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        *("7.30pm", "7.30", "foo", "e.g.", "a b.example", "user@example.org", "@foo", "...", ""),
        *("@user@host", "@@host.example", "hello @user@host.example", "@user@host.example!", "@a@b.example@c.example"),
    ],
)
def test_no_bare_links(text: str) -> None:
    assert bare_link(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("/help", True), ("/add https://example.org/", True), ("/mute@some_bot x", True), ("/?", True), ("hello", False),
     ("/a+/", False), (r"/\d+% off/ for 3 days", False), ("/crypto/", False)],
)  # fmt: skip
def test_expressions_are_no_commands(text: str, expected: bool) -> None:
    assert is_command(text) is expected
