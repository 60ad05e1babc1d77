"""Newsletters told from everything else, by header alone."""

import pytest

from contentsync.sources.newsletter_headers import Unsubscribe, read_letter
from tests.fakes.mails import letter, newsletter

FROM = "From: News <news@shop.example>\n"
LEAVE = "List-Unsubscribe: <https://shop.example/leave>\n"


def _points(fields: str) -> tuple[int, bool]:
    verdict = read_letter(fields.encode()).verdict
    return verdict.points, verdict.is_newsletter


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(FROM + "List-Id: News <news.shop.example>\n" + LEAVE, True, id="list and link"),
        pytest.param(FROM + LEAVE, True, id="link alone"),
        pytest.param(FROM + "List-Unsubscribe: <mailto:leave@shop.example>\n", True, id="mailto alone"),
        pytest.param(FROM + "List-Id: <news.shop.example>\n", True, id="list alone"),
        pytest.param(FROM + "Precedence: bulk\nFeedback-ID: 1:2\nX-Campaign: 7\n", True, id="mass mail"),
        pytest.param(FROM + LEAVE + "List-Post: NO\nList-Id: <n.shop.example>\n", True, id="one cannot write to it"),
        pytest.param(FROM + LEAVE + "List-Post: <https://n.example/p/1>\n", True, id="its page in List-Post"),
        pytest.param(FROM + LEAVE + "Auto-Submitted: no\n", True, id="not automatic"),
        pytest.param(FROM + "List-Id: <a.example>\n" + LEAVE + "Auto-Submitted: auto-generated\n", False, id="alerts"),
        pytest.param(FROM, False, id="plain"),
        pytest.param(FROM + "Precedence: bulk\n", False, id="precedence alone"),
        pytest.param(FROM + "Feedback-ID: 1:2:3\nX-SG-EID: 9\n", False, id="receipt"),
        pytest.param(FROM + "List-Unsubscribe: \n", False, id="empty unsubscribe"),
        pytest.param(FROM + LEAVE + "In-Reply-To: <1@a.example>\n", False, id="reply"),
        pytest.param(FROM + LEAVE + "Subject: Re: your order\n", False, id="reply by its subject"),
        pytest.param(
            FROM + "List-Id: <dev.lists.example>\nList-Post: <mailto:dev@lists.example>\n" + LEAVE,
            False,
            id="discussion",
        ),
        pytest.param(FROM + LEAVE + "X-GitHub-Reason: mention\n", False, id="tracker"),
        pytest.param(FROM + LEAVE + "X-Spam-Flag: YES\n", False, id="spam"),
        pytest.param(FROM + LEAVE + "Auto-Submitted: auto-replied\n", False, id="holiday answer"),
        pytest.param(FROM + LEAVE + "Content-Type: text/calendar\n", False, id="invitation"),
        pytest.param(FROM + "Content-Type: multipart/report\n" + LEAVE, False, id="bounce"),
        pytest.param(LEAVE + "List-Id: <a.example>\n", False, id="no sender"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_verdicts(fields: str, expected: bool) -> None:
    points, is_newsletter = _points(fields)
    assert is_newsletter is expected, points


def test_the_fakes_are_what_they_say() -> None:
    assert read_letter(newsletter()).verdict.is_newsletter
    assert not read_letter(letter()).verdict.is_newsletter
    assert read_letter(newsletter()).verdict.reasons == ("List-Unsubscribe", "List-Id", "one click")


@pytest.mark.parametrize(
    ("raw", "name", "address"),
    [
        (b"From: =?utf-8?B?w4RwZmVsIGhldXRl?= <a@x.example>", "Äpfel heute", "a@x.example"),
        (b"From: =?utf-8?Q?=C3=84pfel?= =?utf-8?Q?_heute?= <a@x.example>", "Äpfel heute", "a@x.example"),
        ("From: Äpfel <a@x.example>".encode(), "Äpfel", "a@x.example"),
        ("From: Äpfel <a@x.example>".encode("latin-1"), "Äpfel", "a@x.example"),
        (b'From: "Doe, Jane" <Jane@X.Example>', "Doe, Jane", "jane@x.example"),
        (b"From: Acme, Inc. News <a@x.example>", "Acme, Inc. News", "a@x.example"),
        (b"From: a@x.example", "x.example", "a@x.example"),
        (b'From: "a@x.example" <b@x.example>', "a@x.example", "b@x.example"),
        (b"From: broken\nSender: S <s@x.example>", "S", "s@x.example"),
        (b"From: =?gb2312?B?1cXPyMn6?= <a@x.example>", "张先生", "a@x.example"),
        (b"From: =?nonsense?B?!!!?= <a@x.example>", "x.example", "a@x.example"),
        (b"From: <>", "", ""),
    ],
    ids=range(12),
)
def test_senders(raw: bytes, name: str, address: str) -> None:
    letter_ = read_letter(raw + b"\n\n")
    assert (letter_.name, letter_.address) == (name, address)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("List-Id: Tin Weekly <Tin.Example.ORG>", "tin.example.org"),
        ("List-Id: <770 capital.example>", "770 capital.example"),
        ("List-Id: tin.example.org", "tin.example.org"),
        ("List-Id: just words", "news@shop.example"),
        ("Subject: none", "news@shop.example"),
    ],
    ids=range(5),
)
def test_the_lasting_name(fields: str, expected: str) -> None:
    assert read_letter((FROM + fields + "\n").encode()).list_id == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            "List-Unsubscribe: <mailto:l@x.example>, <https://x.example/\n 1>\n"
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n",
            Unsubscribe("https://x.example/1", "mailto:l@x.example", one_click=True),
        ),
        ("List-Unsubscribe: <https://x.example/1>\n", Unsubscribe("https://x.example/1")),
        (
            "List-Unsubscribe: <http://x.example/1>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n",
            Unsubscribe("http://x.example/1"),
        ),
        ("List-Unsubscribe: <javascript:alert(1)>\n", Unsubscribe()),
        ("List-Unsubscribe: <https://x.example/" + "a" * 5_000 + ">\n", Unsubscribe()),
        ("", Unsubscribe()),
    ],
    ids=["both", "page", "not https", "script", "endless", "none"],
)
def test_ways_to_leave(fields: str, expected: Unsubscribe) -> None:
    assert read_letter(fields.encode()).unsubscribe == expected


@pytest.mark.parametrize(
    "text", ["Mon, 99 Foo 2026", "", "Thu, 1 Jan 1900 00:00:00 +0000", "Sun, 22 Nov 2026 12:00:00 +9999999999", "-1"]
)
def test_impossible_dates_are_none(text: str) -> None:
    assert read_letter(f"Date: {text}\n".encode()).sent_at is None
