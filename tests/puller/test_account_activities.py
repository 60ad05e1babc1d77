"""What happens around accounts: claimed, synced, refused, out of quota, taken over, connected, removed."""

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlmodel import col, select, update
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from contentsync.bot.texts import SENTENCES, say_notice
from contentsync.credentials import Vault
from contentsync.db import drafts, integrations, sources
from contentsync.db.account_models import Integration
from contentsync.db.models import Draft, Item, RawDocument, Subscription
from contentsync.db.models import Source as StoredSource
from contentsync.errors import AccountRefused, CredentialError, QuotaSpent, RateLimited, Unreachable
from contentsync.puller.account import LeaseLost
from contentsync.puller.account_activities import AT_ONCE, UNREADABLE
from contentsync.puller.contract import ConnectAccountResult, RemoveAccountInput, SyncResult
from contentsync.puller.work import Claimed, ClaimIntegrationsInput, ConnectWork, SyncBatchInput
from tests.puller.conftest import NOW, World
from tests.puller.letters import KIND, PASSWORD, Desk

URL = "https://letters.example.org/?key=secret"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk.of(world)


async def claim(
    desk: Desk, *ids: int, now: datetime = NOW, lease_id: str = "L1", limit: int = 100, size: int = 50
) -> list[list[int]]:
    work = ClaimIntegrationsInput(now.isoformat(), lease_id, limit, size, list(ids))
    claimed: Claimed = await ActivityEnvironment().run(desk.activities.claim_integrations, work)
    return claimed.batches


async def sync_leased(desk: Desk, ids: Sequence[int], *, now: datetime = NOW, lease_id: str = "L1") -> SyncResult:
    batch = SyncBatchInput(now=now.isoformat(), lease_id=lease_id, name=lease_id, integration_ids=list(ids))
    result: SyncResult = await ActivityEnvironment().run(desk.activities.sync_batch, batch)
    return result


async def sync(desk: Desk, *ids: int, now: datetime = NOW, lease_id: str = "L1") -> SyncResult:
    """Claim exactly these accounts and sync them."""
    await claim(desk, *ids, now=now, lease_id=lease_id)
    return await sync_leased(desk, ids, now=now, lease_id=lease_id)


async def test_what_is_due_is_claimed_once_in_batches(desk: Desk) -> None:
    ids = await desk.add("a", "b", "c", "d", "e")
    assert await claim(desk, limit=4, size=3) == [ids[:3], ids[3:4]]
    assert await claim(desk, lease_id="L2") == [ids[4:]]
    assert await claim(desk, lease_id="L3") == []
    assert await claim(desk, lease_id="L4", now=NOW + 6 * MINUTE) == [ids], "leases run out"
    assert await claim(desk, ids[1], 999, lease_id="L5") == [[ids[1]]], "who is named is taken over"


async def test_a_sync_stores_and_comes_back_in_its_time(desk: Desk) -> None:
    (id,) = await desk.add("me")
    desk.letters.brings = {"a": "A", "b": "B"}
    assert await sync(desk, id) == SyncResult(synced=1, new_items=2)
    stored = await desk.stored(id)
    assert (stored.lease_id, stored.lease_until, stored.failures, stored.last_error) == (None, None, 0, None)
    assert stored.last_sync_at == stored.last_success_at == NOW
    assert stored.next_sync_at == NOW + 15 * MINUTE
    assert stored.cursor == {"seen": ["a", "b"]}
    assert await desk.world.titles(1) == ["A", "B"]
    (document,) = await desk.world.raw_documents()
    assert document.path.startswith(f"owned/{id}/2026/03/01/sync-")
    assert (desk.world.data_dir / document.path).exists()

    assert await claim(desk, now=NOW + 14 * MINUTE, lease_id="L2") == []
    desk.letters.next_sync_at = NOW + 600 * MINUTE
    assert await sync(desk, id, now=NOW + MINUTE, lease_id="L3") == SyncResult(synced=1, new_items=0)
    assert (await desk.stored(id)).next_sync_at == NOW + 600 * MINUTE


async def test_what_was_kept_before_a_crash_is_kept_again_without_harm(desk: Desk) -> None:
    """The activity is tried again under the same lease, and its archive file is there already."""
    (id,) = await desk.add("me")
    desk.letters.brings = {"a": "A"}
    await claim(desk, id)
    integration = await desk.stored(id)
    await desk.letters.sync(integration, NOW)
    assert await sync_leased(desk, [id]) == SyncResult(synced=1, new_items=0)
    assert len(list((desk.world.data_dir / "owned").rglob("*.warc.gz"))) == 2


