"""/mute, /keep, /rules and the 🔇 of a card, through the whole front desk."""

from datetime import timedelta

from contentsync.bot.callbacks import MuteCard
from contentsync.bot.rule_keyboards import (
    MuteThis,
    RuleChange,
    RuleRemove,
    RuleSource,
    mark_of,
)
from contentsync.db import feedback, rules
from contentsync.db.base import utc_now
from contentsync.db.models import Digest, DigestEntry
from contentsync.db.taste_models import Rule
from contentsync.processor.rules import MOST_REGEXES, MOST_RULES
from tests.bot.front import Front, Json, button_texts, send_button
from tests.filling import add_item, add_source

Stored = tuple[str, str, str, bool]
"""Action, kind, pattern, and whether the rule has an end."""


async def person(front: Front, chat_id: int = 1) -> int:
    subscriber = await front.subscriber(chat_id)
    assert subscriber is not None
    return subscriber.id or 0


async def stored(front: Front, chat_id: int = 1) -> list[Stored]:
    """The rules that are in force."""
    async with front.db.read() as session:
        views = await rules.list_active(session, subscriber_id=await person(front, chat_id), now=utc_now())
    return [(v.rule.action, v.rule.kind, v.rule.pattern, v.rule.expires_at is not None) for v in views]


async def fill(front: Front, *titles: str, source: str = "The Paper") -> list[int]:
    """Person 1 follows a source with these items; their ids."""
    await front.say("/start")
    now = utc_now()
    source_id = await add_source(front.db, source, followers=(await person(front),), since=now)
    return [
        await add_item(
            front.db, source_id, f"{source_id}-{n}", title=title, sort_at=now - timedelta(hours=n), author="Jane"
        )
        for n, title in enumerate(titles)
    ]


async def test_mute_says_what_it_would_have_hidden_and_can_be_undone(front: Front) -> None:
    await fill(front, "Crypto <b>falls</b> & rises", "Rust 2", "Why crypto?", *(f"Number {n}" for n in range(9)))
    answer = await front.say("/mute CRYPTO for a week")
    assert answer["text"].startswith("🔇 Muted: CRYPTO, until ")
    assert "It would have hidden 2 of the last 12 items" in answer["text"]
    assert "• Crypto <b>falls</b> & rises · The Paper\n• Why crypto? · The Paper" in answer["text"]
    assert await stored(front) == [("mute", "words", "CRYPTO", True)]
    await front.tap(answer, "For ever")
    answer = await front.becomes(answer, "CRYPTO, for ever")
    assert await stored(front) == [("mute", "words", "CRYPTO", False)]
    assert "For ever" not in button_texts(answer)
    await front.tap(answer, "Undo")
    answer = await front.becomes(answer, "Taken back: CRYPTO is no longer muted.")
    assert await stored(front) == []
    await front.tap(answer, "Bring it back")
    answer = await front.becomes(answer, "Muted: CRYPTO, for ever")
    await front.tap(answer, "For a day")
    await front.becomes(answer, "CRYPTO, until ")
    assert await stored(front) == [("mute", "words", "CRYPTO", True)]


async def test_keep_beats_mute(front: Front) -> None:
    await fill(front, "Rust and crypto", "Crypto", "Else")
    await front.say("/mute crypto")
    kept = await front.say("/keep rust")
    assert kept["text"].startswith("📌 Always shown: rust, for ever.")
    assert "1 of the last 3 items of what you follow fits it:\n• Rust and crypto" in kept["text"]
    assert "1 of these was muted until now." in kept["text"]
    muted = await front.say("/mute @paper")
    assert "It would have hidden 2 of the last 3" in muted["text"]
    assert "1 of these was hidden by another rule already." in muted["text"]
    assert "1 more fits it, but stays" in muted["text"]


async def test_the_list_removes_and_brings_back(front: Front) -> None:
    await fill(front, "x")
    assert "You have no rules" in (await front.say("/rules"))["text"]
    for number in range(12):
        await front.say(f"/mute word{number}")
    page = await front.say("/rules")
    assert page["text"].startswith("Your rules (12), page 1 of 2\n\n1. 🔇 word0, for ever\n2. 🔇 word1, for ever")
    await front.tap(page, "More")
    page = await front.becomes(page, "11. 🔇 word10")
    await front.tap(page, "Remove 12")
    page = await front.becomes(page, "Removed: word11.")
    assert len(await stored(front)) == 11
    await front.tap(page, "Undo")
    page = await front.becomes(page, "12. 🔇 word11")
    await front.tap(page, "‹ Back")
    await front.becomes(page, "1. 🔇 word0")
    assert len(await stored(front)) == 12


