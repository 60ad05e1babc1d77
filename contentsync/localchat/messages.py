"""Messages and taps on their buttons. Functions on the database."""

import json
import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from contentsync.localchat.errors import bad_request
from contentsync.localchat.people import chat, reachable_person, set_keyboard

CALLBACK_SECONDS = 24 * 3600
"""How long a tap can be answered; Telegram only says that it is not forever."""
DELETABLE_SECONDS = 48 * 3600
"""Source: https://core.telegram.org/bots/api#deletemessage"""

Json = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """The message that is answered; `is_optional`: send even when it is gone."""

    message_id: int
    is_optional: bool


_WORDS = ("text", "entities", "caption", "caption_entities", "link_preview_options", "reply_markup")


def add_message(connection: sqlite3.Connection, chat_id: int, body: Json) -> Json:
    """The stored message, with its new id. Ids ascend and never repeat."""
    cursor = connection.execute("INSERT INTO message (chat_id, body) VALUES (?, ?)", (chat_id, json.dumps(body)))
    return {"message_id": cursor.lastrowid, **body}


def find_message(connection: sqlite3.Connection, chat_id: int, message_id: int) -> Json | None:
    """A message the chat shows; None when it is not there or deleted."""
    row = connection.execute(
        "SELECT * FROM message WHERE message_id = ? AND chat_id = ? AND NOT deleted", (message_id, chat_id)
    ).fetchone()
    return None if row is None else {"message_id": row["message_id"], **json.loads(row["body"])}


def list_messages(
    connection: sqlite3.Connection, chat_id: int, *, after: int = 0, before: int | None = None, limit: int | None = None
) -> list[Json]:
    """Messages as the chat shows them now, ascending; with a limit, the last ones of the range."""
    rows = connection.execute(
        "SELECT * FROM message WHERE chat_id = ? AND message_id > ? AND message_id < ? "
        "ORDER BY message_id DESC LIMIT ?",
        (chat_id, after, 2**63 - 1 if before is None else before, -1 if limit is None else limit),
    ).fetchall()
    return [shown(row) for row in reversed(rows)]


def shown(row: sqlite3.Row) -> Json:
    """A message with what only the chat knows of it: `deleted`, and the last callback `answer`."""
    message = {"message_id": row["message_id"], **json.loads(row["body"])}
    if row["deleted"]:
        message["deleted"] = True
    if row["answer"] is not None:
        message["answer"] = row["answer"]
    return message


def show_message(connection: sqlite3.Connection, message_id: int) -> Json:
    """One message that is known to exist, as `list_messages` gives it."""
    return shown(connection.execute("SELECT * FROM message WHERE message_id = ?", (message_id,)).fetchone())


def send(
    connection: sqlite3.Connection, *, chat_id: int, bot: Json, content: Json, markup: Json, reply: Reply | None
) -> Json:
    """Store what the bot says and give the Message.

    Raises:
        ApiError: when the chat is unknown or blocked, or the message replied to is not there.
    """
    person = reachable_person(connection, chat_id)
    body: Json = {"from": bot, "chat": chat(person), "date": int(time.time())}
    if reply is not None:
        original = find_message(connection, chat_id, reply.message_id)
        if original is not None:
            body["reply_to_message"] = {key: original[key] for key in original if key != "reply_to_message"}
        elif not reply.is_optional:
            raise bad_request("message to be replied not found")
    body |= content
    if "inline_keyboard" in markup:
        body["reply_markup"] = markup
    elif "keyboard" in markup or "remove_keyboard" in markup:
        set_keyboard(connection, chat_id, markup if "keyboard" in markup else None)
    return add_message(connection, chat_id, body)


def edit(
    connection: sqlite3.Connection, *, chat_id: int, message_id: int, bot: Json, content: Json | None, markup: Json
) -> Json:
    """The edited message. `content` None leaves the text as it is; an empty markup takes the keyboard away.

    Raises:
        ApiError: when the message is not there, not the bot's, has no text to edit, or would not change.
    """
    reachable_person(connection, chat_id)
    before = find_message(connection, chat_id, message_id)
    if before is None:
        raise bad_request("message to edit not found")
    if before["from"]["id"] != bot["id"]:
        raise bad_request("message can't be edited")
    if content is not None and "text" not in before:
        raise bad_request("there is no text in the message to edit")
    replaced = ("reply_markup",) if content is None else ("reply_markup", "text", "entities", "link_preview_options")
    after = {key: value for key, value in before.items() if key not in replaced} | (content or {})
    if markup:
        after["reply_markup"] = markup
    if after == before:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same "
            "as a current content and reply markup of the message"
        )
    after["edit_date"] = int(time.time())
    body = {key: value for key, value in after.items() if key != "message_id"}
    connection.execute("UPDATE message SET body = ? WHERE message_id = ?", (json.dumps(body), message_id))
    return after


def delete(connection: sqlite3.Connection, *, chat_id: int, message_id: int) -> None:
    """Mark a message as deleted, and forget what it said: bots delete what must not be kept, such as a password.

    A bot may delete in a private chat what either side wrote.

    Raises:
        ApiError: when the message is not there or too old.
    """
    reachable_person(connection, chat_id)
    message = find_message(connection, chat_id, message_id)
    if message is None:
        raise bad_request("message to delete not found")
    if message["date"] < time.time() - DELETABLE_SECONDS:
        raise bad_request("message can't be deleted for everyone")
    body = {key: value for key, value in message.items() if key not in ("message_id", *_WORDS)} | {"text": ""}
    connection.execute("UPDATE message SET deleted = 1, body = ? WHERE message_id = ?", (json.dumps(body), message_id))


def add_callback(connection: sqlite3.Connection, message_id: int) -> str:
    """The id of a new tap on a button of this message."""
    now = int(time.time())
    connection.execute("DELETE FROM callback WHERE asked_at < ?", (now - CALLBACK_SECONDS,))
    cursor = connection.execute("INSERT INTO callback (message_id, asked_at) VALUES (?, ?)", (message_id, now))
    return str(cursor.lastrowid)


def answer_callback(connection: sqlite3.Connection, *, callback_id: str, text: str) -> tuple[int, int]:
    """Keep the answer with its message; gives the chat and the message.

    Raises:
        ApiError: when there was no such tap, or too long ago.
    """
    row = connection.execute(
        "SELECT message.chat_id, message.message_id FROM callback JOIN message USING (message_id) "
        "WHERE callback.id = ? AND asked_at >= ?",
        (callback_id, int(time.time()) - CALLBACK_SECONDS),
    ).fetchone()
    if row is None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    connection.execute("UPDATE message SET answer = ? WHERE message_id = ?", (text, row["message_id"]))
    return row["chat_id"], row["message_id"]