async def test_an_account_that_fails_leaves_the_others_alone(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    ids = await desk.add("fine", "down", "bug", "too slow", "also fine")
    desk.letters.does = {
        "down": Unreachable(URL, "refused"), "bug": ZeroDivisionError(URL), "too slow": TimeoutError(URL),
    }  # fmt: skip
    with caplog.at_level(logging.INFO):
        assert await sync(desk, *ids) == SyncResult(synced=2, failed=3)
    stored = [await desk.stored(id) for id in ids]
    assert [one.last_error for one in stored] == [None, "unreachable", "internal", "timed_out", None]
    assert stored[1].last_error_params == {"host": "letters.example.org", "detail": "refused"}
    assert {one.state for one in stored} == {"ok"}
    assert await desk.notices() == []
    assert "ZeroDivisionError" in caplog.text
    assert "secret" not in caplog.text
    assert "secret" not in str([one.model_dump() for one in stored])


async def test_failures_come_back_later_and_later(desk: Desk) -> None:
    (id,) = await desk.add("down")
    desk.letters.does = {"down": Unreachable(URL)}
    waits = []
    for number in range(9):
        await sync(desk, id, lease_id=f"L{number}")
        stored = await desk.stored(id)
        assert stored.next_sync_at is not None
        waits.append(int((stored.next_sync_at - NOW) / MINUTE))
    assert waits == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]
    assert (await desk.stored(id)).failures == 9

    desk.letters.does = {"down": RateLimited(URL, 429, retry_after_seconds=172_800)}
    await sync(desk, id, lease_id="limited")
    assert (await desk.stored(id)).next_sync_at == NOW + 2880 * MINUTE, "the service's own word is a floor"
    desk.letters.does = {}
    await sync(desk, id, lease_id="fine")
    stored = await desk.stored(id)
    assert (stored.failures, stored.last_error, stored.last_error_params) == (0, None, {})


async def test_a_spent_quota_waits_for_its_time_and_is_no_failure(desk: Desk) -> None:
    (id,) = await desk.add("me")
    desk.letters.does = {"me": QuotaSpent(URL, "Letters", NOW + 300 * MINUTE)}
    assert await sync(desk, id) == SyncResult(failed=1)
    stored = await desk.stored(id)
    assert (stored.state, stored.failures, stored.last_error) == ("ok", 0, "quota_spent")
    assert stored.next_sync_at == NOW + 300 * MINUTE
    desk.letters.does = {"me": QuotaSpent(URL, "Letters", NOW - 300 * MINUTE)}
    await sync(desk, id, lease_id="L2")
    assert (await desk.stored(id)).next_sync_at == NOW + MINUTE, "never at once"
    assert await desk.notices() == []


@pytest.mark.parametrize(
    ("error", "reason", "text_key"),
    [
        (AccountRefused(URL), "account_refused", "letters_refused"),
        (CredentialError("Stored secrets were encrypted with another key."), "credential", UNREADABLE),
    ],
    ids=["refused", "key is gone"],
)
async def test_an_owner_is_asked_once_to_connect_again(
    desk: Desk, error: Exception, reason: str, text_key: str
) -> None:
    (id,) = await desk.add("me")
    desk.letters.does = {"me": error}
    assert await sync(desk, id) == SyncResult(failed=1)
    stored = await desk.stored(id)
    assert (stored.state, stored.next_sync_at, stored.last_error) == ("refused", None, reason)
    assert await claim(desk, now=NOW + 10_000 * MINUTE, lease_id="L2") == [], "a refused account is never due"
    assert await claim(desk, id, lease_id="L3") == [], "not even when it is named"
    (notice,) = await desk.notices()
    assert (notice.text_key, notice.params) == (text_key, {"account": "me"})
    assert notice.keyboard == [[{"text": "Connect again", "callback_data": "connect:letters"}]]

    desk.letters.does = {}
    assert await desk.add("me") == [id], "connected again, it is the same account"
    assert await sync(desk, id, now=NOW + MINUTE, lease_id="L4") == SyncResult(synced=1)
    desk.letters.does = {"me": error}
    await sync(desk, id, now=NOW + 2 * MINUTE, lease_id="L5")
    assert len(await desk.notices()) == 2, "refused anew, asked anew"


async def test_a_dropped_key_leads_to_one_clear_sentence(desk: Desk) -> None:
    foreign = Vault([Fernet.generate_key().decode()])
    (id,) = await desk.add("me", credentials=foreign.encrypt("password"))
    assert await sync(desk, id) == SyncResult(failed=1)
    (notice,) = await desk.notices()
    assert notice.text_key in SENTENCES
    assert "connect it again" in say_notice(notice.text_key, notice.params)


