"""The command line."""

import argparse
import logging
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

from typing_extensions import override

from contentsync.errors import AlreadyRunning, ConfigurationError, ContentsyncError
from contentsync.settings import Settings, load_settings

EXIT_FAILED = 1
EXIT_REFUSED = 2
EXIT_INTERRUPTED = 130

COMMANDS = {
    "run": ("run everything this process hosts until Ctrl-C or SIGTERM", "contentsync run"),
    "reprocess": (
        "build items anew from the raw archive, without a network",
        "contentsync reprocess --since 2026-03-01",
    ),
    "eval": (
        "measure how well items are ranked and gathered into stories",
        "contentsync eval --subscriber 1",
    ),
}
"""What each command does, and how it is typed."""


class Parser(argparse.ArgumentParser):
    """Says in one sentence what is wrong with the arguments."""

    @override
    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_REFUSED, f"contentsync: {message} (`{self.prog} --help` shows what is understood)\n")


def main() -> int:
    """Run one command; 0 is success, 1 a failure on the way, 2 a refusal to start (the sentence says why)."""
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.command is None:
        parser.error(f"say what to do: {' | '.join(COMMANDS)}")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("httpx", "aiogram.event", "temporalio.activity", "temporalio.workflow", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        return _run(load_settings(), arguments)
    except (ConfigurationError, AlreadyRunning) as refusal:
        print(f"contentsync: {refusal}", file=sys.stderr)
        return EXIT_REFUSED
    except ContentsyncError as failure:
        print(f"contentsync: {failure}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print("\ncontentsync: stopped; what was done is kept", file=sys.stderr)
        return EXIT_INTERRUPTED


def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    if arguments.command == "reprocess":
        from contentsync.commands import reprocess

        return reprocess.run(settings, since=arguments.since, source_id=arguments.source)
    if arguments.command == "eval":
        # Its matrices are small and its seeds run side by side: more threads would only wait for one another.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        from contentsync.commands import eval as evaluation

        options = {name: value for name, value in vars(arguments).items() if name != "command"}
        return evaluation.run(settings, evaluation.Wanted(**options))
    from contentsync.app import run

    return run(settings)


def _parser() -> Parser:
    examples = "\n".join(f"  {example}" for _, example in COMMANDS.values())
    parser = Parser(
        prog="contentsync",
        description="A self-hosted content digest.",
        epilog=f"examples:\n{examples}\n\nSettings: see .env.example.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    for name, (summary, example) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary, epilog=f"example: {example}")
        if name == "reprocess":
            _add_reprocess_arguments(command)
        if name == "eval":
            _add_eval_arguments(command)
    return parser


def _add_reprocess_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since", type=_day, metavar="DATE", help="only what was fetched on this day (UTC) or later: 2026-03-01"
    )
    parser.add_argument("--source", type=int, metavar="ID", help="only this source: its id in the table `source`")


def _add_eval_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--impressions", type=Path, metavar="FILE.tsv", help="rank these: lines of user, 1 or 0 (wanted or not), title"
    )
    parser.add_argument(
        "--headlines", type=Path, metavar="FILE.csv", help="gather these into stories: columns TITLE and STORY"
    )
    parser.add_argument(
        "--subscriber",
        type=int,
        metavar="ID",
        dest="subscriber_id",
        help="rank what this person was shown: their id in the table `subscriber`",
    )
    parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON instead of tables")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the learning curve into this file")
    parser.add_argument(
        "--export", type=Path, metavar="FILE.tsv", help="write the person's rows, as --impressions reads them"
    )
    parser.add_argument("--seeds", type=_count, metavar="N", help="so many random splits (5; of one person 20)")


def _count(text: str) -> int:
    """A number of one or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return int(text)


def _day(text: str) -> datetime:
    """The beginning of a day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date, write it like 2026-03-01") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
