"""The baseline for stories: single-pass clustering of TF-IDF vectors, as it is usually done. Pure."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

_WORD = re.compile(r"\w+")


def single_pass(titles: Sequence[str], threshold: float) -> list[int]:
    """The cluster of each title: that of the most similar centroid if its cosine reaches the threshold, else a new one.

    A word weighs by the logarithm of how rare it was among the titles so far.
    """
    seen: Counter[str] = Counter()
    centroids: list[dict[str, float]] = []
    norms: list[float] = []
    holders: dict[str, set[int]] = defaultdict(set)
    found = []
    for number, title in enumerate(titles, start=1):
        words = Counter(word.casefold() for word in _WORD.findall(title))
        seen.update(words.keys())
        vector = _normal({word: count * math.log(1 + number / seen[word]) for word, count in words.items()})
        dots: dict[int, float] = defaultdict(float)
        for word, weight in vector.items():
            for cluster in holders[word]:
                dots[cluster] += weight * centroids[cluster][word]
        cosines = {cluster: dot / norms[cluster] for cluster, dot in dots.items()}
        best = max(cosines, key=lambda cluster: (cosines[cluster], -cluster), default=None)
        if best is None or cosines[best] < threshold:
            best = len(centroids)
            centroids.append({})
            norms.append(0.0)
        for word, weight in vector.items():
            centroids[best][word] = centroids[best].get(word, 0.0) + weight
            holders[word].add(best)
        norms[best] = math.sqrt(sum(weight * weight for weight in centroids[best].values()))
        found.append(best)
    return found


def _normal(vector: dict[str, float]) -> dict[str, float]:
    norm = math.sqrt(sum(weight * weight for weight in vector.values())) or 1.0
    return {word: weight / norm for word, weight in vector.items()}
