"""The HTTP side: /health, /ready, where people come back to after a sign-in, and whatever the other parts mount."""

import json
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from contentsync.credentials import Vault
from contentsync.db import drafts, oauth_states
from contentsync.db.account_models import OAuthState
from contentsync.db.base import utc_now
from contentsync.db.engine import Database
from contentsync.db.oauth_states import Verdict
from contentsync.errors import ConfigurationError
from contentsync.puller.contract import CONNECT_ACCOUNT, ConnectAccountInput, connect_workflow_id
from contentsync.web_pages import CONNECTED, DECLINED, EXPIRED, FAILED, HEADERS, LATER, UNKNOWN, USED, Page, render

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 25_000_000
"""Largest request body: the largest file the Bot API takes is 20 MB, and multipart adds to it."""

MAX_PARAMETER_CHARACTERS = 2_000
"""Of a code or state; Google's have some 100."""

Check = Callable[[], Awaitable[bool]]


@web.middleware
async def _plain_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """No sniffing, no framing, no referrer, on every answer that has begun nowhere else."""
    response = await handler(request)
    if not response.prepared:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


def build_app(checks: dict[str, Check]) -> web.Application:
    """The application; `checks` names the parts this process hosts and tells whether each works now."""
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_plain_headers])

    async def health(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def ready(_request: web.Request) -> web.Response:
        states = {name: await check() for name, check in checks.items()}
        return web.json_response(states, status=200 if all(states.values()) else 503)

    app.router.add_get("/health", health)
    app.router.add_get("/ready", ready)
    return app


class SignIns:
    """GET /oauth2/callback: takes the code that Google sends back, and has the account connected.

    It may run in another process than the worker. What it gets is stored before anything is done with it, so a page
    that is loaded again goes on where it stopped, and does nothing twice. `patience`: how long a person waits for
    Temporal before the page asks them to reload it.
    """

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        temporal: Client,
        task_queue: str,
        now: Callable[[], datetime] = utc_now,
        patience: timedelta = timedelta(seconds=10),
    ) -> None:
        self._db = db
        self._vault = vault
        self._temporal = temporal
        self._task_queue = task_queue
        self._now = now
        self._patience = patience

    def add_routes(self, app: web.Application) -> None:
        """Mount it."""
        app.router.add_get("/oauth2/callback", self._callback)

    async def _callback(self, request: web.Request) -> web.Response:
        page, chat_url = await self._take(
            state=request.query.get("state", ""), code=request.query.get("code", ""), error="error" in request.query,
            declined=request.query.get("error") == "access_denied",
        )  # fmt: skip
        log.info("sign-in came back status=%d", page.status)
        return web.Response(
            text=render(page, chat_url),
            status=page.status,
            content_type="text/html",
            headers=HEADERS,
        )

    async def _take(self, *, state: str, code: str, error: bool, declined: bool) -> tuple[Page, str]:
        """What to show, and where the chat is."""
        if not state or max(len(state), len(code)) > MAX_PARAMETER_CHARACTERS:
            return UNKNOWN, ""
        now = self._now()
        draft_id: int | None = None
        async with self._db.write() as session:
            verdict, begun = await oauth_states.claim_state(session, state=state, now=now)
            if verdict is Verdict.VALID and begun is not None and code and not error:
                draft = await drafts.keep_draft(
                    session,
                    subscriber_id=begun.subscriber_id,
                    update_id=oauth_states.draft_number(begun.state_hash),
                    text=self._vault.encrypt(self._sign_in(begun, code)),
                    now=now,
                )
                draft_id = draft.id
        if begun is None:
            return UNKNOWN, ""
        if verdict is Verdict.EXPIRED:
            return EXPIRED, begun.chat_url
        if verdict is Verdict.USED:
            return await self._again(begun), begun.chat_url
        if draft_id is None:
            return DECLINED if declined else FAILED, begun.chat_url
        started = await self._connect(draft_id)
        return CONNECTED if started else LATER, begun.chat_url

    async def _again(self, begun: OAuthState) -> Page:
        """The state was used before: whatever came with it now is ignored, but what came first is not lost."""
        number = oauth_states.draft_number(begun.state_hash)
        async with self._db.read() as session:
            draft = await drafts.find_draft(session, subscriber_id=begun.subscriber_id, update_id=number)
        if draft is not None and not draft.outcome and not await self._connect(draft.id or 0):
            return LATER
        return USED

    def _sign_in(self, begun: OAuthState, code: str) -> str:
        """What the account is connected with."""
        return json.dumps({"code": code, "verifier": self._vault.decrypt(begun.verifier)})

    async def _connect(self, draft_id: int) -> bool:
        """Have the account connected; False if Temporal cannot be reached now."""
        try:
            await self._temporal.start_workflow(
                CONNECT_ACCOUNT,
                ConnectAccountInput(draft_id, "youtube", announce=True),
                id=connect_workflow_id(draft_id),
                task_queue=self._task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                rpc_timeout=self._patience,
            )
        except WorkflowAlreadyStartedError:
            log.info("repeated sign-in draft=%d", draft_id)
        except RPCError as error:
            log.warning("sign-in not started draft=%d error=%s", draft_id, error.status.name)
            return False
        return True


class WebServer:
    """A running HTTP server."""

    def __init__(self, runner: web.AppRunner) -> None:
        self._runner = runner

    @classmethod
    async def start(cls, app: web.Application, host: str, port: int) -> Self:
        """Listen.

        Raises:
            ConfigurationError: the address cannot be had.
        """
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            raise ConfigurationError(
                f"Cannot listen on {host}:{port} ({error.strerror}). Set CONTENTSYNC_HTTP_PORT to a free port."
            ) from error
        return cls(runner)

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        await self._runner.cleanup()
