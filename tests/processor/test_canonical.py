"""Canonical links, and what makes two of them one."""

import os
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from contentsync.processor.canonical import LINK_LIMIT_BYTES, REDIRECTORS, canonical_link, link_key

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / os.environ.get("CORPUS", "../shared/corpus") / "feeds"


@pytest.mark.parametrize(
    ("link", "canonical"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("HTTPS://Example.ORG/Path", "https://example.org/Path"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org.:443/a", "https://example.org/a"),
        ("http://example.org:80/a", "http://example.org/a"),
        ("http://example.org:8080/a", "http://example.org:8080/a"),
        ("http://[2001:DB8::1]:80/a", "http://[2001:db8::1]/a"),
        ("  https://example.org/a\n", "https://example.org/a"),
        ("https://example.org/%7Euser/%c3%a4", "https://example.org/~user/%C3%A4"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://example.org/a/../b", "https://example.org/b"),
        # Pages that only lead on
        (
            "https://www.google.com/url?rct=j&sa=t&url=https://example.org/a%3Fid%3D7&ct=ga",
            "https://example.org/a?id=7",
        ),
        ("https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.org%2Fa%3Ffbclid%3D1&h=x", "https://example.org/a"),
        (
            "https://www.google.com/search?q=https://example.org/",
            "https://www.google.com/search?q=https://example.org/",
        ),
        ("https://www.google.com/url?sa=t", "https://www.google.com/url?sa=t"),
        # What a person was followed by
        ("https://example.org/a?utm_source=rss&utm_medium=feed", "https://example.org/a"),
        ("https://example.org/a?UTM_Source=rss&id=7", "https://example.org/a?id=7"),
        ("https://example.org/a?id=7&fbclid=x&gclid=y&mc_cid=z", "https://example.org/a?id=7"),
        ("https://example.org/a?at_medium=RSS&at_campaign=rss", "https://example.org/a"),
        ("https://example.org/a?source=rss----d12c403d4976--food", "https://example.org/a"),
        ("https://example.org/a?traffic_source=rss", "https://example.org/a"),
        ("https://example.org/a?rss", "https://example.org/a"),
        # What only looks like it
        ("https://example.org/a?source=reuters", "https://example.org/a?source=reuters"),
        ("https://example.org/a?ref=4711", "https://example.org/a?ref=4711"),
        ("https://www.youtube.com/watch?v=abc&si=x", "https://www.youtube.com/watch?v=abc"),
        ("https://example.org/?p=123", "https://example.org/?p=123"),
        ("https://example.org/?rsstopic=1", "https://example.org/?rsstopic=1"),
        # The order of what is left stays, empty parts go
        ("https://example.org/a?b=2&&a=1&", "https://example.org/a?b=2&a=1"),
        # Escaped once or twice
        ("https://example.org/?a=1&amp;b=2", "https://example.org/?a=1&b=2"),
        ("https://example.org/?a=1&amp;amp;b=2", "https://example.org/?a=1&b=2"),
        ("https://example.org/?p=1&#038;q=2", "https://example.org/?p=1&q=2"),
        # Fragments tell items apart, unless they are marks
        ("https://example.org/links#adminer", "https://example.org/links#adminer"),
        ("https://example.org/a#publisher=newsstand", "https://example.org/a"),
        ("https://example.org/a#:~:text=words", "https://example.org/a"),
        ("https://example.org/a#", "https://example.org/a"),
        ("https://example.org/#/post?id=1", "https://example.org/#/post?id=1"),
        ("https://example.org/#!/post=1", "https://example.org/#!/post=1"),
        # No link that could be compared
        (None, None),
        ("", None),
        ("mailto:a@example.org", None),
        ("//example.org/a", None),
        ("https://", None),
        ("http://[bad", None),
        ("https://example.org:99999/", None),
        ("https://example.org/" + "a" * LINK_LIMIT_BYTES, None),
    ],
)
def test_canonical_link(link: str | None, canonical: str | None) -> None:
    assert canonical_link(link) == canonical
    if canonical is not None:
        assert canonical_link(canonical) == canonical, "doing it twice changes nothing"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://example.org/a", "https://example.org/a"),
        ("https://www.example.org/a", "https://example.org/a/"),
        ("https://example.org?p=1", "http://www.example.org/?p=1"),
        ("https://example.org/a?id=1", "http://example.org/a/?id=1&utm_source=x"),
        ("https://example.org/a?x=1&y=2", "https://example.org/a?y=2&x=1"),
        # AMP and mobile forms
        ("https://example.org/news/1", "https://example.org/news/1/amp/"),
        ("https://example.org/news/1", "https://amp.example.org/news/1"),
        ("https://example.org/news/1", "https://m.example.org/news/1"),
        ("https://example.org/news/1", "https://mobile.example.org/news/1?amp=1"),
        ("https://example.org/news/1.html", "https://example.org/news/1.amp.html"),
        ("https://example.org/news/1", "https://www.google.com/amp/s/www.example.org/news/1/amp"),
        ("https://example.org/news/1", "https://example-org.cdn.ampproject.org/c/s/example.org/news/1.amp"),
        ("https://de.wikipedia.org/wiki/Feed", "https://de.m.wikipedia.org/wiki/Feed"),
        # One video
        ("https://www.youtube.com/watch?v=abcdefghijk", "https://youtu.be/abcdefghijk?si=1"),
        ("https://www.youtube.com/watch?v=abcdefghijk", "https://www.youtube.com/shorts/abcdefghijk"),
    ],
)
def test_twins_have_one_key(one: str, other: str) -> None:
    assert link_key(canonical_link(one)) == link_key(canonical_link(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/a", "https://example.org/A"),
        ("https://example.org/a?id=1", "https://example.org/a?id=2"),
        ("https://example.org/links#a", "https://example.org/links#b"),
        ("https://blog.example.org/a", "https://example.org/a"),
        ("https://example.org:8080/a", "https://example.org/a"),
        ("https://wwwexample.org/a", "https://example.org/a"),
        ("https://m.co/a", "https://example.co/a"),
        ("https://example.org/amp", "https://example.org/"),
        ("https://example.org/stamp", "https://example.org/st"),
        ("https://example.org/?12&3", "https://example.org/?3&12"),
    ],
)
def test_others_are_not(one: str, other: str) -> None:
    assert link_key(canonical_link(one)) != link_key(canonical_link(other))


