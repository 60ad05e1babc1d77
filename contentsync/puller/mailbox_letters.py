"""Which mails of a mailbox matter: newsletters, issues to read whole, mails that want a confirmation. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contentsync.db.account_models import Channel
from contentsync.sources.mailbox import Letterhead
from contentsync.sources.newsletter_headers import Letter, short_hash
from contentsync.sources.newsletter_links import asks_to_confirm

MAX_WHOLE_MAILS = 60
"""Issues in one sync; the next one goes on."""
MAX_PAST_ISSUES = 10
"""Of a newsletter that was just accepted, the newest so many of the last two weeks."""
MAX_SEEN = 200
MAX_CONFIRMATIONS = 3
CONFIRMATION_AGE = timedelta(days=2)
CONFIRMATION_BYTES = 500_000


@dataclass(frozen=True, slots=True)
class Found:
    """A mail, by its header."""

    uid: int
    size_bytes: int
    letter: Letter
    wants_confirmation: bool

    @property
    def is_newsletter(self) -> bool:
        """Whether it is an issue of one; a mail that only wants a confirmation is not."""
        return self.letter.verdict.is_newsletter and not self.wants_confirmation

    @property
    def mail_hash(self) -> str:
        """What tells mails apart without telling anything of them."""
        return short_hash(
            self.letter.message_id or f"{self.letter.list_id}/{self.letter.subject}/{self.letter.sent_at}"
        )


@dataclass(slots=True)
class Seen:
    """The issues of a newsletter that were brought in: fingerprint by mail, the newest last."""

    prints: dict[str, str] = field(default_factory=dict)
    is_changed: bool = False

    def add(self, mail_hash: str, fingerprint: str) -> bool:
        """Whether neither the mail nor a copy of it with the same fingerprint was there before; now the mail is."""
        if mail_hash in self.prints:
            return False
        is_copy = fingerprint in self.prints.values()
        self.prints[mail_hash] = fingerprint
        self.is_changed = True
        while len(self.prints) > MAX_SEEN:
            del self.prints[next(iter(self.prints))]
        return not is_copy


def found_in(head: Letterhead, letter: Letter) -> Found:
    """The mail of this header."""
    return Found(head.uid, head.size_bytes, letter, asks_to_confirm(letter.subject))


def known_mails(channel: Channel) -> Seen:
    """What was brought in of this newsletter."""
    return Seen(dict(channel.details.get("seen", {})))


def wanted_letters(
    letters: Sequence[Found], accepted: Mapping[str, Channel], *, new: frozenset[int], unfilled: frozenset[str]
) -> tuple[list[Found], list[Found]]:
    """The issues to read now, the oldest first, and those that have to wait for the next sync.

    Of a followed newsletter that is what is new; of one that was just accepted also its newest past issues. What was
    brought in before is not read again.
    """
    known = {name: known_mails(channel).prints for name, channel in accepted.items()}
    wanted: list[Found] = []
    for name in accepted:
        issues = [one for one in letters if one.letter.list_id == name]
        past = [one for one in issues if one.uid not in new][-MAX_PAST_ISSUES:] if name in unfilled else []
        wanted += [one for one in issues if (one.uid in new or one in past) and one.mail_hash not in known[name]]
    wanted.sort(key=lambda one: one.uid)
    return wanted[:MAX_WHOLE_MAILS], wanted[MAX_WHOLE_MAILS:]


def confirmations(found: Sequence[Found], *, new: frozenset[int], now: datetime) -> list[Found]:
    """The newest mails of the last days that want a subscription to be confirmed."""
    fresh = [
        one
        for one in found
        if one.wants_confirmation
        and one.uid in new
        and one.size_bytes <= CONFIRMATION_BYTES
        and one.letter.address
        and one.letter.sent_at is not None
        and now - CONFIRMATION_AGE <= one.letter.sent_at <= now + CONFIRMATION_AGE
    ]
    return fresh[-MAX_CONFIRMATIONS:]
