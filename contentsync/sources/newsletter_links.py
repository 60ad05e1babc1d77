"""Which link of a newsletter is which: the page it can be read on, the one that confirms, those that unsubscribe. Pure.

People's languages: English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Ukrainian, Russian, Swedish,
Danish, Norwegian, Czech, Turkish, Japanese.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_VIEW = re.compile(
    r"\b(?:view|read|see|open)\b.{0,40}\b(?:browser|online|on the web)\b|\b(?:web|online|browser) ?version\b"
    r"|\bon the web\b|browser (?:ansehen|anzeigen|öffnen|lesen|betrachten)|(?:online|web)[- ]?(?:version|ansicht)"
    r"|im browser|online (?:ansehen|lesen|anzeigen)"
    r"|version (?:en ligne|web)|dans (?:votre|le|un|ton) navigateur|(?:voir|lire) en ligne"
    r"|en (?:el|tu|su|un) navegador|versión (?:web|online|en línea)|ver (?:en línea|online)"
    r"|nel (?:tuo )?browser|versione (?:web|online)|(?:no|em seu|pelo) navegador|versão (?:web|online)"
    r"|in (?:je|uw|de) browser|webversie|online (?:bekijken|lezen)|w przeglądarce|wersj[aęi] (?:online|internetow)"
    r"|[ву] браузер[іе]|веб-верс|онлайн-верс|i (?:din )?webbläsare|webbversion|i (?:din )?(?:browser|nettleser)"
    r"|v prohlížeči|tarayıcı|ブラウザ"
    r"|not display|trouble (?:viewing|reading|seeing)|can(?:no|')?t (?:see|read|view)|s['’]affiche (?:pas|mal)"
    r"|nicht (?:richtig|korrekt) (?:angezeigt|dargestellt)|no (?:puedes|puede|se) (?:ver|visualiza)|problemas para ver"
    r"|non (?:riesci a|visualizzi|vedi)|não consegue (?:ver|visualizar)|не отображ|не відображ|nie wyświetl",
    re.IGNORECASE,
)
_HERE = re.compile(
    r"(?:please )?(?:click |klicken sie |cliquez |haz clic |clicca )?"
    r"(?:here|hier|ici|aquí|aqui|qui|тут|здесь|tutaj|här|her|zde|view it|view)[.!]?",
    re.IGNORECASE,
)
_LEAVE = re.compile(
    r"unsubscri|opt[- _]?out|abmeld|abbestell|austragen|désabonn|désinscri|desinscri|desuscri|darse de baja|dar de baja"
    r"|disiscri|cancella(?:rsi|ti|zione)|cancelar (?:a )?(?:inscri|assinatura|suscripci)|uitschrijv|afmeld|wypisz"
    r"|rezygn|відпис|скасувати підпис|отпис|avregistrera|avanmäl|afmeld|avmeld|odhlás|abonelikten|配信停止"
    r"|(?:manage|update|change|edit).{0,30}(?:preference|subscription|settings)|email preferences|einstellungen ändern",
    re.IGNORECASE,
)
_LEAVE_LINK = re.compile(r"unsub|opt-?out|abmeld|desabon|desinscr|email[-_]?preferences|/profile\?", re.IGNORECASE)

_CONFIRM = (
    r"confirm|verify|activate|bestätig|confirme[rzs]?|validez|confirma|confirme|conferma|bevestig|potwierd|підтверд"
    r"|подтверд|bekräfta|bekræft|bekreft|potvrď|potvrd|onayla|確認"
)
_SUBSCRIPTION = (
    r"subscri|newsletter|sign[- ]?up|mailing list|anmeldung|abonn|inscription|inscripci|suscri|iscrizione|inscri"
    r"|assinatura|inschrijving|aanmelding|subskryp|zapis|підписк|подписк|рассылк|розсилк|prenumer|tilmeld|påmeld|odběr|abonelik|購読"
)
_CONFIRMS = re.compile(_CONFIRM, re.IGNORECASE)
_ASKS_TO_CONFIRM = re.compile(
    rf"(?:{_CONFIRM}).{{0,80}}(?:{_SUBSCRIPTION})|(?:{_SUBSCRIPTION}).{{0,80}}(?:{_CONFIRM})", re.IGNORECASE
)
_HAS_CONFIRMED = re.compile(r"\bconfirmed\b|\bbestätigt\b|\bconfirmée?\b|\bconfirmad[ao]\b|\bconfermat[ao]\b", re.I)
_SECOND_LEVEL = frozenset(["co", "com", "org", "net", "ac", "gov", "edu", "or", "ne"])
_URL = re.compile(r"https?://[^\s<>\"]+")


def is_view_text(text: str, around: str = "") -> bool:
    """Whether a link with this text leads to the newsletter as a page; `around` is the sentence it stands in."""
    text = " ".join(text.split())
    if not 0 < len(text) <= 120:
        return False
    return bool(_VIEW.search(text) or (_HERE.fullmatch(text) and len(around) <= 300 and _VIEW.search(around)))


def is_leaving(text: str, link: str) -> bool:
    """Whether a link is there to unsubscribe or to change what one gets: it is its reader's own."""
    return bool((len(text) <= 200 and _LEAVE.search(text)) or _LEAVE_LINK.search(link))


def asks_to_confirm(subject: str) -> bool:
    """Whether a mail with this subject wants its reader to confirm a subscription."""
    return bool(_ASKS_TO_CONFIRM.search(subject)) and not _HAS_CONFIRMED.search(subject)


def confirming_link(links: Iterable[tuple[str, str]], hosts: Iterable[str]) -> str | None:
    """The https link that confirms, of links with their texts; only one that leads to a site of one of these hosts."""
    sites = {site_of(host) for host in hosts if host}
    usable = [
        (link, text)
        for link, text in links
        if link.startswith("https://") and site_of(_host(link)) in sites and not is_leaving(text, link)
    ]
    named = [link for link, text in usable if _CONFIRMS.search(text)]
    told = [link for link, text in usable if _CONFIRMS.search(urlsplit(link).path)]
    return next(iter([*named, *told]), None)


def viewing_link_in(text: str) -> str | None:
    """The address that plain text names as the newsletter's page: on the line that says so, or the next one."""
    lines = [line for line in text.splitlines()[:60] if line.strip()]
    for line, after in zip(lines, [*lines[1:], ""], strict=False):
        if _VIEW.search(line):
            found = _URL.search(line) or _URL.match(after.strip("<([ "))
            if found and not is_leaving("", found[0]):
                return found[0].rstrip(".,;:!?)]}>")
    return None


def site_of(host: str) -> str:
    """The part of a host name that somebody registered: two labels, three under a country's second level."""
    labels = host.lower().rstrip(".").split(".")
    registry = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if registry else labels[-2:])


def _host(link: str) -> str:
    try:
        return urlsplit(link).hostname or ""
    except ValueError:
        return ""
