"""From what a reader found in a feed to the entries everyone else works with."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from contentsync.sources.base import Document, Entry, MediaKind
from contentsync.sources.markup import (
    absolute_link,
    first_image,
    is_tracker,
    plain_text,
    sanitised,
    storable,
)
from contentsync.sources.words import count_words

MAX_ENTRIES = 1_000
MAX_ID_CHARS = 1_000
MAX_AUTHOR_CHARS = 200
MAX_LANGUAGE_CHARS = 35
"""The longest tag RFC 5646 section 4.4.1 asks implementations to hold."""
MAX_TTL_MINUTES = 60 * 24 * 31

_EXTENSIONS = {
    "audio": (".mp3", ".m4a", ".ogg", ".oga", ".opus", ".aac", ".flac", ".wav"),
    "video": (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi"),
    "image": (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif"),
}
_MAIL_AND_NAME = re.compile(r"[^\s@]{1,100}@[^\s@]{1,100} \((.+)\)")
# How YouTube declares its videos, and others who once offered a Flash player.
_FLASH = "application/x-shockwave-flash"
_SHORT = re.compile(r"https?://(?:www\.|m\.)?youtube\.com/shorts/[\w-]+", re.IGNORECASE)
"""How YouTube's feeds link to a Short; other videos are linked as /watch."""
_UPDATES_AN_HOUR = {"hourly": 1.0, "daily": 1 / 24, "weekly": 1 / 168, "monthly": 1 / 720, "yearly": 1 / 8760}


@dataclass(frozen=True, slots=True)
class Media:
    """A file that an entry points to, as the feed declares it."""

    url: str
    type: str = ""
    medium: str = ""

    @property
    def family(self) -> str:
        """ "audio", "video", "image", or "" for anything else."""
        if self.type.lower() == _FLASH:
            return "video"
        declared = self.type.partition("/")[0].lower() or self.medium.lower()
        if declared in _EXTENSIONS:
            return declared
        path = self.url.partition("?")[0].lower()
        return next((family for family, endings in _EXTENSIONS.items() if path.endswith(endings)), "")


@dataclass(slots=True)
class RawEntry:
    """An entry as its feed states it: nothing resolved, cleaned or checked yet. Texts may be HTML."""

    id: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    base: str = ""
    """What links in summary or content are relative to, itself perhaps relative to the feed's address."""
    author: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    images: Sequence[str] = ()
    media: Sequence[Media] = ()


@dataclass(slots=True)
class RawFeed:
    """A feed as it states itself. `skipped` counts entries that could not even be read."""

    title: str = ""
    link: str = ""
    language: str = ""
    ttl: str = ""
    update_period: str = ""
    update_frequency: str = ""
    entries: list[RawEntry] = field(default_factory=list)
    skipped: int = 0


def document_from(feed: RawFeed, url: str) -> Document:
    """The document a feed makes: its newest `MAX_ENTRIES` entries, in the feed's order, each with an id of its own.

    `url` is the feed's address. An entry said twice counts once; one without id, link, title and text is skipped.
    """
    usable = [entry for entry in feed.entries if _says_something(entry)]
    kept = newest(_without_repetitions(usable))
    ids = unique_ids(kept)
    return Document(
        title=plain_text(feed.title),
        site_url=absolute_link(feed.link, url),
        language=_language(feed.language),
        ttl_minutes=ttl_minutes(feed.ttl, feed.update_period, feed.update_frequency),
        entries=tuple(_entry(raw, external_id, url) for raw, external_id in zip(kept, ids, strict=True)),
        skipped=feed.skipped + len(feed.entries) - len(usable),
    )


def newest(entries: list[RawEntry]) -> list[RawEntry]:
    """The `MAX_ENTRIES` newest, in the order they have; entries without a date count as older than all others."""
    if len(entries) <= MAX_ENTRIES:
        return entries
    oldest = datetime.min.replace(tzinfo=UTC)
    by_age = sorted(range(len(entries)), key=lambda at: entries[at].published or oldest, reverse=True)
    return [entries[at] for at in sorted(by_age[:MAX_ENTRIES])]


