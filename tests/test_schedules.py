"""The registrar against a real server: created once, updated in place, a pause of the operator kept."""

from datetime import timedelta
from uuid import uuid4

from temporalio.testing import WorkflowEnvironment

from contentsync.schedules import register, ticks
from contentsync.settings import Settings


async def test_registering_twice_updates_in_place(temporal_dev: WorkflowEnvironment) -> None:
    client = temporal_dev.client
    queue = uuid4().hex
    await register(client, Settings(CONTENTSYNC_TASK_QUEUE=queue, CONTENTSYNC_PULL_TICK_SECONDS=3600))
    handle = client.get_schedule_handle("pull")
    created_at = (await handle.describe()).info.created_at
    await handle.pause(note="by the operator")

    await register(client, Settings(CONTENTSYNC_TASK_QUEUE=queue, CONTENTSYNC_PULL_TICK_SECONDS=1800))
    description = await handle.describe()
    assert description.info.created_at == created_at
    assert description.schedule.spec.intervals[0].every.total_seconds() == 1800
    assert description.schedule.state.paused

    for tick in ticks(Settings()):
        await client.get_schedule_handle(tick.id).delete()


async def test_a_machine_that_is_off_at_midnight_keeps_house_later() -> None:
    """The others look at what is due at every tick, so a missed one is none that matters."""
    kept = {tick.id: tick.catch_up for tick in ticks(Settings())}
    assert kept.pop("housekeeping") == timedelta(days=1)
    assert set(kept.values()) == {timedelta(minutes=1)}
