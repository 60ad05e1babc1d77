"""Housekeeping: on days that are simulated, what is too old goes, and what is not stays."""

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from sqlmodel import col, select, update
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Worker

from contentsync.credentials import Vault
from contentsync.db import channels, drafts, inbox, integrations, notices, quotas
from contentsync.db.account_models import Channel, Integration, Notice, OAuthState
from contentsync.db.inbox import InboxRow
from contentsync.db.models import Digest, Draft, RawDocument, UpdateInbox
from contentsync.db.taste_models import Decision, Rule
from contentsync.db.upkeep import MUCH_FREE_BYTES
from contentsync.errors import CredentialError
from contentsync.puller.archive import ArchiveFile
from contentsync.puller.contract import HOUSEKEEPING, HousekeepingInput, HousekeepingResult
from contentsync.puller.housekeeping import CHUNK_DOCUMENTS, HousekeepingActivities
from contentsync.puller.housekeeping_workflows import WORKFLOWS
from contentsync.puller.housework import STEPS, TIDY_DATABASE, StepInput
from contentsync.settings import Settings
from tests.puller.conftest import NOW, World, rss
from tests.puller.test_activities import pull

DAY = timedelta(days=1)
OLD_KEY, NEW_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def housekeeping(world: World, *, days: int = 90, vault: Vault | None = None) -> HousekeepingActivities:
    settings = Settings(CONTENTSYNC_DATA_DIR=world.data_dir, CONTENTSYNC_RAW_RETENTION_DAYS=days)
    return HousekeepingActivities(db=world.db, vault=vault or world.vault, settings=settings)


async def step(work: Callable[[StepInput], Any], now: datetime) -> HousekeepingResult:
    result: HousekeepingResult = await ActivityEnvironment().run(work, StepInput(now=now.isoformat()))
    return result


async def connect(world: World, *, account: str = "a", credentials: str = "") -> int:
    async with world.db.write() as session:
        return await integrations.connect(
            session, subscriber_id=world.subscriber_id, kind="letters", account=account, credentials=credentials,
            options={}, now=NOW,
        )  # fmt: skip


def days_on_disk(world: World) -> list[str]:
    return sorted({path.parent.relative_to(world.data_dir).as_posix() for path in world.data_dir.rglob("*.warc.gz")})


async def test_whole_days_of_raw_answers_go_rows_and_files(world: World) -> None:
    (source_id,) = await world.follow(world.web.url("/a"))
    for days in range(4):
        world.web.serve("/a", rss(f"story-{days}", "always"))
        await pull(world, [source_id], now=NOW + days * DAY, lease_id=f"L{days}")
    owner_id = await connect(world)
    for days in range(2):
        ArchiveFile(world.data_dir, "sync", NOW + days * DAY, owner_id=owner_id).append([b"x"])
    stranger = world.data_dir / "raw" / "2026" / "notes"
    stranger.mkdir()
    (stranger / "mine.txt").write_text("not ours")
    work = housekeeping(world, days=10).remove_old_raw

    assert await step(work, NOW + 10 * DAY) == HousekeepingResult(), "the first day is ten days old, not older"
    assert await step(work, NOW + 11 * DAY) == HousekeepingResult(raw_documents=1, raw_days=2)
    assert days_on_disk(world) == [
        f"owned/{owner_id}/2026/03/02", "raw/2026/03/02", "raw/2026/03/03", "raw/2026/03/04",
    ]  # fmt: skip
    assert {item.external_id: item.raw_document_id for item in await world.items(source_id)} == {
        "always": None, "story-0": None, "story-1": 2, "story-2": 3, "story-3": 4,
    }  # fmt: skip

    assert await step(work, NOW + 100 * DAY) == HousekeepingResult(raw_documents=3, raw_days=4)
    assert sorted(path.name for path in (world.data_dir / "raw").rglob("*")) == ["2026", "mine.txt", "notes"]
    assert list((world.data_dir / "owned" / str(owner_id)).iterdir()) == []
    assert len(await world.items(source_id)) == 5
    assert await step(work, NOW + 100 * DAY) == HousekeepingResult()


async def test_a_crash_between_rows_and_files_is_made_good(world: World) -> None:
    """The files of a day whose rows are gone go the next time."""
    (source_id,) = await world.follow(world.web.url("/a"))
    world.web.serve("/a", rss("story"))
    await pull(world, [source_id])
    async with world.db.write() as session:
        (document,) = await session.exec(select(RawDocument))
        await session.delete(document)
    result = await step(housekeeping(world).remove_old_raw, NOW + 100 * DAY)
    assert result == HousekeepingResult(raw_documents=0, raw_days=1)
    assert world.archives() == []


