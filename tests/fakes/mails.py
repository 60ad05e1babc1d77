"""Mails for tests: newsletters and what is none, written here."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def newsletter(
    number: int = 1,
    *,
    title: str = "Tin Weekly",
    list_id: str = "tin.example.org",
    subject: str = "",
    html: str = "",
    sent_at: datetime = NOW,
    unsubscribe: str = "https://tin.example.org/leave?who=SECRET-READER",
    one_click: bool = True,
    **fields: str,
) -> bytes:
    """An issue, as a service for newsletters sends it."""
    mail = EmailMessage()
    mail["From"] = f"{title} <news@{list_id}>"
    mail["To"] = "me@example.org"
    mail["Subject"] = subject or f"Issue {number} of {title}"
    mail["Date"] = format_datetime(sent_at)
    mail["Message-ID"] = f"<{list_id}.{number}@mail.example>"
    mail["List-Id"] = f"{title} <{list_id}>"
    mail["List-Unsubscribe"] = f"<{unsubscribe}>, <mailto:leave@{list_id}?subject=leave>"
    if one_click:
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for name, text in fields.items():
        mail[name.replace("_", "-")] = text
    mail.set_content(f"Plain words of issue {number}.")
    mail.add_alternative(html or f"<p>What happened in week {number}.</p>", subtype="html")
    mail.set_boundary("part-of-an-issue")
    return mail.as_bytes()


def letter(subject: str = "Dinner on Friday?", sender: str = "Anna Ash <anna.ash@friends.example>") -> bytes:
    """A personal mail."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = "me@example.org"
    mail["Subject"] = subject
    mail["Date"] = format_datetime(NOW)
    mail["Message-ID"] = f"<{len(subject)}.{sum(map(ord, subject))}@friends.example>"
    mail.set_content("PRIVATE-WORDS: shall we meet?")
    return mail.as_bytes()


def confirmation(
    link: str = "https://tin.example.org/confirm?token=CONFIRM-TOKEN", sender: str = "news@tin.example.org"
) -> bytes:
    """A mail that wants a subscription to be confirmed."""
    mail = EmailMessage()
    mail["From"] = f"Tin Weekly <{sender}>"
    mail["Subject"] = "Please confirm your subscription"
    mail["Date"] = format_datetime(NOW)
    mail["Message-ID"] = "<confirm@mail.example>"
    mail.set_content(f"Confirm: {link}")
    mail.add_alternative(f'<p>One more step.</p><a href="{link}">Yes, confirm my subscription</a>', subtype="html")
    return mail.as_bytes()
