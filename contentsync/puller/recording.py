"""Writing down what a group of pulls came to: how sources and hosts stand, who moves where, what followers hear."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from contentsync.bot.contract import source_buttons
from contentsync.db import hosts, moves, notices, sources
from contentsync.db.hosts import HostRow
from contentsync.errors import InvalidLink
from contentsync.puller.hosts import HostManners, learn
from contentsync.puller.intake import Failure, Judged, Pull, host_answer, pull_record
from contentsync.puller.plan import Bounds, Evidence, Tell
from contentsync.sources.families import host_family, host_of
from contentsync.sources.http import canonical_key

FRESH_OK = timedelta(minutes=10)
"""That a family works is written down at most so often, unless it is news."""


async def record_group(
    session: Any, pulls: Sequence[Pull], *, new_items: Mapping[int, int], now: datetime, bounds: Bounds
) -> int:
    """Write down how the sources of these pulls stand, and end their leases; gives how many people are to be told.

    All of it is part of the caller's transaction.
    """
    evidence = await _evidence(session, pulls)
    judged = {
        pull.source_id: pull_record(
            pull,
            new_items=new_items.get(pull.source_id, 0),
            now=now,
            bounds=bounds,
            evidence=evidence.get(host_family(pull.source.url), Evidence()),
        )
        for pull in pulls
    }
    await sources.record_pulls(session, records=[one.record for one in judged.values()])
    await _teach_hosts(session, pulls, now)
    told = 0
    for pull in pulls:
        one = judged[pull.source_id]
        if one.adopt is not None:
            await _move(session, pull.source_id, one.adopt, now)
        if one.tell is not None:
            told += await _tell(session, pull, one, one.tell, now)
    return told


async def known_manners(session: Any, urls: Iterable[str]) -> dict[str, HostManners]:
    """What is stored of the families of these addresses."""
    known = await hosts.get_hosts(session, families={host_family(url) for url in urls})
    return {family: _manners(host) for family, host in known.items()}


async def _evidence(session: Any, pulls: Sequence[Pull]) -> dict[str, Evidence]:
    """How the families of the failed sources fare; nothing is looked up when none failed."""
    failed = [pull for pull in pulls if isinstance(pull.came, Failure)]
    if not failed:
        return {}
    families = {host_family(pull.source.url) for pull in failed}
    counts = await hosts.count_families(
        session, families=families, failing_ids={pull.source_id for pull in failed}
    )  # fmt: skip
    any_ok_at = await hosts.last_ok_anywhere(session)
    return {family: Evidence(*counts.get(family, (0, 0)), any_ok_at) for family in families}


async def _teach_hosts(session: Any, pulls: Sequence[Pull], now: datetime) -> None:
    known = await hosts.get_hosts(session, families={host_family(pull.source.url) for pull in pulls}, lock=True)
    before = {family: _manners(host) for family, host in known.items()}
    after = dict(before)
    for pull in pulls:
        family = host_family(pull.source.url)
        after[family] = learn(after.get(family, HostManners()), host_answer(pull.came), now)
    changed = {
        family: new for family, new in after.items() if family and _is_news(before.get(family, HostManners()), new)
    }
    rows = [
        HostRow(
            family=family,
            gap_seconds=manners.gap_seconds,
            gap_since=manners.gap_since,
            not_before=manners.not_before,
            last_ok_at=manners.last_ok_at,
            refused_at=manners.refused_at,
        )
        for family, manners in changed.items()
    ]
    await hosts.put_hosts(session, rows=rows)


def _is_news(old: HostManners, new: HostManners) -> bool:
    if (old.gap_seconds, old.gap_since, old.not_before) != (new.gap_seconds, new.gap_since, new.not_before):
        return True
    if new.last_ok_at is None or new.last_ok_at == old.last_ok_at:
        return False
    return old.last_ok_at is None or new.last_ok_at - old.last_ok_at >= FRESH_OK


def _manners(row: HostRow) -> HostManners:
    return HostManners(
        gap_seconds=row["gap_seconds"],
        gap_since=row["gap_since"],
        not_before=row["not_before"],
        last_ok_at=row["last_ok_at"],
        refused_at=row["refused_at"],
    )


async def _move(session: Any, source_id: int, url: str, now: datetime) -> None:
    try:
        key = canonical_key(url)
    except InvalidLink:  # an address longer than we accept; the redirect goes on leading there
        return
    await moves.adopt_address(session, source_id=source_id, url=url, key=key, now=now)


async def _tell(session: Any, pull: Pull, judged: Judged, tell: Tell, now: datetime) -> int:
    """Keep a notice for each follower who is to hear it; that it works again hear those who were told it does not."""
    source, record = pull.source, judged.record
    reached = await sources.list_reached(session, source_id=pull.source_id)
    keys = {
        Tell.FAILING: _key(pull.source_id, Tell.FAILING, record["failing_since"] or source.failing_since or now),
        Tell.GONE: _key(pull.source_id, Tell.GONE, record["absent_since"] or source.absent_since or now),
        Tell.BACK: _key(pull.source_id, Tell.BACK, now),
    }
    if tell is Tell.BACK:
        told = await notices.list_told(session, keys=[keys[Tell.FAILING], keys[Tell.GONE]])
        reached = [subscriber_id for subscriber_id in reached if subscriber_id in told]
    params: dict[str, str | int] = {"title": record["title"] or host_of(source.url), "host": host_of(source.url)}
    if tell is not Tell.BACK:
        since = record["absent_since"] if tell is Tell.GONE else record["failing_since"]
        params["days"] = (now - (since or now)).days
        params |= {"reason_key": record["last_error"] or "internal", **record["last_error_params"]}
    added = [
        await notices.add_notice(
            session,
            subscriber_id=subscriber_id,
            key=keys[tell],
            text_key=f"source_is_{tell.value}",
            params=params,
            now=now,
            keyboard=() if tell is Tell.BACK else source_buttons(pull.source_id),
        )
        for subscriber_id in reached
    ]
    return sum(added)


def _key(source_id: int, tell: Tell, since: datetime) -> str:
    return f"source/{source_id}/{tell.value}/{since:%Y-%m-%d}"
