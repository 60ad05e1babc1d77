"""Opens due digests, chooses what they hold, and has them sent."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from aiogram import Bot
from aiogram.exceptions import AiogramError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from contentsync.bot import render
from contentsync.bot.choosing import Choice, Chooser
from contentsync.bot.contract import (
    BUILD_AND_SEND,
    OPEN_DUE_SLOTS,
    OpenDueSlotsInput,
    OpenDueSlotsResult,
    SendDigestsInput,
    SendDigestsResult,
)
from contentsync.bot.delivery import Clock, Outcome, Sender
from contentsync.db import decisions, deliveries, digests, sources, stories
from contentsync.db.digests import Part
from contentsync.db.engine import Database
from contentsync.db.models import Digest, Subscriber
from contentsync.temporal import heartbeating

BATCH_DIGESTS = 200
SUBSCRIBERS_IN_TRANSACTION = 1_000
SENT_AT_ONCE = 20
"""Digests of a batch that are in work at the same time."""
FIRST_PULL_SECONDS = 10.0
"""A digest that is asked for waits at most so long for sources that were followed just before."""
JUST_FOLLOWED = timedelta(minutes=10)
WAIT_STEP_SECONDS = 0.2


class DigestActivities:
    """The bot's activities around digests, and what they share."""

    def __init__(self, db: Database, bot: Bot) -> None:
        self._db = db
        self._sender = Sender(db, bot)
        self._chooser = Chooser(db)

    def all(self) -> list[Callable[..., Any]]:
        """What a worker registers."""
        return [self.open_due_slots, self.build_and_send]

    @activity.defn(name=OPEN_DUE_SLOTS)
    async def open_due_slots(self, request: OpenDueSlotsInput) -> OpenDueSlotsResult:
        """Open every digest that is due and take over those that somebody left unfinished."""
        now = datetime.fromisoformat(request.now)
        opened = SUBSCRIBERS_IN_TRANSACTION
        while opened == SUBSCRIBERS_IN_TRANSACTION:
            async with self._db.write() as session:
                opened = await digests.open_due(
                    session, now=now, lease_id=request.lease_id, limit=SUBSCRIBERS_IN_TRANSACTION
                )
        async with self._db.write() as session:
            await digests.adopt(session, now=now, lease_id=request.lease_id)
        async with self._db.read() as session:
            ids = await digests.list_leased(session, lease_id=request.lease_id)
        return OpenDueSlotsResult([ids[start : start + BATCH_DIGESTS] for start in range(0, len(ids), BATCH_DIGESTS)])

    @activity.defn(name=BUILD_AND_SEND)
    async def build_and_send(self, request: SendDigestsInput) -> SendDigestsResult:
        """Bring every digest of the batch to its end; one that fails does not hold up the others.

        Raises:
            ApplicationError: some could not be sent now; the next attempt goes on with exactly these.
        """
        clock = _clock(request)
        token = f"{request.lease_id}.{activity.info().workflow_run_id}.{activity.info().attempt}"
        limit = asyncio.Semaphore(SENT_AT_ONCE)
        async with heartbeating():
            async with self._db.write() as session:
                claimed = await digests.claim(
                    session, digest_ids=request.digest_ids, lease_id=request.lease_id, token=token, now=clock()
                )
            outcomes = await asyncio.gather(
                *(self._finish_one(digest_id, token, clock, limit) for digest_id in claimed), return_exceptions=True
            )
        broken = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if broken:
            raise ApplicationError(
                f"{len(broken)} of {len(claimed)} digests are not sent yet", type="DigestsUnsent"
            ) from broken[0]
        counts = Counter(outcomes)
        return SendDigestsResult(sent=counts["sent"], empty=counts["empty"], blocked=counts["blocked"])

    async def _finish_one(self, digest_id: int, token: str, clock: Clock, limit: asyncio.Semaphore) -> str:
        async with limit:
            if activity.is_worker_shutdown():  # whoever runs next begins with it
                raise ApplicationError("The worker stops", type="WorkerStops")
            try:
                return await self._finish(digest_id, token, clock)
            except AiogramError as error:
                activity.logger.warning("digest not sent yet digest_id=%s error=%s", digest_id, type(error).__name__)
                raise

    async def _finish(self, digest_id: int, token: str, clock: Clock) -> str:
        """Build the digest unless it is built, send it, and end it; gives the state it ended in."""
        async with self._db.read() as session:
            claimed = await digests.get_claimed(session, digest_id=digest_id, token=token)
        if claimed is None:
            return "elsewhere"
        digest, subscriber = claimed
        if digest.state == "open" and not await self.build(digest, subscriber, token, clock):
            return await self._end(digest_id, token, "blocked" if subscriber.blocked_at else "skipped", clock)
        async with self._db.read() as session:
            parts = await deliveries.list_parts(session, digest_id=digest_id)
            filled = await digests.has_entries(session, digest_id=digest_id)
        for delivery_id in parts:
            outcome = await self._sender.deliver(delivery_id, token=token, clock=clock)
            if outcome is Outcome.LEASE_LOST:
                return "elsewhere"
            if outcome is Outcome.CHAT_REFUSED:
                async with self._db.write() as session:
                    await digests.block(session, digest_id=digest_id, token=token, now=clock())
                return "blocked"
        return await self._end(digest_id, token, "sent" if filled else "empty", clock)

    async def _end(self, digest_id: int, token: str, state: str, clock: Clock) -> str:
        async with self._db.write() as session:
            finished = await digests.finish(session, digest_id=digest_id, token=token, state=state, now=clock())
        return state if finished else "elsewhere"

    async def build(self, digest: Digest, subscriber: Subscriber, token: str, clock: Clock) -> bool:
        """Choose and freeze what an open digest holds, and write down what became of every other candidate.

        False if it is not wanted any more: a daily one of somebody who paused.
        """
        is_asked = digest.slot.startswith(digests.ASKED)
        if not is_asked and (subscriber.paused or subscriber.blocked_at):
            return False
        if is_asked:
            await self._wait_for_first_pull(subscriber, clock)
        while True:
            now = clock()
            choice = await self._chooser.choose(subscriber, now)
            parts = _parts(digest, subscriber, choice, now, is_asked=is_asked)
            async with self._db.write() as session:
                frozen = await digests.freeze(
                    session,
                    digest_id=digest.id or 0,
                    token=token,
                    chat_id=subscriber.chat_id,
                    entries=choice.entries,
                    parts=parts,
                )
                if frozen:
                    await decisions.store(
                        session,
                        digest_id=digest.id or 0,
                        subscriber_id=subscriber.id or 0,
                        decided_at=now,
                        packed=choice.packed,
                    )
            if frozen:
                return True
            # Another digest of this person took one of the items, or somebody else works on this one now.
            async with self._db.read() as session:
                claimed = await digests.get_claimed(session, digest_id=digest.id or 0, token=token)
            if claimed is None or claimed[0].state != "open":
                return True

    async def _wait_for_first_pull(self, subscriber: Subscriber, clock: Clock) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + FIRST_PULL_SECONDS
        while loop.time() < deadline:
            async with self._db.read() as session:
                pulling = await sources.is_first_pull_running(session, subscriber_id=subscriber.id or 0, now=clock())
                processing = await stories.is_processing(
                    session, subscriber_id=subscriber.id or 0, followed_since=clock() - JUST_FOLLOWED
                )
            if not (pulling or processing):
                return
            await asyncio.sleep(WAIT_STEP_SECONDS)


