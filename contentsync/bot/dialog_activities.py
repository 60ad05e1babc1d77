"""What the answers of a dialog mean and do. Each question is one small function.

An answer's reply is kept in its draft, so that an answer that comes twice has one effect and one reply.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter
from temporalio import activity
from temporalio.exceptions import ApplicationError

from contentsync.bot import account_questions, front_questions, mailbox_questions, rule_questions, texts
from contentsync.bot.contract import (
    ANSWER_DIALOG,
    CLOSE_DIALOG,
    FIND_LINK,
    OPEN_DIALOG,
    TELL_DIALOG_EXPIRED,
    DialogAnswer,
    DialogQuestion,
    DialogReply,
)
from contentsync.bot.meaning import Asked, Meaning, Question
from contentsync.credentials import Vault
from contentsync.db import drafts, preferences, subscribers
from contentsync.db.engine import Database
from contentsync.db.models import Draft
from contentsync.db.subscribers import Changes

QUESTIONS: dict[str, Question] = {
    **front_questions.QUESTIONS,
    **account_questions.QUESTIONS,
    **mailbox_questions.QUESTIONS,
    **rule_questions.QUESTIONS,
}
"""Every question a dialog can open with, and what understands its answer."""


class DialogActivities:
    """All of them."""

    def __init__(self, *, db: Database, vault: Vault, bot: Bot) -> None:
        self._db = db
        self._vault = vault
        self._bot = bot

    def all(self) -> list[Callable[..., Any]]:
        """What a worker registers."""
        return [self.open_dialog, self.answer_dialog, self.close_dialog, self.tell_dialog_expired]

    @activity.defn(name=OPEN_DIALOG)
    async def open_dialog(self, question: DialogQuestion) -> DialogReply:
        """Ask: from now on the person's next text goes to the dialog."""
        if question.asks not in QUESTIONS:
            raise ApplicationError(f"unknown question {question.asks}", type="UnknownQuestion", non_retryable=True)
        async with self._db.write() as session:
            await subscribers.change(session, subscriber_id=question.subscriber_id, dialog_open=True)
        return DialogReply(f"ask_{question.asks}", asks=question.asks)

    @activity.defn(name=ANSWER_DIALOG)
    async def answer_dialog(self, answer: DialogAnswer) -> DialogReply:
        """Understand the draft as the answer to the open question; store what it changes together with the reply."""
        async with self._db.read() as session:
            draft = await drafts.get_draft(session, draft_id=answer.draft_id)
            subscriber = await subscribers.get_subscriber(session, subscriber_id=answer.subscriber_id)
        if draft is None or subscriber is None:
            return await self._without_draft(answer)
        stored = _stored_reply(draft)
        if stored is not None:
            return stored
        now = datetime.fromisoformat(answer.now)
        name, _, earlier_id = (answer.asks or "").partition(":")
        understand = QUESTIONS.get(name)
        if understand is None:
            # Temporal's memory of the question was lost; the database still said that one was open.
            meaning = Meaning(DialogReply("dialog_lost"))
        else:
            earlier = await self._earlier(answer.subscriber_id, earlier_id)
            asked = Asked(subscriber, now, answer.draft_id, earlier)
            meaning = await understand(self._vault.decrypt(draft.text), asked)
        await self._store(answer, meaning, now)
        return meaning.reply

    @activity.defn(name=CLOSE_DIALOG)
    async def close_dialog(self, question: DialogQuestion) -> DialogReply:
        """Leave the question unanswered."""
        async with self._db.write() as session:
            await subscribers.change(session, subscriber_id=question.subscriber_id, dialog_open=False)
        return DialogReply("dialog_cancelled")

    @activity.defn(name=TELL_DIALOG_EXPIRED)
    async def tell_dialog_expired(self, question: DialogQuestion) -> None:
        """Say that the question is no longer open; a chat that refuses us is left alone."""
        async with self._db.read() as session:
            subscriber = await subscribers.get_subscriber(session, subscriber_id=question.subscriber_id)
        if subscriber is None or subscriber.blocked_at is not None:
            return
        try:
            await self._bot.send_message(
                subscriber.chat_id, texts.say(f"expired_{(question.asks or '').partition(':')[0]}")
            )
        except (TelegramForbiddenError, TelegramBadRequest) as error:
            raise ApplicationError("chat refuses", type=type(error).__name__, non_retryable=True) from error
        except TelegramRetryAfter as error:
            delay = timedelta(seconds=error.retry_after)
            raise ApplicationError("slow down", type="TelegramRetryAfter", next_retry_delay=delay) from error

    async def _store(self, answer: DialogAnswer, meaning: Meaning, now: datetime) -> None:
        outcome = {"reply": asdict(meaning.reply), "places": [list(place) for place in meaning.places]}
        async with self._db.write() as session:
            if meaning.text is not None:
                await drafts.set_text(session, draft_id=answer.draft_id, text=self._vault.encrypt(meaning.text))
            await drafts.set_outcome(session, draft_id=answer.draft_id, outcome=outcome)
            changes = Changes(**meaning.changes, dialog_open=meaning.reply.asks is not None)
            if meaning.changes:
                await preferences.prefer(session, subscriber_id=answer.subscriber_id, now=now, **changes)
            else:
                await subscribers.change(session, subscriber_id=answer.subscriber_id, **changes)

    async def _earlier(self, subscriber_id: int, draft_id: str) -> str:
        """What the person answered to an earlier question of this dialog; "" if there was none."""
        if not draft_id:
            return ""
        async with self._db.read() as session:
            draft = await drafts.get_draft(session, draft_id=int(draft_id))
        return self._vault.decrypt(draft.text) if draft is not None and draft.subscriber_id == subscriber_id else ""

    async def _without_draft(self, answer: DialogAnswer) -> DialogReply:
        """The draft is gone: it was deleted with what the person had, or is too old. Nothing is asked any more."""
        async with self._db.write() as session:
            await subscribers.change(session, subscriber_id=answer.subscriber_id, dialog_open=False)
        return DialogReply("dialog_lost")


def _stored_reply(draft: Draft) -> DialogReply | None:
    """The reply this draft got before, if it got one."""
    if "reply" in draft.outcome:
        return DialogReply(**draft.outcome["reply"])
    # Finding feeds writes its own outcome over the reply that handed the link over.
    return DialogReply(FIND_LINK) if draft.outcome else None
