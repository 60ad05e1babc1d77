"""Keeping what a person typed, encrypted, before anything is done with it."""

from aiogram.types import Update

from contentsync.credentials import Vault
from contentsync.db import drafts
from contentsync.db.base import utc_now
from contentsync.db.engine import Database
from contentsync.db.models import Draft, Subscriber


async def keep_typed(text: str, *, subscriber: Subscriber, update: Update, db: Database, vault: Vault) -> int:
    """The id of the draft that holds this text; a repeated update finds the draft it made the first time."""
    async with db.write() as session:
        draft: Draft = await drafts.keep_draft(
            session,
            subscriber_id=subscriber.id or 0,
            update_id=update.update_id,
            text=vault.encrypt(text),
            now=utc_now(),
        )
    assert draft.id is not None, "a stored draft has an id"
    return draft.id
