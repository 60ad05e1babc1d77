"""Where mail providers keep their mailboxes, and which password they want. A line each; the rest is guessed."""

import re
from dataclasses import dataclass
from enum import StrEnum

IMAPS_PORT = 993
STARTTLS_PORT = 143


class Way(StrEnum):
    """How a program gets into a mailbox of the provider."""

    PASSWORD = "password"  # noqa: S105, a kind of access
    APP_PASSWORD = "app_password"  # noqa: S105, a kind of access
    """With a password made for this program alone."""
    OAUTH_ONLY = "oauth_only"
    BRIDGE = "bridge"
    """Only through a program on the person's own computer."""
    NONE = "none"
    """Not at all."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider. `domains` ending in "." stand for that name in every country; `page`: where app passwords are made,
    or where access is switched on."""

    name: str
    way: Way
    domains: tuple[str, ...]
    host: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class TypedMailbox:
    """What a person typed: an address, and the server if they named it."""

    address: str
    domain: str
    host: str = ""
    port: int = IMAPS_PORT


_APP, _OWN = Way.APP_PASSWORD, Way.PASSWORD

PROVIDERS = (
    Provider("Gmail", _APP, ("gmail.com", "googlemail.com"), "imap.gmail.com", "myaccount.google.com/apppasswords"),
    Provider(
        "Yahoo", _APP, ("yahoo.", "ymail.com", "rocketmail.com"), "imap.mail.yahoo.com", "login.yahoo.com/account"
    ),
    Provider("AOL", _APP, ("aol.",), "imap.aol.com", "login.aol.com/account"),
    Provider("iCloud", _APP, ("icloud.com", "me.com", "mac.com"), "imap.mail.me.com", "account.apple.com"),
    Provider("Fastmail", _APP, ("fastmail.",), "imap.fastmail.com", "app.fastmail.com/settings/security"),
    Provider("Zoho", _APP, ("zoho.com", "zohomail.com"), "imap.zoho.com", "accounts.zoho.com/home#security"),
    Provider("Zoho", _APP, ("zoho.eu", "zohomail.eu"), "imap.zoho.eu", "accounts.zoho.eu/home#security"),
    Provider("Mail.ru", _APP, ("mail.ru", "inbox.ru", "bk.ru", "list.ru"), "imap.mail.ru", "account.mail.ru/security"),
    Provider("Yandex", _APP, ("yandex.", "ya.ru"), "imap.yandex.com", "id.yandex.com/security/app-passwords"),
    Provider("ukr.net", _APP, ("ukr.net",), "imap.ukr.net", "mail.ukr.net"),
    Provider("GMX", _OWN, ("gmx.de", "gmx.net", "gmx.at", "gmx.ch"), "imap.gmx.net", "www.gmx.net"),
    Provider("GMX", _OWN, ("gmx.com", "gmx.us", "gmx.co.uk"), "imap.gmx.com", "www.gmx.com"),
    Provider("WEB.DE", _OWN, ("web.de",), "imap.web.de", "web.de"),
    Provider("Telekom", _OWN, ("t-online.de", "magenta.de"), "secureimap.t-online.de", "email.t-online.de"),
    Provider("Posteo", _OWN, ("posteo.",), "posteo.de", "posteo.de"),
    Provider("mailbox.org", _OWN, ("mailbox.org",), "imap.mailbox.org", "mailbox.org"),
    Provider("Orange", _OWN, ("orange.fr", "wanadoo.fr"), "imap.orange.fr", "www.orange.fr"),
    Provider("Free", _OWN, ("free.fr",), "imap.free.fr", "webmail.free.fr"),
    Provider("La Poste", _OWN, ("laposte.net",), "imap.laposte.net", "www.laposte.net"),
    Provider("Libero", _OWN, ("libero.it",), "imapmail.libero.it", "www.libero.it"),
    Provider("Seznam", _OWN, ("seznam.cz", "email.cz"), "imap.seznam.cz", "email.seznam.cz"),
    Provider("WP", _OWN, ("wp.pl",), "imap.wp.pl", "poczta.wp.pl"),
    Provider("Outlook", Way.OAUTH_ONLY, ("outlook.", "hotmail.", "live.", "msn.com", "passport.com")),
    Provider("Proton Mail", Way.BRIDGE, ("proton.me", "protonmail.com", "protonmail.ch", "pm.me")),
    Provider("Tuta", Way.NONE, ("tuta.com", "tuta.io", "tutanota.com", "tutanota.de", "tutamail.com", "keemail.me")),
)

_TYPED = re.compile(
    r"(?:mailto:)?(?P<address>[^\s@<>,;:/]{1,64}@(?P<domain>[^\s@<>,;:/]+\.[^\s@<>,;:/.]{2,}))"
    r"(?:[\s,;]+(?:imaps?://)?(?P<host>[^\s:/@]{1,253})(?::(?P<port>\d{1,5}))?/?)?"
)


def read_mailbox(text: str) -> TypedMailbox | None:
    """The address in the text, and the server after it ("me@example.org mail.example.org:993"); None for any other."""
    found = _TYPED.fullmatch(text.strip())
    if found is None:
        return None
    port = int(found["port"] or IMAPS_PORT)
    if not 0 < port < 65_536:
        return None
    return TypedMailbox(found["address"], found["domain"].lower(), (found["host"] or "").lower(), port)


def provider_of(domain: str) -> Provider | None:
    """The provider whose addresses end so."""
    for provider in PROVIDERS:
        for known in provider.domains:
            if domain == known or (known.endswith(".") and _in_a_country(domain.removeprefix(known))):
                return provider
    return None


def servers_of(typed: TypedMailbox) -> list[tuple[str, int]]:
    """Where the mailbox may be, the likeliest first: what was typed, the provider's server, or the usual names."""
    if typed.host:
        return [(typed.host, typed.port)]
    provider = provider_of(typed.domain)
    if provider is not None and provider.host:
        return [(provider.host, IMAPS_PORT)]
    return [(f"imap.{typed.domain}", IMAPS_PORT), (f"mail.{typed.domain}", IMAPS_PORT)]


def _in_a_country(rest: str) -> bool:
    """Whether this is all that follows the provider's name: "com", "de", "co.uk"."""
    return re.fullmatch(r"(?:com?\.)?[a-z]{2,3}", rest) is not None
