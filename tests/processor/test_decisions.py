"""Decisions: they come back as they were put in, small, and never two for one item."""

import random
import time
from datetime import timedelta

import pytest

from contentsync.processor.decisions import NUMBERS, Verdict, pack, row_of, unpack
from tests.filling import NOW


def crowd(seed: int, count: int = 5_000) -> list[Verdict]:
    """As a digest has them: ids with gaps, nearly all of them ranked."""
    chance = random.Random(seed)
    ids = chance.sample(range(1, 40 * count), count)
    places = chance.sample(range(1, count + 1), count)
    keys = chance.choices(list(NUMBERS), weights=[1, 5, 10, 5, 100, 5, 1], k=count)
    numbers = {"duplicate": ids[0], "muted": 7, "sent": 0, "too_old": 0}
    return [Verdict(item, key, numbers.get(key, place)) for item, key, place in zip(ids, keys, places, strict=True)]


@pytest.mark.parametrize("seed", range(3))
def test_what_is_packed_comes_back(seed: int) -> None:
    verdicts = crowd(seed)
    packed = pack(verdicts, since=NOW, of=4_321)
    found = unpack(packed)
    assert (found.since, found.of) == (NOW, 4_321)
    assert found.verdicts == {verdict.item_id: verdict for verdict in verdicts}
    assert len(packed) / len(verdicts) <= 6
    random.Random(seed).shuffle(verdicts)
    assert pack(verdicts, since=NOW, of=4_321) == packed, "their order does not matter"


def test_nothing_is_packed_too() -> None:
    found = unpack(pack([], since=NOW - timedelta(days=14), of=0))
    assert (dict(found.verdicts), found.since) == ({}, NOW - timedelta(days=14))


def test_an_item_has_one_verdict() -> None:
    with pytest.raises(ValueError, match="two verdicts"):
        pack([Verdict(5, "ranked", 1), Verdict(5, "too_old")], since=NOW, of=1)


def test_only_known_keys() -> None:
    with pytest.raises(KeyError, match="lost"):
        row_of(1, "lost", {})


@pytest.mark.parametrize("number", [-1, 2**32])
def test_numbers_that_do_not_fit_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="fit"):
        pack([Verdict(1, "ranked", number)], since=NOW, of=1)


def test_a_form_of_the_future_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        unpack(b"\xff" + pack([], since=NOW, of=0)[1:])


def test_the_param_that_belongs_to_the_key_is_kept() -> None:
    assert row_of(1, "ranked", {"place": 37, "of": 143}) == (1, "ranked", 37)
    assert row_of(1, "duplicate", {"of": 12}) == (1, "duplicate", 12)
    assert row_of(1, "no_room", {"minutes": 7.6, "left": 2.0}) == (1, "no_room", 7)
    assert row_of(1, "too_old", {"days": 14}) == (1, "too_old", 0)


def test_packing_takes_milliseconds() -> None:
    verdicts = crowd(1)
    began = time.process_time()
    for _ in range(5):
        pack(verdicts, since=NOW, of=1)
    assert (time.process_time() - began) / 5 < 0.1
