"""What an item tells in short: its feed's own summary, cleaned, or the two sentences that tell most of a text. Pure.

Sentences are found by sentencex, which knows the abbreviations and marks of most written languages (Wikimedia's; 35 µs
an item, where pySBD takes many milliseconds, syntok knows three languages, and blingfire weighs 42 MB).
"""

import html
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import sentencex

from contentsync.processor.boilerplate import without_boilerplate
from contentsync.processor.text import shorten

OWN_CHARACTERS = 600
"""Up to this length a text is taken for a summary that its source wrote."""
TWO_SENTENCES_CHARACTERS = 300
SENTENCES_READ = 25
"""A text that has not said by then what it is about will hardly say it later."""
_READ_CHARACTERS = 10_000
"""Of the HTML: many times what so many sentences take."""

LEAD, TITLE, CENTRE, NEXT = 1.0, 0.7, 0.6, 0.25
"""What counts for a sentence: standing early, words of the title, words that other sentences have too, and standing
right behind or before the one already chosen."""
LEAD_SENTENCES = 2.0
"""After so many sentences the weight for standing early is down to a half."""
LEAST_LINE = 20
"""Shorter beginnings are more often broken lines than lines of their own."""
LEAST_CUT = 200
"""Some sources cut after so many characters, or some more, without a sign of it."""
_BEGINNING = 6
_CLOSE = 0.6
"""Sentences that share so much of their words say the same."""

_NO_BLANKS = frozenset({"ja", "ko", "th", "yue", "zh"})
"""Languages whose texts take half the characters; most write no blanks, so their terms are pairs of characters."""

