"""The workflow of housekeeping."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contentsync.puller.contract import HOUSEKEEPING, HousekeepingInput, HousekeepingResult
    from contentsync.puller.followup import PULL
    from contentsync.puller.housework import STEPS, StepInput, sum_up


@workflow.defn(name=HOUSEKEEPING)
class Housekeeping:
    """One day's housekeeping: what is too old goes, secrets get the newest key, the database is tidied."""

    @workflow.run
    async def run(self, request: HousekeepingInput) -> HousekeepingResult:
        """Do one step after the other. One that fails is named, and leaves the others alone."""
        step_input = StepInput(now=request.now or workflow.now().isoformat())
        done: list[HousekeepingResult] = []
        failed: list[str] = []
        for step in STEPS:
            try:
                done.append(await workflow.execute_activity(step, step_input, result_type=HousekeepingResult, **PULL))
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                workflow.logger.error("step failed name=%s error=%s", step, type(error.cause).__name__)
                failed.append(step)
        return sum_up(done, failed)


WORKFLOWS: list[type] = [Housekeeping]
