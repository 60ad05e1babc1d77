"""Which items a digest shows, in which order and why; and why not the others. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

import numpy as np

from contentsync.processor.features import Bags, Ints, Values, unpack
from contentsync.processor.selection import RARELY, Choice, Field, choose
from contentsync.processor.taste import Leaning, Profile, lengths_of
from contentsync.processor.worth import Columns, Worth, worth_of

RECENT_DAYS = 14
"""What is older is no news; how often a source writes is counted over the same days."""
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that may be shown.

    `source_recent`: items of its source in the last `RECENT_DAYS` days, sent or not. `tellers`: followed sources that
    tell its story. `minutes`: to read or to watch; 0 unknown. `is_kept`: a rule says that it is always shown.
    `is_update`: its story was sent before and moved on. `followed_at`: when its source was followed.
    """

    item_id: int
    story_id: int
    source_id: int
    sort_at: datetime
    source_recent: int = 1
    tellers: int = 1
    media_kind: str = "article"
    author: str | None = None
    language: str | None = None
    minutes: float = 0.0
    features: bytes = b""
    is_kept: bool = False
    is_update: bool = False
    followed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a score, and what there is to say about it.

    Keys and their params: "new" {}, "rare_source" {"recent"}, "tellers" {"sources"}, "followed" {}, "update" {},
    "kept" {}, "topic" {"topic": its id}, "words" {"word", "liked"} or, below 0, {"word", "disliked"}; without "word" it
    is about what the person judged, in other words. "repeat" {}: word for word what the person judged. "source",
    "author", "kind", "length" and "language" {"liked", "disliked", and the last four their own name}. "same_source"
    {"before"}: below 0, others of its source were chosen before it. "explore" {}: its words are new to the person.
    """

    key: str
    value: float
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A chosen item. The values of `reasons` add up to `score`. `slot`: "", or the place it has though others are worth
    more: "explore", "rare", "topic", "kept"."""

    item_id: int
    story_id: int
    score: float
    reasons: tuple[Reason, ...]
    slot: str = ""


