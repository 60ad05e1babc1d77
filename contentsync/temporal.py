"""Temporal as this project uses it: where the server is, how activities retry, how a worker is tuned.

Workflow ids, names and payloads are in each room's `contract.py`.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypedDict

from temporalio import activity
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.envconfig import ClientConfigProfile
from temporalio.service import RPCError

from contentsync.errors import ConfigurationError

CONNECT_SECONDS = 20.0
HEARTBEAT_TIMEOUT = timedelta(seconds=10)


class ActivityOptions(TypedDict):
    """What every activity call in a workflow passes on with `**`."""

    start_to_close_timeout: timedelta
    heartbeat_timeout: timedelta | None
    retry_policy: RetryPolicy


STORE = ActivityOptions(
    start_to_close_timeout=timedelta(seconds=30),
    heartbeat_timeout=None,
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
)
"""For an activity that only speaks to the database: short, retried for ever."""

WORK = ActivityOptions(
    start_to_close_timeout=timedelta(minutes=30),
    heartbeat_timeout=HEARTBEAT_TIMEOUT,
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
)
"""For an activity that pulls, sends or computes for long: it must run inside `heartbeating()`. Retried for ever,
because it goes on where the database says it stopped."""

LOOKUP = ActivityOptions(
    start_to_close_timeout=timedelta(seconds=60),
    heartbeat_timeout=HEARTBEAT_TIMEOUT,
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=2),
)
"""For an activity a person waits for: it runs inside `heartbeating()` and reports failures of the outside as values."""


@asynccontextmanager
async def heartbeating() -> AsyncIterator[None]:
    """Heartbeat three times a timeout while the block runs; a killed worker is noticed after one timeout."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(HEARTBEAT_TIMEOUT.total_seconds() / 3)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.wait([beating])


@dataclass(frozen=True)
class Address:
    """Where a Temporal server is: keyword arguments of `Client.connect`."""

    connect_config: dict[str, Any]
    target_host: str


def configured_address(variables: dict[str, str]) -> Address | None:
    """The server the operator named by TEMPORAL_* variables or Temporal's own config file; None means: embed one.

    Raises:
        ConfigurationError: the variables contradict each other or name unreadable files.
    """
    try:
        config = ClientConfigProfile.load(override_env_vars=variables).to_client_connect_config()
    except (RuntimeError, ValueError, OSError) as error:
        raise ConfigurationError(f"TEMPORAL_* settings: {error}") from error
    target = config.get("target_host")
    return Address(connect_config=dict(config), target_host=str(target)) if target else None


async def connect(address: Address) -> Client:
    """A connected client. A server that is just starting is waited for, `CONNECT_SECONDS` at most.

    Raises:
        ConfigurationError: nothing answers there.
    """
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            return await Client.connect(**address.connect_config)
        except (RuntimeError, RPCError) as error:
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"Temporal does not answer at {address.target_host}. Start it, or unset TEMPORAL_ADDRESS to embed "
                    "one."
                ) from error
        await asyncio.sleep(0.2)
