"""What followers hear about how their sources are."""

SENTENCES: dict[str, str] = {}
