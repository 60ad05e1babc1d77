"""The YouTube Data API: one request, and what its refusals mean.

Source: https://developers.google.com/youtube/v3/docs and …/docs/errors
"""

import logging
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from contentsync.errors import AccountRefused, NotFound, QuotaSpent, RateLimited, Refused, ServerFailed, SourceError
from contentsync.sources.base import Unchanged
from contentsync.sources.failures import http_failure, retry_after_seconds
from contentsync.sources.json_api import ApiAnswer, call
from contentsync.sources.youtube_quota import day_of

log = logging.getLogger(__name__)

SCOPE = "https://www.googleapis.com/auth/youtube.readonly"
SERVICE = "YouTube"
PAGE = 50
"""The most that one page, or one list of ids, can hold."""

_SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_ACCOUNT = frozenset(
    {
        "authError",
        "invalidCredentials",
        "required",
        "insufficientPermissions",
        "accountDelegationForbidden",
        "accountClosed",
        "accountSuspended",
        "authenticatedUserAccountClosed",
        "authenticatedUserAccountSuspended",
        "subscriptionForbidden",
        "youtubeSignupRequired",
    }
)
"""Only a new sign-in, or another account, ends these."""
_MISSING = frozenset(
    {"notFound", "channelNotFound", "playlistNotFound", "subscriberNotFound", "videoNotFound", "playlistItemsNotFound"}
)
_PASSING = frozenset(
    {"backendError", "internalError", "processingFailure", "SERVICE_UNAVAILABLE", "serviceUnavailable"}
)
_REASON = re.compile(r"\w{1,60}")


class YouTubeApi:
    """Asks the API at its address."""

    def __init__(self, client: httpx.AsyncClient, base_url: str) -> None:
        self._client = client
        self._base_url = base_url

    async def get(
        self,
        resource: str,
        params: Mapping[str, str],
        *,
        access_token: str,
        now: datetime,
        etag: str | None = None,
    ) -> ApiAnswer | Unchanged:
        """What `resource` is now; `Unchanged` if it still has this ETag. Either costs a unit.

        Raises:
            SourceError: by class, see `failure`.
        """
        headers = {"Authorization": f"Bearer {access_token}"}
        if etag:
            headers["If-None-Match"] = etag
        answer = await call(self._client, "GET", f"{self._base_url}/{resource}", params=params, headers=headers)
        if answer.status == 304 and etag:
            return Unchanged()
        if answer.status != 200:
            raise failure(answer, now)
        return answer


def failure(answer: ApiAnswer, now: datetime) -> SourceError:
    """Name a refusal by the reason in its body, and by its status where that says nothing."""
    url, status, reason = answer.url, answer.status, reason_of(answer.document)
    wait = retry_after_seconds(answer.headers)
    log.warning("youtube refused status=%d reason=%s", status, reason)
    if reason in _SPENT:
        return QuotaSpent(url, SERVICE, day_of(now)[1])
    if reason in _ACCOUNT or status == 401:
        return AccountRefused(url, reason)
    if reason in _TOO_FAST:
        return RateLimited(url, status, wait)
    if reason in _MISSING:
        return NotFound(url, status, wait)
    if reason in _PASSING:
        return ServerFailed(url, status, wait)
    return http_failure(url, status, answer.headers) if status >= 400 else Refused(url, status, wait)


def reason_of(document: Mapping[str, Any]) -> str:
    """The first error's reason, "" if none is told in the known form."""
    error = document.get("error")
    errors = error.get("errors") if isinstance(error, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    reason = first.get("reason") if isinstance(first, dict) else None
    return reason if isinstance(reason, str) and _REASON.fullmatch(reason) else ""
