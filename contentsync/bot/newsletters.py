"""The newsletters in a person's mailboxes: the list of them, following one, leaving one."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from aiogram import Bot
from aiogram.types import InlineKeyboardMarkup

from contentsync.bot import mailbox_keyboards, texts
from contentsync.bot.mailbox_keyboards import PAGE_NEWSLETTERS
from contentsync.bot.texts import Html
from contentsync.credentials import Vault
from contentsync.db import channels, integrations, sources
from contentsync.db.account_models import Channel, Integration
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber
from contentsync.processor.text import shorten

KIND = "mailbox"
SOURCE_KIND = "newsletter"
TITLE_LIMIT = 60

Page = tuple[str, InlineKeyboardMarkup]


async def page_of(db: Database, subscriber: Subscriber, page: int, now: datetime) -> Page:
    """A page of the list, or the last one if there are fewer now."""
    async with db.read() as session:
        mailboxes = await integrations.list_integrations(session, subscriber_id=subscriber.id or 0, kind=KIND)
        listed: list[Channel] = []
        for mailbox in mailboxes:
            listed += await channels.list_channels(session, integration_id=mailbox.id or 0)
    # What waits for an answer is first; the others keep their places when they are followed or left.
    listed.sort(key=lambda channel: (channel.state != channels.OFFERED, channel.title.casefold(), channel.id))
    page = max(0, min(page, (len(listed) - 1) // PAGE_NEWSLETTERS))
    keyboard = mailbox_keyboards.newsletter_list(listed, page, connect=_connect(mailboxes))
    return say_page(mailboxes, listed, page, now), keyboard


def say_page(mailboxes: Sequence[Integration], listed: Sequence[Channel], page: int, now: datetime) -> Html:
    """How the mailboxes are, and the newsletters of one page."""
    if not mailboxes:
        return texts.say("no_mailbox")
    pages = (len(listed) + PAGE_NEWSLETTERS - 1) // PAGE_NEWSLETTERS
    head = texts.say("newsletters_page", page=page + 1, pages=pages) if pages > 1 else texts.say("newsletters_head")
    first = page * PAGE_NEWSLETTERS
    lines = [
        texts.say(
            "newsletter_line", number=number, title=shorten(channel.title, TITLE_LIMIT), state=_say_state(channel)
        )
        for number, channel in enumerate(listed[first : first + PAGE_NEWSLETTERS], first + 1)
    ]
    states = "\n".join(say_mailbox(mailbox, now) for mailbox in mailboxes)
    return Html("\n\n".join([head, states, *(lines or [texts.say("no_newsletters")])]))


def say_mailbox(mailbox: Integration, now: datetime) -> Html:
    """How a mailbox is, in a line."""
    if mailbox.state == "refused":
        return texts.say("mailbox_is_refused", account=mailbox.account)
    if mailbox.last_error is not None:
        reason = texts.say_retried(mailbox.last_error, mailbox.last_error_params)
        return texts.say("mailbox_trouble", account=mailbox.account, reason=reason)
    if mailbox.last_success_at is None:
        return texts.say("mailbox_waiting", account=mailbox.account)
    return texts.say("mailbox_fine", account=mailbox.account, ago=texts.say_age(mailbox.last_success_at, now))


def _connect(mailboxes: Sequence[Integration]) -> str:
    """What the button says that connects a mailbox."""
    if any(mailbox.state == "refused" for mailbox in mailboxes):
        return "Connect the mailbox again"
    return "Connect another mailbox" if mailboxes else "Connect a mailbox"


async def accept(session: Any, *, channel: Channel, subscriber: Subscriber, now: datetime) -> int:
    """Follow the newsletter as a source of its mailbox; gives the source's id."""
    source_id = await sources.add_owned(
        session,
        integration_id=channel.integration_id,
        kind=SOURCE_KIND,
        key=f"{KIND}:{channel.integration_id}:{channel.external_id}",
        url=f"https://{_domain(channel)}/",
        title=channel.title,
        now=now,
    )
    await sources.follow(session, subscriber_id=subscriber.id or 0, source_id=source_id, now=now, origin=KIND)
    await channels.set_state(session, channel_id=channel.id or 0, state=channels.FOLLOWED, source_id=source_id, now=now)
    return source_id


