"""Write the next migration from the difference between the models and the newest schema.

Use: python -m tests.new_migration "what changes"
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command

from contentsync.db.engine import Database
from contentsync.db.schema import alembic_config, migrate


async def main(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{Path(folder) / 'x.db'}")
        if any(Path("contentsync/db/migrations/versions").glob("*_*.py")):
            await migrate(database)
        number = len(list(Path("contentsync/db/migrations/versions").glob("0*.py"))) + 1
        async with database.engine.connect() as connection:
            await connection.run_sync(
                lambda sync: command.revision(alembic_config(sync), message, autogenerate=True, rev_id=f"{number:04d}")
            )
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
