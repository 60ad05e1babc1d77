"""What people follow because of an account, and what is asked about it: channels, subscriptions and their items."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypedDict

from sqlalchemy import Table, and_, bindparam, case, exists, func, update
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession
from typing_extensions import Unpack

from contentsync.db import channels, sources
from contentsync.db.account_models import Channel, Integration
from contentsync.db.base import Base
from contentsync.db.models import Item, Source, Subscription

ITEMS: Table = Base.metadata.tables["item"]
SOURCES: Table = Base.metadata.tables["source"]


class Wishes(TypedDict, total=False):
    """What of a channel a person wants."""

    with_shorts: bool
    with_live: bool


class Unexamined(NamedTuple):
    """A video of which the feed told neither length nor whether it is live."""

    item_id: int
    external_id: str


class Examined(NamedTuple):
    """What is known of a video now."""

    item_id: int
    media_kind: str | None
    """None leaves it as it is."""
    duration_seconds: int | None


class Silent(NamedTuple):
    """A followed channel whose public feed has failed for long."""

    channel_id: int
    external_id: str
    source_id: int


async def follow_channel(
    session: AsyncSession, *, integration: Integration, channel_id: int, source_id: int, now: datetime
) -> bool:
    """Follow the channel's source because of the account; whether the person did not follow it before.

    One they follow already keeps its origin and its wishes.
    """
    is_new = await sources.follow(
        session, subscriber_id=integration.subscriber_id, source_id=source_id, now=now, origin=integration.kind
    )
    if is_new:
        wishes = Wishes(
            with_shorts=integration.options.get("with_shorts", True),
            with_live=integration.options.get("with_live", True),
        )
        await want(session, subscriber_id=integration.subscriber_id, source_ids=[source_id], **wishes)
    await channels.set_state(session, channel_id=channel_id, state=channels.FOLLOWED, now=now, source_id=source_id)
    return is_new


async def let_go(session: AsyncSession, *, integration: Integration, channel: Channel, now: datetime) -> bool:
    """The account no longer has the channel; whether the person stops following it by that.

    They do not if they follow it by its link, or if another account of theirs has it.
    """
    await channels.set_state(session, channel_id=channel.id or 0, state=channels.GONE, now=now)
    if channel.source_id is None:
        return False
    dropped = await session.exec(
        delete(Subscription).where(
            col(Subscription.subscriber_id) == integration.subscriber_id,
            col(Subscription.source_id) == channel.source_id,
            col(Subscription.origin) == integration.kind,
            ~exists().where(_other_account_has(integration, channel.source_id)),
        )
    )
    if not dropped.rowcount:
        return False
    await sources.unfollow(
        session, subscriber_id=integration.subscriber_id, source_id=channel.source_id, now=now
    )  # rests the source if nobody else follows it
    return True


async def keep_following(session: AsyncSession, *, integration: Integration) -> None:
    """What is followed because of this account stays when the account goes."""
    await session.exec(
        update(Subscription)
        .where(_follows(integration), col(Subscription.origin) == integration.kind)
        .values(origin="link")
    )


async def want(
    session: AsyncSession, *, subscriber_id: int, source_ids: Sequence[int], **wishes: Unpack[Wishes]
) -> None:
    """Set what the person wants of these sources."""
    await session.exec(
        update(Subscription)
        .where(col(Subscription.subscriber_id) == subscriber_id, col(Subscription.source_id).in_(source_ids))
        .values(**wishes)
    )


async def want_of_all(session: AsyncSession, *, integration: Integration, **wishes: Unpack[Wishes]) -> None:
    """Set what the person wants of all that is followed because of the account, now and from now on."""
    await session.exec(update(Subscription).where(_follows(integration)).values(**wishes))
    await session.exec(
        update(Integration)
        .where(col(Integration.id) == integration.id)
        .values(options={**integration.options, **wishes})
    )


async def make_list_due(session: AsyncSession, *, integration: Integration) -> None:
    """The account's next sync reads its list, whenever that would have been due (`list_at` in its cursor)."""
    cursor = {name: value for name, value in integration.cursor.items() if name != "list_at"}
    await session.exec(update(Integration).where(col(Integration.id) == integration.id).values(cursor=cursor))


