"""The first days of the simulated month: nothing comes twice. The whole month is a command."""

from pathlib import Path

import pytest

from tests.simulation.month import CORPUS, DIGEST_SIZE, simulate, table

DAYS, PAIRS = 5, 1
FEEDS = CORPUS / "kagisearch+fastfeedparser"
"""Enough of the corpus for five days, and most of what was read in the same week."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}; set CORPUS"),
]


async def test_nothing_comes_twice(tmp_path: Path) -> None:
    report = await simulate(DAYS, tmp_path, pairs=PAIRS, corpus=FEEDS)
    print(table(report))
    assert report.broken() == []
    assert (report.repeated_links, report.repeated_stories) == (0, 0)
    assert report.digests == DAYS * PAIRS * 2
    assert report.entries > report.digests * DIGEST_SIZE * 0.9, "the feeds tell enough for full digests"
    assert min(report.sources) > 0.3, "many sources are heard"
