"""Files and photos through the Bot API."""

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BufferedInputFile,
)

from tests.fakes.telegram import FakeTelegram
from tests.localchat.conftest import call

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000040000000308020000003a6a6c5f") + b"\0" * 16


async def test_documents_both_ways(bot: Bot, telegram: FakeTelegram) -> None:
    content = bytes(range(256)) * 1000
    await telegram.upload("feeds.opml", content)
    received = (await bot.get_updates())[-1].message
    assert received is not None
    assert received.document is not None
    assert (received.document.file_name, received.document.file_size) == ("feeds.opml", len(content))
    file = await bot.get_file(received.document.file_id)
    assert file.file_path is not None
    downloaded = await bot.download_file(file.file_path)
    assert downloaded is not None
    assert downloaded.read() == content
    sent = await bot.send_document(
        1, BufferedInputFile(b"<opml/>", "mine.opml"), caption="<b>Yours</b>", parse_mode="HTML"
    )
    assert sent.document is not None
    assert (sent.document.file_name, sent.caption) == ("mine.opml", "Yours")
    assert await telegram.file(sent.document.file_id) == b"<opml/>"
    again = await bot.send_document(1, sent.document.file_id)
    assert again.document == sent.document


async def test_photos(bot: Bot, telegram: FakeTelegram) -> None:
    await telegram.say("hi")
    sent = await bot.send_photo(1, BufferedInputFile(PNG, "picture"))
    assert sent.photo is not None
    assert (sent.photo[0].width, sent.photo[0].height) == (4, 3)
    assert (await bot.send_photo(1, sent.photo[0].file_id)).photo == sent.photo
    async with (
        aiohttp.ClientSession(telegram.base_url) as session,
        session.get(f"/localchat/files/{sent.photo[0].file_id}") as response,
    ):
        assert response.headers["Content-Type"] == "image/png"
    with pytest.raises(TelegramBadRequest, match="IMAGE_PROCESS_FAILED"):
        await bot.send_photo(1, BufferedInputFile(b"no picture", "x.png"))
    with pytest.raises(TelegramBadRequest, match="type of file mismatch"):
        await bot.send_document(1, sent.photo[0].file_id)


async def test_files_that_are_refused(bot: Bot, telegram: FakeTelegram) -> None:
    await telegram.say("hi")
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await bot.send_document(1, BufferedInputFile(b"x", "x"), caption="x" * 1025)
    with pytest.raises(TelegramBadRequest, match="file must be non-empty"):
        await bot.send_document(1, BufferedInputFile(b"", "x"))
    with pytest.raises(TelegramBadRequest, match="wrong file identifier/HTTP URL specified"):
        await bot.send_document(1, "nothing")
    with pytest.raises(TelegramBadRequest, match="invalid file_id"):
        await bot.get_file("nothing")
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_document(9, BufferedInputFile(b"x", "x"))
    assert (await call(telegram, "sendDocument", chat_id=1))["description"].endswith(
        "there is no document in the request"
    )
