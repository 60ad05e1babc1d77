"""Checks the keyboards a bot attaches to its messages, and keeps the fields Telegram keeps."""

from typing import Any

from contentsync.localchat.errors import ApiError, bad_request
from contentsync.localchat.markup import checked_url

MAX_BUTTONS = 100
MAX_CALLBACK_BYTES = 64
MAX_COPY_TEXT_UNITS = 256

_INLINE_ACTIONS = (
    "callback_data", "url", "copy_text", "web_app", "login_url", "switch_inline_query",
    "switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "pay",
)  # fmt: skip
_STYLES = ("danger", "success", "primary")
_REPLY_FIELDS = ("is_persistent", "resize_keyboard", "one_time_keyboard", "input_field_placeholder")

Markup = dict[str, Any]


def check_markup(markup: Any) -> Markup:
    """Any reply markup, checked: an inline keyboard, a reply keyboard, its removal, or a forced reply.

    Source: https://core.telegram.org/bots/api#sendmessage
    Raises:
        ApiError: 400, with Telegram's words for what is wrong.
    """
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        return check_inline_keyboard(markup)
    if "keyboard" in markup:
        rows = [[_reply_button(button) for button in row] for row in _rows(markup["keyboard"], "keyboard")]
        return {"keyboard": rows} | {key: markup[key] for key in _REPLY_FIELDS if key in markup}
    if markup.get("remove_keyboard"):
        return {"remove_keyboard": True}
    if markup.get("force_reply"):
        return {key: markup[key] for key in ("force_reply", "input_field_placeholder") if key in markup}
    if not markup:
        return {}
    raise bad_request("can't parse reply keyboard markup JSON object")


def check_inline_keyboard(markup: Any) -> Markup:
    """An inline keyboard, checked; empty rows go, and a keyboard without buttons is none.

    Source: https://core.telegram.org/bots/api#inlinekeyboardmarkup
    """
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    given = _rows(markup.get("inline_keyboard", []), "inline_keyboard")
    rows = [[_inline_button(button) for button in row] for row in given if row]
    if sum(len(row) for row in rows) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": rows} if rows else {}


def callback_data(markup: Markup) -> set[str]:
    """What the buttons of an inline keyboard send when tapped."""
    rows = markup.get("inline_keyboard", [])
    return {button["callback_data"] for row in rows for button in row if "callback_data" in button}


def _rows(rows: Any, field: str) -> list[list[Any]]:
    if not isinstance(rows, list):
        raise bad_request(f'field "{field}" must be of type Array')
    if not all(isinstance(row, list) for row in rows):
        raise bad_request(f'field "{field}" must be an Array of Arrays')
    return rows


def _inline_button(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise _unreadable("Inline keyboard button must be an Object")
    if not str(button.get("text") or "").strip():
        raise _unreadable('Can\'t find field "text"')
    action = next((name for name in _INLINE_ACTIONS if name in button), None)
    if action is None:
        raise _unreadable("Text buttons are unallowed in the inline keyboard")
    kept = {"text": str(button["text"]), action: _checked_action(action, button[action])}
    return kept | ({"style": button["style"]} if button.get("style") in _STYLES else {})


def _checked_action(action: str, value: Any) -> Any:
    if action == "callback_data" and not 1 <= len(str(value).encode("utf-8", "surrogatepass")) <= MAX_CALLBACK_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if action == "url":
        url = checked_url(str(value))
        if url is None:
            raise bad_request(f"inline keyboard button URL '{value}' is invalid: Wrong HTTP URL")
        return url
    if action == "copy_text":
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str) or not 1 <= len(text) <= MAX_COPY_TEXT_UNITS:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")
    return value


def _reply_button(button: Any) -> dict[str, Any]:
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict) or not str(button.get("text") or "").strip():
        raise bad_request("can't parse keyboard button: Can't find field \"text\"")
    return {key: button[key] for key in ("text", "request_location", "request_contact") if key in button}


def _unreadable(reason: str) -> ApiError:
    return bad_request(f"can't parse inline keyboard button: {reason}")
