"""One request to a service's API, whose failures are told in the body: bounded, and never redirected."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx

from contentsync.errors import Unreachable
from contentsync.sources.base import Fetched
from contentsync.sources.compression import UndecodableBody, decoded_body
from contentsync.sources.failures import transport_failure

MAX_ANSWER_BYTES = 5_000_000
TOTAL_SECONDS = 20.0

_NOT_OF_THE_DECODED_BODY = frozenset({"content-encoding", "transfer-encoding", "content-length"})


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What the service said, whatever its status."""

    url: str
    """Without its query, which may hold what is nobody's business."""
    status: int
    headers: httpx.Headers
    body: bytes
    """Decoded."""

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object in the body; empty if there is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def fetched(self) -> Fetched:
        """The answer as the archive and the readers take it."""
        return Fetched(
            url=self.url,
            status=self.status,
            headers=tuple((k, v) for k, v in self.headers.multi_items() if k not in _NOT_OF_THE_DECODED_BODY),
            body=self.body,
            body_hash=hashlib.sha256(self.body).hexdigest(),
            content_type=self.headers.get("content-type", ""),
        )


async def call(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    limit_bytes: int = MAX_ANSWER_BYTES,
    total_seconds: float = TOTAL_SECONDS,
) -> ApiAnswer:
    """Ask, and give the answer with any status. `params` are the query, `form` the body.

    Errors name `url` alone, never the query. A redirect is an answer like any other: secrets follow none.

    Raises:
        AddressRefused, Unreachable, TimedOut, TooLarge: as their names say.
    """
    sent = {"Accept": "application/json", **(headers or {})}
    try:
        async with asyncio.timeout(total_seconds):
            request = client.build_request(method, url, params=params or None, data=form, headers=sent)
            response = await client.send(request, stream=True)
            try:
                encoding = response.headers.get("content-encoding", "")
                body = await decoded_body(response.aiter_raw(), encoding, url=url, limit_bytes=limit_bytes)
            finally:
                await response.aclose()
    except UndecodableBody as error:
        raise Unreachable(url, str(error)) from error
    except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError) as error:
        raise transport_failure(url, error) from error
    return ApiAnswer(url, response.status_code, response.headers, body)
