"""What a person typed as a topic or as a language, understood. Pure."""

import re
import unicodedata

MOST_CHARACTERS = 100

LANGUAGES: dict[str, tuple[str, str]] = {
    "en": ("English", "English"),
    "fr": ("French", "Français"),
    "es": ("Spanish", "Español"),
    "uk": ("Ukrainian", "Українська"),
    "de": ("German", "Deutsch"),
    "it": ("Italian", "Italiano"),
    "pt": ("Portuguese", "Português"),
    "nl": ("Dutch", "Nederlands"),
    "sv": ("Swedish", "Svenska"),
    "no": ("Norwegian", "Norsk"),
    "ru": ("Russian", "Русский"),
    "ar": ("Arabic", "العربية"),
    "he": ("Hebrew", "עברית"),
    "ur": ("Urdu", "اردو"),
    "zh": ("Chinese", "中文"),
}
"""The languages of topics by their ISO 639-1 code: the name in English, and their own."""

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def read_topic(text: str) -> str | None:
    """The words of a topic, on one line; None if there are none, or more than `MOST_CHARACTERS`."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if any(c.isalnum() for c in words) and len(words) <= MOST_CHARACTERS else None


def read_language(text: str) -> str | None:
    """The code of the language that is meant by its code, its English name or its own name; None for any other."""
    wanted = _folded(text)
    for code, names in LANGUAGES.items():
        if wanted in {code, *map(_folded, names)}:
            return code
    return None


def language_of(tag: str) -> str:
    """The language of topics for a person whose Telegram speaks this (an IETF tag); English if it is no such one."""
    code = tag.partition("-")[0].lower()
    return code if code in LANGUAGES else "en"


def name_of(code: str) -> str:
    """The English name of a language."""
    return LANGUAGES[code][0] if code in LANGUAGES else code


def _folded(text: str) -> str:
    """Without case, accents and what stands around it."""
    letters = unicodedata.normalize("NFD", text.strip(" .!\"'\n")).casefold()
    return "".join(c for c in letters if not unicodedata.combining(c))
