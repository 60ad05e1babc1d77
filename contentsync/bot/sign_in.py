"""Beginning to sign in with Google: what has to be remembered until the person comes back from its consent page."""

import secrets
from datetime import datetime

from contentsync.credentials import Vault
from contentsync.db import oauth_states
from contentsync.db.engine import Database
from contentsync.settings import Settings
from contentsync.sources.oauth import consent_url
from contentsync.sources.youtube import SCOPE

SECRET_BYTES = 48


async def begin_sign_in(
    *, subscriber_id: int, chat_url: str, db: Database, vault: Vault, settings: Settings, now: datetime
) -> str:
    """The link that this person opens within ten minutes; it works once. `chat_url` is where they come back to."""
    state, verifier = secrets.token_urlsafe(SECRET_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    async with db.write() as session:
        await oauth_states.add_state(
            session,
            state=state,
            subscriber_id=subscriber_id,
            verifier=vault.encrypt(verifier),
            chat_url=chat_url,
            now=now,
        )
    return consent_url(settings, state=state, verifier=verifier, scope=SCOPE)
