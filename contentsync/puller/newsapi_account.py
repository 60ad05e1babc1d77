"""News API accounts: a key, and the topics it is asked about, within what its plan allows."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from temporalio import activity

from contentsync.credentials import Vault
from contentsync.db import integrations, quotas, sources, topics
from contentsync.db.account_models import Integration
from contentsync.db.engine import Database
from contentsync.errors import (
    AccountRefused,
    PlanExceeded,
    QueryRefused,
    QuotaSpent,
    RateLimited,
    SourceError,
)
from contentsync.puller.account import AccountStore, Answer, Connected, LeaseLost, Synced
from contentsync.puller.intake import failure_of
from contentsync.puller.newsapi_plan import (
    MOST_REACH,
    PLAN,
    REST,
    WINDOW,
    Plan,
    Request,
    Spending,
    TopicState,
    after_answer,
    after_turn,
    free_at,
    from_json,
    plan_next,
    shortened,
    to_json,
)
from contentsync.sources.base import Fetched
from contentsync.sources.newsapi import KIND, Query, extent_of, search

log = logging.getLogger(__name__)

SERVICE = "News API"
TURN, PAGE, TEST = "turn", "page", "test"
"""What a unit is spent for."""
TRIAL = "news"
"""What a new key is tried with."""


@dataclass
class _Sync:
    """One sync under way: what it works on, and what came of it so far."""

    integration: Integration
    key: str
    now: datetime
    words: Mapping[int, tuple[str, str]]
    """Text and language of each topic, by the id of its source."""
    states: dict[int, TopicState] = field(default_factory=dict)
    blocked_until: datetime | None = None
    new_items: int = 0
    answers: int = 0
    trouble: SourceError | None = None
    """What the service answered to a topic instead of articles, and may not answer to another."""

    @property
    def cursor(self) -> dict[str, Any]:
        """Everything the next sync has to know. A block holds for the key that it was met with."""
        found: dict[str, Any] = {"topics": {str(id): to_json(state) for id, state in self.states.items()}}
        if self.blocked_until is not None:
            found["blocked"] = {"until": self.blocked_until.isoformat(), "account": self.integration.account}
        return found


class NewsApiAccount:
    """Accounts of kind "newsapi". A person has one at most; a new key takes the place of the old one."""

    kind = KIND

    def __init__(
        self, *, db: Database, vault: Vault, client: httpx.AsyncClient, store: AccountStore, base_url: str
    ) -> None:
        self._db = db
        self._vault = vault
        self._client = client
        self._store = store
        self._base_url = base_url

    async def connect(self, subscriber_id: int, given: str, now: datetime) -> Connected:
        """Try the key with one request. A key that has none left is a key all the same.

        Raises:
            AccountRefused: News API does not know the key.
            SourceError: News API cannot be asked.
        """
        scope, label = scope_of(given), f"…{given[-4:]}"
        if await self._spend_trial(scope, now):
            try:
                query = Query(TRIAL, "en", now - timedelta(days=2), now, articles=1)
                await search(self._client, self._base_url, given, query)
            except (RateLimited, PlanExceeded) as error:
                log.info("key is known but asked for too much reason=%s", error.reason_key)
        async with self._db.write() as session:
            # Renamed, the account that is there is the one that gets the new key.
            for known in await integrations.list_integrations(session, subscriber_id=subscriber_id, kind=self.kind):
                await integrations.change(session, integration_id=known.id or 0, account=label)
        return Connected(account=label, credentials=json.dumps({"key": given}), options={})

    async def sync(self, integration: Integration, now: datetime) -> Synced:
        """Ask for one topic after another, as far as the plan goes.

        Raises:
            AccountRefused, QuotaSpent, LeaseLost, SourceError: see `contentsync.puller.account.Account`.
        """
        now += _lateness()
        sync = await self._begin(integration, now)
        while True:
            plan = await self._spend_next(sync)
            if plan.request is None:
                if sync.trouble is not None and not sync.answers:
                    raise sync.trouble
                return Synced(sync.new_items, plan.next_at)
            await self._ask(sync, plan.request)

    async def disconnect(self, integration: Integration) -> None:
        """Nothing to give back: a key stays its owner's."""

    async def _spend_trial(self, scope: str, now: datetime) -> bool:
        """Whether a unit was left for trying the key; a key that has spent them all with us is known to work."""
        async with self._db.write() as session:
            if free_at(await _spent(session, scope, now), now) > now:
                return False
            await quotas.spend(session, scope=scope, units=1, purpose=TEST, now=now)
        return True

    async def _begin(self, integration: Integration, now: datetime) -> _Sync:
        key = str(json.loads(self._vault.decrypt(integration.credentials))["key"])
        owner = {"subscriber_id": integration.subscriber_id, "integration_id": integration.id or 0}
        async with self._db.write() as session:
            await topics.give_sources(session, **owner, now=now)
            await topics.forget_refusals(session, integration_id=integration.id or 0)
            searched = await topics.list_searched(session, **owner)
        words = {topic.source_id: (topic.text, topic.language) for topic in searched if topic.source_id is not None}
        stored = integration.cursor.get("topics", {})
        blocked = integration.cursor.get("blocked", {})
        return _Sync(
            integration=integration,
            key=key,
            now=now,
            words=words,
            states={source_id: from_json(stored.get(str(source_id), {})) for source_id in words},
            blocked_until=datetime.fromisoformat(blocked["until"])
            if blocked.get("account") == integration.account
            else None,
        )

    async def _spend_next(self, sync: _Sync) -> Plan:
        """Plan the next request and write down its unit, in one transaction: whoever plans after that counts it."""
        scope = scope_of(sync.key)
        async with self._db.write() as session:
            await _hold(session, sync)
            spent = await _spent(session, scope, sync.now)
            plan = plan_next(sync.states, spent, now=sync.now, not_before=sync.blocked_until)
            if plan.request is not None:
                purpose = PAGE if plan.request.is_page else TURN
                await quotas.spend(session, scope=scope, units=1, purpose=purpose, now=sync.now)
        return plan

    async def _ask(self, sync: _Sync, request: Request) -> None:
        """Ask for a topic and store what comes; each of the API's errors has its own consequence."""
        text, language = sync.words[request.source_id]
        query = Query(text, language, request.window.start, request.window.end)
        try:
            fetched = await search(self._client, self._base_url, sync.key, query)
            await self._take(sync, request, fetched)
        except AccountRefused as error:
            await self._note(sync, *sync.words, error=error)
            raise
        except RateLimited as error:
            sync.blocked_until = await self._next_window(sync, error)
            await self._note(sync)
            raise QuotaSpent(error.url, SERVICE, sync.blocked_until) from error
        except PlanExceeded as error:
            state = sync.states[request.source_id]
            shorter = shortened(state, request, sync.now)
            if shorter is None:
                sync.states[request.source_id] = replace(state, reach=MOST_REACH)
                await self._leave_alone(sync, request, error, sync.now + REST)
            else:
                sync.states[request.source_id] = shorter
                await self._note(sync)
        except QueryRefused as error:
            await self._leave_alone(sync, request, error, sync.now + REST)
        except SourceError as error:
            # It may be this topic alone: another one is tried, and a second failure is the service's.
            await self._leave_alone(sync, request, error, None)
            if sync.trouble is not None:
                raise
            sync.trouble = error
        else:
            sync.answers += 1

    async def _take(self, sync: _Sync, request: Request, fetched: Fetched) -> None:
        """Store an answer together with how far the topic is read now; the same answer again is not stored."""
        extent = extent_of(fetched)
        before = sync.states[request.source_id]
        sync.states[request.source_id] = after_answer(
            before, request, extent, body_hash=fetched.body_hash, now=sync.now
        )
        if fetched.body_hash == before.body_hash:
            await self._note(sync, request.source_id)
            return
        sync.new_items += await self._store.keep(
            sync.integration,
            [Answer(request.source_id, self.kind, fetched)],
            name=f"{sync.integration.lease_id}-{uuid4().hex}",
            now=sync.now,
            cursor=sync.cursor,
        )

    async def _leave_alone(
        self, sync: _Sync, request: Request, error: SourceError, not_before: datetime | None
    ) -> None:
        """The topic had its turn and is failing; the others go on."""
        state = after_turn(sync.states[request.source_id], request, sync.now, not_before=not_before)
        sync.states[request.source_id] = state
        await self._note(sync, request.source_id, error=error)

    async def _note(self, sync: _Sync, *source_ids: int, error: SourceError | None = None) -> None:
        """Store where the account stands, and that these topics' searches failed or brought nothing new."""
        async with self._db.write() as session:
            await _hold(session, sync)
            await integrations.change(session, integration_id=sync.integration.id or 0, cursor=sync.cursor)
            for source_id in source_ids:
                if error is None:
                    await sources.note_success(session, source_id=source_id, now=sync.now, is_new=False)
                else:
                    failure = failure_of(error)
                    await topics.note_failing(
                        session, source_id=source_id, reason_key=failure.reason_key, params=failure.params, now=sync.now
                    )

    async def _next_window(self, sync: _Sync, error: RateLimited) -> datetime:
        """When the service may answer again: by its word, else when the first unit we spent in this window is free.

        The unit of the refused request is spent, so there is one.
        """
        if error.retry_after_seconds is not None:
            return sync.now + timedelta(seconds=max(60, error.retry_after_seconds))
        async with self._db.read() as session:
            spent = await quotas.list_spent(session, scope=scope_of(sync.key), since=sync.now - WINDOW)
        return max(spent[0].spent_at + WINDOW, sync.now + timedelta(minutes=15))


def scope_of(key: str) -> str:
    """Under which name a key's units are counted. The service counts by key, and so do we: a key that is connected
    again, or by two people, has no more units than before. A key is random, so its hash gives nothing away."""
    return f"{KIND}/{hashlib.sha256(key.encode()).hexdigest()[:32]}"


async def _hold(session: Any, sync: _Sync) -> None:
    """Keep everybody else from the account until the transaction ends."""
    integration_id, lease_id = sync.integration.id or 0, sync.integration.lease_id
    if not await integrations.lock_leased(session, integration_id=integration_id, lease_id=lease_id):
        raise LeaseLost


async def _spent(session: Any, scope: str, now: datetime) -> list[Spending]:
    longest = max(window for window, _ in PLAN)
    rows = await quotas.list_spent(session, scope=scope, since=now - longest)
    return [Spending(row.spent_at, row.units, is_page=row.purpose == PAGE) for row in rows]


def _lateness() -> timedelta:
    """How long this activity had to wait for a worker, by Temporal's clock: its input knows an earlier time."""
    if not activity.in_activity():
        return timedelta()
    info = activity.info()
    return max(timedelta(), info.started_time - info.scheduled_time)
