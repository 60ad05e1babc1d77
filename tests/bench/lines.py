"""One measurement as `make bench` prints it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Line:
    """A figure, beside the same figure of a peer measured in the same run where there is one."""

    bench: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The line, rounded to what repeats."""
        ratio = self.value / self.peer_value if self.peer_value else None
        return {
            "bench": self.bench,
            "value": round(self.value, 3),
            "unit": self.unit,
            "peer": self.peer,
            "peer_value": round(self.peer_value, 3) if self.peer_value is not None else None,
            "ratio": round(ratio, 2) if ratio is not None else None,
        }