async def test_rows_go_in_chunks(world: World) -> None:
    (source_id,) = await world.follow(world.web.url("/a"))
    count = 2 * CHUNK_DOCUMENTS + 1
    async with world.db.write() as session:
        session.add_all(
            RawDocument(
                source_id=source_id, url="u", path="raw/2026/03/01/x", offset=0, length=1, body_hash="",
                fetched_at=NOW + n * timedelta(seconds=1),
            )
            for n in range(count + 5)
        )  # fmt: skip
        await session.flush()
        await session.exec(update(RawDocument).where(col(RawDocument.id) > count).values(fetched_at=NOW + 50 * DAY))
    assert (await step(housekeeping(world).remove_old_raw, NOW + 100 * DAY)).raw_documents == count
    assert len(await world.raw_documents()) == 5


async def test_directories_of_accounts_that_are_gone_are_removed(world: World) -> None:
    kept = await connect(world, account="kept")
    gone = await connect(world, account="gone")
    for owner_id in (kept, gone, gone + 7):
        ArchiveFile(world.data_dir, "sync", NOW, owner_id=owner_id).append([b"x"])
    (world.data_dir / "owned" / "notes").mkdir()
    async with world.db.write() as session:
        await integrations.remove(session, integration_id=gone)
    assert await connect(world, account="next") > gone, "an id is never given twice"
    assert await step(housekeeping(world).remove_orphans, NOW) == HousekeepingResult(orphans=2)
    assert sorted(path.name for path in (world.data_dir / "owned").iterdir()) == [str(kept), "notes"]
    assert await step(housekeeping(world).remove_orphans, NOW) == HousekeepingResult()


async def fill(world: World, now: datetime, number: int, vault: Vault) -> None:
    """One row of everything that housekeeping forgets."""
    async with world.db.write() as session:
        person = world.subscriber_id
        await drafts.keep_draft(
            session, subscriber_id=person, update_id=number, text=vault.encrypt(f"draft {number}"), now=now
        )
        payload = vault.encrypt(f"update {number}")
        row = InboxRow(update_id=number, chat_id=1, payload=payload, attempts=1, received_at=now)
        await inbox.store_updates(session, rows=[row])
        await inbox.set_aside(session, update_id=number, now=now)
        button = {"text": "Open", "secret_url": vault.encrypt(f"https://example.org/{number}")}
        await notices.add_notice(
            session, subscriber_id=person, key=f"k{number}", text_key="t", params={}, now=now, keyboard=[[button]]
        )
        await quotas.spend(session, scope="youtube", units=1, purpose="p", now=now)
        verifier = vault.encrypt(f"verifier {number}")
        session.add(
            OAuthState(state_hash=f"h{number}", subscriber_id=person, verifier=verifier, created_at=now, expires_at=now)
        )
        session.add(Rule(subscriber_id=person, kind="words", pattern=f"p{number}", removed_at=now))
        digest = Digest(subscriber_id=person, slot=f"slot {number}", due_at=now)
        session.add(digest)
        await session.flush()
        session.add(Decision(digest_id=digest.id or 0, subscriber_id=person, decided_at=now, packed=b""))


async def test_rows_that_nobody_needs_are_forgotten_each_in_its_time(world: World) -> None:
    await fill(world, NOW, 1, world.vault)
    second = timedelta(seconds=1)
    work = housekeeping(world).forget
    assert await step(work, NOW + DAY) == HousekeepingResult()
    assert await step(work, NOW + DAY + second) == HousekeepingResult(sign_ins=1)
    assert await step(work, NOW + 2 * DAY) == HousekeepingResult()
    assert await step(work, NOW + 2 * DAY + second) == HousekeepingResult(drafts=1)
    assert await step(work, NOW + 3 * DAY + second) == HousekeepingResult(quotas=1)
    assert await step(work, NOW + 30 * DAY) == HousekeepingResult()
    assert await step(work, NOW + 30 * DAY + second) == HousekeepingResult(updates=1, rules=1, decisions=1)
    assert await step(work, NOW + 90 * DAY + second) == HousekeepingResult(notices=1)
    assert await step(work, NOW + 900 * DAY) == HousekeepingResult()


async def secrets_of(world: World, vault: Vault) -> list[str]:
    """Every secret of the instance, as these keys read it."""
    async with world.db.read() as session:
        found: list[str] = []
        for column in (Integration.credentials, Channel.secret, Draft.text, OAuthState.verifier, UpdateInbox.payload):
            tokens = await session.exec(select(column).where(col(column).is_not(None), col(column) != ""))
            found += [vault.decrypt(token) for token in tokens if token is not None]
        for notice in await session.exec(select(Notice)):
            found += [vault.decrypt(button["secret_url"]) for row in notice.keyboard for button in row]
    return sorted(found)


