"""Manners towards hosts: what belongs together, and how much is asked of it at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

AT_ONCE = 64
"""Requests under way, over all hosts."""

AT_ONCE_PER_FAMILY = 4
"""Requests under way to one host family."""


def host_family(url: str) -> str:
    """The name under which one operator's hosts are treated as one: the last two labels (`blog.example.org` is
    `example.org`), three where the second-last is a registry's (`example.co.uk`); an IP address is its own family.
    """
    host = host_of(url).rstrip(".")
    try:
        return str(ip_address(host))
    except ValueError:
        labels = host.split(".")
    registry = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3:] if registry else labels[-2:])


def host_of(url: str) -> str:
    """The host name in a URL, lower case, or "" if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


class HostSlots:
    """Permission to talk to a host. Whoever waits for a slow host takes no slot from the others."""

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(AT_ONCE)
        # A family is forgotten as soon as nobody talks to it or waits for it.
        self._families: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def slot(self, url: str) -> AsyncIterator[None]:
        """Wait for a free slot and hold it during the block."""
        family = self._families.setdefault(host_family(url), asyncio.Semaphore(AT_ONCE_PER_FAMILY))
        async with family, self._all:
            yield
