"""`contentsync eval`: how well the ranking and the stories are, beside textbook baselines."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from contentsync.db import history, offers, subscribers, topics
from contentsync.db.engine import Database
from contentsync.db.history import ShownRow
from contentsync.db.inbox import is_unavailable
from contentsync.db.schema import migrate
from contentsync.errors import ConfigurationError
from contentsync.evaluation import ranking, stories
from contentsync.evaluation.curve import draw_curve
from contentsync.evaluation.ranking import LEAST_ROWS, RankingReport
from contentsync.evaluation.shown import IGNORED, Given, Shown, read_impressions, write_impressions
from contentsync.evaluation.stories import Headline, StoriesReport, read_headlines
from contentsync.evaluation.tables import ranking_lines, stories_lines
from contentsync.processor.background import BACKGROUND_ITEMS, Background, background_of
from contentsync.processor.taste import DISLIKES, IGNORED_AFTER, Topic
from contentsync.settings import Settings

SEEDS = 5
OWN_SEEDS = 20
"""Of one person, whose few rows make one split a matter of luck."""
MOST_PROCESSES = 4
"""About 100 MB each."""
UNWANTED = DISLIKES | {IGNORED}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to measure, and where to write it. `subscriber_id`: whose own history; None: that of a file, or none."""

    impressions: Path | None = None
    headlines: Path | None = None
    subscriber_id: int | None = None
    seeds: int | None = None
    as_json: bool = False
    plot: Path | None = None
    export: Path | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """The rows to measure a ranking with, and what is said if they are too few."""

    rows: Sequence[Shown]
    too_few: str
    topics: Sequence[Topic] = ()
    background: Background | None = None


def run(settings: Settings, wanted: Wanted) -> int:
    """Measure what is wanted and print it; 0.

    Raises:
        ConfigurationError: a file or the database cannot be used, or holds too little; the message says what to do.
    """
    _check(wanted)
    subject = _subject(settings, wanted)
    headlines = read_headlines(wanted.headlines) if wanted.headlines is not None else None
    if subject is not None and wanted.export is not None:
        write_impressions(wanted.export, subject.rows)
    ranked, told = _measure(subject, headlines, wanted.seeds or (OWN_SEEDS if wanted.subscriber_id else SEEDS))
    if subject is not None and ranked is None:
        raise ConfigurationError(subject.too_few)
    if ranked is not None and wanted.plot is not None:
        _write(wanted.plot, draw_curve(ranked.curve))
    print(_as_json(ranked, told) if wanted.as_json else _as_text(ranked, told))
    return 0


def _check(wanted: Wanted) -> None:
    if wanted.impressions is None and wanted.headlines is None and wanted.subscriber_id is None:
        raise ConfigurationError(
            "Say what to measure: --impressions FILE.tsv (a ranking), --headlines FILE.csv (stories), or "
            "--subscriber ID (the ranking of your own history)."
        )
    if wanted.impressions is not None and wanted.subscriber_id is not None:
        raise ConfigurationError("Give --impressions or --subscriber, not both: each is a ranking of its own.")
    is_ranking = wanted.impressions is not None or wanted.subscriber_id is not None
    if wanted.plot is not None and (wanted.plot.suffix != ".svg" or not is_ranking):
        raise ConfigurationError("--plot draws the learning curve of a ranking into a file whose name ends in .svg.")
    if wanted.export is not None and wanted.subscriber_id is None:
        raise ConfigurationError("--export writes a subscriber's own history: give --subscriber too.")


def _subject(settings: Settings, wanted: Wanted) -> Subject | None:
    if wanted.impressions is not None:
        too_few = (
            f"Nobody in {wanted.impressions} has {LEAST_ROWS} rows, some of them 1 and some 0: nothing can be measured."
        )
        return Subject(read_impressions(wanted.impressions), too_few)
    if wanted.subscriber_id is None:
        return None
    try:
        return asyncio.run(own_history(settings, wanted.subscriber_id))
    except Exception as error:
        if not (isinstance(error, OSError) or is_unavailable(error)):
            raise
        raise ConfigurationError(
            f"The database does not answer ({type(error).__name__}). Look at DATABASE_URL and at what else uses the "
            "database, then run this again."
        ) from error


