"""A Telegram for tests: the local chat on a loopback port of its own, with faults that can be switched on."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from contentsync.localchat.errors import ApiError
from contentsync.localchat.parameters import read_parameters
from contentsync.localchat.server import LocalChat

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

POLL_SECONDS = 0.02


@dataclass
class Fault:
    """One fault and when it strikes: for a method, a chat (None: any), after `skip` calls, `times` times."""

    method: str
    chat_id: int | None = None
    times: int = 1
    skip: int = 0
    delay_seconds: float = 0
    answer: ApiError | None = None
    drop_before: bool = False
    drop_after: bool = False

    def strikes(self, method: str, chat_id: str) -> bool:
        """Whether this call is hit; counts it when the fault is about it."""
        if method.lower() != self.method.lower() or (self.chat_id is not None and chat_id != str(self.chat_id)):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return self.times >= 0


class Faults:
    """Faults to come. They strike in the order they were added; each call meets at most one."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def drop_before(self, method: str, *, chat_id: int | None = None, times: int = 1, skip: int = 0) -> None:
        """The connection breaks, and the method had no effect."""
        self._faults.append(Fault(method, chat_id, times, skip, drop_before=True))

    def drop_after(self, method: str, *, chat_id: int | None = None, times: int = 1, skip: int = 0) -> None:
        """The connection breaks although the method had its effect."""
        self._faults.append(Fault(method, chat_id, times, skip, drop_after=True))

    def delay(self, method: str, seconds: float, *, chat_id: int | None = None, times: int = 1, skip: int = 0) -> None:
        """The method takes its time before it has its effect."""
        self._faults.append(Fault(method, chat_id, times, skip, delay_seconds=seconds))

    def rate_limit(
        self, method: str, retry_after: int, *, chat_id: int | None = None, times: int = 1, skip: int = 0
    ) -> None:
        """429, as Telegram words it."""
        answer = ApiError(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})
        self._faults.append(Fault(method, chat_id, times, skip, answer=answer))

    def server_error(self, method: str, *, chat_id: int | None = None, times: int = 1, skip: int = 0) -> None:
        """500."""
        self._faults.append(Fault(method, chat_id, times, skip, answer=ApiError(500, "Internal Server Error")))

    def blocked(self, method: str, *, chat_id: int | None = None, times: int = 1, skip: int = 0) -> None:
        """403, as if the person had blocked the bot."""
        answer = ApiError(403, "Forbidden: bot was blocked by the user")
        self._faults.append(Fault(method, chat_id, times, skip, answer=answer))

    def unauthorized(self, method: str, *, chat_id: int | None = None, times: int = 1, skip: int = 0) -> None:
        """401, as if the token had been revoked."""
        self._faults.append(Fault(method, chat_id, times, skip, answer=ApiError(401, "Unauthorized")))

    def clear(self) -> None:
        """No faults any more."""
        self._faults.clear()

    def next_for(self, method: str, chat_id: str) -> Fault | None:
        """The fault that hits this call."""
        return next((fault for fault in self._faults if fault.strikes(method, chat_id)), None)


@dataclass(frozen=True)
class Call:
    """A Bot API call that came in: what was asked, whatever became of it."""

    method: str
    params: Json = field(default_factory=dict)


class FakeTelegram:
    """`async with FakeTelegram(tmp_path) as telegram:`; opened again on the same directory it goes on where it was."""

    def __init__(self, data_dir: Path, *, port: int = 0) -> None:
        self._data_dir = data_dir
        self._port = port
        self.faults = Faults()
        self.requests: list[Call] = []
        self.base_url = ""
        self.token = ""

    async def __aenter__(self) -> Self:
        self._chat = LocalChat(self._data_dir)
        self.token = self._chat.token

        @web.middleware
        async def meddle(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._meddle(request, handler)

        app = web.Application(middlewares=[meddle])
        self._chat.add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.base_url = f"http://127.0.0.1:{self._port}"
        self._session = aiohttp.ClientSession(self.base_url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self.stop()

    async def stop(self) -> None:
        """Stop listening and close the file; stopping twice is fine."""
        await self._runner.cleanup()
        await self._chat.close()

    async def say(self, text: str, from_id: int = 1) -> int:
        """A person writes; gives the id of the message."""
        return await self.post("messages", {"text": text, "from_id": from_id})

    async def tap(self, message_id: int, data: str, from_id: int = 1) -> int:
        """A person taps a button; gives the id of the message it is under."""
        return await self.post("callbacks", {"message_id": message_id, "data": data, "from_id": from_id})

    async def share_location(self, latitude: float, longitude: float, from_id: int = 1) -> int:
        """A person shares a place; gives the id of the message."""
        location = {"latitude": latitude, "longitude": longitude}
        return await self.post("messages", {"location": location, "from_id": from_id})

    async def upload(self, name: str, content: bytes, from_id: int = 1) -> int:
        """A person sends a file; gives the id of the message."""
        form = aiohttp.FormData({"from_id": str(from_id)})
        form.add_field("file", io.BytesIO(content), filename=name)
        async with self._session.post("/localchat/documents", data=form) as response:
            return _message_id(await response.json())

    async def post(self, endpoint: str, body: Json) -> int:
        """Post to one of the JSON endpoints; gives the message id of the answer, or 0.

        Raises:
            AssertionError: the endpoint refused.
        """
        async with self._session.post(f"/localchat/{endpoint}", json=body) as response:
            return _message_id(await response.json())

    async def messages(self, chat_id: int = 1, after: int = 0) -> list[Json]:
        """The chat as it shows now, ascending."""
        params = {"chat_id": str(chat_id), "after": str(after)}
        async with self._session.get("/localchat/messages", params=params) as response:
            messages: list[Json] = await response.json()
            return messages

    async def file(self, file_id: str) -> bytes:
        """The bytes of a file in the chat."""
        async with self._session.get(f"/localchat/files/{file_id}") as response:
            assert response.status == 200, f"no file {file_id}"
            return await response.read()

    async def wait_for(
        self, predicate: Callable[[Json], bool], seconds: float = 5, *, chat_id: int = 1, after: int = 0
    ) -> Json:
        """The first message of the chat that fits, waiting for it.

        Raises:
            AssertionError: none came in time; the text shows the chat.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            messages = await self.messages(chat_id, after)
            fitting = next((message for message in messages if predicate(message)), None)
            if fitting is not None:
                return fitting
            if asyncio.get_running_loop().time() > deadline:
                shown = "\n".join(str(m.get("text", sorted(m))) for m in messages)
                raise AssertionError(f"no such message in chat {chat_id} within {seconds} s. The chat shows:\n{shown}")
            await asyncio.sleep(POLL_SECONDS)

    def calls(self, method: str) -> list[Json]:
        """The parameters of every call of a method, in order."""
        return [call.params for call in self.requests if call.method.lower() == method.lower()]

    async def _meddle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note Bot API calls, and let the fault strike that is due."""
        method = request.match_info.get("method")
        if method is None:
            return await handler(request)
        try:
            parameters = await read_parameters(request)
        except ApiError as error:
            return error.response()
        self.requests.append(Call(method, parameters.values))
        fault = self.faults.next_for(method, parameters.text("chat_id"))
        if fault is None:
            return await handler(request)
        await asyncio.sleep(fault.delay_seconds)
        if fault.drop_before:
            return _hang_up(request)
        if fault.answer is not None:
            return fault.answer.response()
        response = await handler(request)
        return _hang_up(request) if fault.drop_after else response


def _message_id(answer: Json) -> int:
    assert answer.get("ok"), f"the local chat refused: {answer}"
    return int(answer.get("message_id", 0))


def _hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
