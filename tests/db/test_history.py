"""What a subscriber was shown, read back with what they did, on both engines."""

from datetime import timedelta

from contentsync.db import history
from contentsync.db.engine import Database
from contentsync.db.history import GivenRow
from contentsync.db.models import Digest, DigestEntry
from contentsync.db.taste_models import Feedback, Saved
from tests.filling import NOW, add_item, add_source, add_subscriber

HOUR = timedelta(hours=1)


async def add_digest(db: Database, subscriber: int, items: list[int], *, state: str = "sent", slot: str = "a") -> None:
    async with db.write() as session:
        digest = Digest(subscriber_id=subscriber, slot=slot, state=state, due_at=NOW, finished_at=NOW)
        session.add(digest)
        await session.flush()
        session.add_all(
            DigestEntry(digest_id=digest.id or 0, subscriber_id=subscriber, item_id=item, position=place, score=1.0)
            for place, item in enumerate(items, start=1)
        )


async def test_everything_that_was_shown_with_what_was_done(database: Database) -> None:
    me, other = await add_subscriber(database), await add_subscriber(database, chat_id=2)
    source = await add_source(database)
    items = [
        await add_item(database, source, name, summary_text=f"About {name}", author="Ada", features=b"\x01")
        for name in "abcde"
    ]
    await add_digest(database, me, [items[2], items[0]])
    await add_digest(database, me, [items[1]], slot="b")
    await add_digest(database, me, [items[3]], slot="c", state="frozen")
    await add_digest(database, other, [items[4], items[0]])
    async with database.write() as session:
        session.add_all(
            [
                Feedback(subscriber_id=me, item_id=items[2], kind="rating", value=-1, created_at=NOW + 2 * HOUR),
                Feedback(subscriber_id=me, item_id=items[2], kind="opened", value=1, created_at=NOW + HOUR),
                Saved(subscriber_id=me, item_id=items[0], created_at=NOW + HOUR),
                Feedback(subscriber_id=other, item_id=items[0], kind="rating", value=1, created_at=NOW),
            ]
        )
    async with database.read() as session:
        shown = await history.list_shown(session, subscriber_id=me)
        nobody = await history.list_shown(session, subscriber_id=99)
    assert [row.item_id for row in shown] == [items[2], items[0], items[1]]
    assert shown[0].signals == (GivenRow("opened", NOW + HOUR), GivenRow("dislike", NOW + 2 * HOUR))
    assert shown[1].signals == (GivenRow("saved", NOW + HOUR),)
    assert shown[2].signals == ()
    assert shown[2][:7] == (NOW, items[1], "Title of b", "About b", source, "Ada", "article")
    assert shown[2].features == b"\x01"
    assert nobody == []
