"""A person's life with accounts of each kind, in the chat of a process that takes our servers for the real ones."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, Self

import httpx

from tests.fakes.google import FakeGoogle
from tests.fakes.imap import FakeImap
from tests.fakes.mails import confirmation, letter, newsletter
from tests.fakes.newsapi import FakeNewsApi
from tests.fakes.web import FakeWeb, self_signed
from tests.instance import Message, Wanted, buttons, has_button, says

CHANNEL = "UC" + "a" * 22


class Chat(Protocol):
    """What of an `Instance` is needed here."""

    async def say(self, text: str) -> int:
        """Type a text; its message id."""

    async def tap(self, message: Message, label: str) -> int:
        """Tap a button."""

    async def wait_for(self, wanted: Wanted, *, after: int = 0, seconds: float = 20) -> Message:
        """A message of the bot."""

    async def ask(self, text: str, wanted: Wanted = lambda m: True, seconds: float = 20) -> Message:
        """Say something and wait for an answer."""


class Services:
    """News API, Google and a mail server with something in them, and a server of mailing lists; `async with` it."""

    def __init__(
        self, directory: Path, *, key: str = "0123456789abcdef0123456789abcdef", password: str = "pass"
    ) -> None:
        tls, self._certificate = self_signed(directory, "127.0.0.1")
        self.news = FakeNewsApi(key=key, now=datetime.now(UTC))
        self.google = FakeGoogle()
        self.imap = FakeImap(tls, password=password)
        self.lists = FakeWeb(tls=tls)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for server in (self.news, self.google, self.imap, self.lists):
            await self._stack.enter_async_context(server)
        for number in (1, 2):
            published_at = self.news.now - timedelta(hours=24 + number)
            self.news.publish("rust", "en", f"Rust news {number}", f"https://example.org/{number}", published_at)
        self.google.subscribe(CHANNEL, "Slow Workshop")
        self.google.publish(CHANNEL, "abcdefghijk", "Sharpening a plane")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def settings(self) -> dict[str, str]:
        """The variables that make contentsync take these for the services."""
        return {
            **self.google.settings(),
            "NEWSAPI_BASE_URL": self.news.base_url,
            "SSL_CERT_FILE": str(self._certificate),
        }

    def send_mails(self, *, leave: str = "who", leave_page: str = "who", confirm: str = "CONFIRM") -> None:
        """Two newsletters, a mail that wants a confirmation, and a letter arrive. The tokens stand in their links."""
        now = datetime.now(UTC)
        link, page = self.lists.url(f"/leave?t={leave}"), f"https://iron.example.org/leave?t={leave_page}"
        for name, list_id, where, one_click in (
            ("Tin Weekly", "tin.example.org", link, True),
            ("Iron Daily", "iron.example.org", page, False),
        ):
            self.imap.add(
                newsletter(
                    title=name, list_id=list_id, sent_at=now, unsubscribe=where, one_click=one_click,
                    html=f'<p>All of <a href="https://{list_id}/1">{name}</a>.</p><a href="{where}">Unsubscribe</a>',
                )
            )  # fmt: skip
        wish = confirmation(link=f"https://tin.example.org/confirm?token={confirm}")
        self.imap.add(wish.replace(b"Sun, 22 Nov 2026 12:00:00 +0000", f"{now:%d %b %Y %H:%M:%S} +0000".encode()))
        self.imap.add(letter())


async def connect_news(chat: Chat, key: str) -> None:
    """Type a key that is good, and a topic."""
    await ask_for_key(chat)
    await chat.ask(key, says("News API is connected"))
    await chat.ask("/topics rust", says("2 articles now"))


async def ask_for_key(chat: Chat) -> None:
    """Have the bot ask for a News API key."""
    page = await chat.ask("/connect", has_button("Connect News API"))
    await chat.tap(page, "Connect News API")
    await chat.wait_for(says("Send me your News API key"), after=page["message_id"])


async def ask_for_password(chat: Chat, imap: FakeImap) -> None:
    """Have the bot ask for the password of a mailbox."""
    page = await chat.ask("/newsletters", has_button("Connect a mailbox"))
    await chat.tap(page, "Connect a mailbox")
    await chat.wait_for(says("Which mailbox"), after=page["message_id"])
    await chat.ask(f"{imap.user} {imap.host}:{imap.port}", says("Send me the password"))


async def connect_mailbox(chat: Chat, imap: FakeImap) -> None:
    """Type a password that is good, and follow both newsletters."""
    await ask_for_password(chat, imap)
    typed = await chat.say(imap.password)
    offer = await chat.wait_for(says("2 newsletters in"), after=typed)
    await chat.wait_for(says("Connected: me@"), after=typed)
    await chat.wait_for(has_button("Confirm subscription"), after=typed)
    for name in ("Tin Weekly", "Iron Daily"):
        page = await chat.ask("/newsletters", says(name)) if name == "Iron Daily" else offer
        await chat.tap(page, f"Follow {name}" if page is offer else "Follow 1")
        await chat.wait_for(says(f"Following {name}. One issue now"), after=typed)


async def leave_newsletters(chat: Chat) -> None:
    """Unfollow both newsletters, and have their lists left as each of them offers it."""
    asked = await chat.ask("/newsletters", has_button("Unfollow 1"))
    await chat.tap(asked, "Unfollow 1")
    await chat.wait_for(has_button("Open its unsubscribe page"), after=asked["message_id"])
    asked = await chat.ask("/newsletters", has_button("Unfollow"))
    await chat.tap(asked, "Unfollow")
    offer = await chat.wait_for(has_button("Unsubscribe for good"), after=asked["message_id"])
    await chat.tap(offer, "Unsubscribe for good")
    # The list's certificate is of our own making, so it is asked in vain; the link is used all the same.
    await chat.wait_for(says("still on the list of Tin Weekly"), after=offer["message_id"] - 1)


async def sign_in(chat: Chat) -> str:
    """Connect a YouTube account with a browser; the address to which Google sent it back."""
    back, page = await consent(await sign_in_link(chat))
    assert page.status_code == 200, page.text
    await chat.wait_for(says("Connected: Channel of me"))
    return back


async def sign_in_link(chat: Chat) -> str:
    """Google's consent page, as the chat offers it."""
    offer = await chat.ask("/youtube", has_button("Connect"))
    await chat.tap(offer, "Connect")
    link = await chat.wait_for(has_button("Sign in"), after=offer["message_id"])
    return buttons(link)[0]["url"]


async def consent(link: str) -> tuple[str, httpx.Response]:
    """A browser opens the link, and is sent back; where to, and what it got there."""
    async with httpx.AsyncClient(trust_env=False) as browser:
        asked = await browser.get(link)
        assert asked.status_code == 302, asked.text
        back = asked.headers["location"]
        return back, await browser.get(back)


async def disconnect(chat: Chat, name: str) -> None:
    """Disconnect the only account of the kind that the chat calls so."""
    page = await chat.ask("/connect", has_button(f"Disconnect {name}"))
    await chat.tap(page, f"Disconnect {name}")
    label = "Disconnect, unfollow them" if name == "YouTube" else "Yes, disconnect"
    question = await chat.wait_for(has_button(label), after=page["message_id"] - 1)
    await chat.tap(question, label)
    await chat.wait_for(says("Disconnected"), after=page["message_id"] - 1)


async def until_empty(directory: Path, seconds: float = 20) -> None:
    """Wait until nothing is left in a directory."""
    async with asyncio.timeout(seconds):
        while directory.exists() and any(directory.iterdir()):
            await asyncio.sleep(0.1)