_BLOCK = re.compile(
    r"</?(?:address|article|aside|blockquote|br|caption|dd|div|dl|dt|figure|footer|header|hr|li|ol|p|section|table|tbody"
    r"|td|th|thead|tr|ul)\b[^<>]*>",
    re.IGNORECASE,
)
_NO_SENTENCES = re.compile(r"<(pre|figcaption|h[1-6]|rp|rt)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
"""Code, captions, headlines, and the reading aids of Chinese and Japanese."""
_TAG = re.compile(r"<[a-zA-Z/!](?:[^<>\"]|\"[^\"]*\")*>")
_ESCAPED_TAG = re.compile(r"</?(?:a|b|br|em|i|img|p|span|strong|u|div|ul|ol|li)\b[^<>]*>", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"\[([^\[\]]{1,200})\]\(https?://[^()\s]*\)")
_LINES = re.compile(r"\n\s*\n|\n(?=.*://)|(?<=[.!?:…。])\n")
_CUT = re.compile(r"\s*(?:\[(?:…|\.{3}|\?)\]|\((?:…|\.{3})\)(?: - .{1,80})?|…|\.{3}|&hellip;)$")
"""How a text ends that its source cut off. SPIP, which many French sites run on, puts the section behind."""
_ENDS = tuple(".!?…。！？।؟۔")
_CLOSING = "\"'”’»)]）」』"
"""What may stand behind the end of a sentence."""
_CODE = re.compile(r"[{}<>=;\\|_#$^*\[\]/@0-9]")
_SOLICITING = (
    *("subscri", "newsletter", "patreon", "sponsor", "promo", "coupon", "discount", "sign up", "abonnier", "abonner"),
    *("donat", "check it out", "check them out", "check us out", "click here", "e-mail address", "email address"),
    *("posted by", "posted in", "originally appeared", "originally published", "disclaimer", "updated on", "cookie"),
)
"""Who asks for something, or tells of the page, tells nothing of the matter."""
_WORD = re.compile(r"[^\W_]{4,}")


@dataclass(frozen=True, slots=True)
class _Sentence:
    index: int
    text: str
    terms: frozenset[str]


def own_paragraphs(markup: str, *, title: str = "", site: str = "") -> list[str]:
    """The paragraphs in which an item tells something, as plain text. `site`: the name of its source."""
    beginning = markup[:_READ_CHARACTERS]
    if "<" not in beginning:
        pieces = _LINES.split(beginning)
    else:
        if len(markup) > _READ_CHARACTERS:  # no half a tag at the end
            beginning = beginning.rpartition("<")[0]
        pieces = _BLOCK.split(_NO_SENTENCES.sub("<br>", beginning))
        if not any(map(_plain, pieces)):
            pieces = _BLOCK.split(beginning)
    return without_boilerplate(filter(None, map(_plain, pieces)), title=title, site=site)


def summary_of(title: str, paragraphs: Sequence[str], *, language: str | None) -> str:
    """The summary of an item in its own words and language; "" where that would tell no more than its title.

    language: ISO 639 code, None where it is not known.
    """
    text = _flowing(paragraphs)
    bound = OWN_CHARACTERS // 2 if language in _NO_BLANKS else OWN_CHARACTERS
    summary = _whole(text, language) if len(text) <= bound else _told_in_two(title, paragraphs, language)
    return summary if _says_more(summary, title) else ""


def _plain(piece: str) -> str:
    text = _TAG.sub("", piece) if "<" in piece else piece
    if "&" in text:
        text = html.unescape(text)
        if "<" in text:
            text = _ESCAPED_TAG.sub(" ", text)
    if "](" in text:
        text = _MARKDOWN_LINK.sub(r"\1", text)
    return " ".join(text.split())


def _flowing(paragraphs: Sequence[str]) -> str:
    """The paragraphs as one text; a dot in the middle of the line parts what no full stop does."""
    text = ""
    for paragraph in paragraphs:
        is_apart = len(text) > LEAST_LINE and text[-1].isalnum() and paragraph[0].isupper()
        text += (" · " if is_apart else " ") + paragraph if text else paragraph
    return text


def _whole(text: str, language: str | None) -> str:
    """A short text without addresses, and without the rest of a sentence where it was cut off."""
    cut = _CUT.search(text)
    text = text[: cut.start()] if cut else text
    if "://" in text:
        sentences = [one for one in _sentences(text, language) if "://" not in one]
        text = " ".join(sentences)
    if _is_ended(text) or not (cut or (len(text) > LEAST_CUT and (text[-1].isalnum() or text[-1] in ",;"))):
        return text
    sentences = _sentences(text, language)
    ended = " ".join(sentences[:-1])
    return ended if len(ended) > len(text) / 2 else text.rstrip(" ,;:–—-") + "…"


def _told_in_two(title: str, paragraphs: Sequence[str], language: str | None) -> str:
    bound = TWO_SENTENCES_CHARACTERS // 2 if language in _NO_BLANKS else TWO_SENTENCES_CHARACTERS
    sentences = _candidates(paragraphs, language, bound)
    if not sentences:
        return shorten(" ".join(paragraphs), bound)
    scores = _scores(sentences, _terms(title, language))
    first = max(sentences, key=lambda one: scores[one.index])
    left = bound - len(first.text) - 3
    further = [one for one in sentences if len(one.text) <= left and not _alike(one, first)]
    if not further:
        return first.text
    second = max(further, key=lambda one: scores[one.index] + NEXT * (abs(one.index - first.index) == 1))
    return _joined(first, second, language)


def _joined(one: _Sentence, other: _Sentence, language: str | None) -> str:
    """Both in their order; an ellipsis says where something between them is left out."""
    first, second = sorted((one, other), key=lambda sentence: sentence.index)
    blank = "" if language in ("ja", "zh", "yue") else " "
    return f"{first.text}{blank}{second.text}" if second.index == first.index + 1 else f"{first.text} … {second.text}"


def _candidates(paragraphs: Sequence[str], language: str | None, bound: int) -> list[_Sentence]:
    found: list[_Sentence] = []
    index = 0
    for paragraph in paragraphs:
        for text in _sentences(paragraph, language):
            if bound / 12 <= len(text) <= bound and _is_prose(text):
                found.append(_Sentence(index, text, _terms(text, language)))
            index += 1
        if index >= SENTENCES_READ:
            break
    return found


def _is_prose(sentence: str) -> bool:
    if not _is_ended(sentence) or sentence[0] in "(…" or "://" in sentence:
        return False
    folded = sentence.casefold()
    return len(_CODE.findall(sentence)) * 10 <= len(sentence) and not any(word in folded for word in _SOLICITING)


def _is_ended(text: str) -> bool:
    return text.rstrip(_CLOSING).endswith(_ENDS)


def _scores(sentences: Sequence[_Sentence], title: frozenset[str]) -> dict[int, float]:
    """How much each sentence tells, by its index."""
    counts = Counter(term for one in sentences for term in one.terms)
    # A word that half of the sentences have is one of the language, not of the text.
    most = max(2, len(sentences) // 2)
    weights = {term: math.log(count) for term, count in counts.items() if 1 < count <= most}
    centres = {
        one.index: sum(weights.get(term, 0.0) for term in one.terms) / math.sqrt(len(one.terms) + 5)
        for one in sentences
    }
    largest = max(centres.values()) or 1.0
    scores = {}
    for one in sentences:
        score = LEAD / (1 + one.index / LEAD_SENTENCES) + CENTRE * centres[one.index] / largest
        score += TITLE * len(one.terms & title) / (len(title) or 1)
        scores[one.index] = score * (0.6 if one.text.endswith(("?", "？", "؟")) else 1.0)
    return scores


def _alike(one: _Sentence, other: _Sentence) -> bool:
    shared = len(one.terms & other.terms)
    return shared > _CLOSE * min(len(one.terms), len(other.terms))


def _terms(text: str, language: str | None) -> frozenset[str]:
    if language in _NO_BLANKS:
        return frozenset(text[at : at + 2] for at in range(len(text) - 1))
    return frozenset(word[:_BEGINNING] for word in _WORD.findall(text.casefold()))


def _sentences(text: str, language: str | None) -> list[str]:
    return [sentence.strip() for sentence in sentencex.segment(language or "en", text) if sentence.strip()]


def _says_more(summary: str, title: str) -> bool:
    told, known = _squeezed(summary), _squeezed(title)
    return bool(told) and told not in known


def _squeezed(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
