"""How the processor's work is started: names, inputs, results. Everybody may import this; it imports only errors."""

from dataclasses import dataclass

PROCESS_NEW = "processor.ProcessNew"
PROCESS_ITEMS = "processor.ProcessItems"
"""The activity; the puller's workflows call it after a pull that stored something."""


@dataclass(frozen=True)
class ProcessNewInput:
    """`now`: ISO 8601 with offset, to simulate a moment; None is the workflow's own time."""

    now: str | None = None


@dataclass(frozen=True)
class ProcessItemsInput:
    """Work until nothing is left. `now` is ISO 8601 with offset."""

    now: str


@dataclass(frozen=True)
class ProcessResult:
    """Items that were given a story."""

    processed: int = 0
