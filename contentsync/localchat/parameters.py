"""Reads what a request carries, however it is written: query, JSON, url-encoded or multipart with files."""

import json
import mimetypes
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web

from contentsync.localchat.errors import ApiError, bad_request, chat_not_found, too_large

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
"""Source: https://core.telegram.org/bots/api#sending-files"""
_MAX_REQUEST_BYTES = MAX_UPLOAD_BYTES + 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Upload:
    """A file that came with a request."""

    name: str
    mime_type: str
    content: bytes


class Parameters:
    """Named values of one request. A value that is not there, is null or is empty reads as "", None or False."""

    def __init__(self, values: dict[str, Any], uploads: dict[str, Upload] | None = None) -> None:
        self.values = values
        self.uploads = uploads or {}

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def text(self, name: str) -> str:
        """A string.

        Raises:
            ApiError: 400, when it holds half of a surrogate pair and so is no Unicode text.
        """
        value = self.values.get(name)
        text = "" if value is None else str(value)
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise bad_request("strings must be encoded in UTF-8")
        return text

    def integer(self, name: str) -> int | None:
        """A whole number of at most 64 bits.

        Raises:
            ApiError: 400, when the value is something else.
        """
        if name not in self:
            return None
        try:
            number = int(self.values[name])
        except (TypeError, ValueError):
            raise bad_request(f"invalid {name} specified") from None
        if not -(2**63) <= number < 2**63:
            raise bad_request(f"invalid {name} specified")
        return number

    def chat_id(self) -> int:
        """The chat a method is about. Public names of chats lead nowhere: here all chats are private.

        Raises:
            ApiError: 400, when none is named or it cannot exist.
        """
        if "chat_id" not in self:
            raise bad_request("chat_id is empty")
        try:
            chat_id = self.integer("chat_id")
        except ApiError:
            raise chat_not_found() from None
        assert chat_id is not None
        return chat_id

    def boolean(self, name: str) -> bool:
        """True for true, yes and 1, as Telegram reads them."""
        return str(self.values.get(name, "")).strip().lower() in ("true", "yes", "1")

    def structure(self, name: str) -> Any:
        """An object or list, given as such or as JSON in a string; None when it is not there.

        Raises:
            ApiError: 400, when the string is no JSON.
        """
        if name not in self:
            return None
        value = self.values[name]
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None


_KEY = web.RequestKey("localchat.parameters", Parameters)


async def read_parameters(request: web.Request) -> Parameters:
    """Everything the request says; read once, and kept with the request for whoever asks again.

    Raises:
        ApiError: 400 for a body that cannot be read, 413 for one larger than the Bot API takes.
    """
    if _KEY not in request:
        request[_KEY] = await _read(request)
    return request[_KEY]


async def _read(request: web.Request) -> Parameters:
    if (request.content_length or 0) > _MAX_REQUEST_BYTES:
        raise too_large()
    values: dict[str, Any] = dict(request.query)
    if request.content_type == "multipart/form-data":
        return await _read_multipart(request, values)
    body = await _read_body(request)
    try:
        if request.content_type == "application/json":
            given = json.loads(body) if body else {}
            if not isinstance(given, dict):
                raise bad_request("the request body must be a JSON object")
            values |= given
        elif body:
            values |= parse_qsl(body.decode("utf-8"), keep_blank_values=True)
    except ValueError:
        raise bad_request("can't parse the request body as " + request.content_type) from None
    return Parameters(values)


async def _read_body(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > _MAX_REQUEST_BYTES:
            raise too_large()
    return bytes(body)


async def _read_multipart(request: web.Request, values: dict[str, Any]) -> Parameters:
    uploads: dict[str, Upload] = {}
    total_bytes = 0
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise bad_request("nested multipart bodies are not supported")
            content = bytearray()
            while chunk := await part.read_chunk(_CHUNK_BYTES):
                content += chunk
                total_bytes += len(chunk)
                if total_bytes > _MAX_REQUEST_BYTES:
                    raise too_large()
            if part.filename is None:
                values[part.name] = content.decode("utf-8")
            else:
                uploads[part.name] = Upload(_readable(part.filename), _mime_type(part), bytes(content))
    except ValueError:
        raise bad_request("can't parse the request body as multipart/form-data") from None
    return Parameters(values, uploads)


def _readable(name: str) -> str:
    """A file name without the bytes that are no UTF-8."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _mime_type(part: BodyPartReader) -> str:
    """What the sender says a file is; when that is nothing, what its name says."""
    told = part.headers.get("Content-Type", _UNKNOWN_TYPE).partition(";")[0].strip()
    if told not in ("", _UNKNOWN_TYPE):
        return _readable(told)
    return mimetypes.guess_type(part.filename or "")[0] or _UNKNOWN_TYPE
