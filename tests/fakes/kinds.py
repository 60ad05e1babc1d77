"""Kinds of source for tests of the machinery around them. A pull process imports this module, so it stays small."""

import os
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from typing_extensions import override

from contentsync.sources.base import Document, Entry, Fetched, SourceRef, Unchanged


class TellingSource:
    """Says in its one title which process has read it. It asks no server."""

    kind = "telling"

    async def fetch(self, client: httpx.AsyncClient, ref: SourceRef) -> Fetched | Unchanged:
        """A document without content."""
        return Fetched(url=ref.url, status=200, headers=(), body=b"x", body_hash=ref.url)

    def parse(self, fetched: Fetched) -> Document:
        """The process id."""
        return Document(title=str(os.getpid()), entries=(Entry(external_id="x", link=None, title=str(os.getpid())),))


class DeadlySource(TellingSource):
    """Reading it kills the process: once, if the URL's path names a file that is not there yet; else always."""

    kind = "deadly"

    @override
    def parse(self, fetched: Fetched) -> Document:
        """The process id, if the process outlives it."""
        marker = Path(urlsplit(fetched.url).path)
        if not marker.is_file():
            if marker.parent.is_dir() and marker.name:
                marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().parse(fetched)


class EndlessSource(TellingSource):
    """Reading it takes for ever."""

    kind = "endless"

    @override
    def parse(self, fetched: Fetched) -> Document:
        """Nothing, ever."""
        while True:
            time.sleep(1)


class UnsendableSource(TellingSource):
    """Its document cannot cross between processes."""

    kind = "unsendable"

    @override
    def parse(self, fetched: Fetched) -> Document:
        """A document with a function in it."""
        return Document(title="Odd", site_url=(lambda: None))  # type: ignore[arg-type]


class BuggySource(TellingSource):
    """Has a bug."""

    kind = "buggy"

    @override
    def parse(self, fetched: Fetched) -> Document:
        """Nothing, ever."""
        raise ZeroDivisionError(fetched.url)
