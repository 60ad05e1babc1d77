"""Many rows through one prepared statement, at the driver's speed.

SQLAlchemy builds the statement once for each engine; after that the values go to the driver by themselves. Its own way
of binding every single row takes longer than SQLite takes to store it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Dialect, bindparam
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.sqltypes import UTCDateTime

CHUNK_ROWS = 250
"""Rows handed to the driver at a time: few enough that preparing them never holds up the event loop for long."""

_PREFIX = "row_"  # SQLAlchemy keeps the names of columns for itself

Build = Callable[[str], Any]
"""Gives a statement for the engine of this name ("sqlite" or "postgresql"), with a `value` in it for what rows hold."""
Convert = Callable[[Any], Any]


def value(name: str) -> BindParameter[Any]:
    """What each row holds under this name, for use in a statement."""
    return bindparam(_PREFIX + name)


async def run_many(session: AsyncSession, build: Build, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement with each of the rows."""
    connection = await session.connection()
    prepared = _prepare(build, connection.dialect)
    for chunk in chunks(rows):
        await connection.exec_driver_sql(prepared.sql, prepared.values_of(chunk))


def chunks(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The rows in pieces of at most `CHUNK_ROWS`."""
    return (rows[start : start + CHUNK_ROWS] for start in range(0, len(rows), CHUNK_ROWS))


@dataclass(frozen=True)
class _Prepared:
    sql: str
    parameters: Sequence[tuple[str, Convert | None]]
    """By place: what it is called in a row, and what makes the driver's value of it, if it needs that."""

    def values_of(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        columns = [
            [convert(row[name]) for row in rows] if convert else [row[name] for row in rows]
            for name, convert in self.parameters
        ]
        return list(zip(*columns, strict=True))


@lru_cache(maxsize=64)
def _prepare(build: Build, dialect: Dialect) -> _Prepared:
    compiled: Any = build(dialect.name).compile(dialect=dialect)
    names = [(place, place.removeprefix(_PREFIX)) for place in compiled.positiontup]
    return _Prepared(str(compiled), [(name, _convert(compiled.binds[place].type, dialect)) for place, name in names])


def _convert(type_: Any, dialect: Dialect) -> Convert | None:
    convert: Convert | None = type_.dialect_impl(dialect).bind_processor(dialect)
    # Many rows share their times, and writing one out takes as long as all else for the row.
    return lru_cache(maxsize=1024)(convert) if convert and isinstance(type_, UTCDateTime) else convert
