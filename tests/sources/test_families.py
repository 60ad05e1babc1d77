"""Which hosts belong together."""

import pytest

from contentsync.sources.families import host_family


@pytest.mark.parametrize(
    ("url", "family"),
    [
        ("https://example.org/feed", "example.org"),
        ("https://Blog.Example.org./feed", "example.org"),
        ("https://a.b.c.example.org:8443/feed", "example.org"),
        ("https://news.example.co.uk/feed", "example.co.uk"),
        ("https://example.co.uk/feed", "example.co.uk"),
        ("https://news.example.com.au/feed", "example.com.au"),
        ("https://news.example.ne.jp/feed", "example.ne.jp"),
        ("https://blog.heise.de/feed", "heise.de"),
        ("https://blog.ibm.de/feed", "ibm.de"),
        ("https://somebody.github.io/feed", "github.io"),
        ("http://127.0.0.7:8000/feed", "127.0.0.7"),
        ("http://[::1]:8000/feed", "::1"),
        ("http://localhost/feed", "localhost"),
        ("not a link", ""),
        ("http://[broken/", ""),
    ],
)
def test_host_family(url: str, family: str) -> None:
    assert host_family(url) == family