async def test_who_lost_the_lease_changes_nothing(desk: Desk) -> None:
    (id,) = await desk.add("me")
    desk.letters.brings = {"a": "A"}

    async def taken_over(_: Integration) -> None:
        await claim(desk, id, lease_id="L2")

    desk.letters.does = {"me": taken_over}
    assert await sync(desk, id) == SyncResult()
    stored = await desk.stored(id)
    assert (stored.lease_id, stored.last_sync_at, stored.cursor) == ("L2", None, {})
    assert await desk.world.titles(1) == []
    assert await desk.world.raw_documents() == []
    assert await sync_leased(desk, [id]) == SyncResult(), "nothing is left under the old lease"

    async def taken_over_and_failed(_: Integration) -> None:
        await claim(desk, id, lease_id="L3")
        raise AccountRefused(URL)

    desk.letters.does = {"me": taken_over_and_failed}
    assert await sync_leased(desk, [id], lease_id="L2") == SyncResult(failed=1)
    stored = await desk.stored(id)
    assert (stored.lease_id, stored.state, stored.last_error) == ("L3", "ok", None)
    assert await desk.notices() == []


async def test_an_account_that_is_removed_during_its_sync_stores_nothing(desk: Desk) -> None:
    (id,) = await desk.add("me")

    async def removed(integration: Integration) -> None:
        await ActivityEnvironment().run(desk.activities.drop_account, RemoveAccountInput(id))
        with pytest.raises(LeaseLost):
            await desk.letters.store.keep(integration, [], name="x", now=NOW, cursor={"a": 1})

    desk.letters.does = {"me": removed}
    assert await sync(desk, id) == SyncResult(synced=1)
    assert await desk.get(id) is None


async def test_only_so_many_at_once(desk: Desk) -> None:
    ids = await desk.add(*[f"a{n}" for n in range(AT_ONCE * 2)])
    assert await sync(desk, *ids) == SyncResult(synced=AT_ONCE * 2)
    assert desk.letters.most_at_once == AT_ONCE


async def test_a_kind_that_is_not_hosted_any_more_fails_for_itself(desk: Desk) -> None:
    (mine,) = await desk.add("me")
    (other,) = await desk.add("other", kind="carrier pigeon")
    assert await sync(desk, mine, other) == SyncResult(synced=1, failed=1)
    assert (await desk.stored(other)).last_error == "internal"


async def try_account(desk: Desk, draft_id: int, *, announce: bool = False) -> ConnectAccountResult:
    work = ConnectWork(now=NOW.isoformat(), draft_id=draft_id, kind=KIND, announce=announce)
    result: ConnectAccountResult = await ActivityEnvironment().run(desk.activities.try_account, work)
    return result


async def draft_of(desk: Desk, draft_id: int) -> tuple[str, dict[str, object]]:
    """What a draft holds now, in clear, and its outcome."""
    async with desk.world.db.read() as session:
        draft = await drafts.get_draft(session, draft_id=draft_id)
    assert draft is not None
    return desk.world.vault.decrypt(draft.text), draft.outcome


async def test_connecting_stores_encrypted_and_wipes_the_draft(desk: Desk) -> None:
    draft_id = await desk.draft()
    result = await try_account(desk, draft_id)
    assert result.integration_id is not None
    stored = await desk.stored(result.integration_id)
    assert (stored.kind, stored.account, stored.options) == (KIND, "me@letters.example.org", {"loud": True})
    assert (stored.state, stored.next_sync_at, stored.cursor) == ("ok", NOW, {})
    assert PASSWORD not in stored.credentials
    assert json.loads(desk.world.vault.decrypt(stored.credentials)) == {"password": PASSWORD}
    assert await draft_of(desk, draft_id) == ("", {"integration_id": result.integration_id})
    assert await desk.notices() == []

    assert await try_account(desk, draft_id) == result, "tried again after a crash, it gives the first result"
    assert desk.letters.connected == [PASSWORD]