def _parts(digest: Digest, subscriber: Subscriber, choice: Choice, now: datetime, *, is_asked: bool) -> list[Part]:
    """The messages of a digest."""
    if not choice.entries:
        return _nothing(is_asked=is_asked, follows_any=choice.follows_any)
    lines = [
        render.Line(entry.position, telling, entry.reasons, is_update=entry.is_update)
        for entry, telling in zip(choice.entries, choice.tellings, strict=True)
    ]
    return render.digest(digest.id or 0, lines, now=now, time_zone=subscriber.time_zone, topics=choice.topics)


def _nothing(*, is_asked: bool, follows_any: bool) -> list[Part]:
    """What is said when there is nothing: to somebody who follows nothing, only if they ask."""
    if not is_asked:
        return [render.empty(render.NOTHING_NEW)] if follows_any else []
    return [render.empty(render.NOTHING_NEW_ASKED if follows_any else render.NOTHING_FOLLOWED)]


def _clock(request: SendDigestsInput) -> Clock:
    """The time of the request, and from there on what passes: in earlier attempts, and in this one."""
    info, loop = activity.info(), asyncio.get_running_loop()
    began_at = loop.time()
    start = datetime.fromisoformat(request.now or info.started_time.isoformat())
    start += info.started_time - info.scheduled_time
    return lambda: start + timedelta(seconds=loop.time() - began_at)
