"""Keyboards that Telegram takes, and those it refuses."""

from typing import Any

import pytest

from contentsync.localchat.errors import ApiError
from contentsync.localchat.keyboards import callback_data, check_markup


def inline(*buttons: Any) -> dict[str, Any]:
    return {"inline_keyboard": [list(buttons)]}


def test_what_is_kept() -> None:
    markup = inline(
        {"text": "a", "callback_data": "x" * 64, "style": "danger", "unknown": 1},
        {"text": "b", "url": "example.org", "style": "purple"},
        {"text": "c", "copy_text": {"text": "copied"}},
    )
    assert check_markup(markup) == inline(
        {"text": "a", "callback_data": "x" * 64, "style": "danger"},
        {"text": "b", "url": "http://example.org"},
        {"text": "c", "copy_text": {"text": "copied"}},
    )
    assert callback_data(markup) == {"x" * 64}
    assert check_markup({"inline_keyboard": [[], []]}) == {}
    reply = {"keyboard": [["Yes", {"text": "Here", "request_location": True}]], "resize_keyboard": True}
    kept = [[{"text": "Yes"}, {"text": "Here", "request_location": True}]]
    assert check_markup(reply) == {"keyboard": kept, "resize_keyboard": True}
    assert check_markup({"remove_keyboard": True}) == {"remove_keyboard": True}


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ([], "object expected as reply markup"),
        ({"inline_keyboard": "x"}, 'field "inline_keyboard" must be of type Array'),
        ({"inline_keyboard": ["x"]}, 'field "inline_keyboard" must be an Array of Arrays'),
        (inline({"text": "a"}), "Text buttons are unallowed in the inline keyboard"),
        (inline({"callback_data": "a"}), 'Can\'t find field "text"'),
        (inline({"text": "a", "callback_data": ""}), "BUTTON_DATA_INVALID"),
        (inline({"text": "a", "callback_data": "x" * 65}), "BUTTON_DATA_INVALID"),
        (inline({"text": "a", "callback_data": "é" * 33}), "BUTTON_DATA_INVALID"),
        (inline({"text": "a", "url": "not a link"}), "inline keyboard button URL 'not a link' is invalid"),
        (inline({"text": "a", "copy_text": {"text": ""}}), "BUTTON_COPY_TEXT_INVALID"),
        (inline(*[{"text": "a", "callback_data": "x"}] * 101), "reply markup is too long"),
        ({"keyboard": [[{"request_location": True}]]}, "can't parse keyboard button"),
        ({"something": 1}, "can't parse reply keyboard markup JSON object"),
    ],
)
def test_what_is_refused(markup: Any, reason: str) -> None:
    with pytest.raises(ApiError) as caught:
        check_markup(markup)
    assert caught.value.status == 400
    assert reason in caught.value.description


def test_a_hundred_buttons_are_fine() -> None:
    rows = [[{"text": "a", "callback_data": "x"}] * 5] * 20
    assert check_markup({"inline_keyboard": rows}) == {"inline_keyboard": rows}
