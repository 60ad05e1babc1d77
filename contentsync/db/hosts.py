"""What is known of host families, and how the sources of a family fare together."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypedDict, cast

from sqlalchemy import Table, and_, bindparam, exists, func, or_, update
from sqlmodel import case, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import Base, insert
from contentsync.db.models import Host

HOSTS: Table = Base.metadata.tables["host"]
SOURCES: Table = Base.metadata.tables["source"]

GONE = "gone"


class HostRow(TypedDict):
    """A family as it is stored; see `contentsync.db.models.Host`."""

    family: str
    gap_seconds: float
    gap_since: datetime | None
    not_before: datetime | None
    last_ok_at: datetime | None
    refused_at: datetime | None


class FamilyCount(NamedTuple):
    """Followed sources of a family that are not gone, and those of them that fail."""

    sources: int
    failing: int


async def get_hosts(session: AsyncSession, *, families: Collection[str], lock: bool = False) -> dict[str, HostRow]:
    """What is known of these families, by name. `lock`: nobody else learns of them until the transaction ends."""
    statement = select(*(HOSTS.c[name] for name in HostRow.__annotations__)).where(HOSTS.c.family.in_(families))
    statement = statement.order_by(HOSTS.c.family)
    found: Any = await session.exec(statement.with_for_update() if lock else statement)
    return {row["family"]: cast(HostRow, dict(row)) for row in found.mappings()}


async def put_hosts(session: AsyncSession, *, rows: Sequence[HostRow]) -> None:
    """Write down what was learned."""
    if not rows:
        return
    statement = insert(session, HOSTS)
    renewed = {name: statement.excluded[name] for name in HostRow.__annotations__ if name != "family"}
    statement = statement.on_conflict_do_update(index_elements=[HOSTS.c.family], set_=renewed)
    await session.exec(statement, params=sorted(rows, key=lambda row: row["family"]))


async def count_families(
    session: AsyncSession, *, families: Collection[str], failing_ids: Collection[int]
) -> dict[str, FamilyCount]:
    """How the families' sources fare; those of `failing_ids` have just failed, which is not written down yet."""
    fails = or_(SOURCES.c.failures > 0, SOURCES.c.id.in_(failing_ids))
    statement = (
        select(SOURCES.c.family, func.count(), func.sum(case((fails, 1), else_=0)))
        .where(SOURCES.c.family.in_(families), SOURCES.c.next_pull_at.is_not(None), SOURCES.c.state != GONE)
        .group_by(SOURCES.c.family)
    )
    return {family: FamilyCount(sources, failing) for family, sources, failing in await session.exec(statement)}


async def last_ok_anywhere(session: AsyncSession) -> datetime | None:
    """When any host at all last answered well."""
    return (await session.exec(select(func.max(col(Host.last_ok_at))))).one()


def is_taught(now: datetime) -> Any:
    """A condition on sources: their family wants no requests now, or fewer than usual."""
    return exists().where(HOSTS.c.family == SOURCES.c.family, or_(HOSTS.c.not_before > now, HOSTS.c.gap_seconds > 0))


def is_closed(now: datetime) -> Any:
    """A condition on sources: their family wants no requests now."""
    return exists().where(HOSTS.c.family == SOURCES.c.family, HOSTS.c.not_before > now)


async def pick_from_narrow(session: AsyncSession, *, due: Any, now: datetime) -> dict[int, str]:
    """Of each family with a learned gap that may be asked now, the source that is `due` longest, with its family.

    Nobody else picks from these families until the transaction ends.
    """
    may_be_asked = or_(HOSTS.c.not_before.is_(None), HOSTS.c.not_before <= now)
    narrow = select(HOSTS.c.family).where(and_(HOSTS.c.gap_seconds > 0, may_be_asked)).order_by(HOSTS.c.family)
    families = (await session.exec(narrow.with_for_update(skip_locked=True))).all()
    if not families:
        return {}
    place = func.row_number().over(
        partition_by=SOURCES.c.family, order_by=(SOURCES.c.next_pull_at, SOURCES.c.id)
    )  # fmt: skip
    ranked = (
        select(SOURCES.c.id, SOURCES.c.family, place.label("place"))
        .where(due, SOURCES.c.family.in_(families))
        .subquery()
    )
    first = await session.exec(select(ranked.c.id, ranked.c.family).where(ranked.c.place == 1))
    return dict(first.all())


async def spend_turns(session: AsyncSession, *, families: Collection[str], now: datetime) -> None:
    """A request is about to go to each of these families: those with a learned gap are closed for that long."""
    if not families:
        return
    statement = select(HOSTS.c.family, HOSTS.c.gap_seconds).where(HOSTS.c.family.in_(families), HOSTS.c.gap_seconds > 0)
    gaps: Mapping[str, float] = dict((await session.exec(statement)).all())
    if gaps:
        closing = (
            update(HOSTS)
            .where(HOSTS.c.family == bindparam("b_family"))
            .values(not_before=bindparam("b_not_before", type_=HOSTS.c.not_before.type))
        )
        await session.exec(
            closing,
            params=[{"b_family": name, "b_not_before": now + timedelta(seconds=gap)} for name, gap in gaps.items()],
        )
