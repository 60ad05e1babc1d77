"""What all tables have in common."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import MetaData, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(SQLModel):
    """Root of all tables; the naming convention lets migrations name constraints alike on both engines."""

    metadata = MetaData(naming_convention=NAMING)


def utc_now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)


def row_id() -> Any:
    """A primary key that the database counts up."""
    return Field(default=None, primary_key=True)


def reference(target: str, **options: Any) -> Any:
    """A foreign key; rows go away with the row they refer to."""
    return Field(foreign_key=target, ondelete="CASCADE", **options)


def insert(session: AsyncSession, table: Table) -> Any:
    """An INSERT of the session's engine: both engines know ON CONFLICT, each through a construct of its own."""
    return insert_for(session.get_bind().dialect.name, table)


def insert_for(engine: str, table: Table) -> Any:
    """An INSERT of the engine with this name."""
    dialect = postgresql if engine == "postgresql" else sqlite
    return dialect.insert(table)
