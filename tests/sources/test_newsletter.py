"""A mail becomes one entry, whatever it is made of."""

import random
import time
from email.message import EmailMessage
from typing import Any

import pytest

from contentsync.sources.base import Document, Entry, Fetched, MediaKind
from contentsync.sources.mail_text import text_of_bytes
from contentsync.sources.newsletter import NewsletterReader, confirmation_of, fingerprint, mail_url, read_mail
from contentsync.sources.newsletter_headers import FIELDS, read_letter
from tests.fakes.mails import confirmation, newsletter


def parse(body: bytes) -> Document:
    return NewsletterReader().parse(
        Fetched(url="mid:1", status=200, headers=(), body=body, body_hash="", content_type="message/rfc822")
    )


def entry(body: bytes) -> Entry:
    (only,) = parse(body).entries
    return only


def of_html(html: str, **fields: Any) -> Entry:
    return entry(newsletter(html=html, **fields))


def test_an_issue() -> None:
    document = parse(newsletter())
    (issue,) = document.entries
    assert (document.title, document.skipped) == ("Tin Weekly", 0)
    assert issue.external_id == "tin.example.org.1@mail.example"
    assert (issue.title, issue.author, issue.media_kind) == (
        "Issue 1 of Tin Weekly",
        "Tin Weekly",
        MediaKind.NEWSLETTER,
    )
    assert issue.summary_html == "<p>What happened in week 1.</p>"
    assert issue.published_at is not None
    assert f"{issue.published_at:%Y-%m-%d %H:%M %Z}" == "2026-11-22 12:00 UTC"
    assert issue.link is None


def test_plain_text_is_a_fall_back_and_keeps_its_lines() -> None:
    mail = EmailMessage()
    mail["From"] = "a@x.example"
    mail["Subject"] = "Plain"
    mail.set_content(
        "One <b>\nTwo\nView in your browser: https://x.example/1.\nUnsubscribe: https://x.example/unsub/ME\n"
    )
    issue = entry(mail.as_bytes())
    assert issue.summary_html.startswith("One &lt;b&gt;<br>Two<br>")
    assert issue.link == "https://x.example/1"
    assert "unsub/ME" not in issue.summary_html


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">{}</div>',
        '<span style="DISPLAY: none !important; color:#fff">{}</span>',
        '<div style="max-height:0px;overflow:hidden">{}</div>',
        '<p style="mso-hide:all;font-size:1px">{}</p>',
        '<div style="opacity:0;">{}</div>',
        "<div hidden>{}</div>",
    ],
    ids=range(6),
)
def test_the_hidden_preheader_comes_first_and_once(hidden: str) -> None:
    preheader = "Why tin is the new gold, and what to do"
    filling = "&#8204;&nbsp;&#847; &#173;" * 40
    issue = of_html(f"<body>{hidden.format(preheader + filling)}<h1>Hello</h1><p>Text.</p></body>")
    assert issue.summary_html == f"<p>{preheader}</p>\n<h1>Hello</h1><p>Text.</p>"


def test_rows_that_are_shrunk_to_close_gaps_are_not_hidden() -> None:
    issue = of_html(
        '<div style="background:#fff"><table><tr><td style="direction:ltr;font-size:0px;padding:20px 0">'
        '<div style="font-size:0px;text-align:left"><table><tr><td style="font-size:0px;padding:10px 25px">'
        '<div style="font-family:Arial;font-size:13px">Real words.</div></td></tr>'
        '<tr><td style="font-size:0px"><img src="https://x.example/tin.jpg" width="600" alt="Tin"></td></tr>'
        "</table></div></td></tr></table></div>"
    )
    assert "Real words." in issue.summary_html
    assert issue.image_url == "https://x.example/tin.jpg"
    assert of_html('<p>Seen.</p><div style="font-size:0">unseen</div>').summary_html == "<p>Seen.</p>"


def test_a_preheader_that_is_the_beginning_is_not_said_twice() -> None:
    words = "Why tin is the new gold, and what to do"
    assert of_html(f'<div style="display:none">{words}</div><p>{words}. More.</p>').summary_html.count("Why tin") == 1


def test_other_hidden_things_are_gone() -> None:
    issue = of_html('<p>Seen.</p><div style="display:none">on phones</div><style>p{}</style><!-- note -->')
    assert issue.summary_html == "<p>Seen.</p>"


