"""Everything the front desk of the bot says, as whole sentences with named gaps. HTML as Telegram knows it.

`say` escapes what it puts into the gaps. Source: https://core.telegram.org/bots/api#html-style
"""

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from contentsync.bot.answers import format_time
from contentsync.bot.zones import clock
from contentsync.db.base import utc_now
from contentsync.db.models import Source, Subscriber
from contentsync.db.slots import zone_of
from contentsync.processor.text import shorten

TITLE_LIMIT = 200
"""Characters of a title that are shown before it is cut."""
LIST_TITLE_LIMIT = 60
"""The same in the list, where ten of them and what is wrong with them fit into one message."""
HOST_LIMIT = 60

SENTENCES = {
    # The first words
    "hello": "Hello, {name}!",
    "hello_nameless": "Hello!",
    "what_this_is": "I follow sites, blogs, YouTube channels and podcasts for you, drop what repeats, "
    "and send what is left as one short digest a day.",
    "how_to_begin": "Paste a link to anything you read, watch or hear, and I find its feed.",
    "now_owner": "This bot is yours now: you are its owner.",
    "digest_comes": "Your digest comes daily at {time}, {zone}.",
    "digest_comes_utc": "Your digest comes daily at {time} UTC. If that is not your time, set your time zone.",
    "digest_is_paused": "Your digest is paused. Send /resume and it comes again daily at {time}, {zone}.",
    "help": """<b>What I understand</b>

Any link: I find its feed
/add – follow a site, feed, channel or podcast
/sources – what you follow, and how it is
/digest – a digest right now
/settings – time, time zone, size
/pause – no digests for a while
/resume – digests again
/cancel – leave an open question
/help – this list
/start – the beginning""",
    # Finding and following
    "found": "<b>{title}</b>\n{site}",
    "found_headlines": "<b>{title}</b>\n{site}\n\nLatest:\n{headlines}",
    "headline": "• {title}",
    "already_following": "You follow this one already.",
    "first_link_only": "I looked at the first link only. Send the others one at a time.",
    "following": "Following <b>{title}</b>. {count} new now.",
    "following_soon": "Following <b>{title}</b>. The first items come in a moment.",
    "following_trouble": "Following <b>{title}</b>, but its first pull failed. {reason}",
    "unfollowed": "You no longer follow <b>{title}</b>.",
    "source_gone": "That source is no longer there. Paste its link to find it again.",
    # Sources
    "no_sources": "You follow nothing yet. Paste a link to a site, blog, YouTube channel or podcast.",
    "sources_head": "<b>What you follow</b> ({count})",
    "sources_page": "<b>What you follow</b> ({count}), page {page} of {pages}",
    "source_line": "{number}. <b>{title}</b>\n{health}",
    "health_waiting": "waiting for the first pull",
    "health_fine": "fine, last new {ago} ago",
    "health_quiet": "fine, nothing new yet",
    "health_failing": "failing, last worked {since}: {reason}",
    "health_failing_always": "has failed since the start: {reason}",
    "confirm_unfollow": "Unfollow <b>{title}</b>?",
    # Settings
    "settings": """<b>Settings</b>

Digest: {state}
Time: {time}
Time zone: {zone} (it is {clock} for you now)
Size: up to {size} items""",
    "state_on": "daily",
    "state_paused": "paused",
    "paused": "Paused: no digests until you send /resume. What you follow stays.",
    "resumed": "Welcome back. Your next digest comes on {day} at {time}, {zone}.",
    # Dialogs
    "ask_add_link": "Send me the link: a site, a feed, a YouTube channel or a podcast. /cancel leaves it.",
    "ask_add_link_again": "That is no link I can use. Send one like https://example.org, or /cancel.",
    "ask_digest_time": "When shall the digest come? Send a time like 7:30, 7.30 pm or 19h. /cancel leaves it.",
    "ask_digest_time_again": "I cannot read that as a time. Send one like 7:30, 7.30 pm or 19h, or /cancel.",
    "ask_time_zone": "Which city are you in? Send its name, or a time zone like Europe/Kyiv. /cancel leaves it.",
    "ask_time_zone_again": "I know no such city. Send a larger one nearby or a time zone like Europe/Kyiv, or /cancel.",
    "choose_time_zone": "Which one do you mean? If none of these, send another name.",
    "digest_time_set": "Done: your digest comes daily at {time}, {zone}.",
    "digest_time_set_utc": "Done: your digest comes daily at {time} UTC. If that is not your time, set your time zone "
    "in /settings.",
    "time_zone_set": "Done: your time zone is {zone}, it is {clock} for you now.",
    "dialog_cancelled": "Left as it was.",
    "dialog_lost": "Sorry, I lost the thread of that question. Begin it again, for example with /settings or /add.",
    "nothing_to_cancel": "There is nothing to cancel. /help shows what I can do.",
    "expired_add_link": "I no longer wait for the link. Paste one whenever you like.",
    "expired_digest_time": "I no longer wait for the time; it stays as it was. /settings changes it.",
    "expired_time_zone": "I no longer wait for the city; your time zone stays as it was. /settings changes it.",
    # Everything else
    "unknown_text": "I did not understand that. Paste a link to follow something, or send /digest, /sources, "
    "/settings or /help.",
    "unknown_command": "I do not know that command. /help lists the ones I know.",
    "not_text": "I can only read text so far. Paste a link to follow something, or send /help.",
    "old_button": "That button no longer works. Send the command again for a fresh one.",
    "went_wrong": "Sorry, something went wrong on my side with your last message. Please try it again later.",
    "slow_search": "Looking at that link takes too long. Please try again in a few minutes.",
    "private_bot": "This is a private bot. Its owner can invite you, or you can run your own: it is free software.",
    "stale_claim": "This claim link no longer works. Open the one that the latest start of contentsync printed.",
    "groups": "I work in private chats only. Write to me directly, please.",
    # Toasts under a button
    "toast_saved": "Saved",
    "toast_unfollowed": "Unfollowed",
    "toast_looking": "One moment…",
}

