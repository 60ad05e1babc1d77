"""The buttons of accounts and topics, and the data they carry (64 bytes at most; aiogram checks)."""

from collections.abc import Sequence

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from contentsync.bot.contract import DialogReply
from contentsync.bot.keyboards import Ask
from contentsync.bot.topic_words import LANGUAGES, language_of
from contentsync.db.account_models import Integration
from contentsync.db.models import Subscriber
from contentsync.db.topics import TopicView

PAGE_TOPICS = 10

KINDS = {"newsapi": "News API", "youtube": "YouTube", "mailbox": "newsletters by mail"}
"""What can be connected, by the name stored with accounts."""

AGAIN = {"newsapi": "Change the News API key", "mailbox": "Connect another mailbox"}
"""What the button says while an account of the kind works; a kind that is not here has no such button then."""


class Connect(CallbackData, prefix="connect"):
    """Connect an account of this kind."""

    kind: str


class Disconnect(CallbackData, prefix="disconnect"):
    """Disconnect an account: first asked, then `sure`."""

    integration_id: int
    sure: bool


class AccountsPage(CallbackData, prefix="accounts"):
    """Show the accounts."""


class TopicsPage(CallbackData, prefix="topics"):
    """Show a page of the topics, 0 is the first."""

    page: int


class TopicDrop(CallbackData, prefix="topicdrop"):
    """Remove a topic that stands on this page."""

    topic_id: int
    page: int


class TopicLanguage(CallbackData, prefix="topiclang"):
    """The language of the topic that this draft holds."""

    draft_id: int
    language: str


def account_list(accounts: Sequence[Integration]) -> InlineKeyboardMarkup:
    """Under /connect: for each kind the way to connect it, for each account the way to disconnect it."""
    rows = []
    for kind, name in KINDS.items():
        own = [account for account in accounts if account.kind == kind]
        if not own:
            rows.append([_button(f"Connect {name}", Connect(kind=kind))])
        elif any(account.state == "refused" for account in own):
            rows.append([_button(f"Connect {name} again", Connect(kind=kind))])
        elif kind in AGAIN:
            rows.append([_button(AGAIN[kind], Connect(kind=kind))])
        for account in own:
            label = name if len(own) == 1 else account.account[:40]
            rows.append([_button(f"Disconnect {label}", Disconnect(integration_id=account.id or 0, sure=False))])
    return InlineKeyboardMarkup(inline_keyboard=rows)


def confirm_disconnect(integration_id: int) -> InlineKeyboardMarkup:
    """Whether to disconnect really."""
    yes = _button("Yes, disconnect", Disconnect(integration_id=integration_id, sure=True))
    return InlineKeyboardMarkup(inline_keyboard=[[yes, _button("Keep", AccountsPage())]])


def connected(kind: str) -> InlineKeyboardMarkup | None:
    """What can be done next with an account that was just connected."""
    if kind != "newsapi":
        return None
    return InlineKeyboardMarkup(inline_keyboard=[[_button("Add a topic", Ask(question="topic"))]])


def connect_again(kind: str) -> InlineKeyboardMarkup:
    """After an account was not accepted."""
    return InlineKeyboardMarkup(inline_keyboard=[[_button("Try again", Connect(kind=kind))]])


def to_accounts() -> InlineKeyboardMarkup:
    """The way back to the accounts."""
    return InlineKeyboardMarkup(inline_keyboard=[[_button("Accounts", AccountsPage())]])


def topic_list(topics: Sequence[TopicView], page: int, *, has_key: bool) -> InlineKeyboardMarkup:
    """Under a page of /topics: removing each of it, adding one, and the way to the other pages."""
    first = page * PAGE_TOPICS
    buttons = [
        _button(f"Remove {number}", TopicDrop(topic_id=view.topic.id or 0, page=page))
        for number, view in enumerate(topics[first : first + PAGE_TOPICS], first + 1)
    ]
    rows = [buttons[start : start + 3] for start in range(0, len(buttons), 3)]
    turns = [_button("‹ Back", TopicsPage(page=page - 1))] if page > 0 else []
    if first + PAGE_TOPICS < len(topics):
        turns.append(_button("More ›", TopicsPage(page=page + 1)))
    if turns:
        rows.append(turns)
    rows.append([_button("Add a topic", Ask(question="topic"))])
    if not has_key:
        rows.append([_button("Connect News API", Connect(kind="newsapi"))])
    return InlineKeyboardMarkup(inline_keyboard=rows)


def topic_added(*, has_key: bool) -> InlineKeyboardMarkup:
    """Under a topic that was just added."""
    rows = [[_button("Add another", Ask(question="topic")), _button("All topics", TopicsPage(page=0))]]
    if not has_key:
        rows.append([_button("Connect News API", Connect(kind="newsapi"))])
    return InlineKeyboardMarkup(inline_keyboard=rows)


def under_reply(reply: DialogReply, subscriber: Subscriber) -> InlineKeyboardMarkup | None:
    """What can be tapped instead of typing the answer that this reply of a dialog asks for."""
    name, _, draft_id = (reply.asks or "").partition(":")
    return _languages(int(draft_id), subscriber) if name == "topic_language" else None


def _languages(draft_id: int, subscriber: Subscriber) -> InlineKeyboardMarkup:
    """Languages by their own names, the person's first."""
    own = language_of(subscriber.language)
    codes = [own, *(code for code in LANGUAGES if code != own)]
    buttons = [_button(LANGUAGES[code][1], TopicLanguage(draft_id=draft_id, language=code)) for code in codes]
    return InlineKeyboardMarkup(inline_keyboard=[buttons[start : start + 3] for start in range(0, len(buttons), 3)])


def _button(text: str, data: CallbackData) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=data.pack())
