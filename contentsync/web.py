"""The HTTP side: /health, /ready, and whatever the other parts mount."""

from collections.abc import Awaitable, Callable
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler

from contentsync.errors import ConfigurationError

MAX_BODY_BYTES = 25_000_000
"""Largest request body: the largest file the Bot API takes is 20 MB, and multipart adds to it."""

Check = Callable[[], Awaitable[bool]]


@web.middleware
async def _plain_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """No sniffing, no framing, no referrer, on every answer that has begun nowhere else."""
    response = await handler(request)
    if not response.prepared:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


def build_app(checks: dict[str, Check]) -> web.Application:
    """The application; `checks` names the parts this process hosts and tells whether each works now."""
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_plain_headers])

    async def health(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def ready(_request: web.Request) -> web.Response:
        states = {name: await check() for name, check in checks.items()}
        return web.json_response(states, status=200 if all(states.values()) else 503)

    app.router.add_get("/health", health)
    app.router.add_get("/ready", ready)
    return app


class WebServer:
    """A running HTTP server."""

    def __init__(self, runner: web.AppRunner) -> None:
        self._runner = runner

    @classmethod
    async def start(cls, app: web.Application, host: str, port: int) -> Self:
        """Listen.

        Raises:
            ConfigurationError: the address cannot be had.
        """
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            raise ConfigurationError(
                f"Cannot listen on {host}:{port} ({error.strerror}). Set CONTENTSYNC_HTTP_PORT to a free port."
            ) from error
        return cls(runner)

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        await self._runner.cleanup()
