"""What people do in the local chat: the JSON endpoints under /localchat/, for the page and for scripts."""

import contextlib
import json
import sqlite3
import time
from typing import Any, NamedTuple

from aiohttp import web

from contentsync.localchat.entities import MAX_CAPTION_UNITS, MAX_TEXT_UNITS, finish
from contentsync.localchat.errors import ApiError
from contentsync.localchat.files import add_file, document
from contentsync.localchat.keyboards import callback_data
from contentsync.localchat.markup import utf16_length
from contentsync.localchat.messages import add_callback, add_message, find_message
from contentsync.localchat.parameters import Parameters, Upload, read_parameters
from contentsync.localchat.people import change_person, chat, ensure_person, public_person, user
from contentsync.localchat.updates import queue_update

Json = dict[str, Any]

MAX_NAME_LENGTH = 64


class Said(NamedTuple):
    """A stored message; `person_changed`: its writer is new, or has let the bot write again."""

    message: Json
    person_changed: bool


def say(connection: sqlite3.Connection, *, from_id: int, content: Json, bot: Json) -> Said:
    """Store what a person wrote and queue it for the bot.

    Raises:
        ApiError: 403, when the person has blocked the bot; /start lifts that, as "Restart" does in Telegram.
    """
    person = ensure_person(connection, from_id)
    restarts = str(content.get("text", "")).split(maxsplit=1)[:1] == ["/start"]
    if person["blocked"] and not restarts:
        raise ApiError(403, "You have blocked the bot. Send /start to talk to it again.")
    if person["blocked"]:
        block(connection, from_id=from_id, blocked=False, bot=bot)
    if not person["started"]:
        change_person(connection, from_id, started=True)
    body = {"from": user(person), "chat": chat(person), "date": int(time.time()), **content}
    message = add_message(connection, from_id, body)
    queue_update(connection, "message", message)
    return Said(message, person_changed=bool(person["blocked"]) or not person["started"])


def send_file(connection: sqlite3.Connection, *, from_id: int, upload: Upload, caption: Json, bot: Json) -> Said:
    """Store a file that a person sent, and its message."""
    file = add_file(connection, upload, folder="documents")
    return say(connection, from_id=from_id, content={"document": document(file), **caption}, bot=bot)


def tap(connection: sqlite3.Connection, *, from_id: int, message_id: int, data: str) -> str:
    """Queue the tap of a button; gives the id of the callback query.

    Raises:
        ApiError: 404, when the message is not in this person's chat; 400, when it has no such button;
            403, when the person has blocked the bot.
    """
    person = ensure_person(connection, from_id)
    message = find_message(connection, from_id, message_id)
    if message is None:
        raise ApiError(404, f"Message {message_id} is not in the chat of person {from_id}, or it was deleted.")
    if data not in callback_data(message.get("reply_markup", {})):
        raise ApiError(400, f"Message {message_id} has no button with this data now. Read its reply_markup.")
    if person["blocked"]:
        raise ApiError(403, "You have blocked the bot. Send /start to talk to it again.")
    query_id = add_callback(connection, message_id)
    query = {"id": query_id, "from": user(person), "message": message, "chat_instance": str(from_id), "data": data}
    queue_update(connection, "callback_query", query)
    return query_id


def block(connection: sqlite3.Connection, *, from_id: int, blocked: bool, bot: Json) -> None:
    """Block the bot or let it write again; the bot is told when that changes anything."""
    before, after = change_person(connection, from_id, blocked=blocked)
    if bool(before["blocked"]) == blocked or not before["started"]:
        return
    member, kicked = {"status": "member", "user": bot}, {"status": "kicked", "user": bot, "until_date": 0}
    change = {
        "chat": chat(after),
        "from": user(after),
        "date": int(time.time()),
        "old_chat_member": member if blocked else kicked,
        "new_chat_member": kicked if blocked else member,
    }
    queue_update(connection, "my_chat_member", change)


def save_person(
    connection: sqlite3.Connection, *, person_id: int, changes: dict[str, str], blocked: bool | None, bot: Json
) -> Json:
    """Change a person's name or language, or block; gives the person as the page sees them."""
    change_person(connection, person_id, **changes)
    if blocked is not None:
        block(connection, from_id=person_id, blocked=blocked, bot=bot)
    return public_person(ensure_person(connection, person_id))


def text_or_location(parameters: Parameters) -> Json:
    """What a person's message says: a text with the marks Telegram finds in it, or a place.

    Raises:
        ApiError: 400, when there is neither, or it is out of bounds.
    """
    location = parameters.structure("location")
    if location is not None:
        return {"location": _checked_location(location)}
    text, entities = finish(parameters.text("text"), [])
    if not text:
        raise ApiError(400, 'Say something: "text" is empty, and there is no "location".')
    if utf16_length(text) > MAX_TEXT_UNITS:
        raise ApiError(400, f"The text is too long: {utf16_length(text)} of at most {MAX_TEXT_UNITS} characters.")
    return {"text": text} | ({"entities": entities} if entities else {})


def caption_of(parameters: Parameters) -> Json:
    """The caption of a person's file, if there is one."""
    caption, entities = finish(parameters.text("caption"), [])
    if utf16_length(caption) > MAX_CAPTION_UNITS:
        raise ApiError(400, f"The caption is too long: at most {MAX_CAPTION_UNITS} characters.")
    if not caption:
        return {}
    return {"caption": caption} | ({"caption_entities": entities} if entities else {})


def person_changes(parameters: Parameters) -> dict[str, str]:
    """The name and language a request sets.

    Raises:
        ApiError: 400, when one of them is out of bounds.
    """
    changes: dict[str, str] = {}
    if "first_name" in parameters:
        changes["first_name"] = parameters.text("first_name").strip()
        if not 1 <= len(changes["first_name"]) <= MAX_NAME_LENGTH:
            raise ApiError(400, f"A name has 1 to {MAX_NAME_LENGTH} characters.")
    if "language_code" in parameters:
        changes["language_code"] = parameters.text("language_code").strip()
        if not 2 <= len(changes["language_code"]) <= 16 or not changes["language_code"].isascii():
            raise ApiError(400, 'A language code looks like "en" or "pt-br".')
    return changes


def person_id(parameters: Parameters, name: str = "from_id") -> int:
    """Who a request is from, or whose chat it asks about; person 1 when it does not say.

    Raises:
        ApiError: 400, when it is no positive whole number.
    """
    with contextlib.suppress(ApiError):
        number = parameters.integer(name)
        if number is None or 1 <= number < 2**52:
            return 1 if number is None else number
    raise ApiError(400, f'"{name}" is a positive whole number.')


async def uploaded_file(request: web.Request) -> tuple[Parameters, Upload]:
    """The file of a multipart request, and its other fields.

    Raises:
        ApiError: 400, when there is none or it is empty.
    """
    parameters = await read_parameters(request)
    upload = parameters.uploads.get("file")
    if upload is None or not upload.content:
        raise ApiError(400, 'Send a file that is not empty in the multipart field "file".')
    return parameters, Upload(upload.name or "file", upload.mime_type, upload.content)


def _checked_location(location: Any) -> Json:
    try:
        latitude, longitude = float(location["latitude"]), float(location["longitude"])
    except (TypeError, KeyError, ValueError):
        raise ApiError(400, '"location" needs "latitude" and "longitude", in degrees.') from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ApiError(400, "A latitude is within ±90 degrees, a longitude within ±180.")
    return {"latitude": latitude, "longitude": longitude}


def event_bytes(kind: str, data: Any) -> bytes:
    """One server-sent event. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html"""
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
