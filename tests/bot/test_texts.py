"""Sentences: one for every reason, nothing unescaped, nothing that does not fit."""

import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from contentsync import errors
from contentsync.bot import texts
from contentsync.bot.dialog_activities import QUESTIONS
from contentsync.bot.keyboards import PAGE_SOURCES
from contentsync.bot.render import units
from contentsync.bot.sentences.front import COMMANDS
from contentsync.bot.sentences.reasons import LASTING, REASONS
from contentsync.db.models import Source, Subscriber

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
URL = "https://www.example.org/a?b=<c>"
EXAMPLES: dict[type[errors.SourceError], errors.SourceError] = {
    errors.TooLarge: errors.TooLarge(URL, 10_000_000),
    errors.HTTPFailure: errors.HTTPFailure(URL, 418),
    errors.Refused: errors.Refused(URL, 403),
    errors.NotFound: errors.NotFound(URL, 404),
    errors.RateLimited: errors.RateLimited(URL, 429, 60),
    errors.ServerFailed: errors.ServerFailed(URL, 500),
    errors.NotAFeed: errors.NotAFeed(URL, "an HTML page"),
    errors.SiteWithoutFeeds: errors.SiteWithoutFeeds(URL, "Spotify"),
    errors.QuotaSpent: errors.QuotaSpent(URL, "News API", NOW),
}


def tree(root: type[errors.ContentsyncError]) -> Iterator[type[errors.ContentsyncError]]:
    """A class and everything below it."""
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


@pytest.mark.parametrize("kind", list(tree(errors.ContentsyncError)), ids=lambda kind: kind.__name__)
def test_every_error_has_a_sentence(kind: type[errors.ContentsyncError]) -> None:
    if issubclass(kind, errors.SourceError):
        params = EXAMPLES.get(kind, errors.SourceError(URL, "detail")).params
    else:
        params = kind().params
    sentence = texts.say_reason(kind.reason_key, params)
    assert sentence.endswith(".")
    assert "<" not in sentence
    assert "{" not in sentence


def test_reasons_name_what_matters() -> None:
    assert "example.org" in texts.say_reason("unreachable", errors.Unreachable(URL).params)
    assert "an HTML page" in texts.say_reason("not_a_feed", EXAMPLES[errors.NotAFeed].params)
    assert "10 MB" in texts.say_reason("too_large", EXAMPLES[errors.TooLarge].params)
    assert "403" in texts.say_reason("refused", EXAMPLES[errors.Refused].params)


def test_a_reason_is_said_even_without_a_usable_address() -> None:
    assert texts.say_reason("unreachable", {"url": "http://[x"}).startswith("http://[x does not answer")
    assert texts.say_reason("unreachable", {}).startswith("the server does not answer")


def test_values_are_escaped_and_html_is_not_escaped_twice() -> None:
    assert texts.say("unfollowed", title="<i>&") == "You no longer follow <b>&lt;i&gt;&amp;</b>."
    assert " a &amp; b " in texts.say("following_trouble", title="x", reason=texts.Html("a &amp; b"))


def test_what_we_try_again_has_no_advice_for_somebody_who_sent_something() -> None:
    for kind in tree(errors.ContentsyncError):
        if kind.reason_key in LASTING or not issubclass(kind, errors.SourceError):
            continue
        params = EXAMPLES.get(kind, errors.SourceError(URL, "a. b")).params
        cause = texts.say_cause(kind.reason_key, params)
        assert cause.endswith(".")
        assert texts.say_reason(kind.reason_key, params).startswith(cause)
        assert not set(cause.split()) & {"Check", "Send", "Try", "Open"}
    failed = errors.ServerFailed(URL, 502).params
    assert texts.say_retried("server_failed", failed).endswith("with an error (502). I try again by myself.")
    spent = EXAMPLES[errors.QuotaSpent].params
    assert texts.say_retried("quota_spent", spent) == texts.say_reason("quota_spent", spent)


def test_one_is_not_said_as_many() -> None:
    assert [texts.say_count("channels", n) for n in (0, 1, 2)] == ["0 channels", "1 channel", "2 channels"]


def test_every_question_has_its_sentences() -> None:
    for question in QUESTIONS:
        for key in (f"ask_{question}", f"ask_{question}_again", f"expired_{question}"):
            assert key in texts.SENTENCES


def test_help_names_every_command_and_no_other() -> None:
    lines = texts.SENTENCES["help"].splitlines()
    assert {line.split()[0].removeprefix("/") for line in lines if line.startswith("/")} == set(COMMANDS)


