"""The time zone a person means: by IANA name, city, country, abbreviation or offset, all offline.

The cities are those with 15,000 people or more. Source: GeoNames (geonames.org), CC BY 4.0; `tests/make_cities.py`
makes `data/cities.tsv.gz`. The file is read anew for each search (0.1 s): nobody pays memory for a thing done once.
"""

import gzip
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import available_timezones

from contentsync.db.slots import zone_of

CITIES = Path(__file__).with_name("data") / "cities.tsv.gz"
MOST = 6
"""Places a search gives at most."""

ABBREVIATIONS: dict[str, tuple[str, ...]] = {
    "utc": ("UTC",),
    "gmt": ("UTC", "Europe/London"),
    "z": ("UTC",),
    "wet west": ("Europe/Lisbon",),
    "bst": ("Europe/London",),
    "cet cest mez mesz": ("Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Rome", "Europe/Warsaw"),
    "eet eest": ("Europe/Kyiv", "Europe/Bucharest", "Europe/Athens", "Europe/Helsinki", "Africa/Cairo"),
    "msk": ("Europe/Moscow",),
    "trt": ("Europe/Istanbul",),
    "ist": ("Asia/Kolkata", "Asia/Jerusalem", "Europe/Dublin"),
    "idt": ("Asia/Jerusalem",),
    "est edt et": ("America/New_York", "America/Toronto"),
    "cst": ("America/Chicago", "America/Mexico_City", "Asia/Shanghai"),
    "cdt ct": ("America/Chicago",),
    "mst": ("America/Denver", "America/Phoenix"),
    "mdt mt": ("America/Denver",),
    "pst pdt pt": ("America/Los_Angeles",),
    "akst akdt": ("America/Anchorage",),
    "hst": ("Pacific/Honolulu",),
    "ast adt": ("America/Halifax",),
    "nst ndt": ("America/St_Johns",),
    "brt": ("America/Sao_Paulo",),
    "art": ("America/Argentina/Buenos_Aires",),
    "wat": ("Africa/Lagos",),
    "cat": ("Africa/Maputo",),
    "eat": ("Africa/Nairobi",),
    "sast": ("Africa/Johannesburg",),
    "gst": ("Asia/Dubai",),
    "pkt": ("Asia/Karachi",),
    "ict": ("Asia/Bangkok",),
    "wib": ("Asia/Jakarta",),
    "sgt": ("Asia/Singapore",),
    "hkt": ("Asia/Hong_Kong",),
    "awst": ("Australia/Perth",),
    "jst": ("Asia/Tokyo",),
    "kst": ("Asia/Seoul",),
    "acst acdt": ("Australia/Adelaide",),
    "aest aedt": ("Australia/Sydney", "Australia/Brisbane"),
    "nzst nzdt": ("Pacific/Auckland",),
}
"""What people write for a zone, and where they may be. They mean the place with its summer time, not the fixed offset
that IANA has under some of these names."""

COUNTRIES = {
    "usa": "united states",
    "us": "united states",
    "america": "united states",
    "uk": "united kingdom",
    "england": "united kingdom",
    "great britain": "united kingdom",
    "holland": "netherlands",
    "uae": "united arab emirates",
}
"""Other names of countries."""

OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-−])\s*(\d{1,2})(?::?00)?")


@dataclass(frozen=True, slots=True)
class Place:
    """A possible meaning: `label` is what a person reads, `zone` an IANA name that this machine knows."""

    label: str
    zone: str


@dataclass(frozen=True, slots=True)
class City:
    """A line of the city file. `names` are folded, the main one first, the country last; `population` in thousands."""

    name: str
    country: str
    zone: str
    population: int
    names: tuple[str, ...]


def is_zone(name: str) -> bool:
    """Whether this is the exact IANA name of a zone this machine knows."""
    return name in available_timezones()


def clock(now: datetime, zone: str) -> str:
    """The wall clock there, "14:05"."""
    return now.astimezone(zone_of(zone)).strftime("%H:%M")


def fold(text: str) -> str:
    """The text without case, accents and punctuation, so that equal names compare equal."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", bare))


def find_zones(text: str) -> list[Place]:
    """What the text may mean, the likeliest first, at most `MOST`, each zone once; empty if nothing fits.

    A name that is exactly right hides those that only begin with it. Takes about 0.1 s: call it in a thread.
    """
    known = available_timezones()
    query = fold(text)
    if not query:
        return []
    for found in (_by_abbreviation(query), _by_offset(text), _by_iana_name(text, known)):
        if found:
            return found
    cities = _search_cities(COUNTRIES.get(query, query))
    places = [Place(f"{city.name}, {city.country}", city.zone) for city in cities if city.zone in known]
    return _distinct(places or _by_last_part(query, known))


def _by_abbreviation(query: str) -> list[Place]:
    zones = next((zones for names, zones in ABBREVIATIONS.items() if query in names.split()), ())
    return [Place(zone, zone) for zone in zones]


def _by_offset(text: str) -> list[Place]:
    """A fixed offset in whole hours. IANA's own names for them have the sign the other way round."""
    match = OFFSET.fullmatch(text.strip().casefold())
    if match is None:
        return []
    hours = int(match[2]) * (1 if match[1] == "+" else -1)
    if not -12 <= hours <= 14:
        return []
    return [Place(f"UTC{hours:+d}", f"Etc/GMT{-hours:+d}" if hours else "UTC")]


def _by_iana_name(text: str, known: set[str]) -> list[Place]:
    wanted = re.sub(r"\s+", "_", text.strip()).casefold()
    return [Place(zone, zone) for zone in known if zone.casefold() == wanted and ("/" in zone or wanted == "utc")]


def _by_last_part(query: str, known: set[str]) -> list[Place]:
    """Zones named after what is no city: islands, regions."""
    places = sorted(zone for zone in known if "/" in zone and fold(zone.rsplit("/", 1)[1].replace("_", " ")) == query)
    return [Place(zone, zone) for zone in places]


def _search_cities(query: str) -> list[City]:
    """Cities of this name by size; else the largest city of each zone of the country of this name; else cities whose
    name begins so."""
    candidates = [city for city in _read_cities(query) if any(name.startswith(query) for name in city.names)]
    exact = [city for city in candidates if query in city.names[:-1]]
    by_country = [city for city in candidates if query == city.names[-1]]
    beginning = [city for city in candidates if any(name.startswith(query) for name in city.names[:-1])]
    return sorted(exact or by_country or beginning, key=lambda c: (not c.names[0].startswith(query), -c.population))


def _read_cities(query: str) -> Iterator[City]:
    """The cities on whose line the folded query occurs."""
    with gzip.open(CITIES, "rt", encoding="utf-8") as lines:
        for line in lines:
            if query in line.casefold():
                name, country, zone, population, names = line.rstrip("\n").split("\t")
                yield City(name, country, zone, int(population), (fold(name), *names.split("|")))


def _distinct(places: Iterable[Place]) -> list[Place]:
    by_zone: dict[str, Place] = {}
    for place in places:
        by_zone.setdefault(place.zone, place)
    return list(by_zone.values())[:MOST]
