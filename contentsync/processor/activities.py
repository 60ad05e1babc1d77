"""Gives new and edited items what digests need: canonical link, summary, language, features, story."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from temporalio import activity

from contentsync.db import stories
from contentsync.db.engine import Database
from contentsync.db.stories import Featureless, NewItem, ProcessedItem
from contentsync.processor.canonical import canonical_link, link_key
from contentsync.processor.contract import PROCESS_ITEMS, ProcessItemsInput, ProcessResult
from contentsync.processor.features import Facts, features_of
from contentsync.processor.language import LanguageGuesser, primary_language
from contentsync.processor.placing import Prepared, StoryPlacer
from contentsync.processor.stories import WINDOW
from contentsync.processor.summaries import own_paragraphs, summary_of
from contentsync.processor.terms import terms_of
from contentsync.temporal import heartbeating

CHUNK_ITEMS = 500
"""Items of one write transaction."""


class ProcessorActivities:
    """The processor's activities and what they share."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._guesser = LanguageGuesser()
        self._placer = StoryPlacer(db)
        self._features_are_made = False

    def all(self) -> list[Callable[..., Any]]:
        """What a worker registers."""
        return [self.process_items]

    @activity.defn(name=PROCESS_ITEMS)
    async def process_items(self, request: ProcessItemsInput) -> ProcessResult:
        """Work through everything unprocessed, once, in the order of the ids. May run twice at once."""
        now = datetime.fromisoformat(request.now)
        processed = last_id = 0
        async with heartbeating():
            while items := await self._next_items(last_id):
                found = await asyncio.to_thread(process, items, self._guesser, now)
                processed += await self._placer.place(found, now=now)
                last_id = items[-1].id
            await self._make_features()
        return ProcessResult(processed=processed)

    async def _make_features(self) -> None:
        """Give features to what was processed before there were any; once in the life of a process."""
        last_id = 0
        while not self._features_are_made:
            async with self._db.read() as session:
                items = await stories.list_featureless(session, after_id=last_id, limit=CHUNK_ITEMS)
            if not items:
                self._features_are_made = True
                return
            made = await asyncio.to_thread(_features, items)
            async with self._db.write() as session:
                await stories.store_features(session, features=made, forms={one.id: one.content_hash for one in items})
            last_id = items[-1].id

    async def _next_items(self, after_id: int) -> list[NewItem]:
        async with self._db.read() as session:
            return await stories.list_unprocessed(session, after_id=after_id, limit=CHUNK_ITEMS)


def process(items: Sequence[NewItem], guesser: LanguageGuesser, now: datetime) -> list[Prepared]:
    """What there is to know about each item at this moment."""
    return [_process(item, guesser, since=now - WINDOW) for item in items]


def _process(item: NewItem, guesser: LanguageGuesser, *, since: datetime) -> Prepared:
    canonical = canonical_link(item.link)
    paragraphs = own_paragraphs(item.summary_html, title=item.title, site=item.source_title)
    language = primary_language(item.source_language) or guesser.guess(f"{item.title}. {' '.join(paragraphs)}")
    text = summary_of(item.title, paragraphs, language=language)
    facts = Facts(
        title=item.title,
        summary=text,
        source_id=item.source_id,
        author=item.author,
        media_kind=item.media_kind,
        language=language,
        word_count=item.word_count,
        duration_seconds=item.duration_seconds,
    )
    return Prepared(
        item=ProcessedItem(
            id=item.id,
            content_hash=item.content_hash,
            canonical_link=canonical,
            summary_text=text,
            language=language,
            features=features_of(facts),
        ),
        link_key=link_key(canonical),
        source_id=item.source_id,
        first_seen_at=item.first_seen_at,
        sort_at=item.sort_at,
        terms=terms_of(item.title, text) if item.sort_at >= since else None,
    )


def _features(items: Sequence[Featureless]) -> dict[int, bytes]:
    return {item.id: features_of(_facts(item)) for item in items}


def _facts(item: Featureless) -> Facts:
    return Facts(
        title=item.title,
        summary=item.summary_text,
        source_id=item.source_id,
        author=item.author,
        media_kind=item.media_kind,
        language=item.language,
        word_count=item.word_count,
        duration_seconds=item.duration_seconds,
    )
