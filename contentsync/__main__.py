"""The command line."""

import argparse
import logging
import sys

from contentsync.errors import AlreadyRunning, ConfigurationError, ContentsyncError
from contentsync.settings import load_settings

EXIT_FAILED = 1
EXIT_REFUSED = 2


def main() -> int:
    """Run one command; 0 is success, 1 a failure on the way, 2 a refusal to start (the sentence says why)."""
    parser = argparse.ArgumentParser(
        prog="contentsync", description="A self-hosted content digest.", epilog="Settings: see .env.example."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("run", help="run everything this process hosts until Ctrl-C or SIGTERM")
    parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("httpx", "aiogram.event", "temporalio.activity", "temporalio.workflow", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        settings = load_settings()
        from contentsync.app import run

        return run(settings)
    except (ConfigurationError, AlreadyRunning) as refusal:
        print(f"contentsync: {refusal}", file=sys.stderr)
        return EXIT_REFUSED
    except ContentsyncError as failure:
        print(f"contentsync: {failure}", file=sys.stderr)
        return EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
