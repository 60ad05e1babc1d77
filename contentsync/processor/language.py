"""The language of a text: what its source declares, else what its words look like."""

import re
import threading

from py3langid.langid import LanguageIdentifier

MINIMUM_LETTERS = 20
"""Shorter texts ("Release 1.2") look like any language."""
MINIMUM_PROBABILITY = 0.6
"""Of 140 languages; below it the guess is wrong too often to act on."""
_MODEL = "data/model.npz.xz"
_READ_LIMIT = 400
"""Characters looked at; more costs time and changes nothing."""
_NO_LANGUAGE = frozenset({"und", "zxx", "mul", "mis"})
_PRIMARY = re.compile(r"([a-z]{2,3})(?:[-_].*)?", re.IGNORECASE)


def primary_language(tag: str | None) -> str | None:
    """The first part of a BCP 47 tag, lower case ("en" of "en-GB"); None where it is no tag or names no language."""
    match = _PRIMARY.fullmatch((tag or "").strip())
    if match is None or match[1].lower() in _NO_LANGUAGE:
        return None
    return match[1].lower()


class LanguageGuesser:
    """Guesses languages from text. The model (a second to load) comes with the first guess; use it from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._identifier: LanguageIdentifier | None = None

    def guess(self, text: str) -> str | None:
        """ISO 639 code of the text's language; None where there are too few letters or too little certainty."""
        beginning = text[:_READ_LIMIT]
        if sum(character.isalpha() for character in beginning) < MINIMUM_LETTERS:
            return None
        language, probability = self._model().classify(beginning)
        return language if probability >= MINIMUM_PROBABILITY and language not in _NO_LANGUAGE else None

    def _model(self) -> LanguageIdentifier:
        with self._lock:
            if self._identifier is None:
                self._identifier = LanguageIdentifier.from_model_file(_MODEL, norm_probs=True)
            return self._identifier
