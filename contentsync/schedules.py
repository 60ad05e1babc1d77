"""The registrar: the schedules this program wants, written to Temporal at start.

A schedule is created once and updated in place; it is never deleted and recreated, so what it has done stays visible.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from contentsync.bot.contract import DIGEST_TICK, DigestTickInput
from contentsync.processor.contract import PROCESS_NEW, ProcessNewInput
from contentsync.puller.contract import (
    HOUSEKEEPING,
    PULL_DUE,
    SYNC_INTEGRATIONS,
    HousekeepingInput,
    PullDueInput,
    SyncIntegrationsInput,
)
from contentsync.settings import Settings

CATCH_UP = timedelta(minutes=1)
"""How late a missed tick may still run. Every tick looks at what is due, so only the newest one matters."""


@dataclass(frozen=True)
class Tick:
    """A workflow that runs again and again."""

    id: str
    workflow: str
    argument: Any
    every: timedelta
    catch_up: timedelta = CATCH_UP


def ticks(settings: Settings) -> list[Tick]:
    """All schedules."""
    return [
        Tick("pull", PULL_DUE, PullDueInput(), timedelta(seconds=settings.pull_tick_seconds)),
        Tick("integrations", SYNC_INTEGRATIONS, SyncIntegrationsInput(), timedelta(minutes=15)),
        Tick("process", PROCESS_NEW, ProcessNewInput(), timedelta(minutes=5)),
        Tick("digests", DIGEST_TICK, DigestTickInput(), timedelta(seconds=settings.digest_tick_seconds)),
        # A machine that is off at midnight does it when it is on again.
        Tick("housekeeping", HOUSEKEEPING, HousekeepingInput(), timedelta(days=1), catch_up=timedelta(days=1)),
    ]


async def register(client: Client, settings: Settings) -> None:
    """Create the schedules that are missing and update the others to what `ticks` says."""
    for tick in ticks(settings):
        schedule = _schedule(tick, settings.task_queue)
        try:
            await client.create_schedule(tick.id, schedule)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(tick.id).update(partial(_in_place, schedule))


def _schedule(tick: Tick, task_queue: str) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            tick.workflow,
            tick.argument,
            id=f"tick/{tick.id}",
            task_queue=task_queue,
            execution_timeout=timedelta(hours=1),
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=tick.every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=tick.catch_up),
    )


def _in_place(wanted: Schedule, given: ScheduleUpdateInput) -> ScheduleUpdate:
    # An operator's pause (or note) in the Temporal UI stays.
    wanted.state = given.description.schedule.state
    return ScheduleUpdate(wanted)
