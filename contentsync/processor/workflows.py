"""The processor's workflow: a catch-up for whatever a pull's own run left over."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contentsync.processor.contract import (
        PROCESS_ITEMS,
        PROCESS_NEW,
        ProcessItemsInput,
        ProcessNewInput,
        ProcessResult,
    )
    from contentsync.temporal import WORK


@workflow.defn(name=PROCESS_NEW)
class ProcessNew:
    """Processes everything that is new."""

    @workflow.run
    async def run(self, request: ProcessNewInput) -> ProcessResult:
        """Counts what was processed."""
        now = request.now or workflow.now().isoformat()
        result: ProcessResult = await workflow.execute_activity(
            PROCESS_ITEMS, ProcessItemsInput(now=now), result_type=ProcessResult, **WORK
        )
        return result


WORKFLOWS: list[type] = [ProcessNew]
