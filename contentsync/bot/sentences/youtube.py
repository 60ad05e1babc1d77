"""What is said about YouTube accounts."""

SENTENCES: dict[str, str] = {}
