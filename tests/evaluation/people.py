"""Made-up people with plain tastes, written as a file of impressions."""

import random
from pathlib import Path

WORDS = {
    "garden": ["tomato", "compost", "seedling", "rake", "hedge", "tulip", "mulch", "orchard", "pruning", "greenhouse"],
    "chess": [
        "gambit",
        "endgame",
        "knight",
        "blitz",
        "castling",
        "opening",
        "checkmate",
        "pawn",
        "tournament",
        "grandmaster",
    ],
    "trains": [
        "locomotive",
        "railway",
        "timetable",
        "tram",
        "signal",
        "carriage",
        "station",
        "gauge",
        "freight",
        "sleeper",
    ],
}


def write_people(path: Path, *, people: int, rows: int, seed: int = 0) -> Path:
    """Each likes one topic and clicks what is about it nine times of ten, anything else one time of ten."""
    rng = random.Random(seed)
    lines = []
    for person in range(people):
        liked = sorted(WORDS)[person % len(WORDS)]
        for _ in range(rows):
            topic = rng.choice(sorted(WORDS))
            is_clicked = rng.random() < (0.9 if topic == liked else 0.1)
            lines.append(f"p{person}\t{int(is_clicked)}\t{' '.join(rng.sample(WORDS[topic], 4))}\n")
    path.write_text("".join(lines), encoding="utf-8")
    return path
