"""Writing down a bug without what a person typed."""

import logging
import traceback
from pathlib import Path

logger = logging.getLogger(__name__)


def report(what: str, id: int | None, error: Exception) -> None:
    """Log where an unexpected error came from: neither its message nor values, which may hold what a person typed."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    logger.error(
        "%s failed unexpectedly id=%s error=%s at=%s:%s",
        what,
        id,
        type(error).__name__,
        Path(frame.filename).name,
        frame.lineno,
    )
