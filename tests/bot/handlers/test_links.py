"""A link in the chat becomes a source that is followed, through the real puller and a loopback web."""

import json
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from contentsync.bot.keyboards import Follow
from contentsync.db import sources
from contentsync.db.models import Draft, Subscription
from tests.bot.front import Front, button_texts, send_button

RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title><link>http://a.example/</link>
{items}</channel></rss>"""
PAGE = """<!doctype html><html><head><title>Home</title>{links}</head><body>Nothing to see</body></html>"""


def feed(title: str = "Tom &amp; Jerry", items: int = 4) -> bytes:
    entries = "".join(
        f"<item><title>Story {n}</title><link>http://a.example/{n}</link><guid>{n}</guid></item>" for n in range(items)
    )
    return RSS.format(title=title, items=entries).encode()


def serve_feed(front: Front, path: str = "/feed.xml", title: str = "Tom &amp; Jerry", items: int = 4) -> str:
    front.web.serve(path, feed(title, items), content_type="application/rss+xml")
    return front.web.url(path)


async def followed(front: Front) -> list[int]:
    async with front.db.read() as session:
        return [row.source_id for row in await session.exec(select(Subscription))]


async def test_a_pasted_feed_is_shown_and_followed_on_one_tap(front: Front) -> None:
    found = await front.say(f"look at {serve_feed(front)} please")
    assert found["text"] == "Tom & Jerry\na.example\n\nLatest:\n• Story 0\n• Story 1\n• Story 2"
    assert button_texts(found) == ["Follow"]
    assert front.telegram.calls("sendChatAction"), "typing is shown meanwhile"
    await front.tap(found, "Follow")
    following = await front.becomes(found, "Following")
    assert following["text"] == "Following Tom & Jerry. 4 new now."
    assert button_texts(following) == ["Unfollow"]
    assert len(await followed(front)) == 1


async def test_following_can_be_undone_and_done_again(front: Front) -> None:
    found = await front.say(serve_feed(front))
    await front.tap(found, "Follow")
    following = await front.becomes(found, "Following")
    await front.tap(following, "Unfollow")
    undone = await front.becomes(found, "no longer follow Tom & Jerry")
    assert button_texts(undone) == ["Follow"]
    assert await followed(front) == []
    await front.tap(undone, "Follow")
    await front.becomes(found, "4 new now")
    assert len(await followed(front)) == 1


async def test_a_double_tap_does_no_harm(front: Front) -> None:
    found = await front.say(serve_feed(front))
    data = found["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    await front.telegram.tap(found["message_id"], data)
    await front.telegram.tap(found["message_id"], data)
    await front.becomes(found, "4 new now")
    assert (await front.say("/help"))["text"].startswith("What I understand")
    assert len(await followed(front)) == 1


async def test_what_is_followed_already_says_so(front: Front) -> None:
    link = serve_feed(front)
    found = await front.say(link)
    await front.tap(found, "Follow")
    await front.becomes(found, "Following")
    again = await front.say(link)
    assert again["text"].endswith("You follow this one already.")
    assert button_texts(again) == ["Unfollow"]


async def test_a_page_with_several_feeds_gives_a_message_for_each(front: Front) -> None:
    links = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="{serve_feed(front, f"/{n}.xml", f"Feed {n}")}">'
        for n in range(2)
    )
    front.web.serve("/", PAGE.format(links=links).encode(), content_type="text/html")
    first = await front.say(front.web.url("/"))
    second = await front.answer(first["message_id"])
    assert [first["text"].splitlines()[0], second["text"].splitlines()[0]] == ["Feed 0", "Feed 1"]


async def test_hostile_titles_are_shown_as_they_are(front: Front) -> None:
    found = await front.say(serve_feed(front, title="&lt;b&gt;bold&lt;/b&gt; &amp;amp; {name}"))
    assert "{name}" in found["text"]
    await front.tap(found, "Follow")
    await front.becomes(found, "{name}")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/missing", "There is nothing at that address (error 404)."),
        ("/forbidden", "127.0.0.1 does not let me in (error 403)."),
        ("/broken", "The server of 127.0.0.1 answers with an error (500)."),
        ("/page", "I found no feed on that page."),
    ],
)
async def test_what_went_wrong_is_said(front: Front, path: str, sentence: str) -> None:
    front.web.serve("/forbidden", b"", status=403)
    front.web.serve("/broken", b"", status=500)
    front.web.serve("/page", PAGE.format(links="").encode(), content_type="text/html")
    answer = await front.say(front.web.url(path))
    assert answer["text"].startswith(sentence)
    assert button_texts(answer) == []


async def test_only_the_first_link_is_looked_at(front: Front) -> None:
    found = await front.say(f"{serve_feed(front)} and {serve_feed(front, '/2.xml', 'Second')}")
    assert found["text"].startswith("Tom & Jerry")
    assert "first link only" in (await front.answer(found["message_id"]))["text"]


async def test_add_with_a_link(front: Front) -> None:
    assert (await front.say(f"/add {serve_feed(front)}"))["text"].startswith("Tom & Jerry")
    assert "no link I can open" in (await front.say("/add nonsense at all"))["text"]


@pytest.mark.parametrize("by", ["command", "button"])
async def test_add_alone_asks_for_a_link(front: Front, by: str) -> None:
    if by == "command":
        asked = await front.say("/add")
    else:
        greeting = await front.say("/start")
        await front.tap(greeting, "Add a link")
        asked = await front.answer(greeting["message_id"])
    assert asked["text"].startswith("Send me the link")
    assert (await front.say("well"))["text"].startswith("That is no link I can use")
    serve_feed(front)
    bare = front.web.url("/feed.xml").removeprefix("http://")
    assert (await front.say(bare))["text"].startswith("Tom & Jerry")
    assert (await front.say("well"))["text"].startswith("I did not understand"), "the dialog is over"


async def test_the_link_is_kept_encrypted_only(front: Front) -> None:
    link = serve_feed(front)
    await front.say(link)
    async with front.db.read() as session:
        draft = (await session.exec(select(Draft).where(col(Draft.update_id) > 0))).one()
    assert link not in draft.text
    assert front.vault.decrypt(draft.text) == link


async def test_a_source_that_is_gone(front: Front) -> None:
    await front.say("/start")
    message = await send_button(front, Follow(source_id=1, on=True).pack())
    await front.tap(message, "Button")
    await front.becomes(message, "That source is no longer there.")


async def test_a_first_pull_that_fails_is_told(front: Front) -> None:
    found = await front.say(serve_feed(front))
    front.web.serve("/feed.xml", b"", status=500)
    await front.tap(found, "Follow")
    following = await front.becomes(found, "Following")
    assert "could not read it just now. The server of 127.0.0.1 answers with an error (500). I try" in following["text"]


async def test_a_followed_source_is_due_at_once_even_if_the_pull_must_wait(front: Front) -> None:
    found = await front.say(serve_feed(front))
    await front.tap(found, "Follow")
    await front.becomes(found, "Following")
    subscriber = await front.subscriber()
    assert subscriber is not None
    async with front.db.read() as session:
        (source,) = await sources.list_followed(session, subscriber_id=subscriber.id or 0)
    assert source.next_pull_at is not None
    assert source.last_pull_at is not None
    assert source.last_pull_at <= datetime.now(UTC)


@pytest.mark.parametrize("said", ["{account}", "/add {account}"])
async def test_an_account_as_people_write_it_is_a_link(front: Front, said: str) -> None:
    host = front.web.origin.partition("//")[2]
    profile = {"links": [{"rel": "http://webfinger.net/rel/profile-page", "href": front.web.url("/@ann")}]}
    front.web.serve("/.well-known/webfinger", json.dumps(profile), content_type="application/jrd+json")
    serve_feed(front, "/@ann.rss", "Ann")
    found = await front.say(said.format(account=f"@ann@{host}"))
    assert found["text"].startswith("Ann\n")
    assert button_texts(found) == ["Follow"]
    assert front.web.hits(f"/.well-known/webfinger?resource=acct:ann@{host}") == 1


async def test_a_site_without_feeds_is_named(front: Front) -> None:
    assert (await front.say("t.me/durov"))["text"].startswith("Telegram has no feeds")
