import pytest

from contentsync.sources.markup import (
    MAX_DEPTH,
    MAX_MARKUP_CHARS,
    absolute_link,
    escaped_text,
    first_image,
    plain_text,
    sanitised,
    storable,
)

BASE = "https://a.example/dir/feed.xml"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("  two\n  words ", "two words"),
        ("AT&amp;T", "AT&T"),
        ("AT&amp;amp;T &amp;quot;x&amp;quot;", 'AT&T "x"'),
        ("R&D and a & b", "R&D and a & b"),
        ("?copy=1&copy=2", "?copy=1&copy=2"),
        ("5 < 6 > 4", "5 < 6 > 4"),
        ("Vec<T> and List<String>", "Vec<T> and List<String>"),
        ("<b>bold</b> H<sub>2</sub>O", "bold H2O"),
        ("one<br/>two<p>three</p>", "one two three"),
        ("&lt;i&gt;slanted&lt;/i&gt;", "slanted"),
        ("a<script>alert(1)</script>b<!-- c -->d", "a b d"),
        ("it\x92s &#146;so&#146;", "it’s ’so’"),
        ("&#0;&#xD800;x\x00y\ud800", "\ufffd\ufffdxy"),
        ("zero&nbsp;width", "zero width"),
    ],
)
def test_plain_text(markup: str, text: str) -> None:
    assert plain_text(markup) == text


def test_plain_text_is_bounded() -> None:
    assert plain_text("word " * 1_000, 20) == "word word word word…"


@pytest.mark.parametrize(
    ("markup", "clean"),
    [
        ("", ""),
        ("just words > all", "just words > all"),
        ("<p onclick='x()'>a</p>", "<p>a</p>"),
        ("a<script>x()</script><style>y</style>b", "ab"),
        ("<iframe src='https://x.example'></iframe>a", "a"),
        ('<a href="javascript:x()">a</a>', '<a rel="noopener noreferrer">a</a>'),
        ('<a href=" jAvAscript:x()">a</a>', '<a rel="noopener noreferrer">a</a>'),
        ('<a href="data:text/html,x">a</a>', '<a rel="noopener noreferrer">a</a>'),
        ('<a href="../b">a</a>', '<a href="https://a.example/b" rel="noopener noreferrer">a</a>'),
        ('<a href="//b.example/">a</a>', '<a href="https://b.example/" rel="noopener noreferrer">a</a>'),
        ('<img src="i.png">', '<img src="https://a.example/dir/i.png">'),
        ('<img src="https://t.example/p" width="1" height="1">a', "a"),
        ("<IMG SRC='https://t.example/p' WIDTH=0>a", "a"),
        ('<img src="https://t.example/p" style="width:1px">a', "a"),
        ('<img src="http://feeds.feedburner.com/~r/x/~4/y" alt="">a', "a"),
        ('<img src="https://a.example/big" width="100" height="10">', None),
        ("<b>never closed", "<b>never closed</b>"),
        ("it\x92s <b>so</b>", "it’s <b>so</b>"),
    ],
)
def test_sanitised(markup: str, clean: str | None) -> None:
    assert sanitised(markup, BASE) == (markup if clean is None else clean)


def test_tag_cannot_be_smuggled_through_a_removed_pixel() -> None:
    hidden = '<img width=1 alt="><script>x()</script>">'
    assert "<script" not in sanitised(hidden, BASE)


def test_sanitised_reads_a_bounded_length() -> None:
    assert len(sanitised("<p>" + "x" * 2 * MAX_MARKUP_CHARS, BASE)) < MAX_MARKUP_CHARS + 10


def test_html_of_senseless_depth_becomes_text() -> None:
    deep, flat = "<div>" * (MAX_DEPTH + 1) + "x", "<p>x" * (MAX_DEPTH + 1)
    assert sanitised(deep, BASE) == "x"
    assert sanitised(flat, BASE).count("<p>") == MAX_DEPTH + 1


@pytest.mark.parametrize(
    ("link", "absolute"),
    [
        (None, None),
        ("", None),
        ("https://b.example/x?a=1&b=2#c", "https://b.example/x?a=1&b=2#c"),
        ("/x", "https://a.example/x"),
        ("x", "https://a.example/dir/x"),
        ("?q=1", "https://a.example/dir/feed.xml?q=1"),
        ("//b.example/x", "https://b.example/x"),
        (" https://b.example/a b\n", "https://b.example/a%20b"),
        ("https://b.example/ö", "https://b.example/ö"),
        ("mailto:x@b.example", None),
        ("javascript:x()", None),
        ("tag:b.example,2020:1", None),
        ("httP://B.example/X", "http://B.example/X"),
        ("https://a<b.example/", None),
        ("https://", None),
        ("http://[oops/", None),
        ("https://b.example/" + "x" * 5_000, None),
    ],
)
def test_absolute_link(link: str | None, absolute: str | None) -> None:
    assert absolute_link(link, BASE) == absolute


def test_relative_links_go_where_their_base_leads_nowhere() -> None:
    assert sanitised('<a href="x">a</a>', "https://xn--a.xn--/") == '<a rel="noopener noreferrer">a</a>'


def test_first_image() -> None:
    clean = sanitised('<p>a</p><img alt="b" src="/i?a=1&amp;b=2"><img src="/j">', BASE)
    assert first_image(clean) == "https://a.example/i?a=1&b=2"
    assert first_image("<p>none</p>") is None


def test_storable_keeps_line_breaks_and_all_scripts() -> None:
    assert storable("a\tb\nc\x07\x00 — 東京 😀") == "a\tb\nc — 東京 😀"


def test_escaped_text() -> None:
    assert escaped_text("a < b\n& c") == "a &lt; b<br>&amp; c"
