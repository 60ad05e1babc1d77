"""Writing down a bug without what a person typed."""

import logging
import traceback
from pathlib import Path

logger = logging.getLogger(__name__)


class BugElsewhere(Exception):
    """A bug that came out in another process: the class of the error, and the file and line it came from."""

    def __init__(self, error: str, at: str) -> None:
        super().__init__(f"{error} at {at}")
        self.error = error
        self.at = at


def bug_of(error: Exception) -> BugElsewhere:
    """What may be told of an unexpected error: neither its message nor values, which may hold what a person typed."""
    if isinstance(error, BugElsewhere):
        return error
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return BugElsewhere(type(error).__name__, f"{Path(frame.filename).name}:{frame.lineno}")


def report(what: str, id: int | None, error: Exception) -> None:
    """Log where an unexpected error came from."""
    bug = bug_of(error)
    logger.error("%s failed unexpectedly id=%s error=%s at=%s", what, id, bug.error, bug.at)
