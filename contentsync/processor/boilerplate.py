"""What stands in feeds and newsletters around what an item tells: taken out by a table of patterns. Pure."""

import re
from collections.abc import Iterable

REMARK_CHARACTERS = 400
"""A longer paragraph is no remark of a machine; and so much of the last paragraph is searched for one."""

REMARKS = {
    "WordPress, by its most used plug-in; its translations follow": (
        r"(?:The|This) (?:post|article|episode|entry) .{1,250}"
        r"(?:appeared first|first appeared|was first published) (?:on|in|at) [^,;!?]{1,100}"
    ),
    "German": r"(?:Der (?:Beitrag|Artikel)|Dieser Artikel) .{1,250} (?:erschien|erscheint) zuerst auf [^,;!?]{1,100}",
    "French": r"(?:L['’]article|Cet article) .{1,250} est apparu en premier sur [^,;!?]{1,100}",
    "Spanish": (
        r"(?:La entrada|El artículo) .{1,250} (?:se publicó|apareció|aparece|ha sido publicad[ao]) primero en"
        r" [^,;!?]{1,100}"
    ),
    "Italian": (
        r"L['’]articolo .{1,250} (?:proviene da|sembra essere il primo su|è apparso per primo su) [^,;!?]{1,100}"
    ),
    "Portuguese": r"O (?:post|artigo) .{1,250} (?:apareceu|aparece) primeiro em [^,;!?]{1,100}",
    "Dutch": r"Het bericht .{1,250} (?:verscheen eerst|is eerder verschenen) op [^,;!?]{1,100}",
    "Polish": r"(?:Artykuł|Post) .{1,250} pochodzi z serwisu [^,;!?]{1,100}",
    "Russian": r"(?:Сообщение|Запись) .{1,250} (?:появил(?:ись|ась) сначала на|впервые появилась) [^,;!?]{1,100}",
    "Swedish": r"Inlägget .{1,250} dök först upp på [^,;!?]{1,100}",
    "Japanese": r"(?:投稿)? ?.{1,250} は .{1,100} に最初に表示されました。?",
    "Medium": (
        r".{1,250} was originally published in .{1,100} on Medium, where people are continuing the conversation by"
        r" highlighting and responding to this story\.?"
    ),
    "leads to the page, where the title leads too; WordPress says the title once more": (
        r"(?:Continue reading|Read on|Read more|Read full article|Keep reading|Full story"
        r"|Read the (?:full|whole|rest of the|entire)(?: article| story| post| entry)?"
        r"|View (?:original|full) (?:post|article)|Weiterlesen|Weiter lesen|Mehr lesen|Lire la suite|En lire plus"
        r"|Leer más|Seguir leyendo|Sigue leyendo|Continua a leggere|Leggi tutto|Leia mais|Continue lendo"
        r"|Lees (?:meer|verder)|Czytaj (?:więcej|dalej)|Читать (?:далее|дальше|полностью)|Läs mer|Devamını oku"
        r"|続きを読む|阅读全文|继续阅读|閱讀全文|더 보기)(?:[^.!?]{0,150}?[→»›>]+| ?[.…:]{0,3})"
    ),
    "Reddit": (
        r"submitted by ?/?\S.{0,60}?(?: ?\[link\])?(?: ?\[(?:\d+ )?comments?\])?"
        r"|\[link\] ?\[(?:\d+ )?comments?\]"
    ),
    "feeds of Hacker News": r"(?:Article|Comments) URL: \S+|Points: \d+|# Comments: \d+",
    "feeds of link lists": (
        r"(?:\d+ )?Comments?|Kommentare|Commentaires|Comentarios|Comentários|Discuss(?: this)?|Permalink"
    ),
    "buttons to share a page": (
        r"Share(?: (?:post|article|on [^.!?]{1,60}))?:?|(?:Like )?Loading\.{3}|Tweet|E-?mail this"
        r"|Click to (?:share|email|print)[^.!?]{1,80}|Teilen|Partager|Compartir|Condividi"
    ),
    "asks for an answer": r"(?:Reply|Comment|Antworten|Répondre) (?:via|by|per|par) e-?mail|Leave a (?:comment|reply)",
    "asks for more attention": (
        r"(?:Enjoyed|Liked?) (?:this|the) (?:article|post)\?.{0,120}"
        r"|(?:Thanks|Thank you) for (?:reading|watching|listening)[^.!?]{0,80}[.!?]*"
        r"|Follow (?:us|me) on [^.!?]{1,80}[.!?]*"
        r"|(?:Subscribe|Support (?:me|us)) (?:to|via|here|now|for|on)[^.!?]{0,80}[.!?]*"
    ),
    "stands for a player that a feed cannot hold": r"Your browser does not support the .{1,40}",
    "first line of a newsletter": (
        r"(?:View|Read|Open|See) (?:this |the |it )?(?:e-?mail |message |newsletter |post |issue )?"
        r"(?:online|(?:in|on) (?:your |the |a )?(?:web ?)?(?:browser|web|page))[^.!?]{0,40}[.!?:]?"
        r"|(?:Having )?(?:trouble|problems?) (?:viewing|reading) this .{1,80}"
        r"|(?:Im|In Ihrem) Browser (?:ansehen|anzeigen|öffnen|lesen)|Ver (?:en|no) (?:el |tu |su )?navegador"
        r"|(?:Voir|Lire|Afficher) .{0,60}(?:dans (?:votre|le|un) navigateur|en ligne)"
    ),
    "last lines of a newsletter": (
        r"(?:You(?:['’]re| are) receiving this|You received this|This (?:e-?mail|message) was sent|Forwarded this"
        r"|Want to change how|Unsubscribe|Update your preferences|Manage (?:your )?(?:preferences|subscription)"
        r"|Add us to your address book|Our mailing address is|Sie erhalten diese|Diese E-?Mail wurde"
        r"|Vous recevez (?:ce|cet)).{0,300}"
    ),
    "who owns it": r"(?:Copyright|\(c\)|©).{0,120}|.{0,80}All rights reserved\.?",
    "leads elsewhere": r"(?:Lire aussi|Lesen Sie (?:auch|mehr)|Leia também|Lea también|Читайте также) ?:.{0,150}",
    "whose picture it is": (
        r"(?:Photo|Image|Picture|Illustration|Foto|Bild|Crédits?)"
        r"(?: (?:by|credit|courtesy of|via):?|:) [^.!?]{2,80}\.?"
    ),
    "who wrote it: that is told beside the title": (
        r"(?:Posted|Written|Published|Geschrieben|Publié) (?:by|von|par) [^.!?]{3,90}\.?"
        r"|(?-i:By:?|Por|Par|Von|Di|[-–—])(?-i:(?: [A-Z][\w.'’-]*,?){2,6})(?-i:(?: [A-Z]\w*){0,4})"
    ),
    "a headline without its text": (
        r"(?:Table of )?Contents|Introduction|Background|Summary|Overview|Abstract|TL;?DR|Links|Sources|Tags|Conclusion"
        r"|Einleitung|Inhalt(?:sverzeichnis)?|Sommaire|Introducción|Índice|Введение|目录|目次|はじめに|New comic!"
        r"|Today['’]s News:?"
    ),
}
"""Whole paragraphs, or ends of the last one, that tell nothing of the item itself: why they are there, or where, and a
pattern."""

