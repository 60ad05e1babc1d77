"""Accounts: connecting, claiming what is due, and writing down how a sync went."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict

from sqlalchemy import ColumnElement, Table, and_, delete, exists, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from typing_extensions import Unpack

from contentsync.db.account_models import Integration
from contentsync.db.base import Base, insert
from contentsync.db.models import Subscriber

INTEGRATIONS: Table = Base.metadata.tables["integration"]


class Changes(TypedDict, total=False):
    """What `change` can set; see `contentsync.db.account_models.Integration`."""

    account: str
    credentials: str
    state: str
    options: dict[str, Any]
    cursor: dict[str, Any]
    next_sync_at: datetime | None
    failures: int
    last_error: str | None
    last_error_params: dict[str, str | int]
    last_sync_at: datetime
    last_success_at: datetime


async def connect(
    session: AsyncSession,
    *,
    subscriber_id: int,
    kind: str,
    account: str,
    credentials: str,
    options: dict[str, Any],
    now: datetime,
) -> int:
    """The id of the account, made if it was not there; one that was gets the new credentials, and is due at once."""
    fresh = {
        "credentials": credentials,
        "state": "ok",
        "next_sync_at": now,
        "failures": 0,
        "last_error": None,
        "last_error_params": {},
        # A sync that runs with the former credentials finds its lease gone, and cannot call the account refused.
        "lease_id": None,
        "lease_until": None,
    }
    statement = insert(session, INTEGRATIONS).values(
        subscriber_id=subscriber_id, kind=kind, account=account, options=options, cursor={}, created_at=now, **fresh
    )
    statement = statement.on_conflict_do_update(
        index_elements=[INTEGRATIONS.c.subscriber_id, INTEGRATIONS.c.kind, INTEGRATIONS.c.account], set_=fresh
    )
    integration_id: int = (await session.exec(statement.returning(INTEGRATIONS.c.id))).scalar_one()
    return integration_id


async def get_integration(session: AsyncSession, *, integration_id: int) -> Integration | None:
    """The account with this id."""
    return await session.get(Integration, integration_id, populate_existing=True)


async def list_integrations(session: AsyncSession, *, subscriber_id: int, kind: str | None = None) -> list[Integration]:
    """A person's accounts, the oldest first; of one kind, if it is given."""
    statement = select(Integration).where(col(Integration.subscriber_id) == subscriber_id)
    if kind is not None:
        statement = statement.where(col(Integration.kind) == kind)
    return list(await session.exec(statement.order_by(col(Integration.id))))


async def claim_due(
    session: AsyncSession,
    *,
    now: datetime,
    lease_id: str,
    lease_seconds: int,
    limit: int,
    integration_ids: Sequence[int] = (),
) -> list[int]:
    """Lease at most `limit` accounts whose time has come and whom nobody holds, or exactly `integration_ids`.

    A refused account is never due, nor is one whose owner has paused or blocked us.
    """
    is_free = or_(INTEGRATIONS.c.lease_until.is_(None), INTEGRATIONS.c.lease_until <= now)
    reads = exists().where(
        col(Subscriber.id) == INTEGRATIONS.c.subscriber_id,
        col(Subscriber.paused).is_(False),
        col(Subscriber.blocked_at).is_(None),
    )
    wanted: ColumnElement[bool]
    if integration_ids:
        wanted = INTEGRATIONS.c.id.in_(integration_ids)
    else:
        wanted = and_(INTEGRATIONS.c.next_sync_at <= now, is_free, reads)
    due = (
        select(INTEGRATIONS.c.id)
        .where(wanted, INTEGRATIONS.c.state == "ok")
        .order_by(INTEGRATIONS.c.next_sync_at, INTEGRATIONS.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    claimed = await session.exec(
        update(INTEGRATIONS)
        .where(INTEGRATIONS.c.id.in_(select(due.c.id)))
        .values(lease_id=lease_id, lease_until=now + timedelta(seconds=lease_seconds))
        .returning(INTEGRATIONS.c.id)
    )
    return sorted(claimed.scalars())


async def list_leased(session: AsyncSession, *, lease_id: str, integration_ids: Sequence[int]) -> list[Integration]:
    """Those of the accounts that are still to be synced under this lease."""
    leased = select(Integration).where(col(Integration.id).in_(integration_ids), col(Integration.lease_id) == lease_id)
    return list(await session.exec(leased.order_by(col(Integration.id))))


async def lock_leased(session: AsyncSession, *, integration_id: int, lease_id: str | None) -> bool:
    """Whether the account's lease is still this one. Until the transaction ends nobody can take it over."""
    leased = select(Integration.id).where(col(Integration.id) == integration_id, col(Integration.lease_id) == lease_id)
    return (await session.exec(leased.with_for_update())).first() is not None


async def change(session: AsyncSession, *, integration_id: int, **changes: Unpack[Changes]) -> None:
    """Set these columns of the account."""
    await session.exec(update(Integration).where(col(Integration.id) == integration_id).values(**changes))


async def end_lease(
    session: AsyncSession, *, integration_id: int, lease_id: str | None, **changes: Unpack[Changes]
) -> bool:
    """Write down how the account stands after a sync and end its lease; False if the lease was lost, and nothing is."""
    ended = await session.exec(
        update(Integration)
        .where(col(Integration.id) == integration_id, col(Integration.lease_id) == lease_id)
        .values(**changes, lease_id=None, lease_until=None)
    )
    return ended.rowcount > 0


async def remove(session: AsyncSession, *, integration_id: int) -> bool:
    """Delete the account with its sources, items and channels; whether it was there."""
    return (await session.exec(delete(Integration).where(col(Integration.id) == integration_id))).rowcount > 0
