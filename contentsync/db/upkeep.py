"""Keeping the database small and quick, and finding what has no owner any more."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.account_models import Integration, OAuthState
from contentsync.db.engine import Database

MUCH_FREE_BYTES = 50_000_000
MUCH_FREE_SHARE = 0.25
"""Only when that much of a SQLite file lies idle, both ways, is it written anew: everybody who writes waits meanwhile
(4 s for each 100 MB that stay, measured on a busy machine), and idle pages are used again anyway."""


async def list_existing(session: AsyncSession, *, integration_ids: Sequence[int]) -> set[int]:
    """Those of the ids that are accounts."""
    found = await session.exec(select(Integration.id).where(col(Integration.id).in_(integration_ids)))
    return {integration_id for integration_id in found if integration_id is not None}


async def forget_sign_ins(session: AsyncSession, *, before: datetime) -> int:
    """Delete sign-ins that were begun before this moment; gives how many."""
    return (await session.exec(delete(OAuthState).where(col(OAuthState.created_at) < before))).rowcount


async def tidy(database: Database) -> int:
    """Bring the planner's figures up to date, and give unused space back to the disk if it is much; gives its bytes.

    PostgreSQL does all of that by itself.

    Source: https://www.sqlite.org/pragma.html#pragma_optimize, https://www.sqlite.org/lang_vacuum.html
    """
    if not database.is_sqlite:
        return 0
    async with database.outside() as connection:
        await connection.exec_driver_sql("PRAGMA analysis_limit=400")
        await connection.exec_driver_sql("PRAGMA optimize=0x10002")
        page_bytes = await _number(connection, "page_size")
        pages = await _number(connection, "page_count")
        free_bytes = await _number(connection, "freelist_count") * page_bytes
        is_much = free_bytes >= MUCH_FREE_BYTES and free_bytes >= MUCH_FREE_SHARE * pages * page_bytes
        if is_much:
            await connection.exec_driver_sql("VACUUM")
        # The log is as large as what was written since it was last emptied; a VACUUM writes everything.
        await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        freed_pages = pages - await _number(connection, "page_count")
    return max(freed_pages, 0) * page_bytes if is_much else 0


async def _number(connection: AsyncConnection, pragma: str) -> int:
    value: Any = (await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar()
    return int(value)