@pytest.mark.parametrize(
    ("given", "error", "reason"),
    [
        ("wrong", None, "account_refused"),
        (PASSWORD, Unreachable(URL), "unreachable"),
        (PASSWORD, TimeoutError(URL), "timed_out"),
        (PASSWORD, ZeroDivisionError(URL + PASSWORD), "internal"),
    ],
    ids=["refused", "unreachable", "too slow", "bug"],
)
async def test_what_was_not_connected_says_why_and_keeps_no_secret(
    desk: Desk, caplog: pytest.LogCaptureFixture, given: str, error: Exception | None, reason: str
) -> None:
    draft_id = await desk.draft(given)
    desk.letters.does = {"connect": error} if error else {}
    with caplog.at_level(logging.INFO):
        assert await try_account(desk, draft_id, announce=True) == ConnectAccountResult()
    text, outcome = await draft_of(desk, draft_id)
    assert (text, outcome["reason_key"]) == ("", reason)
    assert given not in str(outcome)
    (notice,) = await desk.notices()
    assert (notice.text_key, notice.params["reason_key"]) == ("letters_not_connected", reason)
    for told in (caplog.text, str(notice.params)):
        assert PASSWORD not in told
        assert "secret" not in told

    assert await try_account(desk, draft_id, announce=True) == ConnectAccountResult()
    assert len(desk.letters.connected) == 1, "a repeat does not try again with nothing"
    assert (await draft_of(desk, draft_id))[1] == outcome


async def test_a_draft_that_no_key_fits_is_to_be_sent_again(desk: Desk) -> None:
    draft_id = await desk.draft()
    async with desk.world.db.write() as session:
        foreign = Vault([Fernet.generate_key().decode()]).encrypt(PASSWORD)
        await session.exec(update(Draft).values(text=foreign))
    assert await try_account(desk, draft_id) == ConnectAccountResult()
    assert (await draft_of(desk, draft_id))[1] == {"reason_key": "credential", "params": {}}


async def test_a_connection_is_announced_once(desk: Desk) -> None:
    draft_id = await desk.draft()
    for _ in range(2):
        await try_account(desk, draft_id, announce=True)
    (notice,) = await desk.notices()
    assert (notice.text_key, notice.params) == ("letters_connected", {"account": "me@letters.example.org"})


async def test_without_its_draft_nothing_is_tried(desk: Desk) -> None:
    with pytest.raises(ApplicationError) as caught:
        await try_account(desk, 99)
    assert caught.value.non_retryable


async def drop(desk: Desk, integration_id: int) -> None:
    await ActivityEnvironment().run(desk.activities.drop_account, RemoveAccountInput(integration_id))


async def test_dropping_removes_everything_that_came_through_the_account(desk: Desk) -> None:
    mine, other = await desk.add("mine", "other")
    desk.letters.brings = {"a": "A"}
    await sync(desk, mine, other)
    (shared,) = await desk.world.follow("http://example.org/feed")
    async with desk.world.db.write() as session:
        owned = (await session.exec(select(StoredSource.id).where(col(StoredSource.integration_id) == mine))).one()
        await sources.follow(session, subscriber_id=desk.world.subscriber_id, source_id=owned or 0, now=NOW)
    await drop(desk, mine)
    assert desk.letters.disconnected == [mine]
    async with desk.world.db.read() as session:
        assert {one.integration_id for one in await session.exec(select(StoredSource))} == {other, None}
        assert [one.source_id for one in await session.exec(select(Subscription))] == [shared]
        assert len((await session.exec(select(Item))).all()) == 1
        assert len((await session.exec(select(RawDocument))).all()) == 1
    assert _owned(desk) == [str(other)]
    await drop(desk, mine)
    assert desk.letters.disconnected == [mine], "nothing is left to give back"


@pytest.mark.parametrize(
    "error",
    [Unreachable(URL), AccountRefused(URL), CredentialError("other key"), TimeoutError(URL), ZeroDivisionError(URL)],
    ids=lambda error: type(error).__name__,
)
async def test_an_account_is_dropped_whatever_its_service_says(
    desk: Desk, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    (id,) = await desk.add("me")
    desk.letters.does = {"disconnect": error}
    with caplog.at_level(logging.INFO):
        await drop(desk, id)
    assert await desk.get(id) is None
    assert "secret" not in caplog.text


async def test_an_account_of_a_kind_that_is_not_hosted_can_be_dropped(desk: Desk) -> None:
    (id,) = await desk.add("other", kind="carrier pigeon")
    await drop(desk, id)
    assert await desk.get(id) is None


async def test_a_crash_after_the_rows_leaves_files_that_the_next_attempt_removes(desk: Desk) -> None:
    (id,) = await desk.add("me")
    desk.letters.brings = {"a": "A"}
    await sync(desk, id)
    async with desk.world.db.write() as session:
        await integrations.remove(session, integration_id=id)
    (next_id,) = await desk.add("somebody else's")
    assert next_id != id, "else the next attempt would drop another person's account"
    await asyncio.gather(drop(desk, id), drop(desk, id + 50))
    assert _owned(desk) == []
    assert await desk.get(next_id) is not None


def _owned(desk: Desk) -> list[str]:
    root: Path = desk.world.data_dir / "owned"
    return sorted(path.name for path in root.iterdir())