HOSTILE = '<b>&amp;"; DROP TABLE rule; --'


async def test_hostile_text_is_shown_as_it_is(front: Front) -> None:
    await fill(front, f"Title {HOSTILE}", source="<i>&")
    for typed in (HOSTILE, f"author: {HOSTILE}", f"@{HOSTILE}", f"language: {HOSTILE}"):
        assert "<b>&amp;" in (await front.say(f"/mute {typed}"))["text"], typed
    for typed in ("/[z-<b>]/", "/<b>(/", f"{'<' * 150} x", "x " * 1000):
        assert (await front.say(f"/mute {typed}"))["text"], typed
    assert "any of <b>&amp;" in (await front.say("/rules"))["text"]


async def test_several_sources_of_a_name_are_offered(front: Front) -> None:
    await fill(front, "one", source="Paper of London")
    await fill(front, "two", source="Paper of Rome")
    answer = await front.say("/mute @paper for 2 days")
    assert button_texts(answer) == ["Paper of London", "Paper of Rome"]
    assert await stored(front) == []
    await front.tap(answer, "Paper of Rome")
    answer = await front.becomes(answer, "Muted: the source Paper of Rome, until ")
    assert "hidden 1 of the last 2" in answer["text"]
    assert await stored(front) == [("mute", "source", "", True)]
    assert "/sources" in (await front.say("/mute @rags"))["text"]
    await fill(front, "three", source="Gazette")
    for called in ("https://gazette.example/", "gazette.example"):
        assert "the source Gazette" in (await front.say(f"/mute {called}"))["text"]


async def test_there_is_an_end_to_rules(front: Front) -> None:
    await fill(front, "x")
    me = await person(front)
    async with front.db.write() as session:
        session.add_all(
            Rule(subscriber_id=me, kind="regex" if number < MOST_REGEXES else "words", pattern=f"x{number}")
            for number in range(MOST_RULES - 1)
        )
    answer = await front.say("/mute /y+/")
    assert f"You have {MOST_REGEXES} regular expressions" in answer["text"]
    assert "Muted: last" in (await front.say("/mute last"))["text"]
    answer = await front.say("/mute more")
    assert f"You have {MOST_RULES} rules" in answer["text"]
    assert "Remove 1" in button_texts(answer)


async def test_a_question_is_answered_after_a_restart(front: Front) -> None:
    await fill(front, "20% off", "x")
    question = await front.say("/mute")
    assert "What do you never want to see?" in question["text"]
    await front.stop_inbox()
    await front.stop_worker()
    sent = await front.telegram.say("🎰")
    await front.start_worker()
    await front.start_inbox()
    assert "no word in that" in (await front.answer(sent))["text"]
    answer = await front.say("/(a|b/")
    assert "( at character 1" in answer["text"], "an expression is no command, and the question is still open"
    answer = await front.say(r"/\d+% off/ for 3 days")
    assert "no word" not in answer["text"]
    assert await stored(front) == [("mute", "regex", r"\d+% off", True)]
    subscriber = await front.subscriber()
    assert subscriber is not None
    assert not subscriber.dialog_open
    assert "What do you always want to see" in (await front.say("/keep"))["text"]
    assert (await front.say("/cancel"))["text"] == "Left as it was."


async def test_what_is_typed_stays_out_of_temporal(front: Front) -> None:
    await fill(front, "x")
    await front.say("/mute")
    await front.say("🎰 secretword until 31 April")
    await front.say("secretword")
    assert ("mute", "words", "secretword", False) in await stored(front)
    async for execution in front.temporal.list_workflows(f"TaskQueue = '{front.settings.task_queue}'"):
        handle = front.temporal.get_workflow_handle(execution.id, run_id=execution.run_id)
        history = await handle.fetch_history()
        assert b"secretword" not in b"".join(event.SerializeToString() for event in history.events)


async def digest_with(front: Front, item_ids: list[int]) -> int:
    """A digest of person 1 with these items; its id."""
    me = await person(front)
    async with front.db.write() as session:
        digest = Digest(subscriber_id=me, slot="test", state="sent", due_at=utc_now())
        session.add(digest)
        await session.flush()
        session.add_all(
            DigestEntry(digest_id=digest.id or 0, subscriber_id=me, item_id=item_id, position=position, score=1.0)
            for position, item_id in enumerate(item_ids, start=1)
        )
        return digest.id or 0


async def given(front: Front, item_id: int) -> dict[str, int]:
    """What person 1 told of the item by tapping."""
    me = await person(front)
    async with front.db.read() as session:
        return await feedback.get_given(session, subscriber_id=me, item_id=item_id)


