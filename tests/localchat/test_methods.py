"""The Bot API as a real aiogram bot meets it."""

import json
import os
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError, TelegramUnauthorizedError
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BufferedInputFile,
    CallbackQuery,
    KeyboardButton,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)

from contentsync.bot.client import Session
from tests.fakes.telegram import FakeTelegram
from tests.localchat.conftest import call, keyboard

CORPUS = Path(os.environ.get("CORPUS", Path(__file__).parents[2] / ".." / "shared" / "corpus"))


async def test_who_the_bot_is(bot: Bot, telegram: FakeTelegram) -> None:
    me = await bot.get_me()
    assert me.is_bot
    assert str(me.id) == telegram.token.partition(":")[0]
    assert len(telegram.token.partition(":")[2]) == 35


async def test_a_message_goes_there_and_back(bot: Bot, telegram: FakeTelegram) -> None:
    asked = await telegram.say("/start hello", from_id=7)
    [update] = await bot.get_updates(timeout=1)
    message = update.message
    assert message is not None
    assert message.from_user is not None
    assert (message.chat.id, message.from_user.language_code, message.text) == (7, "en", "/start hello")
    assert message.entities is not None
    assert message.entities[0].type == "bot_command"
    sent = await bot.send_message(
        7,
        "Hello <b>you</b>",
        parse_mode="HTML",
        reply_markup=keyboard(),
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        reply_parameters=ReplyParameters(message_id=message.message_id),
    )
    assert sent.message_id > message.message_id == asked
    assert sent.reply_to_message is not None
    shown = (await telegram.messages(7))[-1]
    assert shown["text"] == "Hello you"
    assert shown["entities"] == [{"type": "bold", "offset": 6, "length": 3}]
    assert shown["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "x"
    assert "deleted" not in shown


async def test_editing_and_deleting(bot: Bot, telegram: FakeTelegram) -> None:
    said = await telegram.say("hi")
    sent = await bot.send_message(1, "one", reply_markup=keyboard())
    edited = await bot.edit_message_text("<i>two</i>", chat_id=1, message_id=sent.message_id, parse_mode="HTML")
    assert isinstance(edited, Message)
    assert (edited.text, edited.reply_markup) == ("two", None)
    assert edited.edit_date is not None
    again = await bot.edit_message_reply_markup(chat_id=1, message_id=sent.message_id, reply_markup=keyboard("y"))
    assert isinstance(again, Message)
    assert again.text == "two"
    assert again.entities is not None
    for message_id in (sent.message_id, said):
        assert await bot.delete_message(1, message_id)
    assert [message.get("deleted") for message in await telegram.messages()] == [True, True]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "message text is empty"),
        ("<b> </b>", "text must be non-empty"),
        ("x" * 4097, "message is too long"),
        ("😀" * 2049, "message is too long"),
        ("<p>x</p>", 'can\'t parse entities: Unsupported start tag "p" at byte offset 0'),
    ],
)
async def test_texts_that_are_refused(bot: Bot, telegram: FakeTelegram, text: str, reason: str) -> None:
    await telegram.say("hi")
    with pytest.raises(TelegramBadRequest) as caught:
        await bot.send_message(1, text, parse_mode="HTML")
    assert caught.value.message == f"Bad Request: {reason}"
    assert len(await telegram.messages()) == 1


async def test_the_limit_counts_after_parsing(bot: Bot, telegram: FakeTelegram) -> None:
    await telegram.say("hi")
    sent = await bot.send_message(1, "<b>" + "&amp;" * 4096 + "</b>", parse_mode="HTML")
    assert sent.text == "&" * 4096


async def test_edits_and_deletions_that_are_refused(bot: Bot, telegram: FakeTelegram) -> None:
    said = await telegram.say("hi")
    sent = await bot.send_message(1, "<b>one</b>", parse_mode="HTML", reply_markup=keyboard())
    document = await bot.send_document(1, BufferedInputFile(b"x", "x.txt"))

    async def refusal(**parameters: Any) -> str:
        with pytest.raises(TelegramBadRequest) as caught:
            await bot.edit_message_text(chat_id=1, **parameters)
        return caught.value.message.removeprefix("Bad Request: ")

    unchanged = await refusal(text="<b>one</b>", parse_mode="HTML", message_id=sent.message_id, reply_markup=keyboard())
    assert unchanged == (
        "message is not modified: specified new message content and reply markup are exactly the same as a current "
        "content and reply markup of the message"
    )
    assert await refusal(text="x", message_id=said) == "message can't be edited"
    assert await refusal(text="x", message_id=10**6) == "message to edit not found"
    assert await refusal(text="x") == "message identifier is not specified"
    assert await refusal(text="x", message_id=document.message_id) == "there is no text in the message to edit"
    assert await refusal(text="", message_id=sent.message_id) == "message text is empty"
    await bot.delete_message(1, sent.message_id)
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(1, sent.message_id)
    assert await refusal(text="x", message_id=sent.message_id) == "message to edit not found"
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await bot.send_message(1, "x", reply_parameters=ReplyParameters(message_id=sent.message_id))


