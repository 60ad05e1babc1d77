"""The Bot API methods that are not about sending: who the bot is, updates, menus, chats, taps, files."""

from collections.abc import Awaitable, Callable
from typing import Any

from contentsync.localchat.errors import bad_request
from contentsync.localchat.files import find_file
from contentsync.localchat.hub import Hub
from contentsync.localchat.messages import answer_callback
from contentsync.localchat.parameters import Parameters
from contentsync.localchat.people import (
    chat,
    checked_commands,
    checked_language,
    command_scope,
    get_commands,
    known_person,
    reachable_person,
    set_commands,
)
from contentsync.localchat.sending import Sending
from contentsync.localchat.store import Store
from contentsync.localchat.updates import Polling, count_updates, drop_updates, set_allowed_updates

Json = dict[str, Any]
Method = Callable[[Parameters], Awaitable[Any]]

MAX_TIMEOUT_SECONDS = 50
MAX_UPDATES = 100
MAX_ANSWER_LENGTH = 200
MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
"""Source: https://core.telegram.org/bots/api#getfile"""

_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip


class Methods:
    """All methods by their lower-case names; Telegram does not mind case."""

    def __init__(self, store: Store, hub: Hub, polling: Polling, bot: Json) -> None:
        self._store = store
        self._hub = hub
        self._polling = polling
        self._bot = bot
        sending = Sending(store, hub, bot)
        self.by_name: dict[str, Method] = {
            "getme": self._get_me,
            "getupdates": self._get_updates,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "getwebhookinfo": self._get_webhook_info,
            "getchat": self._get_chat,
            "getfile": self._get_file,
            "setmycommands": self._set_my_commands,
            "getmycommands": self._get_my_commands,
            "deletemycommands": self._delete_my_commands,
            "answercallbackquery": self._answer_callback_query,
            "sendchataction": self._send_chat_action,
            "sendmessage": sending.send_message,
            "senddocument": sending.send_document,
            "sendphoto": sending.send_photo,
            "editmessagetext": sending.edit_message_text,
            "editmessagereplymarkup": sending.edit_message_reply_markup,
            "deletemessage": sending.delete_message,
        }

    async def _get_me(self, parameters: Parameters) -> Json:
        return self._bot | {
            "can_join_groups": False,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }

    async def _get_updates(self, parameters: Parameters) -> list[Json]:
        allowed = parameters.structure("allowed_updates")
        if isinstance(allowed, list):
            await self._store.run(set_allowed_updates, [str(kind) for kind in allowed])
        return await self._polling.take(
            offset=parameters.integer("offset") or 0,
            limit=min(max(parameters.integer("limit") or MAX_UPDATES, 1), MAX_UPDATES),
            timeout_seconds=min(max(parameters.integer("timeout") or 0, 0), MAX_TIMEOUT_SECONDS),
        )

    async def _set_webhook(self, parameters: Parameters) -> bool:
        if parameters.text("url"):
            raise bad_request("bad webhook: the local chat delivers updates by getUpdates only")
        return await self._delete_webhook(parameters)

    async def _delete_webhook(self, parameters: Parameters) -> bool:
        if parameters.boolean("drop_pending_updates"):
            await self._store.run(drop_updates)
        return True

    async def _get_webhook_info(self, parameters: Parameters) -> Json:
        pending = await self._store.run(count_updates)
        return {"url": "", "has_custom_certificate": False, "pending_update_count": pending}

    async def _get_chat(self, parameters: Parameters) -> Json:
        person = await self._store.run(known_person, parameters.chat_id())
        gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
        return chat(person) | {
            "accent_color_id": person["id"] % 7,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(gifts, False),
        }

    async def _get_file(self, parameters: Parameters) -> Json:
        file_id = parameters.text("file_id")
        if not file_id:
            raise bad_request("file_id not specified")
        file = await self._store.run(find_file, file_id=file_id)
        if file is None:
            raise bad_request("invalid file_id")
        if file["size"] > MAX_DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        return {
            "file_id": file["file_id"],
            "file_unique_id": file["unique_id"],
            "file_size": file["size"],
            "file_path": file["path"],
        }

    async def _set_my_commands(self, parameters: Parameters) -> bool:
        commands = checked_commands(parameters.structure("commands"))
        await self._change_commands(parameters, commands)
        return True

    async def _delete_my_commands(self, parameters: Parameters) -> bool:
        await self._change_commands(parameters, [])
        return True

    async def _change_commands(self, parameters: Parameters, commands: list[Json]) -> None:
        language_code = checked_language(parameters.text("language_code"))
        scope = await self._store.run(command_scope, parameters.structure("scope"))
        await self._store.run(set_commands, scope, language_code, commands)
        self._hub.publish_to_all("changed", None)

    async def _get_my_commands(self, parameters: Parameters) -> list[Json]:
        language_code = checked_language(parameters.text("language_code"))
        scope = await self._store.run(command_scope, parameters.structure("scope"))
        return await self._store.run(get_commands, scope, language_code)

    async def _answer_callback_query(self, parameters: Parameters) -> bool:
        text = parameters.text("text").strip()
        if len(text) > MAX_ANSWER_LENGTH:
            raise bad_request("MESSAGE_TOO_LONG")
        callback_id = parameters.text("callback_query_id")
        chat_id, message_id = await self._store.run(answer_callback, callback_id=callback_id, text=text)
        answer = {
            "callback_query_id": callback_id,
            "message_id": message_id,
            "text": text,
            "show_alert": parameters.boolean("show_alert"),
            "url": parameters.text("url"),
        }
        self._hub.publish(chat_id, "answer", answer)
        return True

    async def _send_chat_action(self, parameters: Parameters) -> bool:
        person = await self._store.run(reachable_person, parameters.chat_id())
        action = parameters.text("action")
        if action not in _ACTIONS:
            raise bad_request("wrong parameter action in request")
        self._hub.publish(person["id"], "typing", {"action": action})
        return True
