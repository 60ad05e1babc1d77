"""A News API account, and one that is connected."""

from collections.abc import AsyncIterator

import pytest

from tests.puller.conftest import World
from tests.puller.newsapi_world import NewsWorld, news_world


@pytest.fixture
async def news(world: World) -> AsyncIterator[NewsWorld]:
    async with news_world(world) as found:
        yield found


@pytest.fixture
async def connected(news: NewsWorld) -> NewsWorld:
    """The key is connected, a minute ago."""
    assert await news.connect() is not None
    news.pass_time(minutes=1)
    return news
