"""Bringing a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from contentsync.db.engine import Database


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for a live connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    return config


async def migrate(database: Database) -> None:
    """Upgrade to head; does nothing on a database that is there already."""
    async with database.engine.connect() as connection:
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "head"))
        await connection.commit()
