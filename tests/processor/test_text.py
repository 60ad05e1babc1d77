"""Plain text of markup."""

import pytest

from contentsync.processor.text import plain_text, shorten


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("plain  words\n\there", "plain words here"),
        ("<p>one</p><p>two</p>", "one two"),
        ("<ul><li>one<li>two</ul>three<br/>four", "one two three four"),
        ("an <b>em</b>phasis", "an emphasis"),
        ("<script>alert(1)</script><style>p{}</style>seen", "seen"),
        ("Q&amp;A &lt;b&gt; &#8211; caf&eacute;", "Q&A <b> – café"),
        ("a < b, <i>unclosed", "a < b, unclosed"),
        ("AT&T", "AT&T"),
        ("<p>&nbsp;</p>", ""),
        ('<img src="x" alt="a > b">after', "after"),
    ],
)
def test_plain_text(markup: str, text: str) -> None:
    assert plain_text(markup) == text


def test_plain_text_is_bounded() -> None:
    assert len(plain_text("<p>" + "word " * 100_000)) <= 2_000
    assert plain_text("<p>" * 1_000_000 + "x") == ""


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("fits", 4, "fits"),
        ("one two three", 9, "one two…"),
        ("one two, three", 10, "one two…"),
        ("endlessword", 6, "endle…"),
        ("今日は天気がいい", 5, "今日は天…"),
        ("a verylongsecondword", 10, "a verylon…"),
    ],
)
def test_shorten(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short
    assert len(short) <= limit
