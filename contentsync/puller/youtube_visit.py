"""One sync's way to YouTube: every request is paid for before it is made, and tokens are renewed on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contentsync.credentials import Vault
from contentsync.db import integrations, youtube_quota
from contentsync.db.account_models import Integration
from contentsync.db.engine import Database
from contentsync.errors import AccountRefused, CredentialError, QuotaSpent
from contentsync.puller.account import LeaseLost
from contentsync.sources.base import Unchanged
from contentsync.sources.json_api import ApiAnswer
from contentsync.sources.oauth import OAuthApp, Tokens
from contentsync.sources.youtube import SERVICE, YouTubeApi
from contentsync.sources.youtube_quota import day_of

SPREAD_MINUTES = 30
"""After midnight in California the accounts come back one by one, over so long a time."""


@dataclass(frozen=True, slots=True)
class YouTubeAccess:
    """What all visits share."""

    db: Database
    vault: Vault
    app: OAuthApp
    api: YouTubeApi
    api_url: str

    def tokens_of(self, integration: Integration) -> Tokens:
        """What is stored of the account.

        Raises:
            AccountRefused: it cannot be read any more, and only a new sign-in helps.
        """
        try:
            return Tokens.from_json(self.vault.decrypt(integration.credentials))
        except CredentialError as error:
            raise AccountRefused(self.api_url, "the stored sign-in cannot be read") from error

    async def pay(
        self, purpose: str, now: datetime, *, integration_id: int | None = None, can_wait: bool = False
    ) -> None:
        """Write a unit down before it is spent.

        Raises:
            QuotaSpent: none is left for this today.
        """
        async with self.db.write() as session:
            paid = await youtube_quota.spend(
                session, units=1, purpose=purpose, now=now, integration_id=integration_id, can_wait=can_wait
            )
        if not paid:
            pause = timedelta(minutes=(integration_id or 0) % SPREAD_MINUTES)
            raise QuotaSpent(self.api_url, SERVICE, day_of(now)[1] + pause)

    async def ask(
        self, resource: str, params: Mapping[str, str], tokens: Tokens, now: datetime, *, etag: str | None = None
    ) -> ApiAnswer | Unchanged:
        """One request that is paid already. If Google says that the day's units are spent, they are for everybody.

        Raises:
            SourceError: see `YouTubeApi.get`.
        """
        try:
            return await self.api.get(resource, params, access_token=tokens.access_token, now=now, etag=etag)
        except QuotaSpent:
            async with self.db.write() as session:
                await youtube_quota.close_day(session, now=now)
            raise


class Visit:
    """The requests of one sync of one account."""

    def __init__(self, access: YouTubeAccess, integration: Integration, now: datetime) -> None:
        self._access = access
        self._tokens = access.tokens_of(integration)
        self.integration = integration
        self.now = now

    async def get(
        self, resource: str, params: Mapping[str, str], *, etag: str | None = None, can_wait: bool = False
    ) -> ApiAnswer | Unchanged:
        """What `resource` is now; an access token that is refused before its time is renewed once.

        Raises:
            AccountRefused, QuotaSpent, SourceError: as their names say.
            LeaseLost: somebody else has renewed the tokens meanwhile.
        """
        renewed = not self._tokens.is_fresh(self.now)
        if renewed:
            await self._renew()
        try:
            return await self._paid(resource, params, etag, can_wait)
        except AccountRefused as error:
            if renewed or error.detail not in ("authError", "invalidCredentials", "required", ""):
                raise
        await self._renew()
        return await self._paid(resource, params, etag, can_wait)

    async def _paid(
        self, resource: str, params: Mapping[str, str], etag: str | None, can_wait: bool
    ) -> ApiAnswer | Unchanged:
        await self._access.pay(resource, self.now, integration_id=self.integration.id, can_wait=can_wait)
        return await self._access.ask(resource, params, self._tokens, self.now, etag=etag)

    async def _renew(self) -> None:
        """Renew the tokens, and store them at once: a refresh token that was replaced is never seen again."""
        self._tokens = await self._access.app.refresh(self._tokens, now=self.now)
        async with self._access.db.write() as session:
            integration_id = self.integration.id or 0
            if not await integrations.lock_leased(
                session, integration_id=integration_id, lease_id=self.integration.lease_id
            ):
                raise LeaseLost
            credentials = self._access.vault.encrypt(self._tokens.to_json())
            await integrations.change(session, integration_id=integration_id, credentials=credentials)
