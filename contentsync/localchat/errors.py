"""What this Telegram answers when it does not do what was asked.

ApiError    an HTTP status, a description in Telegram's words, and response parameters such as `retry_after`
"""

from typing import Any

from aiohttp import web


class ApiError(Exception):
    """A request that is not carried out. Nothing of it has happened when this is raised.

    Source: https://core.telegram.org/bots/api#making-requests
    """

    def __init__(self, status: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters or {}

    def response(self) -> web.Response:
        """The answer that carries it, shaped as Telegram shapes failures."""
        body: dict[str, Any] = {"ok": False, "error_code": self.status, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return web.json_response(body, status=self.status)


def bad_request(reason: str) -> ApiError:
    """A 400 as Telegram words it."""
    return ApiError(400, f"Bad Request: {reason}")


def chat_not_found() -> ApiError:
    """The chat does not exist, or its person has never written to the bot."""
    return bad_request("chat not found")


def too_large() -> ApiError:
    """More bytes came than the Bot API takes."""
    return ApiError(413, "Request Entity Too Large")
