"""Leaving a newsletter's list with one request, as its mails offer it.

The link stands encrypted with the channel. Whether the mail it came in was signed by its sender (DKIM) is not checked
here: the person who taps the button vouches for the newsletter.
Source: RFC 8058, section 3.2.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
from temporalio import activity

from contentsync.credentials import Vault
from contentsync.db import channels
from contentsync.db.engine import Database
from contentsync.errors import InvalidLink, SourceError, TimedOut
from contentsync.puller.contract import UnsubscribeInput, UnsubscribeResult
from contentsync.puller.intake import failure_of
from contentsync.puller.work import LEAVE_LIST
from contentsync.sources.failures import http_failure, transport_failure
from contentsync.sources.http import normalise_link
from contentsync.temporal import heartbeating

POST_SECONDS = 25.0
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


class UnsubscribeActivities:
    """The only one. `client` is the guarded one."""

    def __init__(self, *, db: Database, vault: Vault, client: httpx.AsyncClient) -> None:
        self._db = db
        self._vault = vault
        self._client = client

    def all(self) -> list[Callable[..., Any]]:
        """What a worker registers."""
        return [self.leave_list]

    @activity.defn(name=LEAVE_LIST)
    async def leave_list(self, request: UnsubscribeInput) -> UnsubscribeResult:
        """Ask the list's server to stop; how it went is written down with the channel."""
        async with heartbeating():
            async with self._db.read() as session:
                channel = await channels.find_channel(session, channel_id=request.channel_id)
            if channel is None or channel.secret is None:
                return UnsubscribeResult()
            ways = json.loads(self._vault.decrypt(channel.secret))
            if not ways.get("one_click"):
                return UnsubscribeResult()
            not_left: dict[str, Any] | None = None
            try:
                await post_one_click(self._client, ways["link"])
            except SourceError as error:
                failure = failure_of(error)
                not_left = {"reason_key": failure.reason_key, "params": dict(failure.params)}
            async with self._db.write() as session:
                details = {"unsubscribed": not_left is None, "not_left": not_left}
                await channels.merge_details(session, channel_id=request.channel_id, details=details)
        return UnsubscribeResult(done=not_left is None)


async def post_one_click(client: httpx.AsyncClient, link: str) -> None:
    """Send the one request, without cookies, and follow no redirect.

    Raises:
        InvalidLink: the link is not https, or none.
        SourceError: the server did not accept it, by class.
    """
    if not link.startswith("https://"):
        raise InvalidLink(link, "only https links are asked to unsubscribe")
    url = normalise_link(link)
    try:
        async with asyncio.timeout(POST_SECONDS), client.stream("POST", url, data=ONE_CLICK) as response:
            status, headers = response.status_code, response.headers
    except TimeoutError as error:
        raise TimedOut(url) from error
    except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
        raise transport_failure(url, error) from error
    if not 200 <= status < 300:
        raise http_failure(url, status, headers)
