"""The people of the local chat, their chats, and the command menus they see. Functions on the database."""

import json
import re
import sqlite3
from typing import Any

from contentsync.localchat.errors import ApiError, bad_request, chat_not_found

MAX_COMMANDS = 100
MAX_DESCRIPTION_LENGTH = 256

Json = dict[str, Any]


def find_person(connection: sqlite3.Connection, person_id: int) -> Json:
    """The person with this id, as stored, or as they would be: a new one speaks English until told otherwise."""
    row = connection.execute("SELECT * FROM person WHERE id = ?", (person_id,)).fetchone()
    if row is not None:
        return dict(row)
    name = "You" if person_id == 1 else f"Person {person_id}"
    new = {"id": person_id, "first_name": name, "language_code": "en"}
    return new | {"started": 0, "blocked": 0, "keyboard": None}


def ensure_person(connection: sqlite3.Connection, person_id: int) -> Json:
    """The person with this id, stored from now on."""
    person = find_person(connection, person_id)
    connection.execute(
        "INSERT OR IGNORE INTO person VALUES (:id, :first_name, :language_code, :started, :blocked, :keyboard)", person
    )
    return person


def change_person(connection: sqlite3.Connection, person_id: int, **changes: str | bool) -> tuple[Json, Json]:
    """The person before and after. `changes`: first_name, language_code, blocked, started."""
    before = ensure_person(connection, person_id)
    after = before | changes
    connection.execute(
        "UPDATE person SET first_name = ?, language_code = ?, blocked = ?, started = ? WHERE id = ?",
        (after["first_name"], after["language_code"], bool(after["blocked"]), bool(after["started"]), person_id),
    )
    return before, after


def list_people(connection: sqlite3.Connection) -> list[Json]:
    """Everybody, by id."""
    return [public_person(dict(row)) for row in connection.execute("SELECT * FROM person ORDER BY id")]


def public_person(person: Json) -> Json:
    """A person as the page sees them."""
    return {
        "id": person["id"],
        "first_name": person["first_name"],
        "language_code": person["language_code"],
        "blocked": bool(person["blocked"]),
        "started": bool(person["started"]),
    }


def state(connection: sqlite3.Connection, person_id: int, bot: Json) -> Json:
    """What a page shows beside the messages: who talks, the command menu, the keyboard, everybody there is."""
    person = find_person(connection, person_id)
    return {
        "bot": bot,
        "person": public_person(person),
        "commands": commands_shown(connection, person),
        "keyboard": None if person["keyboard"] is None else json.loads(person["keyboard"]),
        "people": list_people(connection),
    }


def user(person: Json) -> Json:
    """A Bot API User."""
    return {
        "id": person["id"],
        "is_bot": False,
        "first_name": person["first_name"],
        "language_code": person["language_code"],
    }


def chat(person: Json) -> Json:
    """A Bot API Chat: the private one of a person, which has the person's id."""
    return {"id": person["id"], "type": "private", "first_name": person["first_name"]}


def known_person(connection: sqlite3.Connection, chat_id: int) -> Json:
    """The person of a chat that the bot may know.

    Raises:
        ApiError: 400, when nobody with this id has written to the bot yet.
    """
    row = connection.execute("SELECT * FROM person WHERE id = ? AND started", (chat_id,)).fetchone()
    if row is None:
        raise chat_not_found()
    return dict(row)


def reachable_person(connection: sqlite3.Connection, chat_id: int) -> Json:
    """The person of a chat that the bot may write to.

    Raises:
        ApiError: 400, when the chat is unknown; 403, when the person has blocked the bot.
    """
    person = known_person(connection, chat_id)
    if person["blocked"]:
        raise ApiError(403, "Forbidden: bot was blocked by the user")
    return person


def set_keyboard(connection: sqlite3.Connection, chat_id: int, keyboard: Json | None) -> None:
    """Keep the keyboard shown below the input of a chat; None takes it away."""
    text = None if keyboard is None else json.dumps(keyboard)
    connection.execute("UPDATE person SET keyboard = ? WHERE id = ?", (text, chat_id))


def set_commands(connection: sqlite3.Connection, scope: str, language_code: str, commands: list[Json]) -> None:
    """Keep the menu of a scope and a language; an empty menu is no menu."""
    connection.execute("DELETE FROM command_menu WHERE scope = ? AND language_code = ?", (scope, language_code))
    if commands:
        connection.execute("INSERT INTO command_menu VALUES (?, ?, ?)", (scope, language_code, json.dumps(commands)))


def get_commands(connection: sqlite3.Connection, scope: str, language_code: str) -> list[Json]:
    """The menu of exactly this scope and language."""
    row = connection.execute(
        "SELECT commands FROM command_menu WHERE scope = ? AND language_code = ?", (scope, language_code)
    ).fetchone()
    return [] if row is None else list(json.loads(row["commands"]))


def commands_shown(connection: sqlite3.Connection, person: Json) -> list[Json]:
    """The menu a person sees: the narrowest scope wins, in it their language.

    Source: https://core.telegram.org/bots/api#determining-list-of-commands
    """
    for scope in (f"chat:{person['id']}", "all_private_chats", "default"):
        for language_code in (person["language_code"], ""):
            if commands := get_commands(connection, scope, language_code):
                return commands
    return []


def command_scope(connection: sqlite3.Connection, scope: Any) -> str:
    """The key of a BotCommandScope, one for each set of people it names.

    Raises:
        ApiError: 400, when the scope is not one, or names an unknown chat.
    """
    if scope is None:
        return "default"
    kind = scope.get("type") if isinstance(scope, dict) else None
    if kind in ("default", "all_private_chats", "all_group_chats", "all_chat_administrators"):
        return str(kind)
    if kind in ("chat", "chat_administrators", "chat_member"):
        chat_id = scope.get("chat_id")
        if not re.fullmatch(r"-?[0-9]{1,18}", str(chat_id)):
            raise chat_not_found()
        known_person(connection, int(chat_id))
        return f"{kind}:{chat_id}"
    raise bad_request("can't parse BotCommandScope: unsupported type specified")


def checked_commands(commands: Any) -> list[Json]:
    """A command menu that Telegram would take.

    Source: https://core.telegram.org/bots/api#botcommand
    Raises:
        ApiError: 400, with Telegram's words for what is wrong.
    """
    if not isinstance(commands, list):
        raise bad_request("can't parse commands JSON object")
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    return [_checked_command(command) for command in commands]


def checked_language(language_code: str) -> str:
    """A language code for a menu: two small letters, or none.

    Raises:
        ApiError: 400, for anything else.
    """
    if language_code and not re.fullmatch(r"[a-z]{2}", language_code):
        raise bad_request("invalid language code specified")
    return language_code


def _checked_command(command: Any) -> Json:
    if not isinstance(command, dict):
        raise bad_request("expected an Object as a BotCommand")
    name = str(command.get("command", "")).removeprefix("/")
    description = str(command.get("description", "")).strip()
    if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not description:
        raise bad_request("command description must be non-empty")
    if len(description) > MAX_DESCRIPTION_LENGTH:
        raise bad_request(f"command description length must not exceed {MAX_DESCRIPTION_LENGTH}")
    return {"command": name, "description": description}
