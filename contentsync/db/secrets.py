"""Everything that is stored encrypted, so that it can be written anew with another key."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Column
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.account_models import Notice
from contentsync.db.base import Base

ENCRYPTED = ("integration.credentials", "channel.secret", "draft.text", "oauth_state.verifier", "update_inbox.payload")
"""Columns that hold a token of the vault, or nothing. Notices hold theirs within their keyboards."""

Renew = Callable[[str], str | None]
"""What takes the place of a token; None: it stays."""


async def list_tokens(session: AsyncSession, *, name: str, after: Any, limit: int) -> Sequence[tuple[Any, str]]:
    """The next tokens of a column of `ENCRYPTED` after this key (None: the first), with their rows' keys."""
    key, column = _key_and_column(name)
    statement = select(key, column).where(column.is_not(None), column != "")
    if after is not None:
        statement = statement.where(key > after)
    return [(row[0], row[1]) for row in await session.exec(statement.order_by(key).limit(limit))]


async def replace_token(session: AsyncSession, *, name: str, key: Any, old: str, new: str) -> bool:
    """Whether the token was still the old one, and is now the new one."""
    key_column, column = _key_and_column(name)
    statement = update(column.table).where(key_column == key, column == old).values({column.name: new})
    return (await session.exec(statement)).rowcount > 0


async def renew_keyboards(session: AsyncSession, *, renew: Renew) -> int:
    """Renew the secret links of notices that were not sent yet; gives how many notices changed."""
    waiting = await session.exec(select(Notice).where(col(Notice.sent_at).is_(None)).with_for_update())
    changed = 0
    for notice in waiting.all():
        keyboard = [[_renewed(button, renew) for button in row] for row in notice.keyboard]
        if keyboard != notice.keyboard:
            notice.keyboard = keyboard
            changed += 1
    return changed


def _renewed(button: dict[str, str], renew: Renew) -> dict[str, str]:
    token = renew(button["secret_url"]) if "secret_url" in button else None
    return button if token is None else {**button, "secret_url": token}


def _key_and_column(name: str) -> tuple[Column[Any], Column[Any]]:
    table_name, _, column_name = name.partition(".")
    table = Base.metadata.tables[table_name]
    (key,) = table.primary_key.columns
    return key, table.c[column_name]
