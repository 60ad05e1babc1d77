"""Building items anew from the raw archive, without a network.

It works beside a running instance: what it does is many short transactions, each of which decides by what is stored at
that moment, so that a pull in between counts as the later word it is. Broken off, it may simply be run again.
"""

import asyncio
import multiprocessing
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

from contentsync.db import items, raw_documents, rebuilding
from contentsync.db.engine import Database
from contentsync.db.items import ItemRow
from contentsync.db.raw_documents import Archived, Selection
from contentsync.errors import NotAFeed, PartDied
from contentsync.puller.archive import Place
from contentsync.puller.archive_reading import RecordDamaged, read_answer
from contentsync.puller.arrival import item_rows
from contentsync.puller.report import report
from contentsync.sources.base import Reader

GROUP_DOCUMENTS = 25
"""Answers in one transaction, as in a pull."""

MANY = 40
"""From so many answers on, processes pay off."""


class Trouble(StrEnum):
    """Why nothing came of an answer."""

    MISSING = "missing"
    """Its file is not there, or cannot be opened."""
    DAMAGED = "damaged"
    """What lies at its place is not what was put there."""
    UNREADABLE = "unreadable"
    """It is as it came, but this version of the program makes nothing of it."""


Outcome = tuple[ItemRow, ...] | Trouble


@dataclass
class Reprocessed:
    """How it went: counts of answers and items, and for each trouble how many answers of which file have it."""

    documents: int = 0
    same: int = 0
    added: int = 0
    changed: int = 0
    troubles: dict[Trouble, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @property
    def items(self) -> int:
        """Items in the answers; one that stands in several answers counts in each."""
        return self.same + self.added + self.changed


class Reprocessor:
    """Rebuilds items with `readers`, the kinds of source by name."""

    def __init__(self, *, db: Database, data_dir: Path, readers: Mapping[str, Reader]) -> None:
        self._db = db
        self._data_dir = data_dir
        self._readers = readers

    async def run(
        self,
        *,
        since: datetime | None = None,
        source_id: int | None = None,
        progress: Callable[[Reprocessed, int], None] = lambda done, total: None,
    ) -> Reprocessed:
        """Rebuild from the answers fetched at `since` or later, of one source or of all; None is all.

        `progress` is called after each group with what is done, and how many answers there are.

        Raises:
            PartDied: a process that reads documents died; what was done until then is kept.
        """
        async with self._db.read() as session:
            last_id = await raw_documents.find_last_id(session)
            selection = Selection(last_id, since, source_id)
            total = await raw_documents.count_documents(session, selection=selection)
        done = Reprocessed()
        progress(done, total)
        with _pool(total) as pool:
            async for group, outcomes in self._groups(selection, pool):
                await self._keep(group, outcomes, done)
                progress(done, total)
        return done

    async def _groups(
        self, selection: Selection, pool: Executor
    ) -> AsyncIterator[tuple[Sequence[Archived], Sequence[Outcome]]]:
        """The selected answers in their order; while one group is stored the next is read."""
        group = await self._next(selection, 0)
        reading = asyncio.create_task(self._read_all(group, pool))
        try:
            while group:
                following = await self._next(selection, group[-1].id)
                outcomes = await reading
                reading = asyncio.create_task(self._read_all(following, pool))
                yield group, outcomes
                group = following
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _next(self, selection: Selection, after_id: int) -> Sequence[Archived]:
        async with self._db.read() as session:
            return await raw_documents.list_documents(
                session, selection=selection, after_id=after_id, limit=GROUP_DOCUMENTS
            )

    async def _read_all(self, group: Sequence[Archived], pool: Executor) -> Sequence[Outcome]:
        return await asyncio.gather(*(self._read(document, pool) for document in group))

    async def _read(self, document: Archived, pool: Executor) -> Outcome:
        reader = self._readers.get(document.kind)
        if reader is None:
            return Trouble.UNREADABLE
        try:
            work = partial(read_rows, self._data_dir, document, reader)
            outcome: Outcome = await asyncio.get_running_loop().run_in_executor(pool, work)
        except BrokenProcessPool as error:
            raise PartDied(
                "A process that reads documents died, perhaps for want of memory. Run this again: what is done is kept."
            ) from error
        except Exception as error:  # noqa: BLE001 - a bug that one answer brings out must not stop the others
            report("reprocess", document.id, error)
            return Trouble.UNREADABLE
        return outcome

    async def _keep(self, group: Sequence[Archived], outcomes: Sequence[Outcome], done: Reprocessed) -> None:
        """Store a group; if the database refuses a value in it, each answer is stored for itself."""
        pairs = list(zip(group, outcomes, strict=True))
        try:
            await self._store(pairs, done)
        except Exception as error:
            if not items.is_unstorable(error):
                raise
            for document, outcome in pairs:
                await self._store_alone(document, outcome, done)

    async def _store_alone(self, document: Archived, outcome: Outcome, done: Reprocessed) -> None:
        try:
            await self._store([(document, outcome)], done)
        except Exception as error:
            if not items.is_unstorable(error):
                raise
            report("reprocess", document.id, error)
            await self._store([(document, Trouble.UNREADABLE)], done)

    async def _store(self, pairs: Sequence[tuple[Archived, Outcome]], done: Reprocessed) -> None:
        """Store in one transaction; answers whose retention ended meanwhile are left out."""
        rebuilt = []
        async with self._db.write() as session:
            kept = await raw_documents.lock_documents(session, ids=[document.id for document, _ in pairs])
            for document, outcome in pairs:
                if document.id in kept and not isinstance(outcome, Trouble):
                    rebuilt.append(await rebuilding.rebuild_items(session, rows=outcome))
        done.documents += len(pairs)
        done.same += sum(one.same for one in rebuilt)
        done.added += sum(one.added for one in rebuilt)
        done.changed += sum(one.changed for one in rebuilt)
        for document, outcome in pairs:
            if document.id in kept and isinstance(outcome, Trouble):
                done.troubles[outcome][document.path] += 1


def _pool(documents: int) -> Executor:
    """Where documents are read: a thread for a few of them, a process for each core for many."""
    if documents < MANY:
        return ThreadPoolExecutor(max_workers=1)
    return ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn"))


def read_rows(data_dir: Path, document: Archived, reader: Reader) -> Outcome:
    """The items of an archived answer as the pull made them, or why there are none. The heavy part."""
    place = Place(document.path, document.offset, document.length)
    try:
        fetched = read_answer(data_dir, place, url=document.url, body_hash=document.body_hash)
        rows = item_rows(reader.parse(fetched), source_id=document.source_id, now=document.fetched_at)
    except OSError:
        return Trouble.MISSING
    except RecordDamaged:
        return Trouble.DAMAGED
    except NotAFeed:
        return Trouble.UNREADABLE
    return tuple(ItemRow(**{**row, "raw_document_id": document.id}) for row in rows)
