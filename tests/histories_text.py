"""Temporal's histories as text, to look for what must not be in them."""

import base64
import re

from temporalio.client import WorkflowHistory

_PAYLOAD = re.compile(r'"data": ?"([A-Za-z0-9+/=]+)"')


def readable(history: WorkflowHistory) -> str:
    """Every event as JSON, with every payload decoded behind it."""
    text = history.to_json()
    payloads = [base64.b64decode(payload).decode("utf-8", "replace") for payload in _PAYLOAD.findall(text)]
    return "\n".join([text, *payloads])
