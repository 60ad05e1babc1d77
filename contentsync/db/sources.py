"""Sources and who follows them: finding, following, claiming what is due, and writing down how a pull went."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypedDict

from sqlalchemy import Table, case, exists, null, or_, type_coerce, update
from sqlmodel import and_, col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db import channels, hosts
from contentsync.db.base import Base, insert
from contentsync.db.bulk import run_many, value
from contentsync.db.models import Source, Subscriber, Subscription

SOURCES: Table = Base.metadata.tables["source"]
SUBSCRIPTIONS: Table = Base.metadata.tables["subscription"]

HEALTHY, PAUSED = "healthy", "paused"


class LeasedSource(NamedTuple):
    """How a source that is to be pulled stands; see `contentsync.db.models.Source`."""

    id: int
    kind: str
    url: str
    title: str
    site_url: str | None
    language: str | None
    etag: str | None
    last_modified: str | None
    body_hash: str | None
    interval_minutes: int
    state: str
    state_since: datetime | None
    failures: int
    failing_since: datetime | None
    absent_since: datetime | None
    absent_count: int
    moved_to: str | None
    moved_since: datetime | None
    moved_count: int
    last_error: str | None
    last_error_params: dict[str, str | int]
    last_pull_at: datetime | None
    last_success_at: datetime | None
    last_new_at: datetime | None


class PullRecord(TypedDict):
    """How a source stands after a pull, whatever came of it: one row of `record_pulls`. Times are aware."""

    id: int
    title: str
    site_url: str | None
    language: str | None
    etag: str | None
    last_modified: str | None
    body_hash: str | None
    family: str
    next_pull_at: datetime
    interval_minutes: int
    state: str
    state_since: datetime | None
    failures: int
    failing_since: datetime | None
    absent_since: datetime | None
    absent_count: int
    moved_to: str | None
    moved_since: datetime | None
    moved_count: int
    last_error: str | None
    last_error_params: dict[str, str | int]
    last_pull_at: datetime | None
    last_success_at: datetime | None
    last_new_at: datetime | None


async def upsert_found(
    session: AsyncSession,
    *,
    kind: str,
    key: str,
    url: str,
    title: str,
    site_url: str | None,
    language: str | None,
    preview: Sequence[str],
    now: datetime,
) -> int:
    """The id of the source with this canonical key, made if it was unknown.

    A known one keeps its URL and title (others may follow it); its preview is renewed, and gaps are filled.
    """
    statement = insert(session, SOURCES).values(
        kind=kind,
        key=key,
        url=url,
        title=title,
        site_url=site_url,
        language=language,
        preview=list(preview),
        last_error_params={},
        created_at=now,
    )
    found = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=[SOURCES.c.key],
        set_={
            "preview": found.preview,
            "title": case((SOURCES.c.title == "", found.title), else_=SOURCES.c.title),
            "site_url": case((SOURCES.c.site_url.is_(None), found.site_url), else_=SOURCES.c.site_url),
            "language": case((SOURCES.c.language.is_(None), found.language), else_=SOURCES.c.language),
        },
    ).returning(SOURCES.c.id)
    source_id: int = (await session.exec(statement)).scalar_one()
    return source_id


async def follow(
    session: AsyncSession, *, subscriber_id: int, source_id: int, now: datetime, origin: str = "link"
) -> bool:
    """Whether the subscriber follows the source only from now on; then it is due at once, unless it is an account's.

    One that came by an account and is then followed by its link stays when the account lets go of it.
    """
    statement = insert(session, SUBSCRIPTIONS).values(
        subscriber_id=subscriber_id, source_id=source_id, origin=origin, created_at=now
    )
    statement = statement.on_conflict_do_nothing().returning(SUBSCRIPTIONS.c.id)
    is_new = (await session.exec(statement)).first() is not None
    if is_new:
        pulled = update(SOURCES).where(SOURCES.c.id == source_id, SOURCES.c.integration_id.is_(None))
        await session.exec(pulled.values(next_pull_at=now))
    elif origin == "link":
        mine = and_(SUBSCRIPTIONS.c.subscriber_id == subscriber_id, SUBSCRIPTIONS.c.source_id == source_id)
        await session.exec(update(SUBSCRIPTIONS).where(mine).values(origin=origin))
    return is_new


async def unfollow(session: AsyncSession, *, subscriber_id: int, source_id: int, now: datetime) -> bool:
    """Whether the subscriber followed the source until now. A source that nobody follows any more is never due."""
    removed = await session.exec(
        delete(Subscription).where(
            col(Subscription.subscriber_id) == subscriber_id, col(Subscription.source_id) == source_id
        )
    )
    await session.exec(update(SOURCES).where(SOURCES.c.id == source_id, ~_is_followed()).values(next_pull_at=None))
    await channels.leave_source(session, subscriber_id=subscriber_id, source_id=source_id, now=now)
    return removed.rowcount > 0


async def list_followed(session: AsyncSession, *, subscriber_id: int) -> list[Source]:
    """What the subscriber follows, by title as people sort (upper and lower case alike)."""
    followed = await session.exec(_followed_by(subscriber_id))
    return sorted(followed.all(), key=lambda source: ((source.title or source.url).casefold(), source.id))


async def get_followed(session: AsyncSession, *, subscriber_id: int, source_id: int) -> Source | None:
    """The source, if the subscriber follows it."""
    followed: Source | None = (
        await session.exec(_followed_by(subscriber_id).where(col(Source.id) == source_id))
    ).one_or_none()
    return followed


async def get_sources(session: AsyncSession, *, source_ids: Sequence[int]) -> list[Source]:
    """The sources with these ids, in the order of the ids; unknown ids are left out."""
    found = {source.id: source for source in await session.exec(select(Source).where(col(Source.id).in_(source_ids)))}
    return [found[source_id] for source_id in source_ids if source_id in found]


async def is_first_pull_running(session: AsyncSession, *, subscriber_id: int, now: datetime) -> bool:
    """Whether a followed source was never pulled yet, and is due or being pulled."""
    waiting = _followed_by(subscriber_id).where(
        col(Source.last_pull_at).is_(None), or_(col(Source.next_pull_at) <= now, col(Source.lease_until) > now)
    )
    return (await session.exec(waiting.limit(1))).first() is not None


async def claim_due(
    session: AsyncSession, *, now: datetime, lease_id: str, lease_seconds: int, limit: int
) -> list[int]:
    """Lease at most `limit` due sources for `lease_seconds` and give their ids, the longest due first.

    Due means: its time has come, nobody holds a lease on it, and somebody follows it who is neither paused nor blocked.
    What nobody can be reached for is paused. Of a host family that is to be left alone nothing is claimed, and of one
    that has taught us a gap one source, once in that time. Workers may claim at the same time; each gets sources of
    its own.
    """
    is_due = and_(SOURCES.c.next_pull_at <= now, _is_free(now))
    paused = update(SOURCES).where(is_due, SOURCES.c.state != PAUSED, _is_followed(), ~_is_reached())
    await session.exec(paused.values(state=PAUSED, state_since=now))
    is_due = and_(is_due, _is_reached())
    picked = await hosts.pick_from_narrow(session, due=is_due, now=now)
    due = (
        select(SOURCES.c.id, SOURCES.c.next_pull_at)
        .where(is_due, or_(SOURCES.c.id.in_(picked), ~hosts.is_taught(now)))
        .order_by(SOURCES.c.next_pull_at, SOURCES.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=SOURCES)
        .cte("due")
    )
    claimed = await session.exec(
        update(SOURCES)
        .where(SOURCES.c.id.in_(select(due.c.id)))
        .values(lease_id=lease_id, lease_until=now + timedelta(seconds=lease_seconds))
        .returning(SOURCES.c.next_pull_at, SOURCES.c.id)
    )
    ids = [row.id for row in sorted(claimed, key=lambda row: (row.next_pull_at, row.id))]
    await hosts.spend_turns(session, families=[picked[id] for id in ids if id in picked], now=now)
    return ids


async def claim_sources(
    session: AsyncSession, *, source_ids: Sequence[int], now: datetime, lease_id: str, lease_seconds: int
) -> list[int]:
    """Lease exactly these sources, due or not, and give the ids that exist and whose hosts may be asked now.

    A lease somebody else holds is taken over: his pull finds it gone and stores nothing.
    """
    claimed = await session.exec(
        update(SOURCES)
        .where(SOURCES.c.id.in_(source_ids), ~hosts.is_closed(now))
        .values(lease_id=lease_id, lease_until=now + timedelta(seconds=lease_seconds))
        .returning(SOURCES.c.id, SOURCES.c.family)
    )
    families = {row.id: row.family for row in claimed}
    await hosts.spend_turns(session, families=set(families.values()), now=now)
    return sorted(families)


async def renew_leases(session: AsyncSession, *, lease_id: str, lease_until: datetime) -> None:
    """Hold on to everything that is still under this lease."""
    await session.exec(update(SOURCES).where(SOURCES.c.lease_id == lease_id).values(lease_until=lease_until))


async def list_leased(session: AsyncSession, *, lease_id: str, source_ids: Sequence[int]) -> list[LeasedSource]:
    """Those of the sources that are still to be pulled under this lease; `record_pulls` ends it source by source."""
    # Rows, not objects of the ORM: these take four times as long to make and to read.
    columns: Any = [SOURCES.c[name] for name in LeasedSource._fields]
    leased = select(*columns).where(SOURCES.c.id.in_(source_ids), SOURCES.c.lease_id == lease_id)
    return [LeasedSource._make(row) for row in await session.exec(leased.order_by(SOURCES.c.id))]


async def lock_leased(session: AsyncSession, *, lease_id: str, source_ids: Sequence[int]) -> set[int]:
    """Those of the sources whose lease is still this one. Until the transaction ends nobody can take them over."""
    leased = select(Source.id).where(col(Source.id).in_(source_ids), col(Source.lease_id) == lease_id)
    ids = await session.exec(leased.order_by(col(Source.id)).with_for_update())
    return {source_id for source_id in ids if source_id is not None}


async def record_pulls(session: AsyncSession, *, records: Sequence[PullRecord]) -> None:
    """Write down how sources stand after a pull and end their leases. One that nobody follows any more is never due."""
    await run_many(session, _record_pull, records)


def _record_pull(_engine: str) -> Any:
    columns = [name for name in PullRecord.__annotations__ if name not in ("id", "next_pull_at")]
    due = case((_is_followed(), type_coerce(value("next_pull_at"), SOURCES.c.next_pull_at.type)))
    return (
        update(SOURCES)
        .where(SOURCES.c.id == value("id"))
        .values(
            {name: value(name) for name in columns} | {"next_pull_at": due, "lease_id": null(), "lease_until": null()}
        )
    )


async def add_owned(
    session: AsyncSession, *, integration_id: int, kind: str, key: str, url: str, title: str, now: datetime
) -> int:
    """The id of the account's own source with this key, made if it was unknown. It is never due: syncs bring its items.

    `key` must name the account, because keys are unique over all.
    """
    statement = insert(session, SOURCES).values(
        kind=kind,
        key=key,
        url=url,
        title=title,
        integration_id=integration_id,
        preview=[],
        last_error_params={},
        created_at=now,
    )
    statement = statement.on_conflict_do_update(index_elements=[SOURCES.c.key], set_={"title": title})
    source_id: int = (await session.exec(statement.returning(SOURCES.c.id))).scalar_one()
    return source_id


async def note_success(session: AsyncSession, *, source_id: int, now: datetime, is_new: bool) -> None:
    """A sync has brought what an account's source had."""
    values: dict[str, Any] = {"last_pull_at": now, "last_success_at": now, "last_error": None, "last_error_params": {}}
    values |= {"state": HEALTHY, "state_since": case((SOURCES.c.state == HEALTHY, SOURCES.c.state_since), else_=now)}
    if is_new:
        values["last_new_at"] = now
    await session.exec(update(SOURCES).where(SOURCES.c.id == source_id).values(**values))


