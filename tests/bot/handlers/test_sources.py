"""/sources: pages, health, and unfollowing with a question before."""

from contentsync.bot.keyboards import KeepSource
from contentsync.db import sources
from contentsync.db.base import utc_now
from tests.bot.front import Front, button_texts, send_button


async def follow(front: Front, count: int) -> list[int]:
    """The person follows so many sources, named 01, 02, …"""
    await front.say("/start")
    subscriber = await front.subscriber()
    assert subscriber is not None
    assert subscriber.id is not None
    ids = []
    async with front.db.write() as session:
        for number in range(1, count + 1):
            url = f"https://{number}.example/feed"
            source_id = await sources.upsert_found(
                session,
                kind="feed",
                key=url,
                url=url,
                title=f"{number:02d}",
                site_url=None,
                language=None,
                preview=[],
                now=utc_now(),
            )
            await sources.follow(session, subscriber_id=subscriber.id, source_id=source_id, now=utc_now())
            ids.append(source_id)
    return ids


async def test_nothing_followed_yet(front: Front) -> None:
    message = await front.say("/sources")
    assert message["text"].startswith("You follow nothing yet.")
    assert button_texts(message) == ["Add a link", "Connect an account"]


async def test_pages(front: Front) -> None:
    await follow(front, 12)
    first = await front.say("/sources")
    assert first["text"].startswith("What you follow (12), page 1 of 2")
    assert "10. 10\nwaiting for my first look" in first["text"]
    assert button_texts(first) == [*(f"Unfollow {number}" for number in range(1, 11)), "More ›"]
    await front.tap(first, "More")
    second = await front.becomes(first, "page 2 of 2")
    assert button_texts(second) == ["Unfollow 11", "Unfollow 12", "‹ Back"]
    await front.tap(second, "‹ Back")
    await front.becomes(first, "page 1 of 2")


async def test_unfollowing_is_asked_first(front: Front) -> None:
    await follow(front, 2)
    page = await front.say("/sources")
    await front.tap(page, "Unfollow 2")
    question = await front.becomes(page, "Unfollow 02?")
    assert button_texts(question) == ["Yes, unfollow", "Keep"]
    await front.tap(question, "Keep")
    kept = await front.becomes(page, "What you follow (2)")
    await front.tap(kept, "Unfollow 1")
    question = await front.becomes(page, "Unfollow 01?")
    await front.tap(question, "Yes")
    rest = await front.becomes(page, "What you follow (1)")
    assert button_texts(rest) == ["Unfollow 1"]
    await front.tap(rest, "Unfollow 1")
    await front.tap(await front.becomes(page, "Unfollow 02?"), "Yes")
    assert "Unfollow 1" not in button_texts(await front.becomes(page, "You follow nothing yet."))


async def test_the_last_source_of_the_last_page_leads_back(front: Front) -> None:
    await follow(front, 11)
    page = await front.say("/sources")
    await front.tap(page, "More")
    await front.tap(await front.becomes(page, "page 2 of 2"), "Unfollow 11")
    await front.tap(await front.becomes(page, "Unfollow 11?"), "Yes")
    await front.becomes(page, "What you follow (10)")


async def test_a_stale_button_and_another_persons_source_do_nothing(front: Front) -> None:
    ids = await follow(front, 1)
    page = await front.say("/sources")
    await front.say("/start", 2)
    other = await front.subscriber(2)
    assert other is not None
    async with front.db.write() as session:
        await sources.follow(session, subscriber_id=other.id or 0, source_id=ids[0], now=utc_now())
        subscriber = await front.subscriber()
        assert subscriber is not None
        await sources.unfollow(session, subscriber_id=subscriber.id or 0, source_id=ids[0], now=utc_now())
    await front.tap(page, "Unfollow 1")
    await front.becomes(page, "You follow nothing yet.")
    async with front.db.read() as session:
        assert len(await sources.list_followed(session, subscriber_id=other.id or 0)) == 1


async def test_a_source_that_is_gone_can_be_kept(front: Front) -> None:
    (source_id,) = await follow(front, 1)
    notice = await send_button(front, KeepSource(source_id=source_id).pack())
    await front.tap(notice, "Button")
    kept = await front.becomes(notice, "Kept: you go on following 01.")
    assert button_texts(kept) == []
    assert "01" in (await front.say("/sources"))["text"]


async def test_a_source_that_was_left_meanwhile_cannot_be_kept(front: Front) -> None:
    await follow(front, 1)
    notice = await send_button(front, KeepSource(source_id=999).pack())
    await front.tap(notice, "Button")
    await front.becomes(notice, "That source is no longer there.")
