"""The product's ranking, asked as a digest asks it. Pure."""

from collections.abc import Iterable, Sequence

import numpy as np

from contentsync.evaluation.shown import IGNORED, OPENED, UNDATED, Given, Shown
from contentsync.processor.background import Background, background_of
from contentsync.processor.features import Bags, Facts, features_of, unpack
from contentsync.processor.taste import Signal, Topic, learn
from contentsync.processor.worth import Columns, worth_of


class Product:
    """Learns from rows and says what others are worth. Nothing but taste can tell them apart: all are equally new, and
    each is told by one source.

    `background`: what the instance's items say about words; None: those of `known` do, whose signals nobody looks at.
    """

    def __init__(
        self, known: Iterable[Shown], topics: Sequence[Topic] = (), background: Background | None = None
    ) -> None:
        self._made: dict[int, bytes] = {}
        self._topics = topics
        self._background = background or background_of([self._features(row) for row in known])

    def scores(self, seen: Sequence[Shown], offered: Sequence[Shown]) -> list[float]:
        """What each offered row is worth after the signals on the seen ones."""
        return self._scores([(row, given) for row in seen for given in row.signals], offered)

    def unrated_scores(self, seen: Sequence[Shown], offered: Sequence[Shown]) -> list[float]:
        """The same as if the person had pressed no button: what they wanted they only opened, the rest they ignored."""
        tacit = [(row, Given(OPENED if row.wanted else IGNORED, row.signals[-1].at)) for row in seen]
        return self._scores(tacit, offered)

    def _scores(self, signals: Sequence[tuple[Shown, Given]], offered: Sequence[Shown]) -> list[float]:
        profile = learn(
            [self._signal(row, given) for row, given in signals],
            topics=self._topics,
            now=max((given.at for _, given in signals), default=UNDATED),
            background=self._background,
        )
        bags = unpack([self._features(row) for row in offered])
        return [float(value) for value in worth_of(_columns(offered, bags), bags, profile).total]

    def _signal(self, row: Shown, given: Given) -> Signal:
        return Signal(
            item_id=row.item_id,
            kind=given.kind,
            at=given.at,
            source_id=row.source_id,
            author=row.author,
            media_kind=row.media_kind,
            language=row.language,
            title=row.title,
            features=self._features(row),
        )

    def _features(self, row: Shown) -> bytes:
        if row.features is not None:
            return row.features
        if row.item_id not in self._made:
            facts = Facts(
                title=row.title,
                summary=row.summary,
                source_id=row.source_id,
                author=row.author,
                media_kind=row.media_kind,
                language=row.language,
                word_count=row.word_count,
                duration_seconds=row.duration_seconds,
            )
            self._made[row.item_id] = features_of(facts)
        return self._made[row.item_id]


def _columns(rows: Sequence[Shown], bags: Bags) -> Columns:
    count = len(rows)
    return Columns(
        source_ids=[row.source_id for row in rows],
        authors=[row.author for row in rows],
        kinds=[row.media_kind for row in rows],
        languages=[row.language for row in rows],
        age_days=np.zeros(count),
        source_recent=np.ones(count),
        tellers=np.ones(count),
        minutes=bags.minutes.astype(np.float64),
        followed_days=np.full(count, np.inf),
        kept=np.zeros(count, np.bool_),
        updates=np.zeros(count, np.bool_),
    )
