import time

import pytest

from contentsync.sources.base import Fetched
from contentsync.sources.pages import looks_like_page, page_text, read_page, usual_feeds

URL = "https://a.example/blog/post"


def document(body: str | bytes, content_type: str = "text/html") -> Fetched:
    data = body.encode() if isinstance(body, str) else body
    return Fetched(url=URL, status=200, headers=(), body=data, body_hash="", content_type=content_type)


def declared(body: str | bytes, content_type: str = "text/html") -> list[str]:
    return [link.urls[0] for link in read_page(document(body, content_type)).declared]


def mentioned(body: str) -> list[str]:
    return [link.urls[0] for link in read_page(document(body)).mentioned]


RSS = 'type="application/rss+xml"'


@pytest.mark.parametrize(
    "page",
    [
        f'<link rel="alternate" {RSS} href="https://a.example/f?a=1&amp;b=2">',
        f'<link rel="alternate" {RSS} href="https://a.example/f?a=1&b=2">',
        f'<link rel="alternate" {RSS} href="/f?a=1&amp;b=2">',
        f'<link rel="alternate" {RSS} href="../f?a=1&#38;b=2">',
        f'<link rel="alternate" {RSS} href="//a.example/f?a=1&b=2#top">',
        "<link rel=alternate type=application/rss+xml href=/f?a=1&b=2>",
        "<LINK HREF='/f?a=1&b=2' TYPE='Application/RSS+XML; charset=utf-8' REL='Alternate home'/>",
        '<link rel="feed" href="/f?a=1&b=2">',
        '<link rel="alternate" type="application/json" href="/f?a=1&b=2">',
        '<link rel="alternate" type="application/feed+json" href="feed:https://a.example/f?a=1&b=2">',
        f'<base href="/deep/er/"><link rel="alternate" {RSS} href="../../f?a=1&b=2">',
        f'<html><body><p>unclosed <b>tags <link rel="alternate" {RSS} href="/f?a=1&b=2">',
        f'<!-- <link rel="alternate" {RSS} href="/old"> --><link rel="alternate" {RSS} href="/f?a=1&b=2">',
        f'<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head>'
        f'<link rel="alternate" {RSS} href="/f?a=1&amp;b=2" /></head></html>',
        f"<script>'<link rel=alternate {RSS} href=/no>'</script><link rel=alternate {RSS} href='/f?a=1&b=2'>",
    ],
)
def test_a_declared_feed_is_found(page: str) -> None:
    assert declared(page) == ["https://a.example/f?a=1&b=2"]


@pytest.mark.parametrize(
    "page",
    [
        "",
        "plain text",
        f'<!-- <link rel="alternate" {RSS} href="/f"> -->',
        f'<link rel="alternate stylesheet" {RSS} href="/f">',
        f'<link rev="alternate" {RSS} href="/f">',
        f'<link rel="alternate" {RSS} href="">',
        f'<link rel="alternate" {RSS}>',
        f'<link rel="alternate" {RSS} href="javascript:alert(1)">',
        f'<link rel="alternate" {RSS} href="http://[broken/">',
        '<link rel="alternate" type="text/html" hreflang="es" href="/es/feed">',
        '<link rel="alternate" type="application/json+oembed" href="/oembed">',
        '<link rel="alternate" href="/f">',
    ],
)
def test_nothing_else_is_taken_for_a_declared_feed(page: str) -> None:
    assert declared(page) == []


def test_comment_feeds_and_vague_ones_come_last() -> None:
    page = "".join(
        f'<link rel="alternate" type="{kind}" title="{title}" href="{href}">'
        for kind, title, href in [
            ("application/rss+xml", "Blog » Comments Feed", "/a"),
            ("application/rss+xml", "Kommentar-Feed", "/comments/feed/"),
            ("application/json", "JSON", "/wp-json/1"),
            ("application/rss+xml", "Blog » Feed", "/feed/"),
            ("application/atom+xml", "Blog » Feed", "/atom"),
            ("application/rss+xml", "again", "/feed/"),
        ]
    )
    links = ["/feed/", "/atom", "/wp-json/1", "/a", "/comments/feed/"]
    assert declared(page) == [f"https://a.example{link}" for link in links]