LISTS = {
    "what the site has besides": (
        r"Related(?: (?:posts?|articles?|stories|links|reading|content))?:?|(?:You (?:may|might) also like|More from"
        r" .{1,60}):?"
    ),
    "the same in other languages": (
        r"Articles (?:en rapport|liés|similaires)|(?:Ähnliche|Verwandte) (?:Beiträge|Artikel)|Artículos relacionados"
    ),
    "buttons to share a page, whose labels follow": r"Share this(?: (?:post|article))?:?|Like this:|Sociable",
}
"""Headlines of lists that have nothing to do with the item and go on to its end."""

OPENINGS = {
    "agencies begin each report with where and when it was written": (
        r"[^\W\d_][\w .'’/-]{2,40}(?:, [\w. ]{3,20})?"
        r" \((?:Reuters|AP|AFP|dpa|EFE|ANSA|UPI|Xinhua)\)[ .]{0,2}[-–—] ?"
    ),
    "the word says nothing about the rest": r"(?:Disclaimer|Note|Update|Edit)(?: \([^)]{1,30}\))?: ",
}
"""Beginnings of a first paragraph that are cut away."""

_REMARK = "|".join(f"(?:{pattern})" for pattern in REMARKS.values())
_WHOLE = re.compile(rf"(?:{_REMARK})(?: (?:{_REMARK})){{0,2}}", re.IGNORECASE)
_BEGINS = re.compile(r"[.!?…\])\"”»:] +|(?= (?:submitted by |Continue reading|Read more|The post ))| (?=\[)")
"""Where in a paragraph a remark may begin."""
_LIST = re.compile("|".join(f"(?:{pattern})" for pattern in LISTS.values()), re.IGNORECASE)
_AT_START = re.compile("|".join(f"(?:{pattern})" for pattern in OPENINGS.values()))
_URL = re.compile(r"https?://\S+")
LABEL_CHARACTERS = 60
"""What stands before an address and is no longer only says what the address is: "My camera: https://…"."""