async def own_history(settings: Settings, subscriber_id: int) -> Subject:
    """What an instance knows of one of its people.

    Raises:
        ConfigurationError: there is no such database or person; the message says what to do.
    """
    if settings.database_url is None and not (settings.data_dir / "contentsync.db").exists():
        raise ConfigurationError(
            f"There is no database in {settings.data_dir.resolve()}. Set CONTENTSYNC_DATA_DIR to the directory that "
            "contentsync runs with."
        )
    database, now = Database(settings.sqlalchemy_url), datetime.now(UTC)
    try:
        await migrate(database)
        async with database.read() as session:
            if await subscribers.get_subscriber(session, subscriber_id=subscriber_id) is None:
                raise ConfigurationError(f"There is no subscriber {subscriber_id}: see the table `subscriber`.")
            shown = await history.list_shown(session, subscriber_id=subscriber_id)
            wishes = await topics.list_topics(session, subscriber_id=subscriber_id)
            features = await offers.list_features(session, before=now, limit=BACKGROUND_ITEMS)
    finally:
        await database.close()
    rows = own_rows(str(subscriber_id), shown, now=now)
    liked = sum(row.wanted for row in rows)
    return Subject(
        rows,
        f"Subscriber {subscriber_id} was shown {len(rows)} items so far and opened, liked or saved {liked} of them. At "
        f"least {LEAST_ROWS} are needed, with some of both kinds; a few dozen make the figures worth looking at.",
        topics=[Topic(view.topic.id or 0, view.topic.text, view.topic.language) for view in wishes],
        background=background_of(features),
    )


def own_rows(user: str, shown: Sequence[ShownRow], *, now: datetime) -> list[Shown]:
    """A subscriber's history as rows to measure with, without what they may not have looked at yet.

    Wanted is what was opened, liked, saved or asked for more of, unless it was disliked in the end.
    """
    rows = []
    for one in shown:
        if not one.signals and now - one.shown_at < IGNORED_AFTER:
            continue
        given = tuple(Given(signal.kind, signal.at) for signal in one.signals) or (Given(IGNORED, one.shown_at),)
        rows.append(
            Shown(
                user=user,
                wanted=not any(signal.kind in UNWANTED for signal in given),
                title=one.title,
                signals=given,
                item_id=one.item_id,
                summary=one.summary,
                source_id=one.source_id,
                author=one.author,
                media_kind=one.media_kind,
                language=one.language,
                word_count=one.word_count,
                duration_seconds=one.duration_seconds,
                features=one.features,
            )
        )
    return rows


def _measure(
    subject: Subject | None, headlines: Sequence[Headline] | None, seeds: int
) -> tuple[RankingReport | None, StoriesReport | None]:
    """Every seed is a piece of work of its own, so that all cores have something to do."""
    ranked: list[Future[ranking.SeedResult]] = []
    told: list[Future[stories.SeedResult]] = []
    with ProcessPoolExecutor(min(MOST_PROCESSES, os.cpu_count() or 1)) as pool:
        for seed in range(seeds):
            if headlines is not None:
                told.append(pool.submit(stories.measure_seed, headlines, seed))
            if subject is not None:
                ranked.append(pool.submit(ranking.measure_seed, subject.rows, seed, subject.topics, subject.background))
        _show_progress([*ranked, *told], sys.stderr)
    return (
        ranking.report(subject.rows, [one.result() for one in ranked]) if subject is not None else None,
        stories.report(headlines, [one.result() for one in told]) if headlines is not None else None,
    )


def _show_progress(parts: Sequence[Future[Any]], output: TextIO) -> None:
    """Wait for the parts, and count them on a terminal."""
    for done, _ in enumerate(as_completed(parts), start=1):
        if output.isatty():
            output.write(f"\r{done} of {len(parts)} parts measured\x1b[K" + ("\n" if done == len(parts) else ""))
            output.flush()


def _as_json(ranked: RankingReport | None, told: StoriesReport | None) -> str:
    found = {}
    if ranked is not None:
        found["ranking"] = ranked.as_dict()
    if told is not None:
        found["stories"] = told.as_dict()
    return json.dumps(found)


def _as_text(ranked: RankingReport | None, told: StoriesReport | None) -> str:
    parts: list[list[str]] = []
    if ranked is not None:
        parts.append(ranking_lines(ranked))
    if told is not None:
        parts.append(stories_lines(told))
    return "\n\n".join("\n".join(lines) for lines in parts)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from error
