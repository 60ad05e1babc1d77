"""Coming back from a sign-in: what a state is good for, and that nothing of the request comes back in the page."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from cryptography.fernet import Fernet
from sqlmodel import select
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from contentsync.credentials import Vault
from contentsync.db import drafts, oauth_states
from contentsync.db.account_models import OAuthState
from contentsync.db.engine import Database
from contentsync.db.models import Draft, Subscriber
from contentsync.puller.contract import connect_workflow_id
from contentsync.web import SignIns, build_app
from tests.bot.front import begin_ids_anew, open_database
from tests.conftest import program
from tests.histories_text import readable

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHAT = "https://t.me/some_bot"


@dataclass
class Desk:
    """A web server with one subscriber, and a clock."""

    db: Database
    vault: Vault
    temporal: Client
    browser: TestClient  # type: ignore[type-arg]
    subscriber_id: int
    clock: list[datetime]

    async def begin(self, state: str) -> None:
        """Somebody begins to sign in."""
        async with self.db.write() as session:
            await oauth_states.add_state(
                session,
                state=state,
                subscriber_id=self.subscriber_id,
                verifier=self.vault.encrypt("the verifier"),
                chat_url=CHAT,
                now=self.clock[0],
            )

    async def come_back(self, **query: str) -> tuple[ClientResponse, str]:
        """Google sends the browser back."""
        answer = await self.browser.get("/oauth2/callback", params=query)
        return answer, await answer.text()

    async def drafts(self) -> list[Draft]:
        """What was kept."""
        async with self.db.read() as session:
            return list(await session.exec(select(Draft).where(Draft.subscriber_id == self.subscriber_id)))


@pytest.fixture
async def desk(tmp_path: Path, temporal_dev: WorkflowEnvironment) -> AsyncIterator[Desk]:
    db = await open_database(tmp_path)
    await begin_ids_anew(db)
    async with db.write() as session:
        subscriber = Subscriber(chat_id=1)
        session.add(subscriber)
        await session.flush()
    vault, clock = Vault([Fernet.generate_key().decode()]), [NOW]
    app = build_app({})
    SignIns(db=db, vault=vault, temporal=temporal_dev.client, task_queue=uuid4().hex, now=lambda: clock[0]).add_routes(
        app
    )
    async with TestClient(TestServer(app)) as browser:
        yield Desk(db, vault, temporal_dev.client, browser, subscriber.id or 0, clock)
    await db.close()


async def test_a_code_is_kept_encrypted_and_the_account_is_connected(desk: Desk) -> None:
    await desk.begin("fresh-state")
    answer, page = await desk.come_back(state="fresh-state", code="4/0Asecretcode", scope="x")
    assert answer.status == 200
    assert "Thank you" in page
    assert f'href="{CHAT}"' in page
    (draft,) = await desk.drafts()
    assert draft.update_id < 0
    assert json.loads(desk.vault.decrypt(draft.text)) == {"code": "4/0Asecretcode", "verifier": "the verifier"}
    handle = desk.temporal.get_workflow_handle(connect_workflow_id(draft.id or 0))
    history = readable(await handle.fetch_history())
    assert "puller.ConnectAccount" in history
    assert f'"draft_id":{draft.id}' in history
    assert "secretcode" not in history
    async with desk.db.read() as session:
        (stored,) = await session.exec(select(OAuthState))
    assert stored.state_hash != "fresh-state"
    assert len(stored.state_hash) == 64
    assert "verifier" not in stored.verifier


async def test_the_page_is_strict_and_holds_nothing_of_the_request(desk: Desk) -> None:
    await desk.begin("state")
    for query in ({"state": "state", "code": "<b>code"}, {"state": '"><script>x'}, {"error": "<i>oops", "state": "y"}):
        answer, page = await desk.come_back(**query)
        policy = answer.headers["Content-Security-Policy"]
        style = page.partition("<style>")[2].partition("</style>")[0]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        for said in ("<b>", "<i>", "oops", "<script", 'code"'):
            assert said not in page
        assert len(page) < 4_000


async def test_a_state_works_once(desk: Desk) -> None:
    await desk.begin("state")
    await desk.come_back(state="state", code="the first")
    answer, page = await desk.come_back(state="state", code="somebody else's")
    assert (answer.status, "done already" in page) == (409, True)
    (draft,) = await desk.drafts()
    assert json.loads(desk.vault.decrypt(draft.text))["code"] == "the first"


async def test_of_many_at_once_one_wins(desk: Desk) -> None:
    await desk.begin("state")
    answers = await asyncio.gather(*(desk.come_back(state="state", code=f"code {n}") for n in range(8)))
    assert sorted(answer.status for answer, _ in answers) == [200] + 7 * [409]
    assert len(await desk.drafts()) == 1


async def test_a_forged_state_is_refused(desk: Desk) -> None:
    await desk.begin("state")
    for query in ({"state": "forged", "code": "c"}, {"code": "c"}, {}, {"state": "s" * 3000, "code": "c"}):
        answer, page = await desk.come_back(**query)
        assert (answer.status, "leads nowhere" in page, CHAT in page) == (400, True, False)
    assert await desk.drafts() == []


async def test_an_expired_state_is_refused(desk: Desk) -> None:
    await desk.begin("state")
    desk.clock[0] = NOW + timedelta(minutes=10)
    answer, page = await desk.come_back(state="state", code="c")
    assert (answer.status, "too long" in page) == (410, True)
    assert await desk.drafts() == []


@pytest.mark.parametrize(("error", "status", "says"), [("access_denied", 403, "fine"), ("server_error", 400, "Google")])
async def test_no_consent_uses_the_state_up(desk: Desk, error: str, status: int, says: str) -> None:
    await desk.begin("state")
    answer, page = await desk.come_back(state="state", error=error, code="c")
    assert (answer.status, says in page, CHAT in page) == (status, True, True)
    assert (await desk.come_back(state="state", code="c"))[0].status == 409
    assert await desk.drafts() == []


async def test_a_page_that_is_loaded_again_starts_what_was_not_started(desk: Desk) -> None:
    """The process died between keeping the code and starting the work."""
    await desk.begin("state")
    async with desk.db.write() as session:
        _, begun = await oauth_states.claim_state(session, state="state", now=NOW)
        assert begun is not None
        draft = await drafts.keep_draft(
            session,
            subscriber_id=desk.subscriber_id,
            update_id=oauth_states.draft_number(begun.state_hash),
            text=desk.vault.encrypt("{}"),
            now=NOW,
        )
    answer, _ = await desk.come_back(state="state", code="c")
    assert answer.status == 409
    description = await desk.temporal.get_workflow_handle(connect_workflow_id(draft.id or 0)).describe()
    assert description.workflow_type == "puller.ConnectAccount"


async def test_while_temporal_is_away_the_page_asks_to_reload(desk: Desk) -> None:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=program("temporal"), dev_server_log_level="error"
    ) as away:
        absent = away.client
    app = build_app({})
    patience = timedelta(seconds=0.5)
    SignIns(
        db=desk.db, vault=desk.vault, temporal=absent, task_queue="q", now=lambda: NOW, patience=patience
    ).add_routes(app)
    await desk.begin("state")
    query = {"state": "state", "code": "c"}
    async with TestClient(TestServer(app)) as browser:
        for _ in range(2):
            answer = await browser.get("/oauth2/callback", params=query)
            assert (answer.status, "Reload this page" in await answer.text()) == (503, True)
    assert (await desk.come_back(**query))[0].status == 409
    (draft,) = await desk.drafts()
    description = await desk.temporal.get_workflow_handle(connect_workflow_id(draft.id or 0)).describe()
    assert description.workflow_type == "puller.ConnectAccount", "once Temporal is back, it goes on"


async def test_old_states_are_forgotten(desk: Desk) -> None:
    await desk.begin("old")
    desk.clock[0] = NOW + timedelta(days=2)
    await desk.begin("new")
    async with desk.db.read() as session:
        assert len(list(await session.exec(select(OAuthState)))) == 1
