"""Canonical links and story keys."""

import pytest

from contentsync.processor.stories import LINK_LIMIT_BYTES, canonical_link, story_key


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
        ("https://example.org", "http://www.example.org/"),
        ("https://example.org/a?id=1", "http://example.org/a/?id=1&utm_source=x"),
    ],
)
def test_twins_are_one_story(one: str, other: str) -> None:
    assert story_key(canonical_link(one), item_id=1) == story_key(canonical_link(other), item_id=2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/a", "https://example.org/A"),
        ("https://example.org/a?id=1", "https://example.org/a?id=2"),
        ("https://example.org/links#a", "https://example.org/links#b"),
        ("https://blog.example.org/a", "https://example.org/a"),
        ("https://example.org:8080/a", "https://example.org/a"),
        ("https://wwwexample.org/a", "https://example.org/a"),
    ],
)
def test_others_are_not(one: str, other: str) -> None:
    assert story_key(canonical_link(one), item_id=1) != story_key(canonical_link(other), item_id=1)


def test_items_without_a_link_are_their_own_story() -> None:
    assert story_key(None, item_id=1) != story_key(None, item_id=2)
    assert story_key(None, item_id=1) == story_key(None, item_id=1)
