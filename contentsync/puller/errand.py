"""One source's way from its address to what is stored of it: fetch, parse, prepare. No database, no manners.

The pull processes import this module, so it stays clear of the database's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import httpx

from contentsync.errors import SourceError
from contentsync.puller.arrival import Arrival, take_in
from contentsync.puller.report import bug_of
from contentsync.sources.base import Source, SourceRef, Unchanged


class Errand(NamedTuple):
    """A source to fetch and parse. `kind` names who understands it."""

    source_id: int
    kind: str
    ref: SourceRef
    now: datetime


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a process of its own needs for errands: the kinds of source, and where its client may connect to."""

    kinds: Mapping[str, Source]
    allow_private_networks: bool
    trusted_hosts: frozenset[str]


class Failed(NamedTuple):
    """An error as it crosses between processes: not every class can be made again from its arguments alone."""

    kind: type[Exception]
    args: tuple[object, ...]
    state: dict[str, object]

    def as_error(self) -> Exception:
        """The error again."""
        error = self.kind.__new__(self.kind, *self.args)
        error.__dict__.update(self.state)
        return error


def failed(error: Exception) -> Failed:
    """An error ready to cross."""
    return Failed(type(error), error.args, dict(error.__dict__))


async def outcome_of(
    errand: Errand, *, kinds: Mapping[str, Source], client: httpx.AsyncClient, before_reading: Callable[[], None]
) -> Arrival | Unchanged | Failed:
    """What comes of an errand, whatever it is, in a form that crosses between processes.

    Reading a document holds up the event loop for milliseconds; `before_reading` is called just before.
    """
    try:
        kind = kinds[errand.kind]
        fetched = await kind.fetch(client, errand.ref)
        if isinstance(fetched, Unchanged):
            return fetched
        before_reading()
        return take_in(kind, fetched, source_id=errand.source_id, now=errand.now)
    except SourceError as error:
        return failed(error)
    except Exception as error:  # noqa: BLE001 - told to the program, which writes it down
        return failed(bug_of(error))
