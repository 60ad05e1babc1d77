"""Leaving an open question: by /cancel, by another command, by a link."""

import pytest

from tests.bot.front import Front


async def ask_for_time(front: Front) -> None:
    """The digest time is asked for."""
    message = await front.say("/settings")
    await front.tap(message, "Other")
    assert (await front.answer(message["message_id"]))["text"].startswith("When shall the digest come?")


async def is_open(front: Front) -> bool:
    subscriber = await front.subscriber()
    assert subscriber is not None
    return subscriber.dialog_open


async def test_cancel(front: Front) -> None:
    assert (await front.say("/cancel"))["text"].startswith("There is nothing to cancel.")
    await ask_for_time(front)
    assert (await front.say("/cancel"))["text"] == "Left as it was."
    assert not await is_open(front)
    assert (await front.say("7:30"))["text"].startswith("I did not understand")


@pytest.mark.parametrize(
    ("command", "answer"),
    [("/help", "What I understand"), ("/start", "Hello"), ("/nonsense", "I do not know that command.")],
)
async def test_another_command_works_and_closes_silently(front: Front, command: str, answer: str) -> None:
    await ask_for_time(front)
    assert (await front.say(command))["text"].startswith(answer)
    assert not await is_open(front)


async def test_a_pasted_link_is_a_link_whatever_is_asked(front: Front) -> None:
    await ask_for_time(front)
    assert "nothing at that address" in (await front.say(front.web.url("/missing")))["text"]
    assert not await is_open(front)


async def test_a_word_with_a_dot_may_be_an_answer(front: Front) -> None:
    """While a question is open it is not taken for a link."""
    greeting = await front.say("/start")
    await front.tap(greeting, "Set your time zone")
    await front.answer(greeting["message_id"])
    assert "time zone is" in (await front.say("St.Petersburg"))["text"] or await is_open(front)


async def test_one_question_takes_the_place_of_another(front: Front) -> None:
    await ask_for_time(front)
    assert (await front.say("/add"))["text"].startswith("Send me the link")
    assert (await front.say("7:30"))["text"].startswith("That is no link I can use.")


async def test_people_do_not_answer_for_each_other(front: Front) -> None:
    await ask_for_time(front)
    assert (await front.say("7:30", 2))["text"].startswith("I did not understand")
    assert (await front.say("7:30", 1))["text"].startswith("Done")
