"""The Bot API methods by which the bot writes, changes and takes back messages."""

from dataclasses import replace
from typing import Any

from contentsync.localchat.entities import MAX_CAPTION_UNITS, MAX_TEXT_UNITS, format_text
from contentsync.localchat.errors import bad_request, too_large
from contentsync.localchat.files import add_file, document, find_file, photo
from contentsync.localchat.hub import Hub
from contentsync.localchat.images import image_size, image_type
from contentsync.localchat.keyboards import Markup, check_inline_keyboard, check_markup
from contentsync.localchat.markup import utf16_length
from contentsync.localchat.messages import Reply, delete, edit, send, show_message
from contentsync.localchat.parameters import MAX_UPLOAD_BYTES, Parameters, Upload
from contentsync.localchat.people import reachable_person
from contentsync.localchat.store import Store

Json = dict[str, Any]

MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_PHOTO_SIDES = 10_000
"""Width and height together, in pixels. Source: https://core.telegram.org/bots/api#sendphoto"""
MAX_PHOTO_RATIO = 20


class Sending:
    """What the bot says in a chat is stored first, then shown on the open pages."""

    def __init__(self, store: Store, hub: Hub, bot: Json) -> None:
        self._store = store
        self._hub = hub
        self._bot = bot

    async def send_message(self, parameters: Parameters) -> Json:
        """sendMessage."""
        return await self._send(parameters, _text_content(parameters))

    async def send_document(self, parameters: Parameters) -> Json:
        """sendDocument."""
        caption = _caption(parameters)
        await self._store.run(reachable_person, parameters.chat_id())
        file = await self._file(parameters, "document")
        return await self._send(parameters, {"document": document(file)} | caption)

    async def send_photo(self, parameters: Parameters) -> Json:
        """sendPhoto."""
        caption = _caption(parameters)
        await self._store.run(reachable_person, parameters.chat_id())
        file = await self._file(parameters, "photo")
        return await self._send(parameters, {"photo": photo(file)} | caption)

    async def edit_message_text(self, parameters: Parameters) -> Json:
        """editMessageText."""
        return await self._edit(parameters, _text_content(parameters))

    async def edit_message_reply_markup(self, parameters: Parameters) -> Json:
        """editMessageReplyMarkup."""
        return await self._edit(parameters, None)

    async def delete_message(self, parameters: Parameters) -> bool:
        """deleteMessage."""
        chat_id, message_id = parameters.chat_id(), _message_id(parameters)
        await self._store.run(delete, chat_id=chat_id, message_id=message_id)
        await self._store.wipe()
        await self._show(chat_id, message_id)
        return True

    async def _send(self, parameters: Parameters, content: Json) -> Json:
        chat_id = parameters.chat_id()
        given = parameters.structure("reply_markup")
        markup = check_markup(given) if given is not None else {}
        message = await self._store.run(
            send, chat_id=chat_id, bot=self._bot, content=content, markup=markup, reply=_reply(parameters)
        )
        self._hub.publish(chat_id, "message", message)
        if "keyboard" in markup or "remove_keyboard" in markup:
            self._hub.publish(chat_id, "keyboard", markup if "keyboard" in markup else None)
        return message

    async def _edit(self, parameters: Parameters, content: Json | None) -> Json:
        chat_id, message_id = parameters.chat_id(), _message_id(parameters)
        given = parameters.structure("reply_markup")
        markup: Markup = check_inline_keyboard(given) if given is not None else {}
        message = await self._store.run(
            edit, chat_id=chat_id, message_id=message_id, bot=self._bot, content=content, markup=markup
        )
        await self._show(chat_id, message_id)
        return message

    async def _show(self, chat_id: int, message_id: int) -> None:
        self._hub.publish(chat_id, "message", await self._store.run(show_message, message_id))

    async def _file(self, parameters: Parameters, kind: str) -> Json:
        """The row of the file to send: one that came with the request, or one that was sent before."""
        upload = _upload(parameters, kind)
        if upload is None:
            return await self._known_file(parameters.text(kind), kind)
        if not upload.content:
            raise bad_request("file must be non-empty")
        if len(upload.content) > (MAX_PHOTO_BYTES if kind == "photo" else MAX_UPLOAD_BYTES):
            raise too_large()
        size = None
        if kind == "photo":
            size = _photo_size(upload.content)
            upload = replace(upload, mime_type=image_type(upload.content))
        return await self._store.run(add_file, upload, folder=f"{kind}s", size=size)

    async def _known_file(self, file_id: str, kind: str) -> Json:
        if not file_id:
            raise bad_request(f"there is no {kind} in the request")
        if file_id.startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")  # this Telegram fetches nothing from networks
        file = await self._store.run(find_file, file_id=file_id)
        if file is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        if (kind == "photo") != (file["width"] is not None):
            raise bad_request("type of file mismatch")
        return file


def _text_content(parameters: Parameters) -> Json:
    """The fields of a text message.

    Raises:
        ApiError: 400, when the text is empty, too long after parsing, or not well-formed.
    """
    if not parameters.text("text"):
        raise bad_request("message text is empty")
    text, entities = _formatted(parameters, "text", "entities")
    if not text:
        raise bad_request("text must be non-empty")
    if utf16_length(text) > MAX_TEXT_UNITS:
        raise bad_request("message is too long")
    content: Json = {"text": text}
    if entities:
        content["entities"] = entities
    preview = parameters.structure("link_preview_options")
    if isinstance(preview, dict) and preview:
        content["link_preview_options"] = preview
    return content


def _caption(parameters: Parameters) -> Json:
    """The fields of a caption, if there is one."""
    caption, entities = _formatted(parameters, "caption", "caption_entities")
    if utf16_length(caption) > MAX_CAPTION_UNITS:
        raise bad_request("message caption is too long")
    if not caption:
        return {}
    return {"caption": caption} | ({"caption_entities": entities} if entities else {})


def _formatted(parameters: Parameters, text: str, entities: str) -> tuple[str, list[Json]]:
    given = parameters.structure(entities) or []
    if not isinstance(given, list):
        raise bad_request("can't parse entities JSON object")
    return format_text(parameters.text(text), parameters.text("parse_mode"), given)


def _reply(parameters: Parameters) -> Reply | None:
    """What the message answers, if anything."""
    given = parameters.structure("reply_parameters")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise bad_request("object expected as reply parameters")
    fields = Parameters(given)
    return Reply(fields.integer("message_id") or 0, fields.boolean("allow_sending_without_reply"))


def _message_id(parameters: Parameters) -> int:
    message_id = parameters.integer("message_id")
    if not message_id:
        raise bad_request("message identifier is not specified")
    return message_id


def _upload(parameters: Parameters, kind: str) -> Upload | None:
    """The file of a field: the field itself, or the part that `attach://<part>` names."""
    reference = parameters.text(kind)
    if reference.startswith("attach://"):
        upload = parameters.uploads.get(reference.removeprefix("attach://"))
        if upload is None:
            raise bad_request(f"there is no {kind} in the request")
        return upload
    return parameters.uploads.get(kind)


def _photo_size(content: bytes) -> tuple[int, int]:
    """Width and height of a picture Telegram would take, in pixels."""
    size = image_size(content)
    if size is None or min(size) == 0:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if sum(size) > MAX_PHOTO_SIDES or max(size) > MAX_PHOTO_RATIO * min(size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return size
