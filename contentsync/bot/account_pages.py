"""What is shown of accounts and topics."""

from collections.abc import Sequence
from datetime import datetime

from contentsync.bot.account_keyboards import KINDS, PAGE_TOPICS
from contentsync.bot.texts import Html, say, say_age, say_health, say_retried
from contentsync.bot.topic_words import name_of
from contentsync.db.account_models import Integration, Topic
from contentsync.db.models import Source
from contentsync.db.topics import TopicView
from contentsync.processor.text import shorten

ACCOUNT_LIMIT = 60
TOPIC_LIMIT = 60


def say_accounts(accounts: Sequence[Integration], now: datetime) -> Html:
    """Every kind of account, and how each that is connected is."""
    parts = [say("accounts_head")]
    for kind in KINDS:
        states = [say_account(account, now) for account in accounts if account.kind == kind]
        parts.append(Html("\n".join([say(f"account_{kind}"), *(states or [say("account_none")])])))
    return Html("\n\n".join(parts))


def say_account(account: Integration, now: datetime) -> Html:
    """How an account is, in words."""
    label = label_of(account)
    if account.state == "refused":
        return say("account_refused", account=label)
    if account.last_error is not None:
        reason = say_retried(account.last_error, account.last_error_params)
        return say("account_failing", account=label, reason=reason)
    if account.last_success_at is None:
        return say("account_new", account=label)
    return say("account_fine", account=label, ago=say_age(account.last_success_at, now))


def label_of(account: Integration) -> str:
    """What tells the owner which account it is."""
    return shorten(account.account, ACCOUNT_LIMIT)


def say_topics(topics: Sequence[TopicView], page: int, now: datetime, *, has_key: bool) -> Html:
    """A page of the topics; page 0 is the first."""
    if not topics:
        return say("no_topics_key" if has_key else "no_topics")
    pages = (len(topics) + PAGE_TOPICS - 1) // PAGE_TOPICS
    if pages == 1:
        head = say("topics_head", count=len(topics))
    else:
        head = say("topics_page", count=len(topics), page=page + 1, pages=pages)
    first = page * PAGE_TOPICS
    lines = [
        say(
            "topic_line",
            number=number,
            topic=shorten(view.topic.text, TOPIC_LIMIT),
            language=name_of(view.topic.language),
            state=_state(view, now, has_key=has_key),
        )
        for number, view in enumerate(topics[first : first + PAGE_TOPICS], first + 1)
    ]
    return Html("\n\n".join([head, *lines]))


def say_added(topic: Topic, source: Source | None, count: int, *, refused: bool) -> Html:
    """What adding a topic came to. `count`: articles of its search that are there now; `refused`: the key is."""
    values = {"topic": topic.text, "language": name_of(topic.language)}
    if source is None:
        return say("topic_added_interest", **values)
    if refused:
        return say("topic_added_refused", **values)
    if source.last_error is not None:
        reason = say_retried(source.last_error, source.last_error_params)
        return say("topic_added_trouble", **values, reason=reason)
    if source.last_pull_at is None:
        return say("topic_added_soon", **values)
    if count == 0:
        return say("topic_added_none", **values)
    return say("topic_added_one" if count == 1 else "topic_added", **values, count=count)


def _state(view: TopicView, now: datetime, *, has_key: bool) -> Html:
    if view.source is None:
        return say("topic_left" if has_key and view.topic.source_id is not None else "topic_interest")
    return say("topic_waiting") if view.source.last_pull_at is None else say_health(view.source, now)
