"""Items that are nothing but a title."""

from collections.abc import Sequence

from contentsync.processor.features import Facts, features_of, unpack
from contentsync.processor.taste import Profile


def features_of_title(title: str) -> bytes:
    """The features of such an item."""
    return features_of(Facts(title, "", 0, None, "", None, None, None))


def scores_of(profile: Profile, titles: Sequence[str]) -> list[float]:
    """What the words of each are worth to the person."""
    bags = unpack([features_of_title(title) for title in titles])
    terms = profile.weights[bags.slots] * profile.background.importance(bags)
    return list(map(float, bags.sums(terms) + profile.repeat_values(bags)))
