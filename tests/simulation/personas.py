"""People who like two topics and dislike one, and say so of everything they are shown."""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.simulation.histories import History, Told

WORDS = {
    "politics": "trump republicans? democrats? democratic senate congress election president minister parliament"
    " governor gop ministre politique campaign presidente republican voters? obama ryan mueller",
    "war and peace": "ukraine russian? iran israel gaza nuclear talks military zelensky putin palestinians? hamas"
    " ceasefire tehran peace sanctions strikes? syria troops",
    "programming": "code python ruby rails django javascript haskell elixir compiler library libraries api bug function"
    " git programming c# java database mysql css framework software developers? refactoring tests?",
    "machine learning": "ai llms? chatgpt gpt claude neural models? machine learning agents? copilot training"
    " embeddings? inference intelligence",
    "science": "scientists? species ocean cells? bacteria physics quantum research researchers theory biology genes?"
    " climate fungi marine experiments?",
    "electronics": "board pcb esp32 usb adapter voltage solder wifi battery soldering camera raspberry firmware chip"
    " processors? hardware",
    "old houses": "bedrooms? victorian revival acres? porch farmhouse mansion fireplace restored acre",
    "games": "games? comics? wow podcast episode guild player raid gaming jeux jeu players? warcraft",
    "money": "stock shares market ipo investors? startups? billion million funding revenue euros bank economy",
    "sport": "league football season coach goals? cup derby skiers? olympics fans trainer wanderers match team",
}
"""What the corpus tells most about, in words of its titles; several of them, or one in a title, make a topic."""

FEEDS = {
    "old houses": ("Old House Dreams", "craigslist SF bay area"),
    "games": ("Taverncast", "Jeuxlinux", "El Goonish Shive"),
    "sport": ("Around the Bloc", "Transfermarkt", "Fantasy Baseball"),
    "electronics": ("atomic14", "KittenLabs", "newest submissions : homelab"),
    "science": ("oceanbites", "Science twis"),
}
"""Feeds, by the beginnings of their names, that tell of nothing else whatever their words are."""

FOLLOWED = 55
"""Feeds that each person follows; more would make a digest of ten too easy to fill with liked topics."""
AT_LEAST = 0.15
"""A person follows what tells of the topics they have an opinion on: feeds in which so many items do."""

_PATTERNS = {
    topic: re.compile(rf"\b(?:{'|'.join(words.split())})(?!\w)", re.IGNORECASE) for topic, words in WORDS.items()
}


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody with a taste. `gives_feedback` is False for the control, who follows and gets the same otherwise."""

    likes: tuple[str, str]
    dislikes: str
    feeds: tuple[int, ...]
    """Indexes of histories."""
    gives_feedback: bool

    def opinion(self, topics: frozenset[str]) -> int:
        """1: 👍, -1: 👎, 0: nothing is tapped. Who dislikes a topic dislikes it in whatever company."""
        if self.dislikes in topics:
            return -1
        return int(not topics.isdisjoint(self.likes))


def topics_of(told: Told, feed: str) -> frozenset[str]:
    """The topics that an item is about. `feed`: the name of its feed."""
    found = {topic for topic, names in FEEDS.items() if feed.startswith(names)}
    for topic, pattern in _PATTERNS.items():
        if 2 * len(pattern.findall(told.title)) + len(set(pattern.findall(told.text))) >= 2:
            found.add(topic)
    return frozenset(found)


def people(histories: Sequence[History], topics: Mapping[str, frozenset[str]], count: int) -> list[Persona]:
    """So many pairs of people: one who taps, and the same as a control who never does."""
    chance = random.Random(4)
    personas = []
    for _ in range(count):
        first, second, dislikes = chance.sample(sorted(WORDS), 3)
        telling = [
            number
            for number, history in enumerate(histories)
            if _share(history, topics, (first, second, dislikes)) >= AT_LEAST
        ]
        others = [number for number in range(len(histories)) if number not in telling]
        wanted = chance.sample(telling, min(len(telling), FOLLOWED * 2 // 3))
        feeds = tuple(sorted(wanted + chance.sample(others, FOLLOWED - len(wanted))))
        personas += [Persona((first, second), dislikes, feeds, taps) for taps in (True, False)]
    return personas


def _share(history: History, topics: Mapping[str, frozenset[str]], wanted: Iterable[str]) -> float:
    told = [topics[one.key] for one in history.told]
    return sum(not found.isdisjoint(wanted) for found in told) / len(told)