def unique_ids(entries: list[RawEntry]) -> list[str]:
    """An id for each entry: its own, else its link, else a digest of title and date.

    An id or a link that several entries of the document claim tells none of them apart, so all of these fall to the
    next choice: keeping it for the first of them would give it to another entry when the next one is published.
    """
    ids = Counter(entry.id for entry in entries)
    links = Counter(entry.link for entry in entries)
    chosen = []
    for entry in entries:
        if entry.id and ids[entry.id] == 1:
            chosen.append(_bounded(entry.id))
        elif entry.link and links[entry.link] == 1 and entry.link not in ids:
            chosen.append(_bounded(entry.link))
        else:
            chosen.append(_digest(entry))
    return chosen


def ttl_minutes(ttl: str, update_period: str, update_frequency: str) -> int | None:
    """How long a feed asks to wait, at most a month; None if it does not say, or says nonsense.

    Source: RSS 2.0 <ttl>; RSS 1.0 syndication module, whose period defaults to daily and frequency to 1.
    """
    if ttl.strip().isascii() and ttl.strip().isdigit():
        minutes = float(ttl.strip()[:9])
    elif update_period.strip() or update_frequency.strip():
        hourly = _UPDATES_AN_HOUR.get(update_period.strip().lower() or "daily", 0.0)
        frequency = update_frequency.strip() or "1"
        updates = hourly * int(frequency[:9]) if frequency.isascii() and frequency.isdigit() else 0.0
        minutes = 60 / updates if updates else 0.0
    else:
        return None
    return min(round(minutes), MAX_TTL_MINUTES) if minutes >= 1 else None


def _entry(raw: RawEntry, external_id: str, url: str) -> Entry:
    base = absolute_link(raw.base, url) if raw.base else url
    summary = sanitised(raw.summary or raw.content, base or url)
    link = absolute_link(raw.link, url)
    kind, media_url = _medium(raw.media, url)
    if kind is MediaKind.VIDEO and _SHORT.match(link or ""):
        kind = MediaKind.SHORT
    return Entry(
        external_id=external_id,
        link=link,
        title=plain_text(raw.title),
        summary_html=summary,
        author=_author(raw.author),
        published_at=raw.published or raw.updated,
        updated_at=raw.updated,
        image_url=_image(raw, url) or first_image(summary),
        media_kind=kind,
        media_url=media_url,
        word_count=(count_words(raw.content or summary) or None) if kind is MediaKind.ARTICLE else None,
    )


def _author(written: str) -> str | None:
    """The author's name. RSS asks for "mail@example.org (Name)", and gets it often enough."""
    author = plain_text(written, MAX_AUTHOR_CHARS)
    named = _MAIL_AND_NAME.fullmatch(author)
    return (named[1] if named else author) or None


def _image(raw: RawEntry, url: str) -> str | None:
    declared = [*raw.images, *(media.url for media in raw.media if media.family == "image")]
    if not declared:
        return None
    links = [absolute_link(image, url) for image in declared]
    return next((link for link in links if link and not is_tracker(link)), None)


def _medium(files: Sequence[Media], url: str) -> tuple[MediaKind, str | None]:
    for media in files:
        if media.family in ("audio", "video"):
            kind = MediaKind.VIDEO if media.family == "video" else MediaKind.PODCAST
            return kind, None if media.type.lower() == _FLASH else absolute_link(media.url, url)
    return MediaKind.ARTICLE, None


def _says_something(entry: RawEntry) -> bool:
    return bool(entry.id or entry.link or entry.title or entry.summary or entry.content)


def _without_repetitions(entries: list[RawEntry]) -> list[RawEntry]:
    first: dict[object, RawEntry] = {}
    for entry in entries:
        first.setdefault((entry.id, entry.link, entry.published, _told(entry)), entry)
    return list(first.values())


def _told(entry: RawEntry) -> str:
    """What an entry without id and link is known by: its title; its text only where there is no title."""
    return entry.title or entry.summary or entry.content


def _digest(entry: RawEntry) -> str:
    date = entry.published.isoformat() if entry.published else ""
    parts = "\x00".join((entry.id, entry.link, _told(entry), date))
    return "sha256:" + hashlib.sha256(parts.encode("utf-8", errors="replace")).hexdigest()[:32]


def _bounded(external_id: str) -> str:
    if len(external_id) <= MAX_ID_CHARS:
        return storable(external_id)
    return "sha256:" + hashlib.sha256(external_id.encode("utf-8", errors="replace")).hexdigest()[:32]


def _language(tag: str) -> str | None:
    tag = tag.strip().replace("_", "-").lower()
    usable = tag and len(tag) <= MAX_LANGUAGE_CHARS and tag.replace("-", "").isalnum() and tag.isascii()
    return tag if usable else None
