"""Plain text, cut to length."""


def shorten(text: str, limit: int) -> str:
    """The text, or its beginning up to a word boundary with an ellipsis: at most `limit` characters."""
    if len(text) <= limit:
        return text
    beginning = text[: limit - 1]
    boundary = beginning.rfind(" ")
    # Scripts without blanks, and one endless word, are cut where they are.
    kept = beginning[:boundary] if boundary > limit // 2 else beginning
    return kept.rstrip(" ,;:–—-") + "…"
