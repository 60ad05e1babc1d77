"""Subscription lists: folders, broken markup, foreign encodings, and what is none."""

import json
import os
from pathlib import Path

import pytest

from contentsync.errors import NotAFeed
from contentsync.sources.opml import ListedFeed, read_list

CORPUS = Path(os.environ.get("CORPUS", "../shared/corpus")) / "opml"
LIST = """<?xml version="1.0" encoding="{encoding}"?>
<opml version="2.0"><head><title>My  reading</title></head><body>
<outline text="News"><outline text="World">
  <outline type="rss" text="Вісті &amp; more" xmlUrl="https://a.example/feed" htmlUrl="https://a.example/"/>
</outline></outline>
<outline type="rss" title="B" xmlUrl="feed://b.example/rss"/>
<outline type="rss" text="The same as B" xmlUrl="HTTP://B.example:80/rss"/>
<outline type="rss" text="Local" xmlUrl="file:///etc/passwd"/>
<outline type="link" text="More" url="https://c.example/more.opml"/>
<outline text="A site" htmlUrl="https://d.example/"/>
</body></opml>"""


def test_folders_titles_and_links_are_read() -> None:
    found = read_list(LIST.format(encoding="utf-8").encode())
    assert found.title == "My reading"
    assert found.feeds == (
        ListedFeed("https://a.example/feed", "Вісті & more", ("News", "World")),
        ListedFeed("http://b.example/rss", "B", ()),
    )
    assert (found.unusable, found.repeated) == (1, 1)
    assert found.lists == ("https://c.example/more.opml",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1251", "koi8-u"])
def test_titles_survive_any_encoding(encoding: str) -> None:
    found = read_list(LIST.format(encoding=encoding).encode(encoding))
    assert found.feeds[0].title == "Вісті & more"


def test_a_list_that_breaks_off_keeps_what_came_before() -> None:
    text = LIST.format(encoding="utf-8")
    assert len(read_list(text[: text.index("</outline>")].encode()).feeds) == 1


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "an image"),
        (b"<!doctype html><html><body>hello</body></html>", "an HTML page"),
        (b"", "an empty answer"),
    ],
)
def test_what_is_no_list_is_named(body: bytes, found: str) -> None:
    with pytest.raises(NotAFeed) as caught:
        read_list(body)
    assert caught.value.found == found


def test_a_bomb_is_read_as_nothing() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE opml [<!ENTITY e0 "{"x" * 1000}">{entities}]><opml><outline text="&e9;" xmlUrl="http://a.b/"/></opml>'
    found = read_list(bomb.encode())
    assert len(str(found)) < 10_000


@pytest.mark.skipif(not CORPUS.exists(), reason="no corpus here")
def test_every_list_of_the_corpus_is_read() -> None:
    read = empty = none = feeds = 0
    for path in sorted(path for path in CORPUS.rglob("*") if path.is_file()):
        try:
            found = read_list(path.read_bytes())
        except NotAFeed:
            none += 1
            continue
        read += 1
        feeds += len(found.feeds)
        empty += not (found.feeds or found.lists or found.pages)
        if path.with_suffix(".json").exists():
            wanted = _addresses(json.loads(path.with_suffix(".json").read_text()))
            assert {feed.url.rstrip("/") for feed in found.feeds} == wanted, path.name
    print(f"{read} lists with {feeds} feeds, {empty} of them without any address, {none} files that are no list")
    assert read >= 110
    assert feeds > 1500


def _addresses(value: object) -> set[str]:
    """Every usable feed address in a parsed list."""
    if isinstance(value, dict):
        own = {value["xmlUrl"].rstrip("/")} if "xmlUrl" in value else set()
        return own.union(*map(_addresses, value.values()))
    return set().union(*map(_addresses, value)) if isinstance(value, list) else set()
