"""The peer of the pull measurements: `reader` (PyPI) pulling the same feeds with 8 workers. Prints {"seconds"}."""

import json
import sys
import tempfile
import time
from pathlib import Path

import feedparser_sgmllib

# reader's own copy of feedparser asks for the older package sgmllib3k, which has no wheel; this is the same module.
sys.modules.setdefault("sgmllib", feedparser_sgmllib)

from reader import make_reader  # noqa: E402

from tests.bench.feeds import address  # noqa: E402


def main(count: int, port: int) -> None:
    """Pull `count` feeds cold into a fresh database file."""
    with tempfile.TemporaryDirectory() as folder:
        reader = make_reader(str(Path(folder) / "reader.db"))
        for number in range(count):
            reader.add_feed(f"http://{address(number)}:{port}/{number}.xml")
        began = time.monotonic()
        reader.update_feeds(workers=8)
        seconds = time.monotonic() - began
        entries = reader.get_entry_counts().total
        assert entries == count * 20, f"reader stored {entries} entries"
        reader.close()
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