@pytest.mark.parametrize(
    "pixel",
    [
        '<img src="https://x.example/a.png" width="1" height="1">',
        '<img src="https://x.example/a.png" style="width:1px;height:1px">',
        '<img src="https://x.example/a.png" style="display:none">',
        '<img src="https://x.example/wf/open?upn=me" alt="">',
        '<img src="https://x.example/track/open.php?u=1">',
        '<img src="https://pixel.x.example/1.gif">',
        '<img src="cid:logo">',
        '<img src="data:image/gif;base64,R0lGOD">',
    ],
    ids=range(8),
)
def test_images_that_count_readers_are_gone(pixel: str) -> None:
    assert of_html(f"<p>Text.</p>{pixel}").summary_html == "<p>Text.</p>"


def test_pictures_stay() -> None:
    issue = of_html('<p>Text.</p><img src="https://x.example/tin.jpg" width="600" alt="Tin">')
    assert issue.image_url == "https://x.example/tin.jpg"


def test_links_stay_as_they_are_and_scripts_do_not() -> None:
    wrapped = "https://click.x.example/f/a/b~~/c?u=https%3A%2F%2Ftin.example%2F1&utm_source=mail"
    issue = of_html(
        f'<p onclick="x()"><a href="{wrapped}">Tin</a><a href="javascript:x()">No</a></p><script>x()</script>'
    )
    assert f'href="{wrapped.replace("&", "&amp;")}"' in issue.summary_html
    assert "script" not in issue.summary_html
    assert "onclick" not in issue.summary_html


@pytest.mark.parametrize(
    "text",
    [
        "View in browser",
        "View this email in your browser",
        "Read online",
        "Web version",
        "Im Browser ansehen",
        "Online-Version",
        "Voir la version en ligne",
        "Ver en el navegador",
        "Visualizza nel browser",
        "Ver no navegador",
        "Bekijk in je browser",
        "Zobacz w przeglądarce",
        "Переглянути у браузері",
        "Открыть в браузере",
        "Öppna i webbläsare",
    ],
)
def test_the_page_of_an_issue_is_found_and_its_line_is_gone(text: str) -> None:
    issue = of_html(f'<div>Not well shown? <a href="https://x.example/issue/1">{text}</a></div><p>Text.</p>')
    assert issue.link == "https://x.example/issue/1"
    assert issue.summary_html == "<p>Text.</p>"


def test_a_here_counts_by_its_sentence_only() -> None:
    seen = of_html('<p>Trouble viewing this? Click <a href="https://x.example/1">here</a>.</p><p>Text.</p>')
    assert seen.link == "https://x.example/1"
    other = of_html('<p>Buy <a href="https://x.example/1">here</a>.</p><p>Text.</p>')
    assert other.link is None


def test_the_header_may_name_the_page() -> None:
    assert of_html("<p>T</p>", Archived_At="<https://x.example/a>").link == "https://x.example/a"
    assert of_html("<p>T</p>", List_Post="<https://x.example/p/1>").link == "https://x.example/p/1"
    assert of_html("<p>T</p>", List_Post="NO").link is None


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://x.example/u/ME">Unsubscribe</a>',
        '<a href="https://x.example/u/ME">Abmelden</a>',
        '<a href="https://x.example/u/ME">Se désabonner</a>',
        '<a href="https://x.example/u/ME">Darse de baja</a>',
        '<a href="https://x.example/u/ME">Відписатися</a>',
        '<a href="https://x.example/u/ME">Update your preferences</a>',
        '<a href="https://x.example/unsubscribe?u=ME"><b>click here</b></a>',
    ],
    ids=range(7),
)
def test_links_that_are_one_readers_own_are_not_kept(link: str) -> None:
    assert "ME" not in of_html(f"<p>Text.</p><p>{link}</p>").summary_html


def test_scaffolding_is_taken_down() -> None:
    row = "<table><tbody><tr><td align='center' style='x'>{}</td></tr></tbody></table>"
    html = "{}"
    for _ in range(60):
        html = html.format(row)
    issue = of_html(html.format("<p class='a'>Deep.</p>"))
    assert "<p>Deep.</p>" in issue.summary_html
    assert "table" not in issue.summary_html


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("Grüße".encode("latin-1"), "iso-8859-1", "Grüße"),
        ("“Grüße”".encode("cp1252"), "us-ascii", "“Grüße”"),
        ("Grüße".encode(), "", "Grüße"),
        ("Grüße".encode(), "iso-8859-1", "Grüße"),
        ("Привіт".encode("koi8-u"), "koi8-u", "Привіт"),
        ("Привет".encode("cp1251"), "windows-1251", "Привет"),
        ("你好".encode("gb18030"), "gb2312", "你好"),
        ("こんにちは".encode("iso-2022-jp"), "iso-2022-jp", "こんにちは"),
        ("Grüße".encode("latin-1"), "x-unknown-8bit", "Grüße"),
        ("Grüße".encode("utf-16"), "utf-16", "Grüße"),
        (b"abc", "punycode", "abc"),
        (b"abc", "zlib", "abc"),
        (b"abc", "rot13", "abc"),
    ],
    ids=range(13),
)
def test_charsets(data: bytes, charset: str, text: str) -> None:
    assert text_of_bytes(data, charset) == text