def without_boilerplate(paragraphs: Iterable[str], *, title: str, site: str) -> list[str]:
    """The paragraphs that tell something, each without what machines put around it. `site`: the name of the source."""
    kept: list[str] = []
    for paragraph in paragraphs:
        if kept and _LIST.fullmatch(paragraph):
            break
        if not _is_remark(paragraph, site):
            kept.append(paragraph)
    while kept and (shorter := _without_end(kept[-1], site)) != kept[-1]:
        kept[-1:] = [shorter] if shorter else []
    for without in (_without_title, _without_opening):
        if kept:
            kept[:1] = filter(None, [without(kept[0], title)])
    return kept


def _is_remark(paragraph: str, site: str) -> bool:
    if len(paragraph) > REMARK_CHARACTERS:
        return False
    if not any(map(str.isalnum, paragraph)) or paragraph == site or _WHOLE.fullmatch(paragraph):
        return True
    if "://" in paragraph:
        return len(_URL.sub("", paragraph)) < LABEL_CHARACTERS
    return paragraph[-1] in ":：" and len(paragraph) < LABEL_CHARACTERS // 2


def _without_end(paragraph: str, site: str) -> str:
    if site and paragraph.endswith(site) and paragraph[: -len(site)].rstrip().endswith(("-", "–", "—", "|", "·", "•")):
        return paragraph[: -len(site)].rstrip(" -–—|·•")
    for begins in _BEGINS.finditer(paragraph, max(0, len(paragraph) - REMARK_CHARACTERS)):
        at = begins.end() + (paragraph[begins.end()] == " ")
        if _WHOLE.fullmatch(paragraph, at):
            return paragraph[:at].rstrip()
    return "" if _is_remark(paragraph, site) else paragraph


def _without_title(paragraph: str, title: str) -> str:
    """Without the title where it is only said once more, not where it begins a sentence."""
    if not title or not paragraph.casefold().startswith(title.casefold()):
        return paragraph
    rest = paragraph[len(title) :]
    begins_anew = rest.lstrip(" .:|–—-")
    if not begins_anew:
        return ""
    is_apart = rest[: len(rest) - len(begins_anew)].strip() or (rest[0] == " " and begins_anew[0].isupper())
    return begins_anew if is_apart and len(title.split()) > 2 else paragraph


def _without_opening(paragraph: str, _title: str) -> str:
    return _AT_START.sub("", paragraph, count=1) if _AT_START.match(paragraph) else paragraph
