"""What is said about mailboxes and newsletters."""

SENTENCES: dict[str, str] = {}
