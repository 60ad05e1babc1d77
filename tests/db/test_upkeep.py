"""Upkeep, on both engines."""

from datetime import UTC, datetime, timedelta

from contentsync.db import integrations, upkeep
from contentsync.db.account_models import OAuthState
from contentsync.db.engine import Database
from tests.db.test_integrations import add_person, connect

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


async def test_accounts_that_exist_are_told_from_others(database: Database) -> None:
    person = await add_person(database)
    kept, gone = await connect(database, person, "a"), await connect(database, person, "b")
    async with database.write() as session:
        await integrations.remove(session, integration_id=gone)
        assert await upkeep.list_existing(session, integration_ids=[kept, gone, 999]) == {kept}
        assert await upkeep.list_existing(session, integration_ids=[]) == set()


async def test_old_sign_ins_are_forgotten(database: Database) -> None:
    person = await add_person(database)
    async with database.write() as session:
        session.add_all(
            OAuthState(
                state_hash=str(hours), subscriber_id=person, verifier="v", created_at=NOW + hours * timedelta(hours=1),
                expires_at=NOW,
            )
            for hours in range(3)
        )  # fmt: skip
    async with database.write() as session:
        assert await upkeep.forget_sign_ins(session, before=NOW + timedelta(hours=2)) == 2


async def test_a_database_that_is_tidied_goes_on(database: Database) -> None:
    person = await add_person(database)
    assert await upkeep.tidy(database) == 0
    assert await connect(database, person)