REASONS = {
    "internal": "Something went wrong on my side. Please try again later.",
    "configuration": "This bot is not set up for that. Please tell its owner.",
    "already_running": "This bot is being restarted. Please try again in a minute.",
    "part_died": "This bot is being restarted. Please try again in a minute.",
    "credential": "I can no longer read something you sent me earlier. Please send it again.",
    "source": "I could not read {host}. Please try again later.",
    "invalid_link": "That is no link I can open. Send one that begins with https://, like https://example.org.",
    "link_with_password": "That link holds a user name or a password, and I keep none of those. "
    "Send the link without them.",
    "address_refused": "That link leads to a private or local address, and I open public ones only. Send a public one.",
    "unreachable": "{host} does not answer. Check the spelling of the link, or try again later.",
    "timed_out": "{host} is too slow: it did not answer in time. Try again later.",
    "too_large": "What {host} sends is too large for me (more than {limit_megabytes} MB). Send a link to its feed.",
    "too_many_redirects": "{host} sends me in circles. Open the link in a browser and send the address it leads to.",
    "refused": "{host} does not let me in (error {status}). If the page needs a login I cannot follow it; "
    "else send another page of the site.",
    "not_found": "There is nothing at that address (error {status}). Check the link, or send the site's front page.",
    "rate_limited": "{host} asks me to come less often (error {status}). Try again in a few minutes.",
    "server_failed": "The server of {host} answers with an error ({status}). Try again later.",
    "not_a_feed": "What I found there is {found}, not a feed. Send the site's front page, or a link to its RSS feed.",
    "no_feed_found": "I found no feed on that page. Send the site's front page or its blog, or a link to its RSS feed.",
}
"""One sentence for each `reason_key` of `contentsync.errors`: what happened, and what to do next."""

COMMANDS = {
    "start": "The beginning",
    "add": "Follow a site, feed, channel or podcast",
    "sources": "What you follow, and how it is",
    "digest": "A digest right now",
    "settings": "Time, time zone, size",
    "pause": "No digests for a while",
    "resume": "Digests again",
    "cancel": "Leave an open question",
    "help": "What I can do",
}
"""What Telegram's command menu shows."""


class Html(str):
    """Text that is HTML already and goes into a gap as it is."""


def say(key: str, **values: str | int) -> Html:
    """The sentence of this key with its gaps filled."""
    return _fill(SENTENCES[key], values)


def say_reason(reason_key: str, params: Mapping[str, str | int]) -> Html:
    """What happened and what to do next; `params` are those of the error."""
    return _fill(REASONS[reason_key], {"host": host(str(params.get("url", ""))), **params})


def _fill(sentence: str, values: Mapping[str, str | int]) -> Html:
    safe = {k: v if isinstance(v, Html) else html.escape(str(v), quote=False) for k, v in values.items()}
    return Html(sentence.format(**safe))