def test_copies_of_an_issue_have_the_same_fingerprint_and_issues_do_not() -> None:
    def print_of(**changes: Any) -> str:
        return fingerprint(read_mail(newsletter(**{"subject": "S", "html": "<p>Words</p>", **changes})))

    base = print_of()
    assert print_of(html='<p>Words</p><img src="https://x.example/open?me" width="1">') == base
    assert print_of(unsubscribe="https://tin.example.org/leave?other") == base
    assert print_of(html="<p>Other words</p>") != base
    assert print_of(subject="T") != base


def _deep(levels: int) -> bytes:
    head = b"From: a@x.example\nSubject: deep\n"
    parts = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(levels))
    return head + parts + b"Content-Type: text/plain\n\nbottom\n"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00" * 1_000,
        b"\xff\xfe" * 1_000,
        b"no header at all",
        b"Subject: =?utf-8?B?" + b"A" * 100_000 + b"?=\n\nx",
        b"From: " + b"<" * 10_000 + b"\n\nx",
        b"Content-Type: multipart/mixed\n\nno boundary",
        b'Content-Type: multipart/mixed; boundary="a"\n\n--a\n--a\n--a--\n',
        b"Content-Type: text/html; charset=" + b"x" * 10_000 + b"\n\n<p>x",
        b"Content-Type: text/html; charset*=utf-8''%ff\n\n<p>x",
        b"Content-Transfer-Encoding: base64\n\n!!!!",
        b"Subject: x\nContent-Type: text/html\n\n" + b"<div>" * 100_000,
        b"Subject: x\nContent-Type: text/html\n\n" + b'<a href="' * 50_000,
        b"Subject: x\nContent-Type: text/html\n\n<p>" + b"&" * 500_000,
        b"Subject: x\nContent-Type: text/html\n\n<p>" + b"view " * 200_000,
        b"Subject: x\n\n" + b"https://" * 100_000,
        b"List-Unsubscribe: " + b"<" * 100_000 + b"\n\nx",
        _deep(50),
        _deep(2_000),
        _deep(45) + b"\n" * 5_000_000,
        b"Subject: x\n" + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 20_000,
        b"Subject: x\n" + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 1_900,
        b"Subject: x\nContent-Type: text/html\n\n" + b'<div style="display:none">view in browser' * 20_000,
        b"Subject: x\nContent-Type: text/html\n\n" + b'<a href="https://x.example/">here ' * 20_000,
        b"Subject: x\nContent-Type: text/html\n\n<p>" + b'<a href="https://x.example/">here</a> ' * 12_000,
    ],
    ids=range(25),
)
def test_whatever_the_bytes_are_there_is_an_answer_in_time(body: bytes) -> None:
    began = time.thread_time()
    document = parse(body)
    read_letter(body[:20_000])
    confirmation_of(body)
    assert len(document.entries) + document.skipped == 1
    assert time.thread_time() - began < 4


def test_broken_mails_never_raise() -> None:
    dice = random.Random(7)
    whole = newsletter(html='<p>ä <a href="https://x.example/1">View in browser</a></p>', X_Campaign="1")
    for _ in range(300):
        body = bytearray(whole)
        for _ in range(dice.randint(1, 30)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        cut = bytes(body[: dice.randint(1, len(body))])
        parse(cut)
        read_letter(cut)


def test_a_confirmation_leads_to_its_sender_only() -> None:
    assert confirmation_of(confirmation()) == "https://tin.example.org/confirm?token=CONFIRM-TOKEN"
    assert confirmation_of(confirmation("https://www.example.org/confirm")) == "https://www.example.org/confirm"
    for link in (
        "https://evil.example.net/confirm",
        "http://tin.example.org/confirm",
        "https://example.org.evil.example/c",
    ):
        assert confirmation_of(confirmation(link)) is None, link
    assert confirmation_of(confirmation("https://tin.co.uk/confirm", "a@other.co.uk")) is None
    assert confirmation_of(newsletter()) is None


def test_the_address_of_a_mail_can_stand_in_an_archive() -> None:
    assert mail_url("a.b@x.example") == "mid:a.b@x.example"
    assert mail_url('"a b"<\n>@x') == "mid:%22a%20b%22%3C%0A%3E@x"


def test_no_field_is_asked_for_twice() -> None:
    assert len({name.lower() for name in FIELDS}) == len(FIELDS)