def test_a_link_before_the_base_is_read_both_ways() -> None:
    page = f'<link rel="alternate" {RSS} href="f"><base href="https://b.example/c/">'
    assert read_page(document(page)).declared[0].urls == ("https://a.example/blog/f", "https://b.example/c/f")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (f'<link rel="alternate" {RSS} title="Новини" href="/f">'.encode("utf-16"), "text/html"),
        (f'<link rel="alternate" {RSS} title="Новини" href="/f">'.encode("cp1251"), "text/html; charset=windows-1251"),
        (f'<meta charset="koi8-u"><link rel="alternate" {RSS} title="Новини" href="/f">'.encode("koi8-u"), "text/html"),
        (f'<link rel="alternate" {RSS} title="Новини" href="/f">'.encode(), 'text/html; charset="UTF-8"'),
        (f'\ufeff<link rel="alternate" {RSS} title="Новини" href="/f">'.encode(), "text/html; charset=nonsense"),
    ],
)
def test_pages_of_any_encoding_are_read(body: bytes, content_type: str) -> None:
    link = read_page(document(body, content_type)).declared[0]
    assert (link.urls, link.title) == (("https://a.example/f",), "Новини")


@pytest.mark.parametrize(
    "anchor",
    [
        '<a href="/feed">x</a>',
        '<a href="/x/rss.xml">x</a>',
        '<a href="/x.rss">x</a>',
        '<a href="/?feed=rss2">x</a>',
        '<a href="/news-feed">x</a>',
        '<a href="/atom/all">x</a>',
        '<a href="/x" type="application/atom+xml">x</a>',
        '<a href="/x"><b>RSS</b></a>',
        '<a href="https://feeds.b.example/x">x</a>',
        '<a href="https://rss.b.example/x">x</a>',
    ],
)
def test_a_link_that_looks_like_a_feed_is_found(anchor: str) -> None:
    assert len(mentioned(anchor)) == 1


@pytest.mark.parametrize(
    "anchor",
    [
        '<a href="/feedback">x</a>',
        '<a href="/press">x</a>',
        '<a href="/atomic">RSS is great, I think</a>',
        '<a name="rss">RSS</a>',
        '<a href="https://feedly.com/i/subscription/feed/https://a.example/f">x</a>',
        '<a href="mailto:rss@a.example">RSS</a>',
    ],
)
def test_other_links_are_not(anchor: str) -> None:
    assert mentioned(anchor) == []


def test_links_of_the_same_host_come_first_and_comments_last() -> None:
    page = '<a href="/comments/feed">x</a><a href="https://b.example/feed">x</a><a href="/feed">x</a>'
    assert mentioned(page) == ["https://a.example/feed", "https://b.example/feed", "https://a.example/comments/feed"]


def test_the_usual_addresses_are_few_and_begin_beside_the_page() -> None:
    links = [link.urls[0] for link in usual_feeds("https://a.example/blog/post?x=1")]
    assert links[0] == "https://a.example/blog/feed"
    assert "https://a.example/feed" in links
    assert len(links) <= 12
    assert len(usual_feeds("https://a.example/")) == 8
    assert len(set(links)) == len(links)


@pytest.mark.parametrize(
    ("body", "content_type", "is_page"),
    [
        (b"<!doctype html>", "", True),
        (b"\xef\xbb\xbf \n<html>", "application/xml", True),
        ("<html>".encode("utf-16"), "", True),
        (b"hello", "text/html; charset=utf-8", True),
        (b"hello", "text/plain", False),
        (b'{"a": 1}', "application/json", False),
        (b"%PDF-1.7", "application/pdf", False),
        (b"", "", False),
    ],
)
def test_what_is_worth_reading_as_a_page(body: bytes, content_type: str, is_page: bool) -> None:
    assert looks_like_page(document(body, content_type)) is is_page


def test_page_text_is_never_refused() -> None:
    assert page_text(document("ü".encode("latin-1"), "text/html; charset=latin-1")) == "ü"
    assert page_text(document("ü".encode(), "text/html; charset=base64")) == "ü"
    assert page_text(document(b"\xff\xff", "text/html")) == "\ufffd\ufffd"


@pytest.mark.parametrize(
    "body",
    [b"<a href='/feed'>x</a>" * 480_000, b"<div><a href=/feed>" * 500_000, b"<" * 10_000_000, b"\0" * 10_000_000],
    ids=["many links", "deep nesting", "only brackets", "only zeros"],
)
def test_ten_megabytes_of_anything_take_seconds_at_most(body: bytes) -> None:
    started = time.process_time()
    read_page(document(body))
    assert time.process_time() - started < 4
