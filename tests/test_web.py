"""/health and /ready, and a port that is taken."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, unused_port

from contentsync.errors import ConfigurationError
from contentsync.web import WebServer, build_app


async def test_ready_tells_which_part_does_not_work() -> None:
    working = {"database": True, "temporal": True}

    async def database() -> bool:
        return working["database"]

    async def temporal() -> bool:
        return working["temporal"]

    app = build_app({"database": database, "temporal": temporal})
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/ready")
        assert (answer.status, await answer.json()) == (200, {"database": True, "temporal": True})
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        working["temporal"] = False
        answer = await client.get("/ready")
        assert (answer.status, await answer.json()) == (503, {"database": True, "temporal": False})
        assert (await client.get("/health")).status == 200


async def test_a_taken_port_says_what_to_set() -> None:
    port = unused_port()
    server = await WebServer.start(web.Application(), "127.0.0.1", port)
    try:
        with pytest.raises(ConfigurationError, match="CONTENTSYNC_HTTP_PORT"):
            await WebServer.start(web.Application(), "127.0.0.1", port)
    finally:
        await server.stop()