async def test_after_one_day_an_old_key_may_be_dropped(world: World) -> None:
    old, both, new = Vault([OLD_KEY]), Vault([NEW_KEY, OLD_KEY]), Vault([NEW_KEY])
    for number in range(1, 4):
        await fill(world, NOW, number, old)
    for number in range(205):
        await connect(world, account=f"a{number}", credentials=old.encrypt(f"password {number}"))
    account = await connect(world, account="new", credentials=both.encrypt("password new"))
    async with world.db.write() as session:
        for number, secret in enumerate([old.encrypt("unsubscribe"), None]):
            await channels.upsert_channel(
                session, integration_id=account, external_id=str(number), title="", now=NOW, secret=secret
            )
        await inbox.store_updates(
            session, rows=[InboxRow(update_id=99, chat_id=1, payload="", attempts=0, received_at=NOW)]
        )
    everything = await secrets_of(world, both)
    assert len(everything) == 3 * 4 + 205 + 1 + 1
    with pytest.raises(CredentialError):
        await secrets_of(world, new)

    assert await step(housekeeping(world, vault=both).renew_secrets, NOW) == HousekeepingResult(
        renewed=len(everything) - 1
    )
    assert await secrets_of(world, new) == everything
    assert await step(housekeeping(world, vault=new).renew_secrets, NOW) == HousekeepingResult()


async def test_a_secret_that_no_key_fits_is_counted_and_left(world: World) -> None:
    foreign = Vault([Fernet.generate_key().decode()])
    await fill(world, NOW, 1, foreign)
    await connect(world, account="mine", credentials=Vault([OLD_KEY]).encrypt("password"))
    both = Vault([NEW_KEY, OLD_KEY])
    result = await step(housekeeping(world, vault=both).renew_secrets, NOW)
    assert result == HousekeepingResult(renewed=1, unreadable=4)
    async with world.db.read() as session:
        (draft,) = await session.exec(select(Draft))
    assert foreign.decrypt(draft.text) == "draft 1"


async def test_the_database_gives_space_back_only_if_it_is_much(world: World) -> None:
    path = world.data_dir / "contentsync.db"
    work = housekeeping(world).tidy_database

    def write(megabytes: int) -> None:
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS ballast (bytes BLOB)")
            for _ in range(megabytes):
                connection.execute("INSERT INTO ballast VALUES (zeroblob(1000000))")

    def drop() -> None:
        with sqlite3.connect(path) as connection:
            connection.execute("DELETE FROM ballast")

    write(20)
    drop()
    assert await step(work, NOW) == HousekeepingResult(), "20 MB will be used again"
    size = path.stat().st_size
    assert size > 20_000_000
    assert Path(f"{path}-wal").stat().st_size == 0, "the log is emptied all the same"
    write(MUCH_FREE_BYTES // 1_000_000 + 5)
    drop()
    result = await step(work, NOW)
    assert result.freed_bytes > MUCH_FREE_BYTES
    assert path.stat().st_size < 1_000_000
    assert len(await world.titles(1)) == 0, "the database goes on"
    await connect(world)


@activity.defn(name=TIDY_DATABASE)
async def broken(_: StepInput) -> HousekeepingResult:
    raise ApplicationError("broken", non_retryable=True)


@pytest.mark.parametrize("fails", [False, True], ids=["all steps", "one fails"])
async def test_a_day_of_housekeeping(temporal_dev: WorkflowEnvironment, world: World, fails: bool) -> None:
    (source_id,) = await world.follow(world.web.url("/a"))
    world.web.serve("/a", rss("story"))
    await pull(world, [source_id])
    await fill(world, NOW, 1, world.vault)
    ArchiveFile(world.data_dir, "sync", NOW, owner_id=77).append([b"x"])
    activities: list[Any] = housekeeping(world).all()
    if fails:
        activities = [*activities[:-1], broken]
    queue = f"test-{uuid4()}"
    async with Worker(temporal_dev.client, task_queue=queue, workflows=WORKFLOWS, activities=activities):
        result = await temporal_dev.client.execute_workflow(
            HOUSEKEEPING,
            HousekeepingInput(now=(NOW + 100 * DAY).isoformat()),
            id=f"test/{uuid4()}",
            task_queue=queue,
            result_type=HousekeepingResult,
        )
    assert result == HousekeepingResult(
        raw_documents=1, raw_days=2, orphans=1, drafts=1, updates=1, notices=1, quotas=1, sign_ins=1,
        rules=1, decisions=1,
        failed=[TIDY_DATABASE] if fails else [],
    )  # fmt: skip
    assert world.archives() == []
    assert list((world.data_dir / "owned").iterdir()) == []


def test_every_step_is_registered(world: World) -> None:
    names = [activity._Definition.must_from_callable(one).name for one in housekeeping(world).all()]
    assert tuple(names) == STEPS
