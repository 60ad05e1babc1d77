"""Every failure contentsync names, on one screen.

ContentsyncError
├── ConfigurationError        a setting is wrong; the text says which and what to set instead
├── AlreadyRunning            another process holds this data directory
├── PartDied                  a part of the running process ended by itself
├── CredentialError           a stored secret cannot be decrypted with the keys at hand
└── SourceError               something outside could not be read; carries `url`
    ├── InvalidLink           not an http(s) link, or no host
    │   ├── LinkWithPassword  a user name or password stands in it
    │   ├── ForbiddenPort     it names the port of mail, a shell or another service that is no web server
    │   └── BadRedirect       it redirects to one of these
    ├── AddressRefused        the link leads to a private, loopback or otherwise forbidden address
    ├── Unreachable           no answer: connection refused or dropped, TLS failure
    │   └── NameNotFound      no host has this name
    ├── TimedOut              connected, but too slow
    ├── TooLarge              more bytes than we accept, compressed or not
    ├── TooManyRedirects      redirects beyond the bound, or in a circle
    ├── HTTPFailure           an HTTP status that is no success; carries `status` and `retry_after_seconds`
    │   ├── Refused           401, 403 and the other 4xx that are not listed here
    │   ├── NotFound          404 or 410
    │   ├── RateLimited       429, or 503 or 403 that says when to come back
    │   └── ServerFailed      5xx
    ├── AccountRefused        the service does not accept the credentials it was given
    ├── QuotaSpent            no request is left in the plan before `retry_at`
    ├── PlanExceeded          the account's plan does not cover what was asked for
    ├── QueryRefused          the service cannot use the query as we put it
    ├── NotAFeed              a document came, but it is not a feed; `found` says what it is
    └── NoFeedFound           a page came, and it leads to no feed
        └── SiteWithoutFeeds  it is on a site that has no feeds at all; `site` is its name

Each class has a `reason_key`, the name of the sentence a person gets (`bot/texts.py`), and `params`, the values
that sentence shows. Code decides by class or attribute, never by message text.
"""

from datetime import datetime
from typing import ClassVar

from typing_extensions import override


class ContentsyncError(Exception):
    """Root of the tree."""

    reason_key: ClassVar[str] = "internal"

    @property
    def params(self) -> dict[str, str | int]:
        """What the sentence for a person shows beside its fixed words."""
        return {}


class ConfigurationError(ContentsyncError):
    """A setting is missing or wrong; the message names it and says what to set."""

    reason_key = "configuration"


class AlreadyRunning(ContentsyncError):
    """Another contentsync holds this data directory."""

    reason_key = "already_running"


class PartDied(ContentsyncError):
    """A part of the process (worker, web, embedded Temporal, …) ended although nobody asked it to."""

    reason_key = "part_died"


class CredentialError(ContentsyncError):
    """An encrypted value cannot be read with the secret keys at hand."""

    reason_key = "credential"


class SourceError(ContentsyncError):
    """Something outside could not be read. `url` is what was asked for."""

    reason_key = "source"

    def __init__(self, url: str, detail: str = "") -> None:
        super().__init__(f"{type(self).__name__}: {detail}" if detail else type(self).__name__)
        self.url = url
        self.detail = detail

    @property
    @override
    def params(self) -> dict[str, str | int]:
        return {"url": self.url, "detail": self.detail}


class InvalidLink(SourceError):
    """Not an http(s) link with a host."""

    reason_key = "invalid_link"


class LinkWithPassword(InvalidLink):
    """A user name or password stands in the link; sources are shared, so nobody's password may be part of one."""

    reason_key = "link_with_password"


class ForbiddenPort(InvalidLink):
    """The port of a service that is no web server, and might obey what a request contains."""

    reason_key = "forbidden_port"


class BadRedirect(InvalidLink):
    """The link itself is fine, but what it redirects to is none that can be opened."""

    reason_key = "bad_redirect"