def test_every_sentence_is_well_formed() -> None:
    for sentence in [*texts.SENTENCES.values(), *REASONS.values()]:
        names = [name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None]
        assert all(name.isidentifier() for name in names)


def test_the_longest_page_of_sources_fits_into_a_message() -> None:
    failing = Source(kind="feed", key="k", url="https://" + "h" * 60 + ".example" * 20 + "/", title="😀" * 300)
    failing.last_pull_at = failing.last_success_at = NOW
    failing.last_error, failing.last_error_params = "refused", {"url": failing.url, "status": 403}
    page = texts.say_sources([failing] * PAGE_SOURCES * 3, 1, PAGE_SOURCES, NOW)
    assert "page 2 of 3" in page
    assert "11. " in page
    assert units(page) <= 4096


def test_the_longest_source_fits_into_a_message() -> None:
    source = Source(kind="feed", key="k", url="https://a.example/", title="😀" * 999, preview=["😀" * 999] * 9)
    text = texts.say_source(source, followed=True)
    assert text.count("•") == 3
    assert units(text) <= 4096


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "waiting for my first look"),
        ({"last_pull_at": NOW, "last_new_at": NOW - timedelta(hours=3)}, "fine, last new item 3 h ago"),
        ({"last_pull_at": NOW}, "fine, nothing new yet"),
        (
            {"last_pull_at": NOW, "last_error": "server_failed", "last_error_params": {"url": URL, "status": 500}},
            "has failed since the start: The server of example.org answers with an error (500).",
        ),
        (
            {
                "last_pull_at": NOW,
                "last_success_at": NOW - timedelta(days=1),
                "last_error": "timed_out",
                "last_error_params": {"url": URL},
            },
            "failing, last worked 24 h ago: example.org is too slow: it did not answer in time.",
        ),
        (
            {"last_pull_at": NOW, "last_new_at": NOW, "state": "moved", "moved_to": "https://www.new.example/f"},
            "fine, last new item a moment ago; it seems to have moved to new.example, which I follow if it stays so",
        ),
        ({"last_pull_at": NOW, "state": "moved"}, "fine, nothing new yet; it has moved to example.org"),
        (
            {"last_pull_at": NOW, "last_success_at": NOW - timedelta(hours=1), "state": "slow"},
            "slow: it often does not answer in time, last worked 1 h ago",
        ),
        (
            {"last_pull_at": NOW, "state": "gone", "last_error": "not_found", "absent_since": NOW - timedelta(days=9)},
            "gone, not found since 6 Jan; I look once a week whether it is back",
        ),
        ({"state": "paused"}, "resting, because nobody who follows it takes digests now; /resume wakes it"),
        ({"state": "paused", "integration_id": 1}, "resting until its account is connected again"),
    ],
)
def test_health(changes: dict[str, object], words: str) -> None:
    source = Source(kind="feed", key="k", url=URL)
    for name, value in changes.items():
        setattr(source, name, value)
    assert texts.say_health(source, NOW) == words


@pytest.mark.parametrize(
    ("minutes", "age"),
    [(-5, "a moment"), (0, "a moment"), (1, "1 min"), (59, "59 min"), (60, "1 h"), (2879, "47 h"), (2880, "2 d")],
)
def test_age(minutes: int, age: str) -> None:
    assert texts.say_age(NOW - timedelta(minutes=minutes), NOW) == age


def test_following() -> None:
    source = Source(kind="feed", key="k", url=URL, title="Blog")
    assert texts.say_following(source, 3, pulled=True) == "Following <b>Blog</b>. 3 new now."
    assert "in a moment" in texts.say_following(source, 0, pulled=True), "its host asked us to wait"
    source.last_pull_at = NOW
    assert (
        texts.say_following(source, 0, pulled=True)
        == "Following <b>Blog</b>. Nothing is there yet; what comes goes into your digest."
    )
    assert "in a moment" in texts.say_following(source, 0, pulled=False)
    source.last_error, source.last_error_params = "not_found", {"url": URL, "status": 404}
    assert "nothing at that address" in texts.say_following(source, 0, pulled=True)


def test_when() -> None:
    person = Subscriber(chat_id=1, time_zone="Europe/Kyiv")
    assert texts.say_when(person) == "Your digest comes daily at 08:00, Europe/Kyiv."
    assert "set your time zone" in texts.say_when(Subscriber(chat_id=1))
    assert "paused" in texts.say_when(Subscriber(chat_id=1, paused=True))
