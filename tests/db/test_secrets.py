"""What is stored encrypted, on both engines; and that nothing encrypted is forgotten."""

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from contentsync.db import account_models, drafts, models, notices, secrets
from contentsync.db.account_models import Notice
from contentsync.db.base import Base
from contentsync.db.engine import Database
from contentsync.db.secrets import ENCRYPTED
from tests.db.test_integrations import add_person

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("module", [models, account_models], ids=["models", "account_models"])
def test_every_column_that_says_it_is_encrypted_is_renewed(module: object) -> None:
    tree = ast.parse(Path(str(getattr(module, "__file__", ""))).read_text())
    found = set()
    for model in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for field, note in zip(model.body, model.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(note, ast.Expr)
                and isinstance(note.value, ast.Constant)
                and "encrypted" in str(note.value.value)
            ):
                found.add(f"{model.name}.{ast.unparse(field.target)}")
    tables = {model.__name__: str(model.__tablename__) for model in Base.__subclasses__()}
    columns = {f"{tables[name.partition('.')[0]]}.{name.partition('.')[2]}" for name in found}
    assert columns
    assert columns - {"notice.keyboard"} <= set(ENCRYPTED)


async def test_tokens_are_listed_in_chunks_and_replaced_only_if_unchanged(database: Database) -> None:
    person = await add_person(database)
    async with database.write() as session:
        for number in range(5):
            text = f"token {number}" if number != 2 else ""
            await drafts.keep_draft(session, subscriber_id=person, update_id=number, text=text, now=NOW)
    async with database.read() as session:
        first = await secrets.list_tokens(session, name="draft.text", after=None, limit=3)
        rest = await secrets.list_tokens(session, name="draft.text", after=first[-1][0], limit=3)
    assert [token for _, token in [*first, *rest]] == ["token 0", "token 1", "token 3", "token 4"]
    key, old = first[0]
    async with database.write() as session:
        assert await secrets.replace_token(session, name="draft.text", key=key, old=old, new="new")
        assert not await secrets.replace_token(session, name="draft.text", key=key, old=old, new="newer")
    async with database.read() as session:
        assert (await secrets.list_tokens(session, name="draft.text", after=None, limit=1)) == [(key, "new")]
        for name in ENCRYPTED:
            await secrets.list_tokens(session, name=name, after=None, limit=1)


async def test_links_in_notices_are_renewed(database: Database) -> None:
    person = await add_person(database)
    keyboards = {
        "secret": [[{"text": "a", "secret_url": "old"}, {"text": "b", "url": "old"}]],
        "open": [[{"text": "c", "callback_data": "old"}]],
        "renewed": [[{"text": "d", "secret_url": "new"}]],
    }
    async with database.write() as session:
        for key, keyboard in keyboards.items():
            await notices.add_notice(
                session, subscriber_id=person, key=key, text_key="t", params={}, now=NOW, keyboard=keyboard
            )
    async with database.write() as session:
        assert await secrets.renew_keyboards(session, renew=lambda token: "new" if token == "old" else None) == 1
    async with database.read() as session:
        stored = {notice.key: notice.keyboard for notice in await session.exec(select(Notice))}
    assert stored == {**keyboards, "secret": [[{"text": "a", "secret_url": "new"}, {"text": "b", "url": "old"}]]}