@dataclass(slots=True)
class Passed:
    """Why a candidate was not chosen: "duplicate" {"of": item id}, "ranked" {"place", "of"}, "no_room" {"minutes",
    "left"}: it would have been chosen if it were shorter."""

    item_id: int
    key: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every candidate: those chosen, best first, and the others."""

    chosen: list[Ranked]
    passed: list[Passed]


def rank(
    candidates: Sequence[Candidate], *, profile: Profile, now: datetime, size: int, minutes: float | None = None
) -> Ranking:
    """At most `size` items for a person with this taste, and every other candidate's one reason.

    Each candidate is worth the sum of its parts. A story is told once, by its best candidate. Of what is left the best
    is chosen again and again, and each chosen one makes others of its source worth less. Equal worth: the newer first,
    then the one stored first. `minutes`: no more is chosen than can be read in this time.
    """
    columns, bags = _columns(candidates, now), unpack([candidate.features for candidate in candidates])
    worth = worth_of(columns, bags, profile)
    best, told_by = _stories(candidates, columns, worth.total)
    options = Field(
        worth=worth.total[best],
        sources=np.unique(np.array(columns.source_ids, np.int64)[best], return_inverse=True)[1],
        minutes=columns.minutes[best],
        kept=columns.kept[best],
        rare=columns.source_recent[best] <= RARELY,
        topics=worth.topics[:, best],
        unfamiliar=worth.unfamiliar[best],
    )
    choices, after, left = choose(options, size=size, minutes=minutes, explores=profile.signals > 0)
    before: dict[int, int] = {}
    chosen = []
    for choice in choices:
        index = int(best[choice.index])
        source_id = candidates[index].source_id
        before[source_id] = before.get(source_id, 0) + 1
        chosen.append((index, _ranked(candidates[index], index, choice, worth, profile, before[source_id] - 1)))
    chosen.sort(key=lambda pair: (-pair[1].score, -candidates[pair[0]].sort_at.timestamp(), pair[1].item_id))
    passed = _passed(candidates, best, told_by, {choice.index for choice in choices}, after, options, left)
    return Ranking([ranked for _, ranked in chosen], passed)


def _columns(candidates: Sequence[Candidate], now: datetime) -> Columns:
    if not candidates:
        none: Values = np.zeros(0)
        return Columns((), (), (), (), none, none, none, none, none, none > 0, none > 0)
    (sources, authors, kinds, languages, sort_at, recent, tellers, minutes, followed_at, kept, updates) = zip(
        *map(_FIELDS, candidates), strict=True
    )
    followed = {at: (now - at).total_seconds() if at else np.inf for at in set(followed_at)}
    return Columns(
        source_ids=sources,
        authors=authors,
        kinds=kinds,
        languages=languages,
        age_days=(now.timestamp() - np.array([at.timestamp() for at in sort_at], float)) / _DAY_SECONDS,
        source_recent=np.array(recent, float),
        tellers=np.array(tellers, float),
        minutes=np.array(minutes, float),
        followed_days=np.array([followed[at] for at in followed_at], float) / _DAY_SECONDS,
        kept=np.array(kept, bool),
        updates=np.array(updates, bool),
    )


_FIELDS = attrgetter(
    "source_id",
    "author",
    "media_kind",
    "language",
    "sort_at",
    "source_recent",
    "tellers",
    "minutes",
    "followed_at",
    "is_kept",
    "is_update",
)


def _stories(candidates: Sequence[Candidate], columns: Columns, worth: Values) -> tuple[Ints, Ints]:
    """The best candidate of each story, newest first; and for every candidate the one that tells its story."""
    count = len(candidates)
    ids = np.array([c.item_id for c in candidates], np.int64)
    stories = np.array([c.story_id for c in candidates], np.int64)
    order = np.lexsort((ids, columns.age_days, -worth, ~columns.kept))
    _, first, story = np.unique(stories[order], return_index=True, return_inverse=True)
    winners = order[first]
    told_by = np.empty(count, np.int64)
    told_by[order] = winners[story]
    return winners[np.lexsort((ids[winners], columns.age_days[winners]))], told_by


def _ranked(
    candidate: Candidate, index: int, choice: Choice, worth: Worth, profile: Profile, before: int
) -> Ranked:  # fmt: skip
    params = _params(candidate, index, worth, profile)
    reasons = [
        Reason("words" if key == "words_against" else key, float(values[index]), params.get(key, {}))
        for key, values in worth.parts.items()
        if values[index]
    ]
    if choice.same_source:
        reasons.append(Reason("same_source", choice.same_source, {"before": before}))
    if choice.explore:
        reasons.append(Reason("explore", choice.explore))
    score = sum(reason.value for reason in reasons)
    return Ranked(candidate.item_id, candidate.story_id, score, tuple(reasons), choice.slot)


def _params(candidate: Candidate, index: int, worth: Worth, profile: Profile) -> dict[str, dict[str, Any]]:
    params: dict[str, dict[str, Any]] = {
        "rare_source": {"recent": candidate.source_recent},
        "tellers": {"sources": candidate.tellers},
        "words": _telling_word(index, worth, profile, liked=True),
        "words_against": _telling_word(index, worth, profile, liked=False),
    }
    if profile.topics:
        params["topic"] = {"topic": profile.topics[int(worth.topics[:, index].argmax())].id}
    named: dict[str, int | str | None] = {
        "source": candidate.source_id,
        "author": candidate.author,
        "kind": candidate.media_kind,
        "length": lengths_of(np.array([candidate.minutes]))[0],
        "language": candidate.language,
    }
    for name, value in named.items():
        leaning = profile.leanings.get((name, value), _UNKNOWN) if value is not None else _UNKNOWN
        params[name] = {"liked": leaning.liked, "disliked": leaning.disliked}
        if name != "source":
            params[name][name] = value
    return params


def _telling_word(index: int, worth: Worth, profile: Profile, *, liked: bool) -> dict[str, Any]:
    """The word or phrase that adds most to (or takes most from) an item's score and was in a judged title."""
    bags: Bags = worth.bags
    span = slice(int(bags.starts[index]), int(bags.starts[index + 1]))
    values = worth.terms[span] if liked else -worth.terms[span]
    slots = bags.slots[span]
    for at in np.argsort(-values, kind="stable"):
        if values[at] <= 0:
            break
        word = profile.word(int(slots[at]))
        if word is not None and (word.liked if liked else word.disliked):
            count = {"liked": word.liked} if liked else {"disliked": word.disliked}
            return {"word": word.written, **count}
    return {}


def _passed(
    candidates: Sequence[Candidate], best: Ints, told_by: Ints, chosen: set[int], after: Values, options: Field,
    left: float,
) -> list[Passed]:  # fmt: skip
    """The one reason of everything that was not chosen: the other tellings of a story, and what came after the end."""
    ids = [candidate.item_id for candidate in candidates]
    lowest = min((options.worth[index] for index in chosen), default=-np.inf)
    crowded_out = (options.minutes > left) & (after >= lowest)
    order = [index for index in np.argsort(-after, kind="stable").tolist() if index not in chosen]
    items = [ids[index] for index in best[order].tolist()] if order else []
    of = len(best)
    passed = [Passed(item, "ranked", {"place": place, "of": of}) for place, item in enumerate(items, len(chosen) + 1)]
    for at in np.flatnonzero(crowded_out[order]).tolist():
        length = float(options.minutes[order[at]])
        passed[at] = Passed(items[at], "no_room", {"minutes": round(length, 1), "left": round(left, 1)})
    twins = np.flatnonzero(told_by != np.arange(len(ids)))
    for index, teller in zip(twins.tolist(), told_by[twins].tolist(), strict=True):
        passed.append(Passed(ids[index], "duplicate", {"of": ids[teller]}))
    return passed


_UNKNOWN = Leaning(0.0, 0, 0)