async def menu(front: Front, digest_id: int) -> Json:
    message = await send_button(front, MuteCard(digest_id=digest_id, position=1).pack())
    await front.tap(message, "Button")
    return await front.becomes(message, "What do you not want to see")


async def test_the_card_mutes_words_author_or_source(front: Front) -> None:
    ids = await fill(front, "Why Elon Musk wants Bitcoin", "Elon Musk buys a farm", "Bitcoin & co", "Else")
    digest_id = await digest_with(front, ids[:1])
    shown = await menu(front, digest_id)
    assert button_texts(shown)[:2] == ["“Elon Musk”", "“Bitcoin”"]
    assert button_texts(shown)[-3:] == ["Author: Jane", "Source: The Paper", "« Back"]
    await front.tap(shown, "“Elon Musk”")
    answer = await front.becomes(shown, "Muted: the words “Elon Musk” in a row, for ever.")
    assert "It would have hidden 2 of the last 4" in answer["text"]
    assert await given(front, ids[0]) == {"muted": -1}
    await front.tap(answer, "For a week")
    answer = await front.becomes(answer, "in a row, until ")
    assert "« Back to the item" in button_texts(answer)
    await front.tap(answer, "Undo")
    answer = await front.becomes(answer, "Taken back")
    assert "« Back to the item" in button_texts(answer)
    assert await stored(front) == []
    assert await given(front, ids[0]) == {}
    await front.tap(answer, "Bring it back")
    answer = await front.becomes(answer, "Muted: the words")
    await front.tap(answer, "« Back to the item")
    card = await front.becomes(answer, "by Jane")
    assert "🔇 ✓" in button_texts(card)
    for button, rule in (("Author", ("mute", "author", "Jane", False)), ("Source", ("mute", "source", "", False))):
        shown = await menu(front, digest_id)
        await front.tap(shown, button)
        await front.becomes(shown, "Muted: the")
        assert rule in await stored(front)


async def answered(front: Front, message: Json, chat_id: int) -> None:
    """Return when the tap under the message was answered."""
    number = message["message_id"]
    await front.telegram.wait_for(lambda m: m["message_id"] == number and "answer" in m, chat_id=chat_id)


async def test_buttons_of_others_and_of_former_times_do_nothing(front: Front) -> None:
    ids = await fill(front, "Why Elon Musk wants Bitcoin")
    digest_id = await digest_with(front, ids)
    answer = await front.say("/mute x")
    async with front.db.read() as session:
        (view,) = await rules.list_active(session, subscriber_id=await person(front), now=utc_now())
    rule_id, before = view.rule.id or 0, await stored(front)
    await front.say("/start", from_id=2)
    others = [
        MuteCard(digest_id=digest_id, position=1),
        MuteThis(digest_id=digest_id, position=1, kind="author", mark=mark_of("Jane")),
        RuleChange(rule_id=rule_id, change="drop"),
        RuleChange(rule_id=rule_id, change="week"),
        RuleRemove(rule_id=rule_id, page=0, on=False),
        RuleSource(action="mute", source_id=view.rule.id or 0, until=0),
    ]
    mine = [
        MuteThis(digest_id=digest_id, position=1, kind="words", mark=7),
        MuteThis(digest_id=digest_id, position=9, kind="source", mark=1),
        RuleSource(action="drop", source_id=ids[0], until=0),
    ]
    for chat_id, data in [*((2, data) for data in others), *((1, data) for data in mine)]:
        message = await send_button(front, data.pack(), chat_id)
        await front.tap(message, "Button", chat_id)
        await answered(front, message, chat_id)
    await front.say("/rules", from_id=2)
    assert await stored(front) == before
    assert await stored(front, 2) == []
    assert answer["text"].startswith("🔇 Muted: x, for ever")


async def test_a_repeated_update_has_one_effect(front: Front) -> None:
    await fill(front, "x")
    answer = await front.say("/mute crypto")
    for _ in range(2):
        await front.tap(answer, "For a week")
        answer = await front.becomes(answer, "until")
        assert await stored(front) == [("mute", "words", "crypto", True)]
    for _ in range(2):
        await front.say("/mute Crypto")
        assert await stored(front) == [("mute", "words", "crypto", False)]
    for _ in range(2):
        message = await send_button(front, str(answer["reply_markup"]["inline_keyboard"][0][0]["callback_data"]))
        await front.tap(message, "Button")
        await front.becomes(message, "Taken back")
        assert await stored(front) == []