async def pause_owned(session: AsyncSession, *, integration_id: int, now: datetime) -> None:
    """The account is refused: its sources rest until a sync brings something again."""
    owned = update(SOURCES).where(SOURCES.c.integration_id == integration_id)
    await session.exec(owned.values(state=PAUSED, state_since=now))


async def list_reached(session: AsyncSession, *, source_id: int) -> list[int]:
    """The ids of the people who follow the source and have neither paused nor blocked the bot."""
    statement = (
        select(Subscription.subscriber_id)
        .join(Subscriber, col(Subscriber.id) == col(Subscription.subscriber_id))
        .where(col(Subscription.source_id) == source_id)
        .where(col(Subscriber.paused).is_(False), col(Subscriber.blocked_at).is_(None))
    )
    return list(await session.exec(statement.order_by(col(Subscription.subscriber_id))))


def _is_followed() -> Any:
    return exists().where(SUBSCRIPTIONS.c.source_id == SOURCES.c.id)


def _is_reached() -> Any:
    return exists().where(
        SUBSCRIPTIONS.c.source_id == SOURCES.c.id,
        col(Subscriber.id) == SUBSCRIPTIONS.c.subscriber_id,
        col(Subscriber.paused).is_(False),
        col(Subscriber.blocked_at).is_(None),
    )


def _is_free(now: datetime) -> Any:
    return or_(SOURCES.c.lease_until.is_(None), SOURCES.c.lease_until <= now)


def _followed_by(subscriber_id: int) -> Any:
    return (
        select(Source)
        .join(Subscription, col(Subscription.source_id) == col(Source.id))
        .where(col(Subscription.subscriber_id) == subscriber_id)
    )
