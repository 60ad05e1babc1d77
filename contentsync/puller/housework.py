"""The steps of housekeeping as its workflow calls them: names, input; each gives the counts of its own."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from contentsync.puller.contract import HousekeepingResult

REMOVE_OLD_RAW = "puller.RemoveOldRaw"
REMOVE_ORPHANS = "puller.RemoveOrphans"
FORGET = "puller.Forget"
RENEW_SECRETS = "puller.RenewSecrets"
TIDY_DATABASE = "puller.TidyDatabase"

STEPS = (REMOVE_OLD_RAW, REMOVE_ORPHANS, FORGET, RENEW_SECRETS, TIDY_DATABASE)
"""In this order: the database is tidied when everything else is gone from it."""


@dataclass(frozen=True)
class StepInput:
    """`now` is ISO 8601 with offset."""

    now: str


def sum_up(results: Iterable[HousekeepingResult], failed: list[str]) -> HousekeepingResult:
    """The counts of all steps together."""
    done = list(results)
    names = [one.name for one in fields(HousekeepingResult) if one.name != "failed"]
    return HousekeepingResult(**{name: sum(getattr(one, name) for one in done) for name in names}, failed=failed)
