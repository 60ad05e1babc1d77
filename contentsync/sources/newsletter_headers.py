"""What the header of a mail tells: who sent it, whether it is a newsletter, and how one gets rid of it. Pure.

Source: RFC 5322 (mail), RFC 2047 (encoded words), RFC 2369 and RFC 2919 (lists), RFC 3834 (automatic answers),
RFC 8058 (one-click unsubscribing).
"""

import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parseaddr, parsedate_to_datetime

from contentsync.sources.dates import sane
from contentsync.sources.mail_text import text_of_bytes
from contentsync.sources.markup import storable

NEWSLETTER_POINTS = 3
MAX_VALUE_CHARS = 1_000
MAX_LINK_CHARS = 4_096

BULK_FIELDS = (
    *("Feedback-ID", "X-Campaign", "X-CampaignID", "X-Campaign-Id", "X-Mailgun-Sid", "X-Mailgun-Tag", "X-SG-EID"),
    *("X-MC-User", "X-Mailer-LID", "X-Mailer-RecptId", "X-Mandrill-User", "X-CSA-Complaints", "X-Report-Abuse"),
    *("X-Roving-ID", "X-rpcampaign", "X-SFMC-Stack", "X-Mailin-Campaign", "X-Klaviyo-Message-Id", "X-Beehiiv-Ids"),
)
"""Fields that only services for mass mail write."""