def test_without_a_link_there_is_no_key() -> None:
    assert link_key(canonical_link("mailto:a@example.org")) is None


@pytest.mark.parametrize("link", ["https://example.org", "http://www.example.org/?utm_source=feed", "https://a.b.c/#"])
def test_a_home_page_is_no_items_page(link: str) -> None:
    assert canonical_link(link) is not None
    assert link_key(canonical_link(link)) is None


REAL = "https://paper.example/2025/a?id=1"


@pytest.mark.parametrize(("place", "names"), [(place, held[0]) for place, held in REDIRECTORS.items()], ids=str)
def test_every_redirector_leads_on(place: tuple[str, str], names: str) -> None:
    for host in (place[0], f"www.{place[0]}", f"eur02.{place[0]}"):
        for name in names.split():
            wrapped = f"https://{host}{place[1] or '/'}?a=1&{name}={quote(REAL + '&utm_source=x', safe='')}&b=2"
            assert canonical_link(wrapped) == REAL
    assert canonical_link(f"https://x{place[0]}{place[1] or '/'}?{names.split()[0]}={quote(REAL)}") != REAL


def test_googles_of_all_countries_lead_on() -> None:
    for host in ("google.de", "www.google.co.uk", "www.google.com.br"):
        assert canonical_link(f"https://{host}/url?q={quote(REAL, safe='')}&sa=U") == REAL
    assert canonical_link("https://google.com.evil.example/url?q=https://a.example/b") != "https://a.example/b"


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}; set CORPUS")
def test_doing_it_twice_changes_nothing_on_real_links() -> None:
    found = 0
    for path in sorted(CORPUS.rglob("*")):
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        for link in re.findall(r"https?://[^\s<>\"']+", text)[:200]:
            canonical = canonical_link(link)
            if canonical is not None:
                found += 1
                assert canonical_link(canonical) == canonical
                key = link_key(canonical)
                assert key is None or link_key(canonical_link(f"https:{key}")) == key
    assert found > 1_000
