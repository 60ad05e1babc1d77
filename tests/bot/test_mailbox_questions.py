"""What people type to connect a mailbox."""

import json

import pytest

from contentsync.bot import texts
from contentsync.bot.contract import CONNECT
from contentsync.bot.mailbox_keyboards import Deed, Newsletter, NewsletterPage
from contentsync.bot.mailbox_providers import PROVIDERS, Way, provider_of, read_mailbox, servers_of
from contentsync.bot.mailbox_questions import QUESTIONS
from contentsync.bot.meaning import Asked
from contentsync.bot.newsletters import read_mailto
from contentsync.db.models import Subscriber
from tests.fakes.mails import NOW


@pytest.mark.parametrize(
    ("typed", "servers"),
    [
        ("me@gmail.com", [("imap.gmail.com", 993)]),
        (" Me@Gmail.com ", [("imap.gmail.com", 993)]),
        ("me@yahoo.co.uk", [("imap.mail.yahoo.com", 993)]),
        ("me@gmx.at", [("imap.gmx.net", 993)]),
        ("me@icloud.com", [("imap.mail.me.com", 993)]),
        ("me@posteo.net", [("posteo.de", 993)]),
        ("me@firm.example", [("imap.firm.example", 993), ("mail.firm.example", 993)]),
        ("me@firm.example post.firm.example", [("post.firm.example", 993)]),
        ("me@firm.example post.firm.example:1993", [("post.firm.example", 1993)]),
        ("me@gmail.com, imaps://mail.firm.example:143/", [("mail.firm.example", 143)]),
        ("mailto:me@firm.example 10.0.0.1", [("10.0.0.1", 993)]),
    ],
)
def test_servers(typed: str, servers: list[tuple[str, int]]) -> None:
    mailbox = read_mailbox(typed)
    assert mailbox is not None
    assert servers_of(mailbox) == servers


@pytest.mark.parametrize(
    "typed",
    ["", "me", "me@", "@example.org", "me@example", "a b@example.org", "me@example.org host:99999", "me@a.org h:0"],
)
def test_what_is_no_mailbox(typed: str) -> None:
    assert read_mailbox(typed) is None


def test_the_table_of_providers() -> None:
    for provider in PROVIDERS:
        assert provider.domains, provider
        can_be_read = provider.way in (Way.PASSWORD, Way.APP_PASSWORD)
        assert can_be_read == bool(provider.host) == bool(provider.page), provider
        assert all(domain == domain.lower() for domain in provider.domains)
    assert provider_of("outlook.de") is not None
    for unknown in ("notgmail.com", "live.firm.example", "gmail.com.firm.example", "yahoo.firm.example"):
        assert provider_of(unknown) is None, unknown


def _asked(earlier: str = "") -> Asked:
    return Asked(Subscriber(id=1, chat_id=1), NOW, draft_id=7, earlier=earlier)


async def test_app_passwords_are_taken_without_their_spaces() -> None:
    meaning = await QUESTIONS["mailbox_password"]("abcd efgh ijkl mnop\n", _asked("me@gmail.com"))
    assert (meaning.reply.text_key, meaning.reply.params, meaning.reply.forget) == (CONNECT, {"kind": "mailbox"}, True)
    assert json.loads(meaning.text or "") == {
        "address": "me@gmail.com",
        "password": "abcdefghijklmnop",
        "servers": [["imap.gmail.com", 993]],
    }
    other = await QUESTIONS["mailbox_password"](" with space ", _asked("me@firm.example"))
    assert json.loads(other.text or "")["password"] == "with space"


async def test_a_password_too_long_is_asked_for_again_and_the_address_is_kept() -> None:
    meaning = await QUESTIONS["mailbox_password"]("x" * 501, _asked("me@firm.example"))
    assert (meaning.reply.asks, meaning.reply.forget, meaning.text) == ("mailbox_password:7", True, "me@firm.example")


async def test_a_password_without_an_address_is_deleted_and_forgotten() -> None:
    meaning = await QUESTIONS["mailbox_password"]("secret", _asked(""))
    assert (meaning.reply.text_key, meaning.reply.forget, meaning.text) == ("mailbox_begin_again", True, "")


@pytest.mark.parametrize("typed", ["me@gmail.com", "me@firm.example", "me@hotmail.com", "nonsense"])
async def test_nothing_typed_is_in_a_reply(typed: str) -> None:
    reply = (await QUESTIONS["mailbox_address"](typed, _asked())).reply
    assert typed not in repr(reply)
    assert texts.say(reply.text_key, **reply.params)


def test_every_question_has_its_sentences() -> None:
    for name in QUESTIONS:
        assert f"expired_{name}" in texts.SENTENCES
        assert f"ask_{name}" in texts.SENTENCES


def test_the_buttons_of_the_notice_are_those_of_the_list() -> None:
    assert Newsletter(channel_id=5, deed=Deed.FOLLOW, page=0).pack() == "news:5:follow:0"
    assert Newsletter(channel_id=5, deed=Deed.DECLINE, page=0).pack() == "news:5:no:0"
    assert NewsletterPage(page=0).pack() == "newspage:0"
    assert len(Newsletter(channel_id=2**62, deed=Deed.FOLLOW, page=10**6).pack()) <= 64


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("mailto:leave@x.example?subject=leave%20me", ("leave@x.example", "leave me")),
        ("mailto:leave@x.example", ("leave@x.example", "")),
        ("mailto:leave%2B1@x.example?subject=a%0Ab&body=c", ("leave+1@x.example", "a b")),
    ],
)
def test_mailto(link: str, expected: tuple[str, str]) -> None:
    assert read_mailto(link) == expected
