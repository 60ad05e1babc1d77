"""Everything the front desk of the bot says, as whole sentences with named gaps. HTML as Telegram knows it.

`say` escapes what it puts into the gaps. Source: https://core.telegram.org/bots/api#html-style
"""

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from contentsync.bot.answers import format_time
from contentsync.bot.sentences import accounts, front, health, mailbox, rules, why, youtube
from contentsync.bot.sentences.reasons import LASTING, REASONS
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
    **front.SENTENCES,
    **health.SENTENCES,
    **accounts.SENTENCES,
    **youtube.SENTENCES,
    **mailbox.SENTENCES,
    **rules.SENTENCES,
    **why.SENTENCES,
}


class Html(str):
    """Text that is HTML already and goes into a gap as it is."""


def say(key: str, **values: str | int) -> Html:
    """The sentence of this key with its gaps filled."""
    return _fill(SENTENCES[key], values)


def say_count(key: str, count: int) -> Html:
    """A number of things; one of them has a sentence of its own, `<key>_one`."""
    return say(f"{key}_one" if count == 1 else key, count=count)


def say_reason(reason_key: str, params: Mapping[str, str | int]) -> Html:
    """What happened and what to do next; `params` are those of the error."""
    return _reason(REASONS[reason_key], params)


def say_cause(reason_key: str, params: Mapping[str, str | int]) -> Html:
    """What happened, where nobody has just sent something that could be mended."""
    sentence = REASONS[reason_key]
    if reason_key not in LASTING and ". " in sentence:
        sentence = sentence[: sentence.index(". ") + 1]
    return _reason(sentence, params)


def say_retried(reason_key: str, params: Mapping[str, str | int]) -> Html:
    """The same, and that we try it again."""
    cause = say_cause(reason_key, params)
    return cause if reason_key in LASTING else Html(f"{cause} {say('try_again')}")


def _reason(sentence: str, params: Mapping[str, str | int]) -> Html:
    return _fill(sentence, {"host": host(str(params.get("url", ""))), "detail": "no answer", **params})


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
        reading=say("reading_minutes", minutes=subscriber.reading_minutes)
        if subscriber.reading_minutes
        else say("reading_any"),
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
    """What following came to. `pulled`: the first pull is over, or its host asked us to wait; `count`: items now."""
    title = title_of(source)
    if not count and source.last_error is not None:
        reason = say_retried(source.last_error, source.last_error_params)
        return say("following_trouble", title=title, reason=reason)
    if not count and (not pulled or source.last_pull_at is None):
        return say("following_soon", title=title)
    return say("following", title=title, count=count) if count else say("following_quiet", title=title)


def say_outcome(outcome: Mapping[str, Any]) -> Html:
    """Why a search found nothing, from its draft."""
    return say_reason(outcome.get("reason_key", "internal"), outcome.get("params", {}))


def say_notice(text_key: str, params: Mapping[str, Any]) -> Html:
    """What a person is told without having asked; with a `reason_key` among the params, why."""
    if "reason_key" in params:
        reason_key = str(params["reason_key"])
        return say(
            text_key, **{**params, "reason": say_reason(reason_key, params), "cause": say_cause(reason_key, params)}
        )
    return say(text_key, **params)


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
    if source.state == "paused":
        return say("health_account" if source.integration_id else "health_paused")
    if source.last_pull_at is None:
        return say("health_waiting")
    if source.state == "gone":
        return say("health_gone", since=_day(source.absent_since or source.last_pull_at))
    if source.state == "slow" and source.last_success_at is not None:
        return say("health_slow", ago=say_age(source.last_success_at, now))
    if source.last_error is not None:
        reason = say_cause(source.last_error, source.last_error_params)
        if source.last_success_at is None:
            return say("health_failing_always", reason=reason)
        return say("health_failing", ago=say_age(source.last_success_at, now), reason=reason)
    return _say_working(source, now)


def _say_working(source: Source, now: datetime) -> Html:
    fine = say("health_quiet")
    if source.last_new_at is not None:
        fine = say("health_fine", ago=say_age(source.last_new_at, now))
    if source.state != "moved":
        return fine
    if source.moved_to:
        return say("health_moving", fine=fine, host=host(source.moved_to))
    return say("health_moved", fine=fine, host=host(source.url))


def _day(then: datetime) -> str:
    return f"{then.day} {then:%b}"


def say_age(then: datetime, now: datetime) -> str:
    """How long ago, in its largest unit; it goes before "ago"."""
    minutes = int((now - then).total_seconds()) // 60
    if minutes < 1:
        return "a moment"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"