FIELDS = (
    *("From", "Sender", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Content-Type"),
    *("List-Id", "List-Post", "List-Unsubscribe", "List-Unsubscribe-Post", "Precedence", "Auto-Submitted"),
    *("X-Spam-Flag", "X-GitHub-Reason", "X-GitLab-Project", "X-JIRA-FingerPrint", *BULK_FIELDS),
)
"""Everything that is looked at before a mail is known to be a newsletter."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How much speaks for a newsletter, and what: a word for each rule that had a say."""

    points: int
    reasons: tuple[str, ...]

    @property
    def is_newsletter(self) -> bool:
        """Whether it is enough."""
        return self.points >= NEWSLETTER_POINTS


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """How one leaves the list, as its mails say. `one_click`: a POST to `link` is all. Source: RFC 8058, section 3."""

    link: str = ""
    mailto: str = ""
    one_click: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, by its header."""

    message_id: str
    """Without its angle brackets; "" if it has none."""
    list_id: str
    """The newsletter's lasting name: its List-Id, else its sender's address."""
    name: str
    """The sender as people know it."""
    address: str
    subject: str
    sent_at: datetime | None
    unsubscribe: Unsubscribe
    verdict: Verdict


def read_letter(fields: bytes) -> Letter:
    """The letter that these header fields make, from any bytes whatever."""
    header = BytesHeaderParser().parsebytes(fields)
    name, address = sender(header)
    list_id = _list_id(value(header, "List-Id")) or address
    return Letter(
        message_id=message_id(header),
        list_id=list_id[:MAX_VALUE_CHARS],
        name=name,
        address=address,
        subject=subject(header),
        sent_at=sent_at(header),
        unsubscribe=unsubscribe(header),
        verdict=judge(header),
    )


def judge(header: Message) -> Verdict:
    """Whether this is a newsletter, by the table of rules. A mail without a sender never is one."""
    if not sender(header)[1]:
        return Verdict(0, ("no sender",))
    hits = [(points, reason) for points, reason, applies in _RULES if applies(header)]
    return Verdict(sum(points for points, _ in hits), tuple(reason for _, reason in hits))


def value(header: Message, name: str) -> str:
    """The first field of this name: decoded, on one line, "" if there is none."""
    found = next((text for key, text in header.raw_items() if key.lower() == name.lower()), "")
    return _decoded(str(found))


def sender(header: Message) -> tuple[str, str]:
    """Name and address of From, else of Sender; the address in lower case. A nameless one is known by its domain."""
    for field in ("From", "Sender"):
        raw = next((str(text) for key, text in header.raw_items() if key.lower() == field.lower()), "")
        name, address = parseaddr(_unfolded(raw)[:MAX_VALUE_CHARS])
        if "@" not in address and "<" in raw:  # a name with stray commas or brackets
            name, _, rest = _unfolded(raw).rpartition("<")
            address = rest.partition(">")[0]
        address = storable(_decoded(address)).strip().lower()
        if "@" in address and " " not in address:
            name = _decoded(name).strip("\"' ")
            return name or address.rpartition("@")[2], address
    return "", ""


def subject(header: Message) -> str:
    """The subject as a person reads it."""
    return value(header, "Subject")


def message_id(header: Message) -> str:
    """The Message-ID without brackets and spaces."""
    return "".join(value(header, "Message-ID").strip("<> ").split())[:MAX_VALUE_CHARS]


def sent_at(header: Message) -> datetime | None:
    """The Date in UTC; None if it names no time at which anybody can have written."""
    try:
        moment = parsedate_to_datetime(value(header, "Date"))
        utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return sane(utc)


def unsubscribe(header: Message) -> Unsubscribe:
    """What List-Unsubscribe offers; one click only over https. Source: RFC 2369, section 3.2; RFC 8058, section 3.1."""
    ways = ["".join(way.split()) for way in re.findall(r"<([^<>]{1,5000})>", value(header, "List-Unsubscribe"))]
    ways = [way for way in ways if len(way) <= MAX_LINK_CHARS]
    secure = next((way for way in ways if way.lower().startswith("https://")), "")
    link = secure or next((way for way in ways if way.lower().startswith("http://")), "")
    mailto = next((way for way in ways if way.lower().startswith("mailto:")), "")
    asks_for_post = "list-unsubscribe=one-click" in value(header, "List-Unsubscribe-Post").lower()
    return Unsubscribe(link, mailto, one_click=bool(secure) and asks_for_post)


def short_hash(text: str) -> str:
    """16 hex digits that stand for a text without telling it."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _list_id(text: str) -> str:
    found = re.search(r"<([^<>]{1,255})>", text)
    inner = " ".join((found[1] if found else text).split()).lower()
    return inner if found or ("." in inner and " " not in inner) else ""


def _unfolded(raw: str) -> str:
    return re.sub(r"[\r\n]+[ \t]*", " ", raw)


def _decoded(raw: str) -> str:
    """Encoded words resolved, and bytes that nobody declared read as what they most likely are."""
    raw = _unfolded(raw)[: MAX_LINK_CHARS * 2]
    if any("\ud800" <= char <= "\udfff" for char in raw):
        raw = text_of_bytes(raw.encode("utf-8", "surrogateescape"), "")
    if "=?" in raw:
        try:
            pieces = decode_header(raw)
        except (HeaderParseError, binascii.Error, ValueError):
            pieces = []
        if pieces:
            raw = "".join(
                piece if isinstance(piece, str) else text_of_bytes(piece, charset or "") for piece, charset in pieces
            )
    return " ".join(storable(raw).split())


def _has(*names: str) -> Callable[[Message], bool]:
    return lambda header: any(value(header, name) for name in names)


def _says(name: str, pattern: str) -> Callable[[Message], bool]:
    wanted = re.compile(pattern, re.IGNORECASE)
    return lambda header: bool(wanted.search(value(header, name)))


def _has_bulk_fields(at_least: int) -> Callable[[Message], bool]:
    return lambda header: sum(bool(value(header, name)) for name in BULK_FIELDS) >= at_least


_RULES: tuple[tuple[int, str, Callable[[Message], bool]], ...] = (
    (3, "List-Unsubscribe", _says("List-Unsubscribe", r"<\s*(?:https?|mailto):")),
    (3, "List-Id", lambda header: bool(_list_id(value(header, "List-Id")))),
    (1, "one click", _says("List-Unsubscribe-Post", "one-click")),
    (1, "Precedence", _says("Precedence", r"^(?:bulk|list)")),
    (1, "mass mail", _has_bulk_fields(1)),
    (1, "more mass mail", _has_bulk_fields(2)),
    (-4, "reply", _has("In-Reply-To", "References")),
    (-3, "reply or forward", _says("Subject", r"^\s*(?:re|aw|sv|vs|fwd?|wg|tr|rv|odp|antw)\s*(?:\[\d+\])?\s*:")),
    (-9, "discussion", _says("List-Post", r"mailto:")),
    (-9, "automatic answer", _says("Auto-Submitted", "auto-replied|auto-notified")),
    (-4, "generated", _says("Auto-Submitted", "auto-generated")),
    (-9, "report or invitation", _says("Content-Type", r"multipart/report|text/calendar|delivery-status")),
    (-9, "tracker of work", _has("X-GitHub-Reason", "X-GitLab-Project", "X-JIRA-FingerPrint")),
    (-9, "spam", _says("X-Spam-Flag", "yes")),
    (-9, "junk", _says("Precedence", "junk")),
)
"""Points, the reason in a word, and when the rule applies. A discussion is told by a list one can write to; services
that send newsletters put "NO" or a web address there."""
