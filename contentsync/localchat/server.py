"""The local chat: a Bot API server for one machine, and the page at /chat where people talk to the bot."""

import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from contentsync.localchat.endpoints import Endpoints
from contentsync.localchat.errors import ApiError
from contentsync.localchat.files import find_file, read_file
from contentsync.localchat.guard import HEADERS, check_local
from contentsync.localchat.hub import Hub
from contentsync.localchat.methods import Methods
from contentsync.localchat.parameters import read_parameters
from contentsync.localchat.store import Store
from contentsync.localchat.updates import Polling

PAGE = Path(__file__).parent / "page"
DATABASE = "localchat.db"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class LocalChat:
    """A Telegram of one's own. Everything it knows is in `<data_dir>/localchat.db`."""

    def __init__(self, data_dir: Path, *, bot_name: str = "contentsync", bot_username: str = "contentsync_bot") -> None:
        self._store = Store(data_dir / DATABASE)
        self._hub = Hub()
        self._polling = Polling(self._store)
        bot_id = int(self.token.partition(":")[0])
        bot = {"id": bot_id, "is_bot": True, "first_name": bot_name, "username": bot_username}
        self._methods = Methods(self._store, self._hub, self._polling, bot)
        self._endpoints = Endpoints(self._store, self._hub, self._polling, bot)

    @property
    def token(self) -> str:
        """The bot token this server accepts; it stays the same for a data directory."""
        return self._store.token

    def add_routes(self, app: web.Application) -> None:
        """Mount the Bot API, the JSON endpoints and the page. The application must listen on loopback."""
        routes: list[tuple[str, str, Handler]] = [
            ("*", "/bot{token}/{method}", self._call_method),
            ("GET", "/file/bot{token}/{path:.+}", self._download),
            ("GET", "/chat", self._page),
            ("GET", "/chat/{name}", self._page_file),
            *self._endpoints.routes(),
        ]
        for verb, path, handler in routes:
            app.router.add_route(verb, path, _guarded(handler))
        app.on_shutdown.append(self._release)

    async def close(self) -> None:
        """End what waits, finish what is being stored, and close the file."""
        await self._release(None)
        await self._store.close()

    async def _release(self, _app: web.Application | None) -> None:
        """Let go of requests that wait for something to happen, so that a server can stop at once."""
        self._polling.close()
        self._hub.close()

    async def _call_method(self, request: web.Request) -> web.Response:
        self._check_token(request)
        method = self._methods.by_name.get(request.match_info["method"].lower())
        if method is None:
            raise ApiError(404, "Not Found")
        result = await method(await read_parameters(request))
        return web.json_response({"ok": True, "result": result})

    async def _download(self, request: web.Request) -> web.Response:
        self._check_token(request)
        file = await self._store.run(find_file, path=request.match_info["path"])
        if file is None:
            raise ApiError(404, "Not Found")
        content = await self._store.run(read_file, file["file_id"])
        return web.Response(body=content, content_type="application/octet-stream")

    def _check_token(self, request: web.Request) -> None:
        if not hmac.compare_digest(request.match_info["token"].encode(), self.token.encode()):
            raise ApiError(401, "Unauthorized")

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    async def _page_file(self, request: web.Request) -> web.StreamResponse:
        files = {path.name: path for path in PAGE.iterdir() if path.is_file()}
        path = files.get(request.match_info["name"])
        if path is None:
            raise ApiError(404, "Not Found")
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


def _guarded(handler: Handler) -> Handler:
    """The handler for programs and pages of this machine only; failures become Telegram's answers."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            check_local(request)
            response = await handler(request)
        except ApiError as error:
            response = error.response()
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return handle
