"""Texts as rules compare them: without case, accents and punctuation, their words one after another. Pure."""

import re
import unicodedata

from contentsync.processor.terms import JOINED

BETWEEN = "\0"
"""A word of its own that no typed text holds, so that no phrase reaches over it."""

_CHARACTERS_KNOWN = 20_000
"""Characters whose form is kept; there are a million, and a hostile text may hold them all."""
_WORDS_KNOWN = 30_000
"""Words whose form is kept (about 6 MB): texts are mostly made of the same ones, and looking one up takes a tenth of
the time."""
_LONGEST_KNOWN = 24
"""Characters of a word whose form is kept; a sentence without blanks never comes again."""
_JOINED = re.compile(f"[{JOINED}]")
_ACCENT = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
)
"""Accents, and the points that Hebrew and Arabic may leave out. The marks of other scripts are vowels."""
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
"""Letters that Unicode does not take apart, and that many cannot type."""
_SIGNS = "+#"
"""They belong to a word that they end, as in C++ and C#."""
_LONE_SIGNS = re.compile(r"(?:(?<=\s)|^)[+#]+")
_STRETCH = "\u0640"
"""Tatweel makes an Arabic word longer on paper."""


class _Forms(dict[int, str]):
    """What each character becomes."""

    def __missing__(self, code: int) -> str:
        form = _form(chr(code))
        if len(self) < _CHARACTERS_KNOWN:
            self[code] = form
        return form


_FORMS = _Forms()


class _Words(dict[str, str]):
    """What each word becomes."""

    def __missing__(self, word: str) -> str:
        form = word.translate(_FORMS)
        if len(word) <= _LONGEST_KNOWN:
            if len(self) >= _WORDS_KNOWN:
                self.clear()
            self[word] = form
        return form


_WORDS = _Words()


def fold(text: str) -> str:
    """The words in order, each between single blanks, with a blank before the first and after the last; " " if none.

    A character of a script that writes no blanks is a word of its own: where such a name is, its characters follow each
    other, and nothing needs to know where it begins.
    """
    words = fold_words(text)
    return f" {' '.join(words)} " if words else " "


def fold_words(text: str) -> list[str]:
    """The same words one by one."""
    if text.isascii():
        folded = text.translate(_FORMS)
    else:
        folded = " ".join(map(_WORDS.__getitem__, unicodedata.normalize("NFC", text).split()))
    if "+" in folded or "#" in folded:
        folded = _LONE_SIGNS.sub(" ", folded)
    return folded.split()


def _form(character: str) -> str:
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    whole = unicodedata.normalize("NFC", "".join(one for one in apart if not _is_accent(one)))
    return "".join(map(_placed, whole.translate(_STROKES)))


def _is_accent(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" and _ACCENT.match(character) is not None


def _placed(character: str) -> str:
    if character in _SIGNS or character == BETWEEN:
        return character
    category = unicodedata.category(character)
    if category == "Cf" or character == _STRETCH:  # invisible: they hide a word, or tell where it may break
        return ""
    if _JOINED.match(character):
        return f" {character} "
    return character if category[0] in "LNM" else " "
