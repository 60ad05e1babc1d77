"""Newsletters: a mail becomes one entry. Pure, and total: whatever the bytes are, there is an answer."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser

from contentsync.sources.base import Document, Entry, Fetched, MediaKind
from contentsync.sources.mail_text import text_of_bytes
from contentsync.sources.markup import absolute_link, escaped_text, first_image, plain_text, storable
from contentsync.sources.newsletter_headers import message_id, sender, sent_at, subject, unsubscribe, value
from contentsync.sources.newsletter_html import NOWHERE, Reading, read_html
from contentsync.sources.newsletter_links import confirming_link, is_leaving, viewing_link_in
from contentsync.sources.words import count_words

MAX_PARTS = 500
# The standard library's parser takes time by lines times levels, and by parts; beyond these a mail is its header only.
MAX_LEVELS = 50
MAX_BOUNDARIES = 2_000
MAX_LINES_TIMES_LEVELS = 1_500_000
MAX_HEADER_BYTES = 65_536
MAX_TITLE_CHARS = 1_000
MAX_TEXT_CHARS = 100_000
MAX_AUTHOR_CHARS = 200
FINGERPRINT_CHARS = 4_000
NO_SUBJECT = "(no subject)"

_URL = re.compile(r"https?://[^\s<>\"]+")
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_MESSAGE_URL = "mid:"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail with its body found. `text` is the plain text, "" where there is only HTML."""

    header: Message
    html: str = ""
    text: str = ""


class NewsletterReader:
    """Everything that came as a mail."""

    kind = "newsletter"

    def parse(self, fetched: Fetched) -> Document:
        """The one entry a mail makes; none, and one skipped, if nobody sent it, or if there is nothing to read."""
        mail = read_mail(fetched.body)
        name, address = sender(mail.header)
        reading = _reading(mail)
        title = subject(mail.header)[:MAX_TITLE_CHARS]
        if not (address or title) or not (title or reading.body_html):
            return Document(skipped=1)
        entry = Entry(
            external_id=message_id(mail.header) or fingerprint(mail),
            link=_link(mail, reading),
            title=title or reading.preheader or NO_SUBJECT,
            summary_html=_summary(reading),
            author=name[:MAX_AUTHOR_CHARS] or None,
            published_at=sent_at(mail.header),
            image_url=first_image(reading.body_html),
            media_kind=MediaKind.NEWSLETTER,
            word_count=count_words(reading.body_html) or None,
        )
        return Document(title=name, language=_language(mail, reading), entries=(entry,))


def read_mail(body: bytes) -> Mail:
    """The mail that these bytes make."""
    if _is_a_trap(body):
        return Mail(BytesHeaderParser().parsebytes(_END_OF_HEADER.split(body[:MAX_HEADER_BYTES], maxsplit=1)[0]))
    try:
        message = BytesParser().parsebytes(body)
        parts = _bodies(message)
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError):
        # The standard library's parser gives up on a few broken mails; what stands in them is not to be had.
        return Mail(Message())
    return Mail(message, html=parts.get("text/html", ""), text=parts.get("text/plain", ""))


def fingerprint(mail: Mail) -> str:
    """32 hex digits that copies of an issue share, whoever they were sent to: its subject, its day, its words.

    Addresses and links are left out, because each reader gets their own.
    """
    reading = _reading(mail)
    words = _ADDRESS.sub("", _URL.sub("", plain_text(reading.body_html, FINGERPRINT_CHARS)))
    moment = sent_at(mail.header)
    text = "\0".join((subject(mail.header), f"{moment:%Y-%m-%d}" if moment else "", "".join(words.split())))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def confirmation_of(body: bytes) -> str | None:
    """The link that confirms a subscription, if the mail has one that leads to its sender or to its list's host."""
    mail = read_mail(body)
    reading = _reading(mail)
    _, address = sender(mail.header)
    list_host = value(mail.header, "List-Id").strip().rstrip(">").rpartition("<")[2]
    leaving = unsubscribe(mail.header)
    hosts = [address.rpartition("@")[2], list_host if "." in list_host else "", leaving.link.split("/")[2:3]]
    names = [*hosts[:2], *(hosts[2] or [])]
    links = [*reading.links, *((found.rstrip(".,;:!?)]}>"), "") for found in _URL.findall(mail.text))]
    return confirming_link(links, [str(name) for name in names])


def mail_url(mail_id: str) -> str:
    """The address of a mail by its Message-ID, without what no address may hold. Source: RFC 2392."""
    return _MESSAGE_URL + re.sub(r"[^A-Za-z0-9@.!$&'*+,;=:_~-]", lambda found: f"%{ord(found[0]) & 0xFF:02X}", mail_id)


def _reading(mail: Mail) -> Reading:
    if mail.html.strip():
        reading = read_html(mail.html)
        if reading.body_html or not mail.text.strip():
            return reading
        plain = _plain_reading(mail.text)
        return replace(reading, body_html=plain.body_html, view_link=reading.view_link or plain.view_link)
    return _plain_reading(mail.text)


def _plain_reading(text: str) -> Reading:
    text = storable(text[:MAX_TEXT_CHARS]).strip()
    kept = _URL.sub(lambda found: "" if is_leaving("", found[0]) else found[0], text)
    return Reading(body_html=escaped_text(kept), view_link=viewing_link_in(text))


def _summary(reading: Reading) -> str:
    """The preheader, which was written to be read first, before the body; unless the body begins with it."""
    if not reading.preheader:
        return reading.body_html
    begins = "".join(plain_text(reading.body_html, 1_000).split())
    if "".join(reading.preheader.split())[:60] in begins:
        return reading.body_html
    return f"<p>{escaped_text(reading.preheader)}</p>\n{reading.body_html}"


def _link(mail: Mail, reading: Reading) -> str | None:
    """Where the issue can be read as a page: the header's word, else the link in it. Source: RFC 5064, RFC 2369."""
    for name in ("Archived-At", "List-Post"):
        link = absolute_link(value(mail.header, name).strip("<> "), NOWHERE)
        if link and not link.startswith(NOWHERE):
            return link
    return absolute_link(reading.view_link, NOWHERE) if reading.view_link else None


def _language(mail: Mail, reading: Reading) -> str | None:
    declared = value(mail.header, "Content-Language").partition(",")[0].strip() or reading.language or ""
    return declared.lower() if _LANGUAGE.fullmatch(declared) else None


def _bodies(message: Message) -> dict[str, str]:
    """The first part that says something, of each type one can read."""
    found: dict[str, str] = {}
    for part in _parts(message):
        kind = part.get_content_type()
        if kind not in ("text/html", "text/plain") or kind in found or part.get_content_disposition() == "attachment":
            continue
        payload = part.get_payload(decode=True)
        text = text_of_bytes(payload, str(part.get_param("charset") or "")) if isinstance(payload, bytes) else ""
        if text.strip():
            found[kind] = text
    return found


def _is_a_trap(body: bytes) -> bool:
    levels = body.lower().count(b"multipart/")
    if levels > MAX_LEVELS or body.count(b"\n--") > MAX_BOUNDARIES:
        return True
    return max(levels, 1) * body.count(b"\n") > MAX_LINES_TIMES_LEVELS


def _parts(message: Message) -> Iterator[Message]:
    """The parts that are no multiparts themselves, in their order; not those of mails that are attached."""
    waiting = [message]
    for _ in range(MAX_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        payload = part.get_payload()
        if isinstance(payload, list):
            if part.get_content_maintype() == "multipart":
                waiting += [child for child in reversed(payload) if isinstance(child, Message)]
        else:
            yield part