async def get_wishes(session: AsyncSession, *, subscriber_id: int, source_id: int) -> Subscription | None:
    """The subscription, with what the person wants of the source."""
    statement = select(Subscription).where(
        col(Subscription.subscriber_id) == subscriber_id, col(Subscription.source_id) == source_id
    )
    return (await session.exec(statement)).one_or_none()


async def count_by_state(session: AsyncSession, *, integration_id: int) -> dict[str, int]:
    """How many channels the account has, by state."""
    statement: Any = (
        select(Channel.state, func.count())
        .where(col(Channel.integration_id) == integration_id)
        .group_by(col(Channel.state))
    )
    return dict((await session.exec(statement)).all())


async def list_unexamined(
    session: AsyncSession, *, integration_id: int, since: datetime, limit: int
) -> list[Unexamined]:
    """Videos of the account's channels since then whose length is unknown, the latest first."""
    statement: Any = (
        select(col(Item.id), col(Item.external_id))
        .join(Channel, and_(col(Channel.source_id) == col(Item.source_id), _followed_by(integration_id)))
        .where(
            col(Item.sort_at) >= since,
            col(Item.duration_seconds).is_(None),
            col(Item.media_kind).in_(("video", "short")),
        )
        .order_by(col(Item.sort_at).desc(), col(Item.id))
        .limit(limit)
    )
    return [Unexamined(*row) for row in await session.exec(statement)]


async def store_examined(session: AsyncSession, *, videos: Sequence[Examined]) -> None:
    """Write down what is known of videos now."""
    if videos:
        statement = (
            update(ITEMS)
            .where(ITEMS.c.id == bindparam("b_id"))
            .values(
                duration_seconds=bindparam("b_duration"),
                media_kind=func.coalesce(bindparam("b_kind", type_=ITEMS.c.media_kind.type), ITEMS.c.media_kind),
            )
        )
        rows = [{"b_id": v.item_id, "b_kind": v.media_kind, "b_duration": v.duration_seconds} for v in videos]
        await session.exec(statement, params=rows)


async def list_silent(session: AsyncSession, *, integration_id: int, before: datetime, limit: int) -> list[Silent]:
    """Channels whose feed fails and has not answered since then, the longest silent first."""
    last_word = case((SOURCES.c.last_success_at.is_(None), SOURCES.c.created_at), else_=SOURCES.c.last_success_at)
    statement: Any = (
        select(col(Channel.id), col(Channel.external_id), col(Source.id))
        .join(Source, col(Source.id) == col(Channel.source_id))
        .where(_followed_by(integration_id), col(Source.failures) > 0, last_word < before)
        .order_by(last_word, col(Source.id))
        .limit(limit)
    )
    return [Silent(*row) for row in await session.exec(statement)]


def _followed_by(integration_id: int | None) -> Any:
    return and_(col(Channel.integration_id) == integration_id, col(Channel.state) == channels.FOLLOWED)


def _follows(integration: Integration) -> Any:
    """The subscriptions of the account's owner to what it leads to."""
    led_to = select(Channel.source_id).where(_followed_by(integration.id))
    return and_(col(Subscription.subscriber_id) == integration.subscriber_id, col(Subscription.source_id).in_(led_to))


def _other_account_has(integration: Integration, source_id: int) -> Any:
    return and_(
        col(Channel.source_id) == source_id,
        col(Channel.state) == channels.FOLLOWED,
        col(Channel.integration_id) == col(Integration.id),
        col(Integration.id) != integration.id,
        col(Integration.subscriber_id) == integration.subscriber_id,
    )
