"""The questions around mailboxes: whose mailbox, and the password."""

import json

from contentsync.bot.contract import CONNECT, DialogReply
from contentsync.bot.mailbox_providers import Way, provider_of, read_mailbox, servers_of
from contentsync.bot.meaning import Asked, Meaning, Question

KIND = "mailbox"
MAILBOX_ADDRESS = "mailbox_address"
MAILBOX_PASSWORD = "mailbox_password"  # noqa: S105, the name of a question
MAX_PASSWORD_CHARACTERS = 500

_CLOSED = {Way.OAUTH_ONLY: "mailbox_oauth_only", Way.BRIDGE: "mailbox_bridge", Way.NONE: "mailbox_no_imap"}
"""What is said of providers that let no program in with a password."""


async def _mailbox_address(text: str, asked: Asked) -> Meaning:
    typed = read_mailbox(text)
    if typed is None:
        return Meaning(DialogReply("ask_mailbox_address_again", asks=MAILBOX_ADDRESS))
    provider = provider_of(typed.domain)
    asks = f"{MAILBOX_PASSWORD}:{asked.draft_id}"
    if provider is None or typed.host:
        return Meaning(DialogReply("ask_mailbox_password" if typed.host else "ask_mailbox_password_guessed", asks=asks))
    if provider.way in _CLOSED:
        return Meaning(DialogReply(_CLOSED[provider.way], {"provider": provider.name}))
    text_key = f"ask_mailbox_{provider.way}_at"
    return Meaning(DialogReply(text_key, {"provider": provider.name, "page": provider.page}, asks=asks))


async def _mailbox_password(text: str, asked: Asked) -> Meaning:
    typed = read_mailbox(asked.earlier)
    if typed is None:  # the address is kept for a while only
        return Meaning(DialogReply("mailbox_begin_again", forget=True), text="")
    password = text.strip()
    provider = provider_of(typed.domain)
    if provider is not None and provider.way is Way.APP_PASSWORD:
        password = "".join(password.split())  # they are shown in groups, and copied so
    if not 0 < len(password) <= MAX_PASSWORD_CHARACTERS:
        asks = f"{MAILBOX_PASSWORD}:{asked.draft_id}"
        return Meaning(DialogReply("ask_mailbox_password_again", asks=asks, forget=True), text=asked.earlier)
    given = {"address": typed.address, "password": password, "servers": servers_of(typed)}
    return Meaning(DialogReply(CONNECT, {"kind": KIND}, forget=True), text=json.dumps(given))


QUESTIONS: dict[str, Question] = {MAILBOX_ADDRESS: _mailbox_address, MAILBOX_PASSWORD: _mailbox_password}