async def decline(session: Any, *, channel: Channel, subscriber: Subscriber, now: datetime) -> None:
    """Leave the newsletter alone: it is not offered again, and not read."""
    if channel.source_id is not None:
        await sources.unfollow(session, subscriber_id=subscriber.id or 0, source_id=channel.source_id, now=now)
    await channels.set_state(session, channel_id=channel.id or 0, state=channels.LEFT, now=now)


def say_following(channel: Channel, count: int) -> Html:
    """What following came to; `count` issues are there."""
    title = shorten(channel.title, TITLE_LIMIT)
    if count == 0:
        return texts.say("newsletter_following_soon", title=title)
    return texts.say("newsletter_following_one" if count == 1 else "newsletter_following", title=title, count=count)


async def offer_leaving(bot: Bot, db: Database, vault: Vault, subscriber: Subscriber, source_id: int) -> None:
    """After a person unfollowed a source: if it is a newsletter, say how it stops to come. Nothing for all others."""
    async with db.read() as session:
        channel = await channels.find_by_source(session, subscriber_id=subscriber.id or 0, source_id=source_id)
        mailbox = (
            await integrations.get_integration(session, integration_id=channel.integration_id) if channel else None
        )
    if channel is None or mailbox is None or mailbox.kind != KIND or channel.details.get("unsubscribed"):
        return
    offer = leaving_offer(channel, _ways(channel, vault))
    if offer is not None:
        await bot.send_message(subscriber.chat_id, offer[0], reply_markup=offer[1])


def leaving_offer(channel: Channel, ways: dict[str, Any]) -> tuple[Html, InlineKeyboardMarkup | None] | None:
    """How this newsletter stops to come: one tap, its own page, or a mail; None if its mails do not say."""
    title = shorten(channel.title, TITLE_LIMIT)
    link, mailto = str(ways.get("link", "")), str(ways.get("mailto", ""))
    if ways.get("one_click"):
        text = texts.say("newsletter_leave_offer", title=title, host=texts.host(link))
        return text, mailbox_keyboards.leave_for_good(channel.id or 0)
    if link:
        return texts.say("newsletter_leave_page", title=title), mailbox_keyboards.leaving_page(link)
    if mailto:
        address, subject = read_mailto(mailto)
        wanted = texts.say("newsletter_leave_subject", subject=subject) if subject else ""
        return texts.say("newsletter_leave_mail", title=title, address=address, subject=wanted), None
    return None


def read_mailto(link: str) -> tuple[str, str]:
    """Address and subject of a mailto link. Source: RFC 6068, section 2."""
    parts = urlsplit(link)
    subject = parse_qs(parts.query).get("subject", [""])[0]
    return shorten(unquote(parts.path), 200), shorten(" ".join(subject.split()), 200)


def say_left(channel: Channel, vault: Vault, *, done: bool) -> Html:
    """What leaving the list came to."""
    title = shorten(channel.title, TITLE_LIMIT)
    if done:
        return texts.say(
            "newsletter_left_list", title=title, host=texts.host(str(_ways(channel, vault).get("link", "")))
        )
    failed = channel.details.get("not_left") or {"reason_key": "timed_out", "params": {"host": _domain(channel)}}
    reason = texts.say_reason(failed["reason_key"], failed["params"])
    return texts.say("newsletter_not_left_list", title=title, reason=reason)


def _ways(channel: Channel, vault: Vault) -> dict[str, Any]:
    return dict(json.loads(vault.decrypt(channel.secret))) if channel.secret else {}


def _say_state(channel: Channel) -> Html:
    if channel.state == channels.OFFERED:
        return texts.say("newsletter_offered")
    if channel.state == channels.FOLLOWED:
        return texts.say("newsletter_followed")
    return texts.say("newsletter_unsubscribed" if channel.details.get("unsubscribed") else "newsletter_left")


def _domain(channel: Channel) -> str:
    return str(channel.details.get("address", "")).rpartition("@")[2] or "newsletter.invalid"
