"""The guard's exceptions and its connections; which forms it refuses is in test_hostile_urls.py."""

import socket
import ssl

import httpx
import pytest
from aiohttp.abc import ResolveResult
from typing_extensions import override

from contentsync.errors import AddressRefused, SourceError
from contentsync.sources.base import SourceRef
from contentsync.sources.http import fetch, open_client
from tests.fakes.web import FakeNames, FakeWeb

FEED = b"<rss/>"

NAMES = {
    "localhost": ["127.0.0.1", "::1"],
    "localhost.": ["127.0.0.1", "::1"],
    "loopback.test": ["127.0.0.1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "nat64.test": ["64:ff9b::7f00:1"],
    "both.test": ["127.0.0.1", "::1", "10.0.0.1"],
    "metadata.test": ["169.254.169.254"],
    "lan.test": ["192.168.1.1", "fd00::1"],
    "alias.test": ["127.0.0.1"],
}


@pytest.fixture(scope="module")
def context() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


async def test_private_networks_are_open_where_the_operator_says_so(context: ssl.SSLContext) -> None:
    async with FakeWeb() as web:
        web.serve("/", FEED)
        async with open_client(allow_private_networks=True, resolver=FakeNames(NAMES), ssl_context=context) as client:
            for host in ("127.0.0.1", "0x7f.1", "localhost", "loopback.test", "both.test", "[::ffff:127.0.0.1]"):
                assert await fetch(client, SourceRef(f"http://{host}:{web.port}/"), total_seconds=2) is not None
            for host in ("0.0.0.0", "[::]", "169.254.169.254", "metadata.test"):
                with pytest.raises(AddressRefused):
                    await fetch(client, SourceRef(f"http://{host}:{web.port}/"), total_seconds=2)


async def test_a_trusted_host_may_lie_anywhere_and_nobody_else(context: ssl.SSLContext) -> None:
    async with FakeWeb() as web, FakeWeb() as other:
        web.serve("/", FEED)
        other.serve("/", FEED)
        trusted = frozenset({f"127.0.0.1:{web.port}", f"Alias.test:{web.port}", "loopback.test"})
        async with open_client(trusted_hosts=trusted, resolver=FakeNames(NAMES), ssl_context=context) as client:

            async def outcome(url: str) -> str:
                try:
                    return type(await fetch(client, SourceRef(url), total_seconds=2)).__name__
                except SourceError as error:
                    return type(error).__name__

            assert await outcome(web.url("/")) == "Fetched"
            assert await outcome(f"http://alias.test:{web.port}/") == "Fetched"
            assert await outcome(f"http://loopback.test:{other.port}/") == "Fetched"
            assert await outcome(other.url("/")) == "AddressRefused"
            assert await outcome(f"http://alias.test:{other.port}/") == "AddressRefused"
            assert await outcome(f"http://mapped.test:{web.port}/") == "AddressRefused"
        assert (web.connections, other.connections) == (2, 1)


async def test_a_name_is_looked_up_once_for_a_connection(context: ssl.SSLContext) -> None:
    class Rebinding(FakeNames):
        """Says 127.0.0.2 first, and from then on the address it is after."""

        @override
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            self.addresses[host] = ["127.0.0.1"] if self.asked else ["127.0.0.2"]
            return await super().resolve(host, port, family)

    names = Rebinding({})
    async with FakeWeb() as web, FakeWeb("127.0.0.2", web.port) as first:
        first.serve("/", FEED)
        async with open_client(allow_private_networks=True, resolver=names, ssl_context=context) as client:
            assert await fetch(client, SourceRef(f"http://rebind.test:{web.port}/"), total_seconds=2) is not None
        assert (names.asked, first.connections, web.connections) == (["rebind.test"], 1, 0)
