"""What the headers of an answer tell about the next request: how long it stays fresh, how long to be quiet. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_FRESH_SECONDS = 31 * 86_400
MAX_QUIET_SECONDS = 3600
"""Rate-limit windows are minutes; a longer wish is more likely a mistake."""

_EPOCH_SECONDS = 100_000_000
"""A reset beyond this is a moment since 1970, not a number of seconds."""
_DIRECTIVE = re.compile(r'\s*([a-z-]+)\s*(?:=\s*"?([^",]*)"?)?\s*', re.IGNORECASE)
_PARAMETER = re.compile(r"(?:^|[;,\s])(remaining|reset|r|t)\s*=\s*(\d{1,12})", re.IGNORECASE)


def fresh_seconds(headers: Mapping[str, str]) -> int | None:
    """For how long the answer says it stays fresh, 0 to `MAX_FRESH_SECONDS`; None if it does not say.

    `s-maxage` is for caches that the publisher can empty, which we are not, so it is left out.
    Source: RFC 9111, sections 4.2.1 (lifetime), 4.2.3 (Age) and 5.2.2 (no-store, no-cache).
    """
    control = headers.get("cache-control", "")
    directives = {found[1].lower(): found[2] for part in control.split(",") if (found := _DIRECTIVE.fullmatch(part))}
    if "no-store" in directives or "no-cache" in directives:
        return None
    lifetime = _whole(directives.get("max-age"))
    if lifetime is None:
        expires = http_date(headers["expires"]) if "expires" in headers else None
        if expires is None:
            return None
        lifetime = round((expires - (http_date(headers.get("date", "")) or datetime.now(UTC))).total_seconds())
    return max(0, min(lifetime - (_whole(headers.get("age")) or 0), MAX_FRESH_SECONDS))


def quiet_seconds(headers: Mapping[str, str]) -> int | None:
    """For how long the host wants no further request, 1 to `MAX_QUIET_SECONDS`; None while it may be asked again.

    Understood are X-RateLimit-Remaining and -Reset (Reddit and others: seconds, with a fraction; GitHub: a moment
    since 1970), RateLimit-Remaining and -Reset, and the single RateLimit field (`remaining=0, reset=30`, `r=0;t=30`).
    Source: draft-ietf-httpapi-ratelimit-headers, versions 03 to 10; Reddit Data API wiki; GitHub REST API, rate limits.
    """
    for prefix in ("x-ratelimit", "ratelimit"):
        remaining = _number(headers.get(f"{prefix}-remaining"))
        if remaining is not None:
            return _quiet(remaining, _number(headers.get(f"{prefix}-reset")), headers)
    single = {name.lower(): float(value) for name, value in _PARAMETER.findall(headers.get("ratelimit", ""))}
    remaining = single.get("remaining", single.get("r"))
    return None if remaining is None else _quiet(remaining, single.get("reset", single.get("t")), headers)


def http_date(value: str) -> datetime | None:
    """The moment in a header, in any form that RFC 9110, section 5.6.7 knows, or None if it is no date."""
    try:
        parsed = parsedate_to_datetime(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _quiet(remaining: float, reset: float | None, headers: Mapping[str, str]) -> int | None:
    if remaining >= 1 or reset is None:
        return None
    if reset > _EPOCH_SECONDS:
        reset -= (http_date(headers.get("date", "")) or datetime.now(UTC)).timestamp()
    return max(1, min(round(reset), MAX_QUIET_SECONDS))


def _whole(value: str | None) -> int | None:
    value = (value or "").strip()
    return int(value[:12]) if value.isascii() and value.isdigit() else None


def _number(value: str | None) -> float | None:
    """The number at the start of a header; some append a policy after a comma or semicolon."""
    found = re.match(r"\s*(\d{1,12}(?:\.\d{0,6})?)\s*(?:[,;]|$)", value or "", re.ASCII)
    return float(found[1]) if found else None
