"""Plain text out of what feeds carry."""

import html
import re

import nh3

TEXT_LIMIT = 2_000
"""Characters kept of a summary."""
_READ_LIMIT = 60_000
"""Characters of HTML looked at: markup seldom takes thirty times the text, and full articles come as summaries too."""

_BLOCK = re.compile(
    r"<(?=/?(?:address|article|aside|blockquote|br|caption|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|li|ol|p"
    r"|pre|section|table|tbody|td|th|thead|tr|ul)\b)",
    re.IGNORECASE,
)


def plain_text(markup: str, *, limit: int = TEXT_LIMIT) -> str:
    """The words of HTML, at most `limit` characters: no tags, no scripts, entities resolved, blanks folded."""
    spaced = _BLOCK.sub(" <", markup[:_READ_LIMIT])
    words = html.unescape(nh3.clean(spaced, tags=set())) if "<" in spaced else html.unescape(spaced)
    return shorten(" ".join(words.split()), limit)


def shorten(text: str, limit: int) -> str:
    """The text, or its beginning up to a word boundary with an ellipsis: at most `limit` characters."""
    if len(text) <= limit:
        return text
    beginning = text[: limit - 1]
    boundary = beginning.rfind(" ")
    # Scripts without blanks, and one endless word, are cut where they are.
    kept = beginning[:boundary] if boundary > limit // 2 else beginning
    return kept.rstrip(" ,;:–—-") + "…"
