"""The first words, help, and what nobody else understands."""

import pytest

from contentsync.bot.dispatcher import register_commands
from contentsync.bot.sentences.front import COMMANDS
from tests.bot.front import Front, button_texts, eventually, send_button


async def test_start_greets_and_offers_what_exists(front: Front) -> None:
    message = await front.say("/start")
    assert message["text"].startswith("Hello, You! I follow sites")
    assert "Paste a link" in message["text"]
    assert "daily at 08:00 UTC" in message["text"]
    assert button_texts(message) == ["Add a link", "Connect an account", "Set your time zone", "Settings", "Help"]
    subscriber = await front.subscriber()
    assert subscriber is not None
    assert (subscriber.name, subscriber.language, subscriber.is_owner) == ("You", "en", False)
    assert subscriber.next_digest_at is not None


async def test_greeting_settings_and_the_empty_list_lead_to_the_accounts(front: Front) -> None:
    for command, label in (("/start", "Connect an account"), ("/settings", "Accounts"), ("/sources", "Connect an")):
        message = await front.say(command)
        await front.tap(message, label)
        accounts = await front.answer(message["message_id"])
        assert accounts["text"].startswith("Accounts")
        assert "Connect YouTube" in button_texts(accounts)


async def test_the_buttons_of_the_greeting(front: Front) -> None:
    greeting = await front.say("/start")
    await front.tap(greeting, "Settings")
    settings = await front.answer(greeting["message_id"])
    assert settings["text"].startswith("Settings")
    await front.tap(greeting, "Help")
    assert (await front.answer(settings["message_id"]))["text"].startswith("What I understand")


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"digest"}))
async def test_every_command_of_the_menu_is_answered(front: Front, command: str) -> None:
    """(/digest has its own tests.)"""
    assert not (await front.say(f"/{command}"))["text"].startswith("I do not know")


async def test_commands_are_registered(front: Front) -> None:
    await register_commands(front.bot)
    assert {command.command for command in await front.bot.get_my_commands()} == set(COMMANDS)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("hello there", "I did not understand that. Paste a link"),
        ("/nonsense", "I do not know that command. /help"),
        ("/", "I do not know that command."),
        ("7:30", "I did not understand that."),
        ("<b>&", "I did not understand that."),
    ],
)
async def test_what_is_not_understood_gets_a_helpful_sentence(front: Front, text: str, answer: str) -> None:
    assert (await front.say(text))["text"].startswith(answer)


async def test_a_file_and_a_place_get_a_helpful_sentence(front: Front) -> None:
    message_id = await front.telegram.upload("a.txt", b"words")
    assert (await front.answer(message_id))["text"].startswith("I can only read text so far.")
    message_id = await front.telegram.share_location(50.4, 30.5)
    assert (await front.answer(message_id))["text"].startswith("I can only read text so far.")


async def test_a_button_nobody_knows_says_so(front: Front) -> None:
    await front.say("/start")
    await front.tap(await send_button(front, "former:1"), "Button")
    await eventually(lambda: front.telegram.calls("answerCallbackQuery"))
    assert "no longer works" in front.telegram.calls("answerCallbackQuery")[0]["text"]
