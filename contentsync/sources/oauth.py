"""Signing in to a service with OAuth 2.0: the page of consent; a code becomes tokens, which are renewed and given back.

Source: RFC 6749 (sections 4.1, 5, 6), RFC 7636 (PKCE), RFC 7009 (revocation), and what Google adds to them:
https://developers.google.com/identity/protocols/oauth2/web-server
"""

import base64
import hashlib
import json
import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlencode

import httpx

from contentsync.errors import AccountRefused, SourceError
from contentsync.settings import Settings
from contentsync.sources.failures import http_failure
from contentsync.sources.json_api import ApiAnswer, call

log = logging.getLogger(__name__)

MARGIN = timedelta(minutes=5)
"""A token is renewed so long before it expires, because what it is used for takes a while."""
DEFAULT_SECONDS = 3600
MAX_SECONDS = 24 * 3600

_PERSONS_FAULT = frozenset({"invalid_grant", "access_denied", "invalid_scope", "admin_policy_enforced"})
"""Errors that only a new sign-in ends; any other is the operator's or the service's."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an account is used with. `expires_at` is the access token's."""

    access_token: str
    refresh_token: str
    expires_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Whether the access token can be used for a while."""
        return now < self.expires_at - MARGIN

    def to_json(self) -> str:
        """In clear; whoever stores it encrypts it."""
        return json.dumps(
            {
                "access_token": self.access_token,
                "refresh_token": self.refresh_token,
                "expires_at": self.expires_at.isoformat(),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` gave."""
        found = json.loads(text)
        return cls(found["access_token"], found["refresh_token"], datetime.fromisoformat(found["expires_at"]))


def consent_url(settings: Settings, *, state: str, verifier: str, scope: str) -> str:
    """Google's consent page. Asking for offline access and for consent each time makes it give a lasting token.

    `verifier` is the PKCE code verifier; only its SHA-256 goes into the link.
    """
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    query = {
        "client_id": settings.google_client_id,
        "redirect_uri": settings.oauth_redirect_uri,
        "response_type": "code",
        "scope": scope,
        "access_type": "offline",
        "prompt": "consent",
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"),
        "code_challenge_method": "S256",
    }
    return f"{settings.google_auth_url}?{urlencode(query)}"


class OAuthApp:
    """This instance as Google knows it; the settings say under which id."""

    def __init__(self, client: httpx.AsyncClient, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    async def exchange(self, code: str, verifier: str, *, scope: str, now: datetime) -> Tokens:
        """The tokens for a code, which is good for one try. `verifier` is the PKCE code verifier.

        Raises:
            AccountRefused: the code is wrong, old or used; or the person did not grant `scope`.
            SourceError: by class, see `contentsync.errors`.
        """
        url = self._settings.google_token_url
        granted = await self._ask(
            {
                "grant_type": "authorization_code",
                "code": code,
                "code_verifier": verifier,
                "redirect_uri": self._settings.oauth_redirect_uri,
            }
        )
        if scope not in str(granted.get("scope", scope)).split():
            raise AccountRefused(url, "the needed right was not granted")
        return _tokens(url, granted, now, refresh_token="")

    async def refresh(self, tokens: Tokens, *, now: datetime) -> Tokens:
        """New tokens for old ones. A refresh token that the service replaces is replaced, else it is kept.

        Raises:
            AccountRefused: it was revoked, or is too old (seven days where Google's consent screen is in testing).
            SourceError: by class, see `contentsync.errors`.
        """
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        granted = await self._ask(form)
        return _tokens(self._settings.google_token_url, granted, now, refresh_token=tokens.refresh_token)

    async def revoke(self, tokens: Tokens) -> None:
        """Give the account back: none of its tokens works any more. One that was revoked before is fine.

        Raises:
            SourceError: by class, see `contentsync.errors`.
        """
        url = self._settings.google_revoke_url
        answer = await call(self._client, "POST", url, form={"token": tokens.refresh_token})
        if answer.status != 200 and _error_of(answer) not in ("invalid_token", "invalid_grant"):
            raise http_failure(url, answer.status, answer.headers)

    async def _ask(self, form: dict[str, str]) -> dict[str, Any]:
        settings = self._settings
        if settings.google_client_secret is None or not settings.google_client_id:
            raise AccountRefused(settings.google_token_url, "this instance has no client id and secret")
        form |= {
            "client_id": settings.google_client_id,
            "client_secret": settings.google_client_secret.get_secret_value(),
        }
        answer = await call(self._client, "POST", settings.google_token_url, form=form)
        if answer.status != 200:
            raise token_failure(answer)
        return answer.document


def token_failure(answer: ApiAnswer) -> SourceError:
    """Name what a token endpoint refused. Source: RFC 6749, section 5.2."""
    error = _error_of(answer)
    log.warning("tokens refused status=%d error=%s", answer.status, error)
    if error in _PERSONS_FAULT:
        return AccountRefused(answer.url, error)
    return http_failure(answer.url, answer.status, answer.headers)


def _error_of(answer: ApiAnswer) -> str:
    """The error's name, or "" if it is not of the form of one: it goes into the log."""
    error = answer.document.get("error")
    return error if isinstance(error, str) and re.fullmatch(r"\w{1,40}", error) else ""


def _tokens(url: str, granted: dict[str, Any], now: datetime, *, refresh_token: str) -> Tokens:
    access_token = granted.get("access_token")
    refresh_token = granted.get("refresh_token") or refresh_token
    if not isinstance(access_token, str) or not isinstance(refresh_token, str) or not (access_token and refresh_token):
        raise AccountRefused(url, "no lasting access was granted")
    seconds = granted.get("expires_in")
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        seconds = DEFAULT_SECONDS
    return Tokens(access_token, refresh_token, now + timedelta(seconds=max(0, min(seconds, MAX_SECONDS))))
