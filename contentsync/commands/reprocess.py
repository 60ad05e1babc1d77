"""`contentsync reprocess`: builds items anew from the raw archive."""

import asyncio
import sys
import time
from datetime import datetime
from typing import TextIO

from contentsync.db import sources
from contentsync.db.engine import Database
from contentsync.db.inbox import is_unavailable
from contentsync.db.schema import migrate
from contentsync.errors import ConfigurationError
from contentsync.puller.reprocess import Reprocessed, Reprocessor, Trouble
from contentsync.settings import Settings
from contentsync.sources.registry import READERS

EXIT_INCOMPLETE = 1
BAR_CHARACTERS = 24
REDRAW_SECONDS = 0.1
MOST_FILES = 20
"""Files with trouble that are named; of more only the number is told."""

ADVICE = {
    Trouble.MISSING: "is missing or cannot be opened: put it back from a backup and run this again",
    Trouble.DAMAGED: "is damaged: put it back from a backup and run this again",
    Trouble.UNREADABLE: "could not be understood: a newer version of contentsync may, the file itself is fine",
}
"""What is wrong with a file, and what to do."""


def run(settings: Settings, *, since: datetime | None, source_id: int | None) -> int:
    """Reprocess what was fetched at `since` or later, of one source or of all; None is all.

    The exit status: 0 if every answer was read, 1 if some were missing or broken.

    Raises:
        ConfigurationError: there is nothing to work on, or the database does not answer; the message says what to do.
    """
    began_at = time.monotonic()
    try:
        done = asyncio.run(_run(settings, since, source_id))
    except Exception as error:
        if not (isinstance(error, OSError) or is_unavailable(error)):
            raise
        raise ConfigurationError(
            f"The database does not answer ({type(error).__name__}). Look at DATABASE_URL and at what else uses the "
            "database, then run this again: what was done is kept."
        ) from error
    print("\n".join(describe(done, time.monotonic() - began_at)))
    return EXIT_INCOMPLETE if any(done.troubles.values()) else 0


async def _run(settings: Settings, since: datetime | None, source_id: int | None) -> Reprocessed:
    if settings.database_url is None and not (settings.data_dir / "contentsync.db").exists():
        raise ConfigurationError(
            f"There is no database in {settings.data_dir.resolve()}. Set CONTENTSYNC_DATA_DIR to the directory that "
            "contentsync runs with."
        )
    database = Database(settings.sqlalchemy_url)
    reprocessor = Reprocessor(db=database, data_dir=settings.data_dir, readers=READERS)
    try:
        await migrate(database)
        await _check_source(database, source_id)
        bar = ProgressBar(sys.stderr)
        done = await reprocessor.run(since=since, source_id=source_id, progress=bar.show)
        bar.end()
    finally:
        await database.close()
    return done


async def _check_source(database: Database, source_id: int | None) -> None:
    if source_id is None:
        return
    async with database.read() as session:
        found = await sources.get_sources(session, source_ids=[source_id])
    if not found:
        raise ConfigurationError(f"There is no source {source_id}. Leave out --source to reprocess all of them.")


def describe(done: Reprocessed, seconds: float) -> list[str]:
    """The lines that say how it went: a summary, then each file with trouble and what to do about it."""
    troubles = [
        f"{path} ({count} {'answer' if count == 1 else 'answers'}) {ADVICE[trouble]}"
        for trouble in Trouble
        for path, count in sorted(done.troubles.get(trouble, {}).items())
    ]
    counts = "".join(
        f", {sum(done.troubles[trouble].values()):,} {trouble.value}" for trouble in Trouble if done.troubles[trouble]
    )
    summary = (
        f"{done.documents:,} answers read in {seconds:.1f} s{counts}. "
        f"Items: {done.added:,} added, {done.changed:,} changed, {done.same:,} as they were."
    )
    more = [f"… and {len(troubles) - MOST_FILES:,} more files."] if len(troubles) > MOST_FILES else []
    return [summary, *troubles[:MOST_FILES], *more]


class ProgressBar:
    """One line on a terminal that is drawn again and again; nothing anywhere else."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._wanted = output.isatty()
        self._began_at = time.monotonic()
        self._drawn_at = 0.0

    def show(self, done: Reprocessed, total: int) -> None:
        """Draw how far it is, ten times a second at most."""
        now = time.monotonic()
        is_over = done.documents >= total
        if not self._wanted or (now - self._drawn_at < REDRAW_SECONDS and not is_over):
            return
        self._drawn_at = now
        share = min(done.documents / total, 1.0) if total else 1.0
        filled = int(share * BAR_CHARACTERS)
        speed = done.items / max(now - self._began_at, 0.001)
        bar = "#" * filled + "-" * (BAR_CHARACTERS - filled)
        line = f"[{bar}] {share:4.0%}  {done.documents:,} of {total:,} answers  {speed:,.0f} items/s"
        self._output.write(f"\r{line}\x1b[K")
        self._output.flush()

    def end(self) -> None:
        """Leave the line as it is."""
        if self._wanted:
            self._output.write("\n")
            self._output.flush()
