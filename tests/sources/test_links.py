"""Links as people paste them: what they become, what is refused, and which are twins."""

import pytest

from contentsync.errors import (
    InvalidLink,
)
from contentsync.sources.http import canonical_key, normalise_link

LINKS = [
    ("https://example.com/feed", "https://example.com/feed"),
    ("  <https://example.com/feed>\n", "https://example.com/feed"),
    ('"http://example.com"', "http://example.com/"),
    ("example.com", "https://example.com/"),
    ("example.com/feed.xml?a=b&c=d", "https://example.com/feed.xml?a=b&c=d"),
    ("example.com:8080/x", "https://example.com:8080/x"),
    ("localhost:8080", "https://localhost:8080/"),
    ("//example.com/x", "https://example.com/x"),
    ("HTTP://EXAMPLE.com/Path", "http://example.com/Path"),
    ("http:/example.com/x", "http://example.com/x"),
    ("https:///example.com/x", "https://example.com/x"),
    ("https://example.com:443/x", "https://example.com/x"),
    ("http://example.com:80", "http://example.com/"),
    ("http://example.com:/x", "http://example.com/x"),
    ("http://example.com:443/", "http://example.com:443/"),
    ("feed://example.com/rss", "http://example.com/rss"),
    ("feed:https://example.com/rss", "https://example.com/rss"),
    ("feed:example.com/rss", "http://example.com/rss"),
    ("podcast://example.com/rss", "http://example.com/rss"),
    ("https://example.com/a b", "https://example.com/a%20b"),
    ("https://example.com/ä?q=ü", "https://example.com/%C3%A4?q=%C3%BC"),
    ("https://example.com/%7euser/%2F", "https://example.com/%7euser/%2F"),
    ("https://example.com/a#b", "https://example.com/a"),
    ("https://example.com?q=a:b@c", "https://example.com/?q=a:b@c"),
    ("https://example.com/@user", "https://example.com/@user"),
    ("https://Bücher.example/", "https://xn--bcher-kva.example/"),
    ("https://faß.example/", "https://xn--fa-hia.example/"),
    ("https://пример.укр", "https://xn--e1afmkfd.xn--j1amh/"),
    ("https://xn--ls8h.la/", "https://xn--ls8h.la/"),
    ("https://under_score.example/", "https://under_score.example/"),
    ("https://example.com./", "https://example.com./"),
    ("\ufeffhttps://example\u200b.com/", "https://example.com/"),
    ("http://0x7f.1/", "http://127.0.0.1/"),
    ("http://2130706433/", "http://127.0.0.1/"),
    ("http://①②⑦.⓪.⓪.①/", "http://127.0.0.1/"),
    ("http://[::FFFF:7f00:1]:81/", "http://[::ffff:7f00:1]:81/"),
]


@pytest.mark.parametrize(("text", "link"), LINKS)
def test_what_a_person_pastes_becomes_a_link(text: str, link: str) -> None:
    assert normalise_link(text) == link
    assert normalise_link(link) == link


NO_LINKS = [
    ("", "it is empty or too long"),
    ("https://example.com/" + "a" * 5000, "it is empty or too long"),
    ("hello", "it holds no host name"),
    ("hello world", "it holds no host name"),
    ("news about example.com", "it holds no host name"),
    ("https://", "it holds no host name"),
    ("https:///", "it holds no host name"),
    ("https://a..b/", "it holds no host name"),
    ("https://" + "a" * 64 + ".com/", "it holds no host name"),
    ("https://ex%61mple.com/", "it holds no host name"),
    ("https://example.com\\@evil.example/", "it holds a user name or password"),
    ("https://exa mple.com/", "it holds no host name"),
    ("http://999.1.1.1/", "it holds no host name"),
    ("http://[::1%25eth0]/", "it holds no host name"),
    ("http://[nonsense]/", "it holds no host name"),
    ("ftp://example.com/", "it does not begin with http:// or https://"),
    ("file:///etc/passwd", "it does not begin with http:// or https://"),
    ("javascript:alert(1)", "it does not begin with http:// or https://"),
    ("mailto:someone@example.com", "it does not begin with http:// or https://"),
    ("tg://resolve?domain=x", "it does not begin with http:// or https://"),
    ("http://[::1/", "it does not begin with http:// or https://"),
    ("someone@example.com", "it holds a user name or password"),
    ("https://user@example.com/", "it holds a user name or password"),
    ("https://user:word@example.com/", "it holds a user name or password"),
    ("https://example.com:0/", "there is no such port"),
    ("https://example.com:65536/", "there is no such port"),
    ("https://example.com:99999999999999999999/", "there is no such port"),
    ("https://example.com/a\x00b", "it is not well-formed"),
    ("https://example.com/a\nhttps://example.com/b", "it is not well-formed"),
]


@pytest.mark.parametrize(("text", "detail"), NO_LINKS)
def test_what_is_no_link_is_refused_with_the_reason(text: str, detail: str) -> None:
    with pytest.raises(InvalidLink) as caught:
        normalise_link(text)
    assert caught.value.detail == detail


@pytest.mark.parametrize(
    "same",
    [
        "http://example.com/f?a=1",
        "HTTPS://Example.COM:443/f?a=1#x",
        "http://example.com:80/f?a=1",
        "feed://example.com/f?a=1",
    ],
)
def test_twins_have_one_key(same: str) -> None:
    assert canonical_key(same) == "https://example.com/f?a=1"


def test_different_feeds_have_different_keys() -> None:
    links = [
        "https://a.example/f",
        "https://a.example/F",
        "https://a.example/f/",
        "https://www.a.example/f",
        "https://a.example/f?x",
    ]
    links += [
        "https://a.example/f?a=1&b=2",
        "https://a.example/f?b=2&a=1",
        "https://a.example:8443/f",
    ]
    assert len({canonical_key(link) for link in links}) == len(links)


def test_a_key_is_its_own_key() -> None:
    for _, link in LINKS:
        assert canonical_key(canonical_key(link)) == canonical_key(link)