@pytest.mark.parametrize("acknowledged_first", [True, False], ids=["acknowledged, deleted", "deleted, acknowledged"])
async def test_what_a_deleted_message_said_is_in_no_file(
    bot: Bot, telegram: FakeTelegram, tmp_path: Path, acknowledged_first: bool
) -> None:
    """Neither while the chat is open nor afterwards: the log of the database is a file, too."""

    def found() -> list[Path]:
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        return [path for path in files if b"a secret word" in path.read_bytes()]

    typed = await telegram.say("a secret word")
    offset = (await bot.get_updates())[-1].update_id + 1
    assert found()
    if acknowledged_first:
        await bot.get_updates(offset=offset)
    await bot.delete_message(1, typed)
    if not acknowledged_first:
        await bot.get_updates(offset=offset)
    (shown,) = await telegram.messages()
    assert (shown["deleted"], shown["text"]) == (True, "")
    assert found() == []
    await telegram.stop()
    assert found() == []


@pytest.mark.parametrize("chat_id", [5, "@somebody", -100, 10**30])
async def test_chats_nobody_opened_are_unknown(bot: Bot, telegram: FakeTelegram, chat_id: int | str) -> None:
    await telegram.say("hi")
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(chat_id, "x")


async def test_a_person_who_blocks_the_bot(bot: Bot, telegram: FakeTelegram) -> None:
    await telegram.say("hi")
    await telegram.post("people", {"id": 1, "blocked": True})
    with pytest.raises(TelegramForbiddenError) as caught:
        await bot.send_message(1, "x")
    assert caught.value.message == "Forbidden: bot was blocked by the user"
    await telegram.say("/start")
    await bot.send_message(1, "welcome back")
    updates = await bot.get_updates()
    states = [update.my_chat_member.new_chat_member.status for update in updates if update.my_chat_member]
    assert states == ["kicked", "member"]


async def test_a_tap_and_its_answer(bot: Bot, telegram: FakeTelegram) -> None:
    await telegram.say("hi")
    sent = await bot.send_message(1, "choose", reply_markup=keyboard("up:1"))
    await telegram.tap(sent.message_id, "up:1")
    query = (await bot.get_updates())[-1].callback_query
    assert isinstance(query, CallbackQuery)
    assert query.data == "up:1"
    assert isinstance(query.message, Message)
    assert query.message.text == "choose"
    assert await bot.answer_callback_query(query.id, text="More like this", show_alert=False)
    assert (await telegram.messages())[-1]["answer"] == "More like this"
    with pytest.raises(TelegramBadRequest, match="query is too old and response timeout expired or query ID is inv"):
        await bot.answer_callback_query("12345")
    with pytest.raises(TelegramBadRequest, match="MESSAGE_TOO_LONG"):
        await bot.answer_callback_query(query.id, text="x" * 201)


async def test_command_menus(bot: Bot, telegram: FakeTelegram) -> None:
    await telegram.say("hi")
    everywhere, german = (
        [BotCommand(command="help", description="Help")],
        [BotCommand(command="hilfe", description="H")],
    )
    private = [BotCommand(command="digest", description="Now")]
    mine = [BotCommand(command="invite", description="Invite")]

    async def menu() -> list[str]:
        async with aiohttp.ClientSession() as session, session.get(f"{telegram.base_url}/localchat/state") as response:
            return [command["command"] for command in (await response.json())["commands"]]

    await bot.set_my_commands(everywhere)
    await bot.set_my_commands(german, language_code="de")
    assert await menu() == ["help"]
    await telegram.post("people", {"id": 1, "language_code": "de"})
    assert await menu() == ["hilfe"]
    await bot.set_my_commands(private, scope=BotCommandScopeAllPrivateChats())
    assert await menu() == ["digest"]
    await bot.set_my_commands(mine, scope=BotCommandScopeChat(chat_id=1))
    assert await menu() == ["invite"]
    assert [command.command for command in await bot.get_my_commands(language_code="de")] == ["hilfe"]
    assert [command.command for command in await bot.get_my_commands(scope=BotCommandScopeChat(chat_id=1))] == [
        "invite"
    ]
    await bot.delete_my_commands(scope=BotCommandScopeChat(chat_id=1))
    assert await bot.get_my_commands(scope=BotCommandScopeChat(chat_id=1)) == []
    assert await menu() == ["digest"]


