"""HTML as bots write it: what becomes of it, and how each mistake is worded."""

import pytest

from contentsync.localchat.errors import ApiError
from contentsync.localchat.markup import checked_url, parse_html, utf16_length


def entity(kind: str, offset: int, length: int, **more: str) -> dict[str, object]:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain", "plain", []),
        ("<b>a</b><strong>b</strong>", "ab", [entity("bold", 0, 1), entity("bold", 1, 1)]),
        ("<i>a</i> <em>b</em>", "a b", [entity("italic", 0, 1), entity("italic", 2, 1)]),
        ("<u>a</u><ins>b</ins>", "ab", [entity("underline", 0, 1), entity("underline", 1, 1)]),
        ("<s>a</s><strike>b</strike><del>c</del>", "abc", [entity("strikethrough", n, 1) for n in range(3)]),
        ("<tg-spoiler>a</tg-spoiler>", "a", [entity("spoiler", 0, 1)]),
        ('<span class="tg-spoiler">a</span>', "a", [entity("spoiler", 0, 1)]),
        ("<a href='https://e.org/?a=1&amp;b'>x</a>", "x", [entity("text_link", 0, 1, url="https://e.org/?a=1&b")]),
        ("<a>https://e.org/</a>", "https://e.org/", [entity("text_link", 0, 14, url="https://e.org/")]),
        ("<a href='javascript:alert(1)'>x</a>", "x", []),
        ("<code>a</code><pre>b</pre>", "ab", [entity("code", 0, 1), entity("pre", 1, 1)]),
        ('<pre><code class="language-py">a</code></pre>', "a", [entity("pre", 0, 1, language="py")]),
        ("<blockquote>a</blockquote>", "a", [entity("blockquote", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [entity("expandable_blockquote", 0, 1)]),
        ("<B>a</B >", "a", [entity("bold", 0, 1)]),
        ("<b>a</>", "a", [entity("bold", 0, 1)]),
        ("<b></b>x", "x", []),
        ("😀<b>é</b>", "😀é", [entity("bold", 2, 1)]),
        ("&lt;&gt;&amp;&quot;&#33;&#x1F600;&nbsp;&", '<>&"!😀&nbsp;&', []),
        ("&ltb&gt", "&ltb>", []),
        ("<b>a<i>b</i></b>", "ab", [entity("italic", 1, 1), entity("bold", 0, 2)]),
    ],
)
def test_what_html_becomes(source: str, text: str, entities: list[dict[str, object]]) -> None:
    assert parse_html(source) == (text, entities)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("é<p>x</p>", 'Unsupported start tag "p" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<a href='x", "Unclosed start tag at byte offset 0"),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ("<a =x>x</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=x/y>x</a>", "Unexpected end of name token at byte offset 8"),
        ("&#xD800;", "Text contains invalid Unicode characters after decoding HTML entities"),
    ],
)
def test_how_mistakes_are_worded(source: str, reason: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_html(source)
    assert caught.value.status == 400
    assert caught.value.description == f"Bad Request: can't parse entities: {reason}"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://example.org", "https://example.org"),
        ("example.org/a", "http://example.org/a"),
        ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
        ("tg://resolve?domain=x", "tg://resolve?domain=x"),
        ("word", None),
        ("ftp://example.org", None),
        ("https://exa mple.org", None),
        ("", None),
    ],
)
def test_which_links_count(given: str, url: str | None) -> None:
    assert checked_url(given) == url


def test_length_counts_utf16_units() -> None:
    assert [utf16_length(text) for text in ("", "aé", "😀", "👩‍🚀")] == [0, 2, 2, 5]
