"""What subscribers think of items."""

from contentsync.db import feedback
from contentsync.db.engine import Database
from tests.filling import NOW, add_item, add_source, add_subscriber


async def test_rating_is_set_changed_and_taken_back(database: Database) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    item = await add_item(database, await add_source(database), "one")

    async def rate(value: int) -> int:
        async with database.write() as session:
            await feedback.rate(session, subscriber_id=me, item_id=item, value=value, now=NOW)
        async with database.read() as session:
            return await feedback.get_rating(session, subscriber_id=me, item_id=item)

    assert [await rate(value) for value in (0, 1, 1, -1, -1, 0, 0, 1)] == [0, 1, 1, -1, -1, 0, 0, 1]
    async with database.read() as session:
        assert await feedback.get_rating(session, subscriber_id=other, item_id=item) == 0