def host(url: str) -> str:
    """The host a person knows the link by; the link itself if it has none. Cut where it is too long."""
    try:
        name = urlsplit(url).hostname
    except ValueError:
        name = None
    return shorten((name or url or "the server").removeprefix("www."), HOST_LIMIT)


def say_greeting(subscriber: Subscriber, *, claimed: bool) -> Html:
    """The answer to /start. `claimed`: they became the owner by it."""
    hello = say("hello", name=shorten(subscriber.name, 60)) if subscriber.name else say("hello_nameless")
    begin = Html(f"{hello} {say('what_this_is')}")
    parts = [begin, say("now_owner")] if claimed else [begin]
    return Html("\n\n".join([*parts, say("how_to_begin"), say_when(subscriber)]))


def say_when(subscriber: Subscriber) -> Html:
    """When the digest comes."""
    time = format_time(subscriber.digest_minute)
    if subscriber.paused:
        return say("digest_is_paused", time=time, zone=subscriber.time_zone)
    if subscriber.time_zone == "UTC":
        return say("digest_comes_utc", time=time)
    return say("digest_comes", time=time, zone=subscriber.time_zone)


def say_resumed(subscriber: Subscriber) -> Html:
    """When the next digest comes after a pause."""
    local = (subscriber.next_digest_at or utc_now()).astimezone(zone_of(subscriber.time_zone))
    return say("resumed", day=f"{local:%A}", time=f"{local:%H:%M}", zone=subscriber.time_zone)


def say_settings(subscriber: Subscriber, now: datetime) -> Html:
    """What is set."""
    return say(
        "settings",
        state=say("state_paused" if subscriber.paused else "state_on"),
        time=format_time(subscriber.digest_minute),
        zone=subscriber.time_zone,
        clock=clock(now, subscriber.time_zone),
        size=subscriber.digest_size,
    )


def title_of(source: Source, limit: int = TITLE_LIMIT) -> str:
    """What a source is called; its host while it has no title."""
    return shorten(source.title.strip() or host(source.url), limit)


def say_source(source: Source, *, followed: bool) -> Html:
    """A source as it was found: title, site, the latest three headlines, and whether it is followed already."""
    title, site = title_of(source), host(source.site_url or source.url)
    headlines = Html("\n".join(say("headline", title=shorten(line, TITLE_LIMIT)) for line in source.preview[:3]))
    if headlines:
        shown = say("found_headlines", title=title, site=site, headlines=headlines)
    else:
        shown = say("found", title=title, site=site)
    return Html(f"{shown}\n\n{say('already_following')}") if followed else shown


def say_following(source: Source, count: int, *, pulled: bool) -> Html:
    """What following came to. `pulled`: the first pull is over; `count`: items that are there now."""
    title = title_of(source)
    if not count and source.last_error is not None:
        reason = say_reason(source.last_error, source.last_error_params)
        return say("following_trouble", title=title, reason=reason)
    if not count and not pulled:
        return say("following_soon", title=title)
    return say("following", title=title, count=count)


def say_outcome(outcome: Mapping[str, Any]) -> Html:
    """Why a search found nothing, from its draft."""
    return say_reason(outcome.get("reason_key", "internal"), outcome.get("params", {}))


def say_sources(followed: Sequence[Source], page: int, size: int, now: datetime) -> Html:
    """A page of what is followed; page 0 is the first, `size` sources are on each."""
    pages = (len(followed) + size - 1) // size
    if pages == 1:
        head = say("sources_head", count=len(followed))
    else:
        head = say("sources_page", count=len(followed), page=page + 1, pages=pages)
    lines = [
        say("source_line", number=number, title=title_of(source, LIST_TITLE_LIMIT), health=say_health(source, now))
        for number, source in enumerate(followed[page * size : (page + 1) * size], page * size + 1)
    ]
    return Html("\n\n".join([head, *lines]))


def say_health(source: Source, now: datetime) -> Html:
    """How a source is, in words."""
    if source.last_pull_at is None:
        return say("health_waiting")
    if source.last_error is not None:
        reason = say_reason(source.last_error, source.last_error_params)
        if source.last_success_at is None:
            return say("health_failing_always", reason=reason)
        return say("health_failing", since=f"{source.last_success_at:%d %b %H:%M} UTC", reason=reason)
    if source.last_new_at is None:
        return say("health_quiet")
    return say("health_fine", ago=say_age(source.last_new_at, now))


def say_age(then: datetime, now: datetime) -> str:
    """How long ago, in its largest unit."""
    minutes = max(0, int((now - then).total_seconds()) // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"
