"""A whole contentsync process in a directory of its own, spoken to through the local chat's JSON endpoints."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

from contentsync.embedded import EmbeddedTemporal, start_embedded

READY_SECONDS = 60.0
Message = dict[str, Any]
Wanted = Callable[[Message], bool]


class Instance:
    """`async with Instance(tmp_path) as chat: …` starts it; `stop`, `kill` and `start` may be used in between."""

    def __init__(self, directory: Path, **variables: str) -> None:
        self.directory = directory
        self.port = _free_port()
        self.output: list[str] = []
        self.errors = directory / "stderr.log"
        self._process: asyncio.subprocess.Process | None = None
        self._variables = {
            "CONTENTSYNC_DATA_DIR": str(directory / "data"),
            "CONTENTSYNC_HTTP_PORT": str(self.port),
            "CONTENTSYNC_PULL_TICK_SECONDS": "1",
            "CONTENTSYNC_DIGEST_TICK_SECONDS": "1",
            "CONTENTSYNC_ALLOW_PRIVATE_NETWORKS": "true",
            **variables,
        }
        self._client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=20, trust_env=False)

    @property
    def data(self) -> Path:
        """Its data directory."""
        return Path(self._variables["CONTENTSYNC_DATA_DIR"])

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The process id of the running process."""
        assert self._process is not None
        return self._process.pid

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            await self.stop()
        await self._client.aclose()

    async def start(self) -> None:
        """Start it and wait for its five lines."""
        environment = {name: value for name, value in os.environ.items() if not _ours(name)}
        self.output = []
        with self.errors.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "contentsync", "run",
                cwd=self.directory, env=environment | self._variables, stderr=errors, stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
            )  # fmt: skip
        async with asyncio.timeout(READY_SECONDS):
            while len(self.output) < 5:
                assert self._process.stdout is not None
                line = await self._process.stdout.readline()
                assert line, f"it ended before it was ready: {self.errors.read_text()[-2000:]}"
                self.output.append(line.decode().rstrip())

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end and wait; its exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        """Wait until it ends by itself; its exit status."""
        assert self._process is not None
        status = await asyncio.wait_for(self._process.wait(), 20)
        self._process = None
        return status

    async def command(self, *arguments: str) -> int:
        """Run another command of the program with the same settings; its exit status. It writes where errors go."""
        environment = {name: value for name, value in os.environ.items() if not _ours(name)}
        with self.errors.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "contentsync", *arguments,
                cwd=self.directory, env=environment | self._variables, stderr=errors, stdout=errors,
            )  # fmt: skip
        return await asyncio.wait_for(process.wait(), 60)

    async def kill(self, *, embedded_too: bool = False) -> None:
        """SIGKILL: no drain. The embedded Temporal lives on unless `embedded_too`."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()
        self._process = None
        if embedded_too:
            await self.end_embedded()

    async def end_embedded(self) -> None:
        """Stop the embedded Temporal that is on record."""
        server: EmbeddedTemporal = await start_embedded(self.data)
        await server.stop()

    def resident_bytes(self) -> int:
        """Resident memory of the process, what it started, and its embedded Temporal, together."""
        recorded = int(json.loads((self.data / "temporal.json").read_text())["pid"])
        own = psutil.Process(self.pid)
        every = {process.pid: process for process in (own, *own.children(recursive=True), psutil.Process(recorded))}
        return sum(int(process.memory_info().rss) for process in every.values())

    async def say(self, text: str, from_id: int = 1) -> int:
        """Type a text into the chat; its message id."""
        return await self._post("/localchat/messages", {"text": text, "from_id": from_id})

    async def tap(self, message: Message, label: str, from_id: int = 1) -> int:
        """Tap the first button of a message whose text begins with `label`."""
        data = next(b["callback_data"] for b in buttons(message) if b["text"].startswith(label))
        return await self._post(
            "/localchat/callbacks", {"message_id": message["message_id"], "data": data, "from_id": from_id}
        )

    async def messages(self, chat_id: int = 1, after: int = 0) -> list[Message]:
        """The chat as it stands now, without what was deleted."""
        answer = await self._client.get("/localchat/messages", params={"chat_id": chat_id, "after": after})
        answer.raise_for_status()
        return [message for message in answer.json() if not message.get("deleted")]

    async def get(self, path: str) -> httpx.Response:
        """Any page of its web server."""
        return await self._client.get(path)

    async def wait_for(
        self, wanted: Callable[[Message], bool], *, after: int = 0, chat_id: int = 1, seconds: float = 20
    ) -> Message:
        """The first message of the bot after `after` that is as wanted, once there is one."""
        deadline = time.monotonic() + seconds
        while True:
            found = [m for m in await self.messages(chat_id, after) if from_bot(m)]
            for message in found:
                if wanted(message):
                    return message
            assert time.monotonic() < deadline, f"the chat only says: {[m.get('text') for m in found]}"
            await asyncio.sleep(0.1)

    async def ask(self, text: str, wanted: Callable[[Message], bool] = lambda m: True, seconds: float = 20) -> Message:
        """Say something and wait for the first answer that is as wanted."""
        return await self.wait_for(wanted, after=await self.say(text), seconds=seconds)

    async def _post(self, path: str, body: dict[str, Any]) -> int:
        answer = await self._client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["message_id"])


def from_bot(message: Message) -> bool:
    """Whether the bot wrote it."""
    return bool(message.get("from", {}).get("is_bot"))


def buttons(message: Message) -> list[dict[str, str]]:
    """All inline buttons of a message."""
    return [b for row in message.get("reply_markup", {}).get("inline_keyboard", []) for b in row]


def has_button(label: str) -> Callable[[Message], bool]:
    """A wish for `wait_for`: a message with a button that begins with `label`."""
    return lambda message: any(b["text"].startswith(label) for b in buttons(message))


def says(words: str) -> Callable[[Message], bool]:
    """A wish for `wait_for`: a message whose text has these words."""
    return lambda message: words in message.get("text", "")


def _free_port() -> int:
    """A free port below those the system hands out by itself, so that nobody gets it before we listen."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)  # tests that run beside this one share the seed
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) != 0:
                return port


def _ours(name: str) -> bool:
    return name.startswith(("CONTENTSYNC_", "TELEGRAM_", "TEMPORAL_", "DATABASE_URL", "YOUTUBE_"))
