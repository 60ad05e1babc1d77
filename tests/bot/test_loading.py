"""aiogram as the program loads it: quickly, and every class can still be built."""

import subprocess
import sys

import pytest
from aiogram import methods, types
from pydantic import BaseModel

LOADED = """
import sys
import contentsync.app, contentsync.localchat.server, contentsync.web
assert "aiogram" not in sys.modules, "it is imported only where it is hosted, and by load_aiogram"
from pydantic import BaseModel
before = BaseModel.__dict__["model_rebuild"]
from contentsync.bot.loading import load_aiogram
load_aiogram()
load_aiogram()
assert BaseModel.__dict__["model_rebuild"] is before
from aiogram import methods, types
built = {name for name in types.__all__ if getattr(getattr(types, name), "__pydantic_complete__", False)}
assert {"Message", "Update"} <= built
print(len(built))
"""


def test_loading_builds_few_classes() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < len(types.__all__) / 5


MODELS: list[type[BaseModel]] = [
    one
    for one in (getattr(room, name) for room in (types, methods) for name in room.__all__)
    if isinstance(one, type) and issubclass(one, BaseModel)
]


@pytest.mark.parametrize("share", range(3))
def test_every_class_can_be_built(share: int) -> None:
    assert len(MODELS) > 500
    for model in MODELS[share::3]:
        model.model_rebuild()
        assert model.__pydantic_complete__, model


def test_an_answer_of_each_method_can_be_built() -> None:
    every = [getattr(methods, name) for name in methods.__all__]
    answers = {method.__returning__ for method in every if isinstance(getattr(method, "__returning__", None), type)}
    assert {types.Message, types.User, bool} <= answers
    for answer in answers:
        built = methods.Response[answer]  # type: ignore[valid-type]
        built.model_validate({"ok": False, "description": "no"})
        assert built.__pydantic_complete__, answer


def test_a_class_is_built_when_it_is_first_used() -> None:
    poll = types.Poll.model_validate(
        {
            "id": "1", "question": "?", "options": [{"text": "a", "voter_count": 2, "persistent_id": "1"}],
            "total_voter_count": 2, "is_closed": False, "is_anonymous": True, "type": "regular",
            "allows_multiple_answers": False, "allows_revoting": False, "members_only": False,
        }
    )  # fmt: skip
    assert poll.options[0].voter_count == 2
    sent = methods.SendPoll(chat_id=1, question="?", options=[types.InputPollOption(text="a")])
    assert sent.model_dump(exclude_none=True, warnings=False)["options"][0]["text"] == "a"