@pytest.mark.parametrize(
    ("command", "description", "reason"),
    [
        ("Help", "x", "BOT_COMMAND_INVALID"),
        ("a-b", "x", "BOT_COMMAND_INVALID"),
        ("x" * 33, "x", "BOT_COMMAND_INVALID"),
        ("help", " ", "command description must be non-empty"),
        ("help", "x" * 257, "command description length must not exceed 256"),
    ],
)
async def test_commands_that_are_refused(bot: Bot, command: str, description: str, reason: str) -> None:
    with pytest.raises(TelegramBadRequest, match=reason):
        await bot.set_my_commands([BotCommand(command=command, description=description)])
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.set_my_commands([], scope=BotCommandScopeChat(chat_id=99))
    with pytest.raises(TelegramBadRequest, match="invalid language code specified"):
        await bot.set_my_commands([], language_code="english")


async def test_chat_and_typing_and_webhook(bot: Bot, telegram: FakeTelegram) -> None:
    await telegram.say("hi")
    assert (await bot.get_chat(1)).type == "private"
    assert await bot.send_chat_action(1, "typing")
    with pytest.raises(TelegramBadRequest, match="wrong parameter action in request"):
        await bot.send_chat_action(1, "dancing")
    assert (await bot.get_webhook_info()).pending_update_count == 1
    with pytest.raises(TelegramBadRequest, match="by getUpdates only"):
        await bot.set_webhook("https://example.org/hook")
    assert await bot.delete_webhook(drop_pending_updates=True)
    assert (await bot.get_webhook_info()).pending_update_count == 0


async def test_a_reply_keyboard_stays_until_taken_away(bot: Bot, telegram: FakeTelegram) -> None:
    await telegram.say("hi")

    async def shown() -> Any:
        async with aiohttp.ClientSession() as session, session.get(f"{telegram.base_url}/localchat/state") as response:
            return (await response.json())["keyboard"]

    markup = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="Here", request_location=True)]])
    sent = await bot.send_message(1, "where?", reply_markup=markup)
    assert sent.reply_markup is None
    assert (await shown())["keyboard"] == [[{"text": "Here", "request_location": True}]]
    await bot.send_message(1, "thanks", reply_markup=ReplyKeyboardRemove())
    assert await shown() is None


async def test_a_wrong_token_and_an_unknown_method(bot: Bot, telegram: FakeTelegram) -> None:
    session = Session(api=TelegramAPIServer.from_base(telegram.base_url))
    async with Bot("1:" + "x" * 35, session=session) as stranger:
        with pytest.raises(TelegramUnauthorizedError) as caught:
            await stranger.get_me()
        assert caught.value.message == "Unauthorized"
    assert await call(telegram, "getMeh") == {"ok": False, "error_code": 404, "description": "Not Found"}
    with pytest.raises(TelegramAPIError, match="Not Found"):
        await bot.set_my_name("x")


async def test_every_way_to_write_parameters(telegram: FakeTelegram) -> None:
    await telegram.say("hi")
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
    strings = {"chat_id": "1", "text": "x", "reply_markup": json.dumps(markup)}
    url = f"{telegram.base_url}/bot{telegram.token}/sendmessage"
    form = aiohttp.FormData(strings, default_to_multipart=True)
    async with aiohttp.ClientSession() as session:
        for sending in (
            session.post(url, json={"chat_id": 1, "text": "x", "reply_markup": markup}),
            session.post(url, data=strings),
            session.post(url, data=form),
            session.get(url, params=strings),
        ):
            async with sending as response:
                assert (await response.json())["result"]["reply_markup"] == markup
        async with session.post(url, data=strings | {"reply_markup": "{"}) as response:
            assert (await response.json())["description"] == "Bad Request: can't parse reply markup JSON object"
        for broken in (
            {"reply_parameters": {"message_id": "x"}},
            {"reply_parameters": {"message_id": 10**30}},
            {"reply_parameters": [1]},
            {"entities": [{"type": "bold", "offset": "x", "length": 1}]},
            {"entities": {"type": "bold"}},
            {"reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "\ud800" * 30}]]}},
            {"chat_id": [1]},
        ):
            async with session.post(url, json={"chat_id": 1, "text": "x"} | broken) as response:
                assert response.status == 400, broken
        async with session.post(url, data="{", headers={"Content-Type": "application/json"}) as response:
            assert response.status == 400
