"""What a workflow of the puller does after it: has new items processed, and people told. Neither can make it fail."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

from contentsync.bot.contract import SEND_NOTICES, SendNoticesInput, SendNoticesResult
from contentsync.processor.contract import PROCESS_ITEMS, ProcessItemsInput, ProcessResult
from contentsync.temporal import WORK, ActivityOptions

GIVING_UP = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30), maximum_attempts=5
)
"""Nothing is lost by giving up: leases run out and a later tick claims the sources again, and unprocessed items are
found by the processor's own schedule. Trying for ever would keep all later ticks from running."""

PULL: ActivityOptions = {**WORK, "retry_policy": GIVING_UP}


async def process_new(now: str) -> None:
    """Have the new items processed; the processor's own schedule makes good what fails here."""
    try:
        await workflow.execute_activity(PROCESS_ITEMS, ProcessItemsInput(now=now), result_type=ProcessResult, **PULL)
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        workflow.logger.error("processing failed error=%s", type(error.cause).__name__)


async def send_notices(now: str) -> None:
    """Have people told what waits for them; what cannot be told now is told after a later run."""
    try:
        await workflow.execute_activity(SEND_NOTICES, SendNoticesInput(now=now), result_type=SendNoticesResult, **PULL)
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        workflow.logger.error("notices not sent error=%s", type(error.cause).__name__)
