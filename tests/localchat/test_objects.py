"""What the server gives is what the description of the Bot API says."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from aiogram.types import (
    Update,
)

from tests.fakes.telegram import FakeTelegram
from tests.localchat.conftest import call

CORPUS = Path(os.environ.get("CORPUS", Path(__file__).parents[2] / ".." / "shared" / "corpus"))


def conforms(types: dict[str, Any], value: Any, kind: str) -> list[str]:
    """What of a value is not as the Bot API describes its type."""
    if kind.startswith("Array of "):
        return [problem for element in value for problem in conforms(types, element, kind.removeprefix("Array of "))]
    if kind not in types or not isinstance(value, dict):
        plain: dict[str, Any] = {"Integer": int, "String": str, "Boolean": bool, "True": bool, "Float": (int, float)}
        return [] if isinstance(value, plain.get(kind, dict)) else [f"{value!r} is no {kind}"]
    fields = {field["name"]: field for field in types[kind].get("fields", [])}
    if not fields:  # a union
        return []
    problems = [
        f"{kind}.{name} is missing" for name, field in fields.items() if field["required"] and name not in value
    ]
    for name, element in value.items():
        if name not in fields:
            problems.append(f"{kind}.{name} is not in the Bot API")
        else:
            problems += conforms(types, element, fields[name]["types"][0])
    return problems


@pytest.mark.skipif(not (CORPUS / "botapi").exists(), reason="no corpus with the Bot API's description")
async def test_objects_are_those_of_the_bot_api(telegram: FakeTelegram) -> None:
    types = json.loads((CORPUS / "botapi" / "api.json").read_text(encoding="utf-8"))["types"]
    said = await telegram.say("/start https://example.org #tag")
    await telegram.upload("a.txt", b"x")
    await telegram.share_location(52.5, 13.4)
    text = '<b>x</b> <a href="https://e.org">y</a> <pre><code class="language-py">z</code></pre>'
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}, {"text": "c", "url": "https://e.org"}]]}
    sent = await call(
        telegram,
        "sendMessage",
        chat_id=1,
        text=text,
        parse_mode="HTML",
        reply_markup=markup,
        reply_parameters={"message_id": said},
        link_preview_options={"is_disabled": True},
    )
    await telegram.tap(sent["result"]["message_id"], "b")
    await telegram.post("people", {"id": 1, "blocked": True})
    updates = (await call(telegram, "getUpdates"))["result"]
    assert len(updates) == 5
    answers = [
        ("Message", sent["result"]),
        ("User", (await call(telegram, "getMe"))["result"]),
        ("ChatFullInfo", (await call(telegram, "getChat", chat_id=1))["result"]),
        ("WebhookInfo", (await call(telegram, "getWebhookInfo"))["result"]),
        *(("Update", update) for update in updates),
    ]
    problems = [problem for kind, value in answers for problem in conforms(types, value, kind)]
    assert problems == []
    assert [Update.model_validate(update).event_type for update in updates] == [
        "message",
        "message",
        "message",
        "callback_query",
        "my_chat_member",
    ]
