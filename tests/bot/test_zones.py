"""Which zone a person means."""

import gzip
from datetime import UTC, datetime
from zoneinfo import available_timezones

import pytest

from contentsync.bot.zones import ABBREVIATIONS, CITIES, MOST, clock, find_zones, fold, is_zone


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Kyiv", "Europe/Kyiv"),
        ("Київ", "Europe/Kyiv"),
        ("київ ", "Europe/Kyiv"),
        ("Kiev", "Europe/Kyiv"),
        ("munchen", "Europe/Berlin"),
        ("MÜNCHEN", "Europe/Berlin"),
        ("Zürich", "Europe/Zurich"),
        ("zurich", "Europe/Zurich"),
        ("são paulo", "America/Sao_Paulo"),
        ("東京", "Asia/Tokyo"),
        ("new york", "America/New_York"),
        ("San Francisco", "America/Los_Angeles"),
        ("europe/kyiv", "Europe/Kyiv"),
        ("America/New York", "America/New_York"),
        ("japan", "Asia/Tokyo"),
        ("usa", "America/New_York"),
        ("réunion", "Indian/Reunion"),
        ("azores", "Atlantic/Azores"),
        ("EST", "America/New_York"),
        ("CET", "Europe/Berlin"),
        ("jst", "Asia/Tokyo"),
        ("utc", "UTC"),
        ("UTC+2", "Etc/GMT-2"),
        ("-05:00", "Etc/GMT+5"),
        ("gmt+0", "UTC"),
    ],
)
def test_the_first_guess_is_right(text: str, zone: str) -> None:
    assert find_zones(text)[0].zone == zone


@pytest.mark.parametrize("text", ["", " ", "qwxyzt", "|", "\t", "...", "UTC+15", "7:30"])
def test_nothing_fits(text: str) -> None:
    assert find_zones(text) == []


def test_several_places_of_one_name_come_by_size_with_their_country() -> None:
    assert [(place.label, place.zone) for place in find_zones("paris")] == [
        ("Paris, France", "Europe/Paris"),
        ("Paris, United States", "America/Chicago"),
    ]


def test_an_exact_name_hides_longer_ones_and_a_beginning_finds_them() -> None:
    assert [place.label for place in find_zones("Lviv")] == ["Lviv, Ukraine"]
    assert find_zones("san fran")[0].label == "San Francisco, United States"
    assert 1 < len(find_zones("san f")) <= MOST


def test_each_zone_is_offered_once_and_exists() -> None:
    zones = [place.zone for place in find_zones("united states")]
    assert len(zones) == len(set(zones)) == MOST
    assert all(is_zone(zone) for zone in zones)


def test_everything_that_can_be_found_exists() -> None:
    with gzip.open(CITIES, "rt", encoding="utf-8") as lines:
        zones = {line.split("\t")[2] for line in lines}
    assert len(zones) > 300
    assert zones | {zone for meant in ABBREVIATIONS.values() for zone in meant} <= available_timezones()


def test_the_data_are_small() -> None:
    assert CITIES.stat().st_size < 500_000


def test_fold() -> None:
    assert fold("  Saint-Étienne (FR)") == "saint etienne fr"


def test_clock() -> None:
    now = datetime(2026, 1, 15, 12, 5, tzinfo=UTC)
    assert clock(now, "Europe/Kyiv") == "14:05"
    assert clock(now, "Asia/Kolkata") == "17:35"


def test_is_zone() -> None:
    assert is_zone("Europe/Kyiv")
    assert not is_zone("Europe/Nowhere")
    assert not is_zone("../../etc/passwd")