class AddressRefused(SourceError):
    """The host's address is private, loopback, link-local, multicast or reserved."""

    reason_key = "address_refused"


class Unreachable(SourceError):
    """No connection: refused, reset, or TLS failed (`detail` says which)."""

    reason_key = "unreachable"


class NameNotFound(Unreachable):
    """No host has this name, or the name servers do not tell."""

    reason_key = "name_not_found"


class TimedOut(SourceError):
    """The server was too slow to connect, to begin, or to finish."""

    reason_key = "timed_out"


class TooLarge(SourceError):
    """The answer is larger than `limit_bytes`, counted after decompression."""

    reason_key = "too_large"

    def __init__(self, url: str, limit_bytes: int) -> None:
        super().__init__(url, f"more than {limit_bytes} bytes")
        self.limit_bytes = limit_bytes

    @property
    @override
    def params(self) -> dict[str, str | int]:
        return {"url": self.url, "limit_megabytes": self.limit_bytes // 1_000_000}


class TooManyRedirects(SourceError):
    """More redirects than allowed, or a circle of them."""

    reason_key = "too_many_redirects"


class HTTPFailure(SourceError):
    """The server answered with a status that is not a success."""

    reason_key = "refused"

    def __init__(self, url: str, status: int, retry_after_seconds: int | None = None) -> None:
        super().__init__(url, f"HTTP {status}")
        self.status = status
        self.retry_after_seconds = retry_after_seconds

    @property
    @override
    def params(self) -> dict[str, str | int]:
        return {"url": self.url, "status": self.status}


class Refused(HTTPFailure):
    """401, 403 and other 4xx."""


class NotFound(HTTPFailure):
    """404 or 410."""

    reason_key = "not_found"


class RateLimited(HTTPFailure):
    """429, or 503 or 403 that says when to come back; `retry_after_seconds` is the server's wish, if it told one."""

    reason_key = "rate_limited"


class ServerFailed(HTTPFailure):
    """5xx."""

    reason_key = "server_failed"


class AccountRefused(SourceError):
    """The service does not accept the credentials: wrong, revoked, expired, or without the needed rights."""

    reason_key = "account_refused"


class QuotaSpent(SourceError):
    """No request is left in the plan of `service` before `retry_at`."""

    reason_key = "quota_spent"

    def __init__(self, url: str, service: str, retry_at: datetime) -> None:
        super().__init__(url, f"nothing left before {retry_at.isoformat()}")
        self.service = service
        self.retry_at = retry_at

    @property
    @override
    def params(self) -> dict[str, str | int]:
        return {"url": self.url, "service": self.service, "retry_at": f"{self.retry_at:%d %b %H:%M} UTC"}


class PlanExceeded(SourceError):
    """The account's plan does not reach so far back, or to so many results; `detail` is the service's own code."""

    reason_key = "plan_exceeded"


class QueryRefused(SourceError):
    """The service cannot use the query as we put it; `detail` is its own code."""

    reason_key = "query_refused"


class NotAFeed(SourceError):
    """A document that is not a feed; `found` names what it is ("an HTML page", "an image")."""

    reason_key = "not_a_feed"

    def __init__(self, url: str, found: str) -> None:
        super().__init__(url, f"found {found}")
        self.found = found

    @property
    @override
    def params(self) -> dict[str, str | int]:
        return {"url": self.url, "found": self.found}


class NoFeedFound(SourceError):
    """A page that leads to no feed."""

    reason_key = "no_feed_found"


class SiteWithoutFeeds(NoFeedFound):
    """A page on a site that offers no feeds, whatever the page; `site` is what people call it."""

    reason_key = "site_without_feeds"

    def __init__(self, url: str, site: str) -> None:
        super().__init__(url, f"{site} has no feeds")
        self.site = site

    @property
    @override
    def params(self) -> dict[str, str | int]:
        return {"url": self.url, "site": self.site}
