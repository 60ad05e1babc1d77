"""The HTTP endpoints of people and their pages. Each answers once what it did is stored."""

import asyncio
import contextlib
from typing import Any
from urllib.parse import quote

from aiohttp import web

from contentsync.localchat.errors import ApiError
from contentsync.localchat.files import find_file, read_file
from contentsync.localchat.guard import HEADERS
from contentsync.localchat.hub import Hub
from contentsync.localchat.images import SHOWN
from contentsync.localchat.messages import list_messages
from contentsync.localchat.parameters import Parameters, read_parameters
from contentsync.localchat.people import state
from contentsync.localchat.person_side import (
    Said,
    caption_of,
    event_bytes,
    person_changes,
    person_id,
    save_person,
    say,
    send_file,
    tap,
    text_or_location,
    uploaded_file,
)
from contentsync.localchat.store import Store
from contentsync.localchat.updates import Polling

Json = dict[str, Any]

HEARTBEAT_SECONDS = 15
"""How often an open page hears something, so that a closed one is noticed."""


class Endpoints:
    """Handlers for /localchat/*."""

    def __init__(self, store: Store, hub: Hub, polling: Polling, bot: Json) -> None:
        self._store = store
        self._hub = hub
        self._polling = polling
        self._bot = bot

    def routes(self) -> list[tuple[str, str, Any]]:
        """Method, path and handler of each."""
        return [
            ("GET", "/localchat/messages", self._get_messages),
            ("POST", "/localchat/messages", self._post_message),
            ("POST", "/localchat/callbacks", self._post_callback),
            ("POST", "/localchat/documents", self._post_document),
            ("GET", "/localchat/files/{file_id}", self._get_file),
            ("GET", "/localchat/state", self._get_state),
            ("POST", "/localchat/people", self._post_person),
            ("GET", "/localchat/events", self._get_events),
        ]

    async def _get_messages(self, request: web.Request) -> web.Response:
        parameters = Parameters(dict(request.query))
        messages = await self._store.run(
            list_messages,
            person_id(parameters, "chat_id"),
            after=parameters.integer("after") or 0,
            before=parameters.integer("before"),
            limit=parameters.integer("limit"),
        )
        return web.json_response(messages)

    async def _post_message(self, request: web.Request) -> web.Response:
        parameters = await read_parameters(request)
        from_id = person_id(parameters)
        content = text_or_location(parameters)
        return self._announce(await self._store.run(say, from_id=from_id, content=content, bot=self._bot))

    async def _post_document(self, request: web.Request) -> web.Response:
        parameters, upload = await uploaded_file(request)
        from_id, caption = person_id(parameters), caption_of(parameters)
        return self._announce(
            await self._store.run(send_file, from_id=from_id, upload=upload, caption=caption, bot=self._bot)
        )

    def _announce(self, said: Said) -> web.Response:
        self._polling.notify()
        self._hub.publish(said.message["chat"]["id"], "message", said.message)
        if said.person_changed:
            self._hub.publish_to_all("changed", None)
        return web.json_response({"ok": True, "message_id": said.message["message_id"]})

    async def _post_callback(self, request: web.Request) -> web.Response:
        parameters = await read_parameters(request)
        message_id = parameters.integer("message_id")
        if message_id is None:
            raise ApiError(400, '"message_id" is missing.')
        query_id = await self._store.run(
            tap, from_id=person_id(parameters), message_id=message_id, data=parameters.text("data")
        )
        self._polling.notify()
        return web.json_response({"ok": True, "message_id": message_id, "callback_query_id": query_id})

    async def _get_file(self, request: web.Request) -> web.Response:
        file = await self._store.run(find_file, file_id=request.match_info["file_id"])
        if file is None:
            raise ApiError(404, "There is no such file.")
        shown = file["mime_type"] in SHOWN
        headers = {
            "Content-Disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(file['name'])}",
            "Content-Type": file["mime_type"] if shown else "application/octet-stream",
            "Cache-Control": "private, max-age=31536000, immutable",
        }
        return web.Response(body=await self._store.run(read_file, file["file_id"]), headers=headers)

    async def _get_state(self, request: web.Request) -> web.Response:
        chat_id = person_id(Parameters(dict(request.query)), "chat_id")
        return web.json_response(await self._store.run(state, chat_id, self._bot))

    async def _post_person(self, request: web.Request) -> web.Response:
        parameters = await read_parameters(request)
        person = await self._store.run(
            save_person,
            person_id=person_id(parameters, "id"),
            changes=person_changes(parameters),
            blocked=parameters.boolean("blocked") if "blocked" in parameters else None,
            bot=self._bot,
        )
        self._polling.notify()
        self._hub.publish_to_all("changed", None)
        return web.json_response({"ok": True, "person": person})

    async def _get_events(self, request: web.Request) -> web.StreamResponse:
        chat_id = person_id(Parameters(dict(request.query)), "chat_id")
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", **HEADERS}
        response = web.StreamResponse(headers=headers)
        with self._hub.subscribe(chat_id) as queue, contextlib.suppress(ConnectionResetError):  # the page was closed
            await response.prepare(request)
            await response.write(event_bytes("ready", None))
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    await response.write(b": still here\n\n")
                    continue
                if event is None:
                    break
                await response.write(event_bytes(event.kind, event.data))
        return response
