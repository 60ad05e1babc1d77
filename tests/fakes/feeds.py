"""Feeds of our own making."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


def rss(name: str, count: int) -> bytes:
    """A feed of `count` entries, one an hour, the newest first."""
    now = datetime.now(UTC)
    items = "".join(
        f"<item><title>{name} story {n}</title><link>https://{name}.example/{n}</link><guid>{name}-{n}</guid>"
        f"<pubDate>{format_datetime(now - timedelta(hours=n))}</pubDate>"
        f"<description>About {name} number {n}.</description></item>"
        for n in range(1, count + 1)
    )
    site = f"<title>{name} news</title><link>https://{name}.example/</link><description>d</description>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{site}{items}</channel></rss>'.encode()


def newspaper(title: str, headlines: dict[str, str]) -> bytes:
    """A feed with these headlines and their summaries, one every 100 minutes, the newest first."""
    now = datetime.now(UTC)
    items = "".join(
        f"<item><title>{headline}</title><link>https://news.example/{n}/{len(title)}</link><guid>{title}-{n}</guid>"
        f"<pubDate>{format_datetime(now - timedelta(minutes=100 * n + 7 * len(title)))}</pubDate>"
        f"<description>{summary}</description></item>"
        for n, (headline, summary) in enumerate(headlines.items())
    )
    site = f"<title>{title}</title><link>https://news.example/</link><description>d</description>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{site}{items}</channel></rss>'.encode()
